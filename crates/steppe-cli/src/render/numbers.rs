use std::time::Duration;

/// 1234567 as `1,234,567`.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes with a binary unit: `2 GiB`, `1.4 MiB`, `512 B`.
pub(crate) fn bytes(value: u64) -> String {
    scaled(value as f64, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB"])
}

/// A large number in thousands, millions, billions, …: `21.3 G`.
pub(crate) fn quantity(value: f64) -> String {
    scaled(value, 1000.0, &["", "k", "M", "G", "T", "P"]).trim_end().to_owned()
}

fn scaled(mut value: f64, base: f64, units: &[&str]) -> String {
    let mut unit = 0;
    while value >= base && unit + 1 < units.len() {
        value /= base;
        unit += 1;
    }
    let decimals = if unit == 0 || value >= 100.0 || value.fract() < 0.05 { 0 } else { 1 };
    format!("{value:.decimals$} {}", units[unit])
}

/// A share in per cent with one decimal; 100.0 % means all and nothing less.
pub(crate) fn percent(share: f64) -> String {
    let shown = if share < 1.0 { (share * 100.0).min(99.9) } else { 100.0 };
    format!("{shown:.1} %")
}

/// A count with its noun, in the plural unless it is one: `1 block`, `1,000 blocks`.
pub(crate) fn things(value: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(value), if value == 1 { "" } else { "s" })
}

/// `0.42 s`, `12.3 s`, `2 min 05 s`, `1 h 07 min`.
pub(crate) fn duration(value: Duration) -> String {
    let seconds = value.as_secs();
    match seconds {
        0..10 => format!("{:.2} s", value.as_secs_f64()),
        10..60 => format!("{:.1} s", value.as_secs_f64()),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands() {
        let texts = [0, 999, 1000, 1_234_567].map(count);
        assert_eq!(texts, ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn plurals() {
        assert_eq!([0, 1, 1000].map(|count| things(count, "block")), ["0 blocks", "1 block", "1,000 blocks"]);
    }

    #[test]
    fn sizes_and_quantities() {
        assert_eq!([0, 512, 2 << 30, 1_468_006].map(bytes), ["0 B", "512 B", "2 GiB", "1.4 MiB"]);
        assert_eq!([12.0, 21_300_000_000.0, 5_000.0].map(quantity), ["12", "21.3 G", "5 k"]);
    }

    #[test]
    fn all_but_one_is_not_all() {
        assert_eq!([1.0, 0.9999, 0.2356, 0.0].map(percent), ["100.0 %", "99.9 %", "23.6 %", "0.0 %"]);
    }

    #[test]
    fn durations() {
        let texts = [420, 12_340, 125_000, 4_020_000].map(|millis| duration(Duration::from_millis(millis)));
        assert_eq!(texts, ["0.42 s", "12.3 s", "2 min 05 s", "1 h 07 min"]);
    }
}

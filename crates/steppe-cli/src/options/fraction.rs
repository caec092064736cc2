/// Reads a share in 0..=1, as a fraction (`0.75`) or in per cent (`75%`).
pub(crate) fn fraction(text: &str) -> Result<f64, String> {
    let number = |text: &str| text.trim().parse::<f64>().map_err(|_| "it is not a number".to_owned());
    let share = match text.strip_suffix('%') {
        Some(percent) => number(percent)? / 100.0,
        None => number(text)?,
    };
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err("give a fraction in 0 to 1, such as 0.75, or a percentage, such as 75%".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_and_percentages() {
        assert_eq!(fraction("0.75"), Ok(0.75));
        assert_eq!(fraction("75%"), Ok(0.75));
        assert_eq!(fraction("0"), Ok(0.0));
        for bad in ["75", "-0.1", "NaN", "inf", "", "half"] {
            assert!(fraction(bad).is_err(), "{bad}");
        }
    }
}

/// Width in pixels that a text takes in Helvetica or Arial of the given size, from their advance widths. A little too wide
/// rather than too narrow: labels are kept apart by it.
pub(crate) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size
}

/// The text, cut with an ellipsis where it is wider than `width` pixels.
pub(crate) fn fitted(text: &str, size: f64, width: f64) -> String {
    if text_width(text, size) <= width {
        return text.to_owned();
    }
    let mut left = width / size - advance('…');
    let kept = text.chars().take_while(|&character| {
        left -= advance(character);
        left >= 0.0
    });
    kept.chain(['…']).collect()
}

/// In units of the font's size.
fn advance(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | '\'' | '|' => 0.24,
        ' ' | '.' | ',' | ':' | ';' | '!' | 'f' | 't' | 'I' | '/' | '[' | ']' => 0.29,
        'r' | '-' | '(' | ')' | '"' | '⁰'..='⁹' | '¹' | '²' | '³' | '⁻' => 0.36,
        'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' | 'J' => 0.51,
        'm' | '…' | 'M' | 'W' | '%' | '@' => 0.89,
        'w' | 'C' | 'D' | 'G' | 'H' | 'N' | 'O' | 'Q' | 'R' | 'U' => 0.76,
        'A'..='Z' | '&' => 0.68,
        _ if character.is_ascii() => 0.57,
        '–' | '−' | '≥' | '≤' | '≈' => 0.6,
        'і' | 'ї' | 'ј' => 0.29,
        'г' | 'ғ' => 0.41,
        'м' | 'И' | 'Й' | 'Н' | 'П' | 'С' | 'Э' | 'Я' | 'ы' | 'Ң' | 'Ц' | 'ю' | 'Ә' | 'Ф' | 'О' | 'Ө'
        | 'Ъ' => 0.79,
        'ш' | 'ф' | 'щ' | 'М' => 0.84,
        'Ы' | 'Ж' | 'Ш' | 'Щ' | 'Ю' | '—' | '→' | '←' => 1.02,
        '№' => 1.08,
        'А'..='Я' | 'ж' | 'Ё' | 'Қ' | 'Ғ' | 'Һ' => 0.69,
        // Greek and other Cyrillic are like Latin; Chinese, Japanese and Korean fill a square.
        '\u{1100}'.. => 1.0,
        _ => 0.62,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn cut_text_fits(text in any::<String>(), width in 20.0..300.0) {
            let shown = fitted(&text, 12.0, width);
            prop_assert!(text_width(&shown, 12.0) <= width + 1e-9);
            prop_assert!(shown == text || shown.strip_suffix('…').is_some_and(|kept| text.starts_with(kept)));
        }
    }
}

//! Colours that people with any colour vision tell apart (Okabe and Ito, "Color Universal Design", 2008), dash patterns
//! that tell lines apart without any colour, and the greys of paper and ink.
//!
//! Every drawn element has its light colour as an attribute and a class; on dark screens the style sheet overrides the
//! attribute. So a figure looks right in programs that know no media queries, and in print.

use std::fmt::Write;

/// A colour on light and on dark ground.
pub(crate) struct Shade {
    pub(crate) class: &'static str,
    pub(crate) light: &'static str,
    pub(crate) dark: &'static str,
}

pub(crate) const PAPER: Shade = Shade { class: "paper", light: "#ffffff", dark: "#131518" };
pub(crate) const INK: Shade = Shade { class: "ink", light: "#1a1a1a", dark: "#e8e8e6" };
pub(crate) const QUIET: Shade = Shade { class: "quiet", light: "#50555b", dark: "#a9afb6" };
pub(crate) const RULE: Shade = Shade { class: "rule", light: "#6b7178", dark: "#868d95" };
pub(crate) const GRID: Shade = Shade { class: "grid", light: "#e3e6e9", dark: "#2b3036" };
/// The many lines of a path that have no label.
pub(crate) const FAINT: Shade = Shade { class: "faint", light: "#9aa1a8", dark: "#646b73" };

/// Ground of notes, commands and chosen rows.
const WASH: Shade = Shade { class: "wash", light: "#f2f5f7", dark: "#1e2227" };
const LINK: Shade = Shade { class: "link", light: "#005c91", dark: "#6cc0ee" };
const ALARM: Shade = Shade { class: "alarm", light: "#d55e00", dark: "#e8762c" };

/// Of series, in their order. On dark ground the two dark colours give way to light ones of the same palette.
const HUES: [Shade; 7] = [
    Shade { class: "h0", light: "#0072b2", dark: "#56b4e9" },
    Shade { class: "h1", light: "#d55e00", dark: "#e8762c" },
    Shade { class: "h2", light: "#009e73", dark: "#1fb98d" },
    Shade { class: "h3", light: "#cc79a7", dark: "#d58bb4" },
    Shade { class: "h4", light: "#000000", dark: "#f4f4f2" },
    Shade { class: "h5", light: "#e69f00", dark: "#e69f00" },
    Shade { class: "h6", light: "#56b4e9", dark: "#f0e442" },
];

/// Dash patterns of SVG's `stroke-dasharray`; the first is a solid line.
const DASHES: [&str; 6] = ["none", "7 4", "2 3.5", "9 3.5 2 3.5", "13 4", "5 3 2 3 2 3"];

pub(crate) fn hue(index: usize) -> &'static Shade {
    &HUES[index % HUES.len()]
}

/// The pattern of a line with a label of its own: solid until the colours come again.
pub(crate) fn dash_of_labelled(index: usize) -> &'static str {
    dash(index / HUES.len())
}

/// Seven colours and six patterns: the first 42 series have pairs of their own.
pub(crate) fn dash(index: usize) -> &'static str {
    DASHES[index % DASHES.len()]
}

/// The rules that turn plots dark on dark screens.
pub(crate) fn plot_style() -> String {
    let mut css = String::from(
        ".plot .hover:hover{stroke-width:3.5}\n@media screen and (prefers-color-scheme:dark){\n",
    );
    for shade in [&PAPER, &INK, &QUIET, &RULE, &GRID, &FAINT].into_iter().chain(&HUES) {
        let Shade { class, dark, .. } = shade;
        let _ = writeln!(css, ".plot .f-{class}{{fill:{dark}}}.plot .s-{class}{{stroke:{dark}}}");
    }
    css.push_str("}\n");
    css
}

/// Custom properties with the greys, for the page around the plots.
pub(crate) fn page_variables() -> String {
    let shades = [&PAPER, &INK, &QUIET, &RULE, &GRID, &WASH, &LINK, &ALARM];
    let list = |value: fn(&Shade) -> &'static str| -> String {
        shades.iter().map(|shade| format!("--{}:{};", shade.class, value(shade))).collect()
    };
    format!(
        ":root{{{}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{}}}}}\n",
        list(|shade| shade.light),
        list(|shade| shade.dark)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of a colour (WCAG 2.2).
    fn luminance(colour: &str) -> f64 {
        let channel = |from: usize| {
            let value = u8::from_str_radix(&colour[from..from + 2], 16).expect("hexadecimal");
            let share = f64::from(value) / 255.0;
            if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read_on_every_ground() {
        assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 1e-9);
        for text in [&INK, &QUIET, &LINK] {
            for ground in [&PAPER, &WASH] {
                for (text, ground) in [(text.light, ground.light), (text.dark, ground.dark)] {
                    assert!(
                        contrast(text, ground) >= 4.5,
                        "{text} on {ground}: {:.2}",
                        contrast(text, ground)
                    );
                }
            }
        }
    }

    #[test]
    fn the_first_colours_stand_out() {
        for shade in &HUES[..5] {
            for (colour, ground) in [(shade.light, PAPER.light), (shade.dark, PAPER.dark)] {
                assert!(contrast(colour, ground) >= 3.0, "{colour}: {:.2}", contrast(colour, ground));
            }
        }
    }
}

use super::shapes::{Anchor, LABEL, marker, segment, text};
use crate::markup::Element;
use crate::palette::{INK, dash, hue};
use crate::text_width::{fitted, text_width};

const ROW: f64 = 19.0;
const SAMPLE: f64 = 28.0;

/// What stands before a name.
#[derive(Clone, Copy)]
pub(super) enum Key {
    Line,
    Marker,
}

/// A legend above the panel, in rows from the left, where it can not cover anything.
pub(super) struct Legend {
    pub(super) height: f64,
    pub(super) elements: Vec<Element>,
}

impl Legend {
    /// For series with these names, from `left` to `right`, below `top`. One series alone needs none.
    pub(super) fn new(names: &[&str], key: Key, left: f64, right: f64, top: f64) -> Self {
        if names.len() < 2 {
            return Self { height: 0.0, elements: Vec::new() };
        }
        let sample = match key {
            Key::Line => SAMPLE,
            Key::Marker => 10.0,
        };
        let (mut x, mut y) = (left, top + 12.0);
        let mut elements = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let name = fitted(name, LABEL, right - left - sample - 6.0);
            let width = sample + 6.0 + text_width(&name, LABEL);
            if x > left && x + width > right {
                (x, y) = (left, y + ROW);
            }
            elements.push(match key {
                Key::Line => segment((x, y - 4.0), (x + sample, y - 4.0), hue(index), 2.0)
                    .with("stroke-dasharray", dash(index)),
                Key::Marker => marker(index, (x + 5.0, y - 4.0), hue(index)),
            });
            elements.push(text((x + sample + 6.0, y), LABEL, Anchor::Start, &INK, &name));
            x += width + 20.0;
        }
        Self { height: y + ROW - 12.0 - top, elements }
    }
}

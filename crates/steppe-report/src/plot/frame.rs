use super::shapes::{Anchor, LABEL, TICK, coordinate, segment, stroked, text};
use crate::markup::Element;
use crate::palette::{GRID, INK, QUIET, RULE};
use crate::scale::Scale;
use crate::text_width::{fitted, text_width};

/// Height below the panel: tick labels and the axis title.
pub(super) const BELOW: f64 = 46.0;

/// What every plot leaves free to the right of its panel, at least.
const BESIDE: f64 = 12.0;

/// The rectangle in which data are drawn, in pixels from the top left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panel {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Panel {
    pub(super) fn centre(&self) -> f64 {
        f64::midpoint(self.left, self.right)
    }
}

/// How many ticks an axis of so many pixels has room for.
pub(super) fn most_ticks(length: f64, each: f64) -> usize {
    (length / each) as usize
}

/// Room to the left of the panel for a turned title and these tick labels.
pub(super) fn left_margin<'a>(labels: impl Iterator<Item = &'a str>) -> f64 {
    let widest = labels.map(|label| text_width(label, TICK)).fold(0.0, f64::max);
    (widest + 30.0).ceil()
}

/// Lines across the panel at the ticks of the vertical axis, and the axis with its title.
pub(super) fn vertical_axis(panel: &Panel, scale: &Scale, title: &str) -> Vec<Element> {
    let Panel { left, right, top, bottom } = *panel;
    let lines: String = scale.ticks().map(|(y, _)| format!("M{left} {}H{right}", coordinate(y))).collect();
    let middle = f64::midpoint(top, bottom);
    let title = fitted(title, LABEL, bottom - top + 10.0);
    let title = text((12.0, middle), LABEL, Anchor::Middle, &INK, &title)
        .with("transform", format!("rotate(-90 12 {})", coordinate(middle)));
    let labels =
        scale.ticks().map(|(y, label)| text((left - 7.0, y + 4.0), TICK, Anchor::End, &QUIET, label));
    [stroked(Element::new("path").with("d", lines), &GRID, 1.0), title].into_iter().chain(labels).collect()
}

/// The axis below the panel: line, ticks, labels and title. Labels that would touch the one before are left out.
pub(super) fn horizontal_axis(panel: &Panel, scale: &Scale, title: &str) -> Vec<Element> {
    let Panel { left, right, bottom, .. } = *panel;
    let mut ticks: Vec<(f64, &str)> = scale.ticks().collect();
    ticks.sort_by(|a, b| a.0.total_cmp(&b.0));
    let marks: String = ticks.iter().map(|(x, _)| format!("M{} {bottom}v5", coordinate(*x))).collect();
    let mut elements = vec![
        segment((left, bottom), (right, bottom), &RULE, 1.0),
        stroked(Element::new("path").with("d", marks), &RULE, 1.0),
    ];
    let mut free_from = f64::NEG_INFINITY;
    for (x, label) in ticks {
        let half = text_width(label, TICK) / 2.0;
        // A long label at the end would leave the picture.
        let x = x.min(right + BESIDE - half);
        if x - half >= free_from {
            elements.push(text((x, bottom + 18.0), TICK, Anchor::Middle, &QUIET, label));
            free_from = x + half + 6.0;
        }
    }
    let title = fitted(title, LABEL, right - left + 20.0);
    elements.push(text((panel.centre(), bottom + 39.0), LABEL, Anchor::Middle, &INK, &title));
    elements
}

use super::frame::Panel;
use super::line_plot::Mark;
use super::shapes::{Anchor, LABEL, haloed, segment};
use crate::markup::Element;
use crate::palette::RULE;
use crate::scale::Scale;
use crate::text_width::{fitted, text_width};

const ROW: f64 = 17.0;

/// Vertical lines with a label each. The labels stand in rows above the data, so that they cover none.
pub(super) struct MarkLabels<'a> {
    /// The mark, the coordinate of its line, of its label's centre, and the label's row.
    placed: Vec<(&'a Mark, f64, f64, usize)>,
    rows: usize,
}

impl<'a> MarkLabels<'a> {
    pub(super) fn new(marks: &'a [Mark], x: &Scale, left: f64, right: f64) -> Self {
        let mut row_ends: Vec<f64> = Vec::new();
        let mut sorted: Vec<(&Mark, f64)> =
            marks.iter().filter_map(|mark| Some((mark, x.at(mark.x)?))).collect();
        sorted.sort_by(|a, b| a.1.total_cmp(&b.1));
        let placed = sorted.into_iter().map(|(mark, line)| {
            let half = text_width(&mark.label, LABEL).min(right - left) / 2.0;
            let centre = line.min(right - half).max(left + half);
            let row = row_ends.iter().position(|&end| end < centre - half).unwrap_or(row_ends.len());
            match row_ends.get_mut(row) {
                Some(end) => *end = centre + half + 10.0,
                None => row_ends.push(centre + half + 10.0),
            }
            (mark, line, centre, row)
        });
        let placed = placed.collect();
        Self { placed, rows: row_ends.len() }
    }

    /// Height that the rows take at the top of the panel.
    pub(super) fn headroom(&self) -> f64 {
        if self.rows == 0 { 0.0 } else { self.rows as f64 * ROW + 4.0 }
    }

    pub(super) fn draw(&self, panel: &Panel) -> Vec<Element> {
        let lines = self.placed.iter().map(|&(_, x, _, row)| {
            let top = panel.top + (row + 1) as f64 * ROW + 1.0;
            segment((x, top), (x, panel.bottom), &RULE, 1.0).with("stroke-dasharray", "4 3")
        });
        let labels = self.placed.iter().map(|&(mark, _, centre, row)| {
            let label = fitted(&mark.label, LABEL, panel.right - panel.left);
            haloed((centre, panel.top + row as f64 * ROW + 13.0), LABEL, Anchor::Middle, &label)
        });
        lines.chain(labels).collect()
    }
}

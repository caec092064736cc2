use super::shapes::coordinate;
use super::{Drawing, Format};
use crate::markup::Element;

/// Space between columns.
const GAP: f64 = 14.0;
/// Space between rows.
const ROW_GAP: f64 = 12.0;

/// Columns and the width of each for so many panels: one below the other where the page is narrow.
pub(super) fn columns(panels: usize, most: usize, format: Format) -> (usize, f64) {
    let columns = match format {
        Format::Wide => panels.clamp(1, most),
        Format::Narrow => 1,
    };
    let width = (format.width() - GAP * (columns - 1) as f64) / columns as f64;
    (columns, width.floor())
}

/// Panels in rows from `top`, each drawn from its own left corner.
pub(super) fn arrange(panels: Vec<Drawing>, columns: usize, width: f64, top: f64) -> Drawing {
    let mut elements = Vec::new();
    let (mut y, mut row_height) = (top, 0.0_f64);
    for (index, panel) in panels.into_iter().enumerate() {
        let column = index % columns;
        if column == 0 && index > 0 {
            y += row_height + ROW_GAP;
            row_height = 0.0;
        }
        row_height = row_height.max(panel.height);
        let x = column as f64 * (width + GAP);
        let place = format!("translate({} {})", coordinate(x), coordinate(y));
        elements.push(Element::new("g").with("transform", place).children(panel.elements));
    }
    Drawing { height: y + row_height, elements }
}

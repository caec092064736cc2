use crate::page::{Block, Column, Figure, Table};
use crate::plot::Plot;

/// A figure with its numbers, where there is something to draw.
pub(crate) fn figure(plot: Option<Plot>, caption: &str, data: Option<Table>) -> Option<Block> {
    plot.map(|plot| Block::Figure(Box::new(Figure { plot, caption: caption.to_owned(), data })))
}

/// A table, where it has rows.
pub(crate) fn table(caption: &str, columns: Vec<Column>, rows: Vec<Vec<String>>) -> Option<Table> {
    (!rows.is_empty()).then(|| Table { caption: caption.to_owned(), columns, rows, highlighted: None })
}

/// The same as a block of a page.
pub(crate) fn table_block(caption: &str, columns: Vec<Column>, rows: Vec<Vec<String>>) -> Option<Block> {
    table(caption, columns, rows).map(Block::Table)
}

/// Texts in the order in which they first come.
pub(super) fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen: Vec<&str> = Vec::new();
    for text in texts {
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen
}

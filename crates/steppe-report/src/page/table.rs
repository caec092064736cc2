use crate::language::{Common, Language};
use crate::markup::Element;

/// A table with a header row.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Table {
    /// What it holds and how to read it.
    pub caption: String,
    /// The columns. The first one names the row.
    pub columns: Vec<Column>,
    /// Cells, a row each, in the columns' order; short rows end in empty cells, and cells beyond the columns stand under an
    /// empty header.
    pub rows: Vec<Vec<String>>,
    /// The row to set off, by its index: the chosen lambda.
    pub highlighted: Option<usize>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Column {
    /// Its title, with the unit in parentheses.
    pub title: String,
    /// How its cells stand.
    pub align: Align,
}

/// How cells stand in their column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Align {
    /// To the left.
    #[default]
    Text,
    /// To the right, with digits of one width. Give all cells the same number of decimals.
    Number,
    /// To the left, in fixed width, broken anywhere: digests and paths.
    Code,
}

/// Tables with so many columns or fewer do not fill the page: the eye should not lose the row.
const SLIM: usize = 3;

impl Column {
    /// A column of texts.
    pub fn text(title: impl Into<String>) -> Self {
        Self { title: title.into(), align: Align::Text }
    }

    /// A column of digests or paths.
    pub fn code(title: impl Into<String>) -> Self {
        Self { title: title.into(), align: Align::Code }
    }

    /// A column of numbers.
    pub fn number(title: impl Into<String>) -> Self {
        Self { title: title.into(), align: Align::Number }
    }
}

impl Table {
    pub(super) fn element(&self, number: usize, language: Language) -> Element {
        let id = format!("table-{number}");
        let caption = Element::new("figcaption")
            .with("id", format!("{id}-caption"))
            .child(Element::of_text("b", language.fill(Common::Table, &[("n", number.into())])))
            .text(format!(" {}", self.caption));
        let class = if self.width() <= SLIM { "table slim" } else { "table" };
        let grid = self.scrolling(&format!("{id}-caption"));
        Element::new("figure").class(class).with("id", id).child(caption).child(grid)
    }

    /// Columns, with those that only rows have.
    fn width(&self) -> usize {
        self.rows.iter().map(Vec::len).chain([self.columns.len()]).max().unwrap_or(0)
    }

    /// The table without its caption, in a part of the page that scrolls, named by the element with this id.
    pub(super) fn scrolling(&self, name: &str) -> Element {
        let width = self.width();
        let head = (0..width).map(|column| {
            let title = self.columns.get(column).map_or("", |column| column.title.as_str());
            // A header cell may not be empty; one without a title is an ordinary cell.
            let name = if title.is_empty() { "td" } else { "th" };
            let cell = self.aligned(Element::of_text(name, title), column);
            if title.is_empty() { cell } else { cell.with("scope", "col") }
        });
        let table = Element::new("table")
            .child(Element::new("thead").child(Element::new("tr").children(head)))
            .child(
                Element::new("tbody")
                    .children(self.rows.iter().enumerate().map(|(row, _)| self.row(row, width))),
            );
        // Only the table scrolls where the page is narrow, not its caption. A part of the page that scrolls must be
        // reachable by keyboard, and then needs a name.
        Element::new("div")
            .class("scroll")
            .with("role", "group")
            .with("aria-labelledby", name)
            .with("tabindex", 0)
            .child(table)
    }

    fn row(&self, row: usize, width: usize) -> Element {
        let cell = |column: usize| {
            let text = self.rows[row].get(column).map_or("", String::as_str);
            match column {
                0 => self.aligned(Element::of_text("th", text).with("scope", "row"), column),
                _ => self.aligned(Element::of_text("td", text), column),
            }
        };
        let element = Element::new("tr").children((0..width).map(cell));
        if self.highlighted == Some(row) { element.class("chosen") } else { element }
    }

    fn aligned(&self, cell: Element, column: usize) -> Element {
        match self.columns.get(column).map(|column| column.align) {
            Some(Align::Number) => cell.class("number"),
            Some(Align::Code) => cell.class("code"),
            _ => cell,
        }
    }
}

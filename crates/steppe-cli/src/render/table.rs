use std::io::{self, IsTerminal};

use comfy_table::{CellAlignment, ContentArrangement, Table, TableComponent, presets};

/// Where the cells of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// A table with a header; wrapped to the width of the terminal, and never wrapped elsewhere.
pub(crate) fn table<'a>(
    columns: impl IntoIterator<Item = (&'a str, Align)>,
    rows: impl IntoIterator<Item = Vec<String>>,
) -> String {
    let (names, aligns): (Vec<&str>, Vec<Align>) = columns.into_iter().unzip();
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(names);
    table
        .set_style(TableComponent::HeaderLines, '─')
        .set_style(TableComponent::MiddleHeaderIntersections, '─');
    let arrangement =
        if io::stdout().is_terminal() { ContentArrangement::Dynamic } else { ContentArrangement::Disabled };
    table.set_content_arrangement(arrangement);
    table.add_rows(rows);
    for (index, (column, align)) in table.column_iter_mut().zip(aligns).enumerate() {
        column.set_padding((u16::from(index > 0), 0));
        if align == Align::Right {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

/// Names and values, one pair a line.
pub(crate) fn facts(facts: &[(&str, String)]) -> String {
    let width = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let lines: Vec<String> = facts.iter().map(|(name, value)| format!("{name:<width$}  {value}")).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_at_the_right() {
        let columns = [("name", Align::Left), ("rows", Align::Right)];
        let text = table(columns, [vec!["a".into(), "1".into()], vec!["b".into(), "1,000".into()]]);
        assert_eq!(text, "name   rows\n───────────\na         1\nb     1,000");
    }

    #[test]
    fn facts_are_aligned() {
        assert_eq!(facts(&[("a", "1".into()), ("long", "2".into())]), "a     1\nlong  2");
    }
}

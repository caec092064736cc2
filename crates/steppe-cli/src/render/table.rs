use std::io::{self, IsTerminal};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

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
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY).set_header(names);
    let arrangement =
        if io::stdout().is_terminal() { ContentArrangement::Dynamic } else { ContentArrangement::Disabled };
    table.set_content_arrangement(arrangement);
    table.add_rows(rows);
    for (column, align) in table.column_iter_mut().zip(aligns) {
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
        let lines: Vec<&str> = text.lines().filter(|line| line.contains(['a', 'b'])).collect();
        assert!(lines.iter().any(|line| line.contains("a          1")), "{text}");
        assert!(lines.iter().any(|line| line.contains("b      1,000")), "{text}");
    }

    #[test]
    fn facts_are_aligned() {
        assert_eq!(facts(&[("a", "1".into()), ("long", "2".into())]), "a     1\nlong  2");
    }
}

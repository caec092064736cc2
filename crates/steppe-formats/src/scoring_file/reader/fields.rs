//! A line split into fields.

/// What stands between the fields of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    /// One tab; fields may be empty.
    Tab,
    /// Any run of spaces and tabs, as plink2 reads tables.
    Whitespace,
}

impl Separator {
    /// Tabs where a line of column names has them, unless it is a mix of tabs and spaces.
    pub(super) fn of(names: &str) -> Self {
        let mixed = names.split('\t').any(|name| name.trim().contains(' '));
        if names.contains('\t') && !mixed { Self::Tab } else { Self::Whitespace }
    }
}

/// Where the fields of the current line start and end; reused from line to line.
#[derive(Debug, Default)]
pub(super) struct Fields {
    ranges: Vec<(usize, usize)>,
}

impl Fields {
    /// Splits a line.
    pub(super) fn split(&mut self, line: &str, separator: Separator) {
        self.ranges.clear();
        match separator {
            Separator::Tab => self.split_tabs(line.as_bytes()),
            Separator::Whitespace => self.split_whitespace(line.as_bytes()),
        }
    }

    fn split_tabs(&mut self, line: &[u8]) {
        let mut start = 0;
        for tab in memchr::memchr_iter(b'\t', line) {
            self.ranges.push(trimmed(line, start, tab));
            start = tab + 1;
        }
        self.ranges.push(trimmed(line, start, line.len()));
    }

    fn split_whitespace(&mut self, line: &[u8]) {
        let mut start = 0;
        for (at, byte) in line.iter().enumerate() {
            if matches!(byte, b' ' | b'\t') {
                if start < at {
                    self.ranges.push((start, at));
                }
                start = at + 1;
            }
        }
        if start < line.len() {
            self.ranges.push((start, line.len()));
        }
    }

    /// How many fields the line has.
    pub(super) fn len(&self) -> usize {
        self.ranges.len()
    }

    /// A field of the line that was split; empty where the line is shorter.
    pub(super) fn get<'l>(&self, line: &'l str, index: usize) -> &'l str {
        self.ranges.get(index).and_then(|&(start, end)| line.get(start..end)).unwrap_or_default()
    }

    /// Forgets empty fields at the end, down to `keep` fields.
    pub(super) fn drop_trailing_empty(&mut self, keep: usize) {
        while self.ranges.len() > keep && self.ranges.last().is_some_and(|(start, end)| start == end) {
            self.ranges.pop();
        }
    }
}

/// A field without the spaces around it.
fn trimmed(line: &[u8], mut start: usize, mut end: usize) -> (usize, usize) {
    while start < end && line[start] == b' ' {
        start += 1;
    }
    while start < end && line[end - 1] == b' ' {
        end -= 1;
    }
    (start, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str, separator: Separator) -> Vec<&str> {
        let mut fields = Fields::default();
        fields.split(line, separator);
        (0..fields.len()).map(|index| fields.get(line, index)).collect()
    }

    #[test]
    fn tabs_keep_empty_fields() {
        assert_eq!(split("a\t\t b \t", Separator::Tab), ["a", "", "b", ""]);
        assert_eq!(split("", Separator::Tab), [""]);
    }

    #[test]
    fn whitespace_runs_are_one_separator() {
        assert_eq!(split(" a\t b  é ", Separator::Whitespace), ["a", "b", "é"]);
        assert_eq!(split(" \t", Separator::Whitespace), [""; 0]);
    }

    #[test]
    fn tables_with_both_are_split_at_either() {
        assert_eq!(Separator::of("SNP\tA1\tBETA"), Separator::Tab);
        assert_eq!(Separator::of("SNP A1\tBETA"), Separator::Whitespace);
        assert_eq!(Separator::of("SNP A1 BETA"), Separator::Whitespace);
    }
}

/// A column of strings in two allocations: all bytes end to end, and where each string ends.
///
/// A cohort has millions of variant ids and alleles of a few bytes; a `Vec<String>` would spend five times their
/// size on headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StringColumn {
    bytes: String,
    ends: Vec<u64>,
}

impl StringColumn {
    /// An empty column.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty column with room for `strings` strings of `bytes` bytes in all.
    pub fn with_capacity(strings: usize, bytes: usize) -> Self {
        Self { bytes: String::with_capacity(bytes), ends: Vec::with_capacity(strings) }
    }

    /// Appends one string.
    pub fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len() as u64);
    }

    /// Appends many strings, given end to end, and where each of them ends in `text`: ascending, at the boundaries
    /// of characters, the last at its end. Without that, nothing is appended.
    pub fn extend_from_parts(&mut self, text: &str, ends: impl Iterator<Item = usize> + Clone) -> bool {
        let mut last = 0;
        let fits = ends.clone().all(|end| {
            let fits = last <= end && text.is_char_boundary(end);
            last = end;
            fits
        });
        if !fits || last != text.len() {
            return false;
        }
        let before = self.bytes.len() as u64;
        self.bytes.push_str(text);
        self.ends.extend(ends.map(|end| before + end as u64));
        true
    }

    /// The string at `index`; the empty string outside the column.
    pub fn get(&self, index: usize) -> &str {
        let Some(&end) = self.ends.get(index) else { return "" };
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start as usize..end as usize]
    }

    /// How many strings there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All strings in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// The heap bytes that the column holds.
    pub fn heap_bytes(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * size_of::<u64>()
    }
}

impl<S: AsRef<str>> FromIterator<S> for StringColumn {
    fn from_iter<I: IntoIterator<Item = S>>(strings: I) -> Self {
        let mut column = Self::new();
        for text in strings {
            column.push(text.as_ref());
        }
        column
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_back() {
        let column: StringColumn = ["rs1", "", "é", "chr1:5:A:T"].into_iter().collect();
        assert_eq!(column.iter().collect::<Vec<_>>(), ["rs1", "", "é", "chr1:5:A:T"]);
        assert_eq!(column.get(9), "");
    }

    #[test]
    fn parts_are_appended_whole_or_not_at_all() {
        let mut column: StringColumn = ["rs1"].into_iter().collect();
        assert!(column.extend_from_parts("aéAC", [1, 3, 3, 5].into_iter()));
        assert_eq!(column.iter().collect::<Vec<_>>(), ["rs1", "a", "é", "", "AC"]);
        for ends in [vec![2, 5], vec![3, 1, 5], vec![1], vec![1, 9], vec![]] {
            assert!(!column.extend_from_parts("aéAC", ends.into_iter()));
        }
        assert!(column.extend_from_parts("", [].into_iter()));
        assert_eq!(column.len(), 5);
    }
}

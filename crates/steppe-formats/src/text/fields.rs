use std::path::Path;

use crate::{FormatError, Malformed};

/// The fields of one line, separated by runs of spaces and tabs as PLINK reads them.
pub(crate) struct Fields<'a, const N: usize> {
    /// How many fields the line has, also beyond `N`.
    pub(crate) count: usize,
    /// The first `N` fields; empty where the line has fewer.
    pub(crate) values: [&'a str; N],
}

impl<'a, const N: usize> Fields<'a, N> {
    /// Splits line number `number` of `path`; control characters are refused.
    pub(crate) fn split(path: &Path, number: u64, line: &'a str) -> Result<Self, FormatError> {
        let bytes = line.as_bytes();
        let (mut count, mut values, mut at) = (0, [""; N], 0);
        while at < bytes.len() {
            match bytes[at] {
                b' ' | b'\t' => at += 1,
                0..b' ' => return Err(control_character(path, number, line)),
                _ => {
                    let start = at;
                    while at < bytes.len() && bytes[at] > b' ' {
                        at += 1;
                    }
                    if let Some(value) = values.get_mut(count) {
                        *value = &line[start..at];
                    }
                    count += 1;
                }
            }
        }
        Ok(Self { count, values })
    }
}

#[cold]
fn control_character(path: &Path, number: u64, line: &str) -> FormatError {
    Malformed::new(path, "the line has a control character", "separate the columns by tabs or spaces")
        .line(number)
        .value(line)
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_blanks_separate() {
        let fields = Fields::<3>::split(Path::new("x"), 1, "  1\té a  b \t").unwrap();
        assert_eq!((fields.count, fields.values), (4, ["1", "é", "a"]));
        assert_eq!(Fields::<2>::split(Path::new("x"), 1, "").unwrap().values, ["", ""]);
        assert!(Fields::<2>::split(Path::new("x"), 1, "a\rb").is_err());
    }
}

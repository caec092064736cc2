use std::str::FromStr;

/// `NAME=FILE`: a file that becomes a table of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedFile {
    /// The table's name.
    pub(crate) name: String,
    /// Where the file is: a path or a URL.
    pub(crate) file: String,
}

impl FromStr for NamedFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, file) = text.split_once('=').ok_or("give NAME=FILE, such as populations=people.tsv")?;
        let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        if !starts_well || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
            return Err(
                "the name must be of lower-case letters, digits and _, and start with a letter".to_owned()
            );
        }
        if file.is_empty() {
            return Err("there is no file after the =".to_owned());
        }
        Ok(Self { name: name.to_owned(), file: file.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_files() {
        let expected = NamedFile { name: "people".into(), file: "a=b.tsv".into() };
        assert_eq!("people=a=b.tsv".parse(), Ok(expected));
        for bad in ["people", "=a.tsv", "People=a.tsv", "1p=a.tsv", "p-q=a.tsv", "p="] {
            assert!(bad.parse::<NamedFile>().is_err(), "{bad}");
        }
    }
}

use std::{collections::HashMap, fs, io::Read, path::Path};

/// A small text table with a header line, by column name; `.gz` is read through.
#[derive(Debug, Clone)]
pub struct Table {
    /// Column names; a leading `#` is taken off the first.
    pub names: Vec<String>,
    /// Rows of fields.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads a table whose fields are separated by `separator`.
    ///
    /// # Panics
    /// When the file can not be read: the test's own data are broken then.
    pub fn read(path: &Path, separator: char) -> Self {
        let bytes = fs::read(path).unwrap_or_else(|error| unreachable!("{}: {error}", path.display()));
        let mut text = String::new();
        let read = if path.extension().is_some_and(|extension| extension == "gz") {
            flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text)
        } else {
            bytes.as_slice().read_to_string(&mut text)
        };
        assert!(read.is_ok(), "{}: {read:?}", path.display());
        Self::parse(&text, separator)
    }

    /// Splits a text into a table.
    pub fn parse(text: &str, separator: char) -> Self {
        let fields = |line: &str| -> Vec<String> { line.split(separator).map(str::to_owned).collect() };
        let mut lines = text.lines().filter(|line| !line.starts_with("##"));
        let names = lines.next().map(|line| fields(line.trim_start_matches('#'))).unwrap_or_default();
        Self { names, rows: lines.map(fields).collect() }
    }

    /// The index of a column.
    ///
    /// # Panics
    /// When there is none of that name.
    #[track_caller]
    pub fn column(&self, name: &str) -> usize {
        self.find(name).unwrap_or_else(|| unreachable!("no column {name} among {:?}", self.names))
    }

    /// The index of a column, where there is one.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// A column as numbers.
    #[track_caller]
    pub fn numbers(&self, name: &str) -> Vec<f64> {
        let column = self.column(name);
        self.rows
            .iter()
            .map(|row| row[column].parse().unwrap_or_else(|_| unreachable!("{name}: {:?}", row[column])))
            .collect()
    }

    /// A column as text.
    #[track_caller]
    pub fn texts(&self, name: &str) -> Vec<&str> {
        let column = self.column(name);
        self.rows.iter().map(|row| row[column].as_str()).collect()
    }

    /// Rows by the value of one column.
    #[track_caller]
    pub fn by(&self, name: &str) -> HashMap<&str, &Vec<String>> {
        let column = self.column(name);
        self.rows.iter().map(|row| (row[column].as_str(), row)).collect()
    }
}

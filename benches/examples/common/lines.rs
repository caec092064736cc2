//! How many lines a file has.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
};

pub(crate) fn lines(path: &str) -> io::Result<usize> {
    Ok(BufReader::new(File::open(path)?).lines().count())
}

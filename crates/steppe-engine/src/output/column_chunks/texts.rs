use std::collections::HashMap;

use parquet::{basic::Compression, errors::Result, schema::types::ColumnDescPtr};

use super::{
    Chunk,
    pages::{self, Parts, push_packed, push_plain_text, push_presence, push_run},
};

/// Values that are looked for one by one before any is hashed: the letters of alleles, the names of reasons.
const FEW: usize = 8;

/// The distinct values of a column in order of appearance.
#[derive(Default)]
struct Dictionary<'a> {
    values: Vec<&'a str>,
    keys: HashMap<&'a str, u32>,
}

impl<'a> Dictionary<'a> {
    fn key(&mut self, value: &'a str) -> u32 {
        let few = &self.values[..self.values.len().min(FEW)];
        if let Some(key) = few.iter().position(|&known| known == value) {
            return key as u32;
        }
        let Self { values, keys } = self;
        *keys.entry(value).or_insert_with(|| {
            values.push(value);
            (values.len() - 1) as u32
        })
    }
}

/// A dictionary, and a page of its keys.
pub(super) fn dictionary<'a>(
    column: ColumnDescPtr,
    values: impl ExactSizeIterator<Item = Option<&'a str>>,
) -> Result<Chunk> {
    let rows = values.len();
    let absent = absent(&column);
    let mut dictionary = Dictionary::default();
    let mut keys: Vec<u32> = Vec::with_capacity(rows);
    let mut present = Vec::with_capacity(rows);
    for value in values.map(|value| value.or(absent)) {
        present.push(value.is_some());
        keys.extend(value.map(|value| dictionary.key(value)));
    }
    let mut data = levels(&column, &present);
    let count = dictionary.values.len();
    let dictionary = (count > 0).then(|| {
        let mut bytes = Vec::new();
        dictionary.values.iter().for_each(|value| push_plain_text(&mut bytes, value));
        let width = (count - 1).max(1).ilog2() + 1;
        data.push(width as u8);
        if count == 1 {
            push_run(&mut data, keys.len(), 0);
        } else {
            push_packed(&mut data, width, keys.iter().copied());
        }
        (bytes, count)
    });
    pages::chunk(column, Parts { dictionary, data, rows }, None, Compression::SNAPPY)
}

/// One text after the other.
pub(super) fn plain<'a>(
    column: ColumnDescPtr,
    values: impl ExactSizeIterator<Item = Option<&'a str>>,
) -> Result<Chunk> {
    let rows = values.len();
    let absent = absent(&column);
    let mut texts = Vec::with_capacity(16 * rows);
    let mut present = Vec::with_capacity(rows);
    for value in values.map(|value| value.or(absent)) {
        present.push(value.is_some());
        if let Some(value) = value {
            push_plain_text(&mut texts, value);
        }
    }
    let mut data = levels(&column, &present);
    data.append(&mut texts);
    pages::chunk(column, Parts { dictionary: None, data, rows }, None, Compression::SNAPPY)
}

/// The definition levels, which only columns with absent values have.
fn levels(column: &ColumnDescPtr, present: &[bool]) -> Vec<u8> {
    let mut data = Vec::new();
    if column.max_def_level() > 0 {
        push_presence(&mut data, present);
    }
    data
}

/// What stands for an absent value: nothing, where the column can not be without.
fn absent(column: &ColumnDescPtr) -> Option<&'static str> {
    (column.max_def_level() == 0).then_some("")
}

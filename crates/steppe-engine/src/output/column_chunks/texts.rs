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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Array, StringArray};
    use bytes::Bytes;
    use parquet::{
        arrow::arrow_reader::ParquetRecordBatchReaderBuilder,
        basic::{LogicalType, Repetition, Type as PhysicalType},
        file::{properties::WriterProperties, writer::SerializedFileWriter},
        schema::types::Type,
    };
    use proptest::prelude::*;

    use super::super::{ChunkWriter, append_row_group};

    type Texts = Vec<Option<String>>;

    /// Writes texts both ways, twice over, and reads them with the library's own reader: four row groups.
    fn round_trip(texts: &Texts, repetition: Repetition) -> Texts {
        let field = Type::primitive_type_builder("text", PhysicalType::BYTE_ARRAY)
            .with_logical_type(Some(LogicalType::String))
            .with_repetition(repetition)
            .build()
            .expect("a type");
        let schema = Type::group_type_builder("rows").with_fields(vec![Arc::new(field)]).build();
        let schema = Arc::new(schema.expect("a schema"));
        let properties = Arc::new(WriterProperties::new());
        let chunks = ChunkWriter::new("test", &schema, Arc::clone(&properties));
        let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).expect("a writer");
        let values = || texts.iter().map(Option::as_deref);
        let both = [
            chunks.dictionary_texts(0, values()).expect("a dictionary"),
            chunks.plain_texts(0, values()).expect("plain texts"),
        ];
        for chunk in both.iter().chain(&both) {
            append_row_group("test", &mut writer, [chunk]).expect("a row group");
        }
        let file = Bytes::from(writer.into_inner().expect("a file"));
        let reader =
            ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("a reader");
        let mut read = Texts::new();
        for batch in reader {
            let batch = batch.expect("a batch");
            let column = batch.column(0).as_any().downcast_ref::<StringArray>().expect("texts");
            read.extend(
                (0..column.len()).map(|row| column.is_valid(row).then(|| column.value(row).to_owned())),
            );
        }
        read
    }

    fn four_times(texts: &Texts) -> Texts {
        texts.iter().cloned().cycle().take(4 * texts.len()).collect()
    }

    #[test]
    fn widths_and_runs_of_all_kinds_come_back() {
        for distinct in [1, 2, 3, 4, 5, 8, 9, 16, 17, 255, 256, 257, 1025] {
            for rows in [1, 7, 8, 9, 64, 1000] {
                let texts: Texts = (0..rows).map(|row| Some(format!("{}", row * 7 % distinct))).collect();
                assert_eq!(round_trip(&texts, Repetition::REQUIRED), four_times(&texts), "{distinct} {rows}");
                let gaps: Texts =
                    (0..rows).map(|row| (row % 3 != 0).then(|| format!("{}", row % distinct))).collect();
                assert_eq!(round_trip(&gaps, Repetition::OPTIONAL), four_times(&gaps), "{distinct} {rows}");
            }
        }
    }

    #[test]
    fn columns_of_nothing_come_back() {
        let nothing: Texts = vec![None; 20];
        assert_eq!(round_trip(&nothing, Repetition::OPTIONAL), four_times(&nothing));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_texts_come_back(texts in prop::collection::vec(prop::option::of("[ACGTé]{0,3}"), 1..200)) {
            prop_assert_eq!(round_trip(&texts, Repetition::OPTIONAL), four_times(&texts));
        }
    }
}

//! Broken phenotype files: each with the whole message.

use steppe_formats::phenotype::{
    BinaryCoding, ColumnRequest, Kind, PhenotypeOptions, Role, Selection, read_phenotypes,
};

/// A file, the kind its column `Y` is read as, and the message after the file's name.
const CASES: &[(&str, Kind, &str)] = &[
    (
        "",
        Kind::Detect,
        ": the file has no samples; start the file with #FID IID or #IID and the names of the columns, or give \
         family and sample id first",
    ),
    (
        "#IID Y\n",
        Kind::Detect,
        ": the file has no samples; start the file with #FID IID or #IID and the names of the columns, or give \
         family and sample id first",
    ),
    (
        "#SAMPLE Y\na 1\n",
        Kind::Detect,
        ":1: the header is not known (found \"#SAMPLE Y\"); start the file with #FID IID or #IID and the names of \
         the columns, or give family and sample id first",
    ),
    (
        "a 1\n",
        Kind::Detect,
        ":1: the file has no header, and its first row no value after family and sample id; start \
         the file with #FID IID or #IID and the names of the columns, or give family and sample id first",
    ),
    (
        "#FID IID\nf a\n",
        Kind::Detect,
        ":1: header: the file has no columns after the sample ids (found \"\"); give a file with values",
    ),
    (
        "#IID Y Y\na 1 2\n",
        Kind::Detect,
        ":1: header: two columns have the same name (found \"Y\"); give every column a name of its own",
    ),
    ("IID,Y,\na,1,2\n", Kind::Detect, ":1: header: a column has no name (found \"\"); name every column"),
    ("#IID Z\na 1\n", Kind::Detect, ": the file has no column of this name (found \"Y\"); the columns are Z"),
    (
        "#IID Y\na 1\nb\n",
        Kind::Detect,
        ":3: the row has 1 columns, and the header 2; write NA where there is no value, and no blanks within a value",
    ),
    (
        "IID,Y\na,1,2\n",
        Kind::Detect,
        ":2: the row has 3 columns, and the header 2; write one value, or nothing, per column",
    ),
    (
        "IID,Y\na,\"1\"\n",
        Kind::Detect,
        ":2: the line has a quotation mark; write values without quotation marks, or \
         separate the columns by tabs",
    ),
    (
        "#FID IID Y\nf 0 1\n",
        Kind::Detect,
        ":2: sample id: this is no sample id (found \"0\"); give every sample an id of its own other than 0",
    ),
    (
        "#FID IID Y\nf a 1\nf b 1\nf a 2\n",
        Kind::Detect,
        ":4: sample id: the sample is also on line 2; keep one row per sample",
    ),
    ("#IID Y\na 1\n\nb 2\n", Kind::Detect, ":3: a blank line stands between rows; delete the line"),
    (
        "#IID Y\na 1\nb\u{1} 2\n",
        Kind::Detect,
        ":3: the line has a control character; separate the columns by tabs, spaces or commas",
    ),
    (
        "#IID Y\na 1.5\nb red\n",
        Kind::Detect,
        ":3: Y: the value is no number, and the one on line 2 is a number (found \"red\"); write numbers or \
         categories throughout, and NA where there is no value",
    ),
    (
        "#IID Y\na NA\nb red\nc -9\n",
        Kind::Detect,
        ":4: Y: the value is a number, and the one on line 3 is none (found \"-9\"); write numbers or categories \
         throughout, and NA where there is no value",
    ),
    (
        "#IID Y\na 1.5\nb 1d5\n",
        Kind::Detect,
        ":3: Y: this is no number (found \"1d5\"); write a decimal number such as -1.5 or 2e-3, or NA where it is \
         missing",
    ),
    (
        "#IID Y\na 1.5\nb -inf\n",
        Kind::Detect,
        ":3: Y: this is no finite number (found \"-inf\"); write a decimal number such as -1.5 or 2e-3, or NA \
         where it is missing",
    ),
    (
        "#IID Y\na 1.5\nb 1e400\n",
        Kind::Detect,
        ":3: Y: the number is too large for a 64-bit float (found \"1e400\"); write a decimal number such as -1.5 \
         or 2e-3, or NA where it is missing",
    ),
    (
        "#IID Y\na red\n",
        Kind::Quantitative,
        ":2: Y: this is no number (found \"red\"); write a decimal number such as -1.5 or 2e-3, or NA where it is \
         missing",
    ),
    (
        "#IID Y\na 0\nb 1\nc NA\n",
        Kind::Detect,
        ": Y: all values are 0 or 1: as case/control codes these are missing and control; give --1 where 0 is a \
         control and 1 a case, or recode them as 1 and 2",
    ),
    (
        "#IID Y\na 1\nb 2\nc 3\n",
        Kind::Binary(BinaryCoding::OneTwo),
        ":4: Y: a case/control trait has values 1 and 2, and this is another (found \"3\"); write 1 for controls, \
         2 for cases and NA where it is missing; give --1 where the codes are 0 and 1",
    ),
    (
        "#IID Y\na 1\nb 2\n",
        Kind::Binary(BinaryCoding::ZeroOne),
        ":3: Y: a case/control trait has values 0 and 1, and this is another (found \"2\"); write 0 for controls, \
         1 for cases and NA where it is missing; leave out --1 where the codes are 1 and 2",
    ),
    (
        "#IID Y\na red\nb .\n",
        Kind::Categorical,
        ":3: Y: this is no category (found \".\"); write NA or NONE where there is no category",
    ),
];

fn read(text: &str, options: &PhenotypeOptions) -> Result<usize, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pheno.txt");
    std::fs::write(&path, text).expect("a file");
    let message = |error: steppe_formats::FormatError| {
        let text = error.to_string();
        text.split_once("pheno.txt").map_or(text.clone(), |(_, message)| message.to_owned())
    };
    read_phenotypes(&path, options).map(|table| table.samples.len()).map_err(message)
}

#[test]
fn messages_say_where_what_and_what_to_do() {
    for (text, kind, expected) in CASES {
        let request = ColumnRequest { name: "Y".to_owned(), kind: *kind };
        let options =
            PhenotypeOptions { selection: Selection::Named(vec![request]), ..PhenotypeOptions::default() };
        assert_eq!(read(text, &options), Err((*expected).to_owned()), "{text:?}");
    }
}

#[test]
fn options_are_checked() {
    let zero = PhenotypeOptions { missing_code: 0.0, ..PhenotypeOptions::default() };
    let expected = ": --input-missing-phenotype: 0, 1, 2 and what is no number can not be the code of missing \
                    phenotypes (found \"0\"); give another --input-missing-phenotype, such as -9";
    assert_eq!(read("#IID Y\na 1\n", &zero), Err(expected.to_owned()));
    let twice = PhenotypeOptions { selection: Selection::names(["Y", "Y"]), ..PhenotypeOptions::default() };
    let expected = ": the column is asked for twice (found \"Y\"); name every column once";
    assert_eq!(read("#IID Y\na 1\n", &twice), Err(expected.to_owned()));
}

/// Columns that nobody asked for may hold anything; 0 and 1 are numbers in a covariate file.
#[test]
fn what_is_not_used_is_not_refused() {
    let named = PhenotypeOptions { selection: Selection::names(["Y"]), ..PhenotypeOptions::default() };
    assert_eq!(
        read("#IID X Y\na red 1.5\nb 2 1d5x\n", &named).map_err(|error| error.contains("1d5x")),
        Err(true)
    );
    assert_eq!(read("#IID X Y\na red 1.5\nb 2 3\n", &named), Ok(2));
    let covariates = PhenotypeOptions { role: Role::Covariate, ..PhenotypeOptions::default() };
    assert_eq!(read("#IID X\na 0\nb 1\n", &covariates), Ok(2));
}

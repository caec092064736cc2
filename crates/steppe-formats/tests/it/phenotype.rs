//! Phenotypes and covariates: read as plink2 reads them (`tests/fixtures/phenotype/make_expected.sh`), joined, and
//! turned into covariates.

use std::path::{Path, PathBuf};

use steppe_formats::{
    NoteKind,
    phenotype::{
        BinaryCoding, Column, ColumnRequest, Join, Kind, PhenotypeOptions, SampleIds, SampleKey, Selection,
        Values, read_phenotypes, read_sample_table, read_survival,
    },
    plink1::read_fam,
};

use super::scoring_file_support::{data, gzip};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/phenotype").join(name)
}

fn write(text: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pheno.txt");
    std::fs::write(&path, text).expect("a file");
    (folder, path)
}

fn join(samples: &SampleIds, fam: &Path, key: SampleKey) -> Result<Join, String> {
    let fam = read_fam(fam).expect("a .fam");
    let ids = fam.records.iter().map(|record| (record.family_id.as_str(), record.sample_id.as_str()));
    samples.join(ids, key).map_err(|error| error.to_string())
}

/// What plink2 would write of a sample's value.
fn as_plink2(column: &Column, sample: usize) -> Result<f64, String> {
    match &column.values {
        Values::Quantitative(values) => values[sample].ok_or_else(|| "NA".to_owned()),
        Values::Binary(values) => {
            values[sample].map(|case| 1.0 + f64::from(u8::from(case))).ok_or("NA".into())
        }
        Values::Categorical { levels, codes } => {
            Err(codes[sample].map_or("NONE".to_owned(), |code| levels[code as usize].clone()))
        }
    }
}

fn equals_plink2(file: &str, options: &PhenotypeOptions, expected: &str) {
    let table = read_phenotypes(&fixture(file), options).expect("a whole file");
    let join = join(&table.samples, &fixture("cohort.fam"), SampleKey::AsFile).expect("some samples");
    let columns: Vec<Column> = table.columns.iter().map(|column| column.joined(&join)).collect();
    let text = std::fs::read_to_string(fixture(expected)).expect("the expected file");
    let mut rows = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let header = rows.next().expect("a header");
    assert_eq!(header[2..], columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>());
    let (mut count, mut missing) = (0, vec![0; columns.len()]);
    for (sample, row) in rows.enumerate() {
        for ((column, text), missing) in columns.iter().zip(&row[2..]).zip(&mut missing) {
            *missing += u64::from(["NA", "NONE"].contains(text));
            let same = match as_plink2(column, sample) {
                Ok(number) => text.parse() == Ok(number),
                Err(word) => word == *text,
            };
            assert!(same, "{file}: {} of row {sample}: {text} of plink2, {column:?}", column.name);
        }
        count += 1;
    }
    assert_eq!(count, join.row.len());
    assert_eq!(columns.iter().map(|column| column.missing).collect::<Vec<_>>(), missing);
}

#[test]
fn values_are_those_of_plink2() {
    let phenotypes = PhenotypeOptions::default();
    equals_plink2("pheno.tsv", &phenotypes, "pheno.expected.psam");
    equals_plink2("no_header.txt", &phenotypes, "no_header.expected.psam");
    equals_plink2("covar.txt", &PhenotypeOptions::covariates(), "covar.expected.cov");
    equals_plink2("no_header.txt", &PhenotypeOptions::covariates(), "no_header.expected.cov");
    let zero_one = PhenotypeOptions { coding: BinaryCoding::ZeroOne, ..phenotypes };
    equals_plink2("zero_one.txt", &zero_one, "zero_one.expected.psam");
}

#[test]
fn kinds_and_counts() {
    let table = read_phenotypes(&fixture("pheno.tsv"), &PhenotypeOptions::default()).expect("a whole file");
    let kinds: Vec<&str> = table
        .columns
        .iter()
        .map(|column| match &column.values {
            Values::Quantitative(_) => "quantitative",
            Values::Binary(_) => "binary",
            Values::Categorical { .. } => "categorical",
        })
        .collect();
    assert_eq!(kinds, ["quantitative", "binary", "categorical", "binary", "binary", "quantitative"]);
    let counts: Vec<(u64, u64)> =
        table.columns.iter().map(|column| (column.missing, column.missing_code)).collect();
    assert_eq!(counts, [(2, 1), (2, 1), (1, 0), (6, 1), (2, 1), (1, 0)]);
    let join = join(&table.samples, &fixture("cohort.fam"), SampleKey::AsFile).expect("some samples");
    assert_eq!((join.matched, join.samples_without_row, join.rows_without_sample), (5, 2, 1));
}

#[test]
fn categories_become_indicators() {
    let table = read_phenotypes(&fixture("pheno.tsv"), &PhenotypeOptions::default()).expect("a whole file");
    let region = table.column("REGION").expect("the column");
    assert!(
        matches!(&region.values, Values::Categorical { levels, .. } if levels == &["north", "south", "west"])
    );
    let join = join(&table.samples, &fixture("cohort.fam"), SampleKey::AsFile).expect("some samples");
    // The only sample of the west is not in the cohort; the north is the reference.
    let design = region.joined(&join).design();
    assert_eq!(design.len(), 1);
    assert_eq!(design[0].name, "REGION=south");
    assert_eq!(design[0].values, [Some(0.0), None, Some(1.0), None, Some(0.0), None, Some(1.0)]);
    let case = table.column("CASE").expect("the column").joined(&join).design();
    assert_eq!(case[0].values[..2], [Some(0.0), Some(1.0)]);

    let (_folder, path) = write(b"#IID BATCH\na 10\nb 9\nc -9\nd NONE\ne 10\n");
    let batch = ColumnRequest { name: "BATCH".to_owned(), kind: Kind::Categorical };
    let options =
        PhenotypeOptions { selection: Selection::Named(vec![batch]), ..PhenotypeOptions::covariates() };
    let table = read_phenotypes(&path, &options).expect("a whole file");
    let levels = vec!["9".to_owned(), "10".to_owned()];
    let codes = vec![Some(1), Some(0), None, None, Some(1)];
    assert_eq!(table.columns[0].values, Values::Categorical { levels, codes });
    assert_eq!((table.columns[0].missing, table.columns[0].missing_code), (2, 1));
}

#[test]
fn kinds_can_be_said() {
    let (_folder, path) = write(b"#IID A B\na 1 0\nb 2 1\nc 1 -9\n");
    let read = |name: &str, kind| {
        let request = ColumnRequest { name: name.to_owned(), kind };
        let selection = Selection::Named(vec![request]);
        let table = read_phenotypes(&path, &PhenotypeOptions { selection, ..PhenotypeOptions::default() });
        table.map(|table| table.columns[0].values.clone()).map_err(|error| error.to_string())
    };
    assert_eq!(
        read("A", Kind::Quantitative),
        Ok(Values::Quantitative(vec![Some(1.0), Some(2.0), Some(1.0)]))
    );
    let zero_one = Kind::Binary(BinaryCoding::ZeroOne);
    assert_eq!(read("B", zero_one), Ok(Values::Binary(vec![Some(false), Some(true), None])));
    assert_eq!(read("A", Kind::Detect), Ok(Values::Binary(vec![Some(false), Some(true), Some(false)])));
}

#[test]
fn compressed_and_comma_separated_files_are_the_same() {
    let text = b"FID,IID,split,Y\nf1,a,train,1.5\nf1,b,,-9\n";
    let mut tables = Vec::new();
    for bytes in [text.to_vec(), gzip(text), zstd::encode_all(text.as_slice(), 1).expect("zstd")] {
        let (_folder, path) = write(&bytes);
        let table = read_phenotypes(&path, &PhenotypeOptions::default()).expect("a whole file");
        tables.push(table.columns);
    }
    assert!(tables.iter().all(|columns| columns == &tables[0]));
    assert_eq!(tables[0][1].values, Values::Quantitative(vec![Some(1.5), None]));
    assert_eq!(tables[0][0].missing, 1);
    let (_folder, path) = write(b"\xEF\xBB\xBF#IID\tsplit\tw\r\na\ttrain\t1\r\n");
    let table = read_sample_table(&path, ["w", "split"]).expect("a whole file");
    assert_eq!((table.columns[0].values.get(0), table.columns[1].values.get(0)), ("1", "train"));
    let notes: Vec<NoteKind> = table.notes.iter().map(|note| note.kind).collect();
    assert_eq!(notes, [NoteKind::CrlfLineEndings, NoteKind::ByteOrderMark]);
}

#[test]
fn joins_say_what_is_ambiguous() {
    let cohort = [("f", "a"), ("g", "a"), ("g", "b")];
    let message = |text: &[u8], key| {
        let (_folder, path) = write(text);
        let table = read_phenotypes(&path, &PhenotypeOptions::default()).expect("a whole file");
        table.samples.join(cohort.iter().copied(), key).map_err(|error| error.to_string())
    };
    let found = message(b"#FID IID Y\ng a 3\ng b 4\nz z 5\n", SampleKey::AsFile).expect("a join");
    assert_eq!((&found.row[..], found.rows_without_sample), ([None, Some(0), Some(1)].as_slice(), 1));
    assert_eq!(message(b"#IID Y\nb 3\n", SampleKey::AsFile).expect("a join").row, [None, None, Some(0)]);
    for (text, key, piece) in [
        (
            b"#IID Y\nb 3\na 3\n".as_slice(),
            SampleKey::AsFile,
            "pheno.txt:3: sample id: by sample id alone, the row means",
        ),
        (b"#FID IID Y\nf b 3\nh b 3\n", SampleKey::SampleId, "lines 2 and 3 mean the same sample"),
        (
            b"#FID IID Y\nh b 3\nh c 3\n",
            SampleKey::AsFile,
            "none of the 2 rows means a sample of the cohort; 1 of the",
        ),
        (b"#FID IID Y\nh x 3\n", SampleKey::SampleId, "give the file of this cohort"),
    ] {
        let error = message(text, key).expect_err("an ambiguity");
        assert!(error.contains(piece), "{error}");
    }
}

#[test]
fn survival_is_a_time_and_an_event() {
    let text = b"#IID time status\na 2.5 1\nb 3 0\nc NA 1\nd 4 -9\n";
    let (_folder, path) = write(text);
    let survival = read_survival(&path, "time", "status", BinaryCoding::ZeroOne, -9.0).expect("a trait");
    assert_eq!(survival.values, [Some((2.5, true)), Some((3.0, false)), None, None]);
    assert_eq!(survival.missing, 2);
    let (_folder, path) = write(b"#IID time status\na 0 1\n");
    let error = read_survival(&path, "time", "status", BinaryCoding::ZeroOne, -9.0).expect_err("a time of 0");
    assert!(
        error
            .to_string()
            .ends_with("pheno.txt:2: time: the time is not above 0 (found \"0\"); give times above 0, or NA")
    );
}

#[test]
fn files_of_the_peers_are_read() {
    let Some(folder) = data() else { return };
    let snpnet = folder.join("snpnet_sample/sample.phe");
    let options = PhenotypeOptions {
        selection: Selection::names(["split", "QPHE", "age"]),
        ..PhenotypeOptions::default()
    };
    let table = read_phenotypes(&snpnet, &options).expect("snpnet's file");
    assert_eq!((table.samples.len(), table.columns[1].missing), (2000, 0));
    assert!(matches!(&table.columns[0].values, Values::Categorical { levels, .. } if levels.len() == 3));
    let cox = read_survival(&snpnet, "CoxPHE", "CoxStatus", BinaryCoding::ZeroOne, -9.0).expect("a trait");
    assert!(cox.values.iter().flatten().any(|(_, event)| *event));

    let regenie = folder.join("regenie_example");
    let fam = regenie.join("example.fam");
    for (file, coding) in [
        ("phenotype.txt", BinaryCoding::OneTwo),
        ("phenotype_bin.txt", BinaryCoding::ZeroOne),
        ("covariates_wBin.txt", BinaryCoding::OneTwo),
    ] {
        let options = PhenotypeOptions { coding, ..PhenotypeOptions::default() };
        let table = read_phenotypes(&regenie.join(file), &options);
        let table = table.unwrap_or_else(|error| panic!("{file}: {error}"));
        let join = join(&table.samples, &fam, SampleKey::AsFile).expect("the cohort");
        assert_eq!((join.samples_without_row, join.matched), (0, 500), "{file}");
    }
    let error = read_phenotypes(&regenie.join("phenotype_bin.txt"), &PhenotypeOptions::default());
    assert!(error.expect_err("0 and 1").to_string().contains("give --1"));
}

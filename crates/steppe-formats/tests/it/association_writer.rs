//! Tables of association against those of plink2 (`tests/fixtures/association/make_expected.sh`).

use std::path::Path;

use steppe_formats::association::{
    AssociationColumns, AssociationRow, AssociationWriter, Effect, ErrorCode, Estimate, Model,
};

const CODES: &[ErrorCode] = &[
    ErrorCode::TooFewSamples,
    ErrorCode::ConstantOmittedAllele,
    ErrorCode::ConstantAllele,
    ErrorCode::CorrelationTooHigh,
    ErrorCode::VarianceInflationInfinite,
    ErrorCode::VarianceInflationTooHigh,
    ErrorCode::RankDeficient,
    ErrorCode::SeparationByReference,
    ErrorCode::SeparationByAlternate,
    ErrorCode::LogisticConvergeFail,
    ErrorCode::FirthConvergeFail,
    ErrorCode::Unfinished,
    ErrorCode::InvalidResult,
];

/// The logarithm of a printed number, which may be below the smallest double.
fn ln(text: &str) -> f64 {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: f64 = exponent.parse().expect("an exponent");
    mantissa.parse::<f64>().expect("a number").ln() + exponent * std::f64::consts::LN_10
}

/// Reads plink2's table, writes it again, and expects the same bytes.
fn comes_back(name: &str, model: Model, columns: AssociationColumns) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/association");
    let expected = std::fs::read_to_string(fixtures.join(name)).expect("plink2's table");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(format!("out.T.{}", model.extension()));
    let mut writer = AssociationWriter::create(&path, model, columns).expect("a file");
    let mut lines = expected.lines();
    let header: Vec<&str> = lines.next().expect("a header").split('\t').collect();
    for line in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        let find = |names: &[&str]| {
            let at = header.iter().position(|column| names.contains(column));
            at.map_or("NA", |at| cells[at])
        };
        let number = |names: &[&str]| find(names).parse::<f64>().ok();
        let beta = number(&["BETA"]).or(number(&["OR"]).map(f64::ln));
        let error = CODES.iter().find(|code| code.as_str() == find(&["ERRCODE"]));
        assert_eq!(error.is_none(), find(&["ERRCODE"]) == ".", "{line}");
        let row = AssociationRow {
            chromosome: find(&["#CHROM"]),
            position: find(&["POS"]).parse().expect("a position"),
            id: find(&["ID"]),
            reference: find(&["REF"]),
            alternate: find(&["ALT"]),
            a1: find(&["A1"]),
            a1_frequency: number(&["A1_FREQ"]),
            firth: find(&["FIRTH?"]) == "Y",
            samples: find(&["OBS_CT"]).parse().expect("a count"),
            estimate: beta.map(|beta| Estimate {
                beta,
                standard_error: number(&["SE", "LOG(OR)_SE"]).expect("a number"),
                statistic: number(&["T_STAT", "Z_STAT"]).expect("a number"),
                ln_p: ln(find(&["P"])),
            }),
            error: error.copied(),
        };
        writer.write(&row).expect("a row");
    }
    assert!(!path.exists());
    writer.finish().expect("the file");
    assert_eq!(std::fs::read_to_string(&path).expect("the table"), expected);
}

#[test]
fn tables_are_those_of_plink2() {
    let plain = AssociationColumns::default();
    let frequency = AssociationColumns { a1_frequency: true, ..plain };
    comes_back("linear.tsv", Model::Linear, plain);
    comes_back("tiny.tsv", Model::Linear, plain);
    comes_back("logistic.tsv", Model::Logistic, plain);
    comes_back("hybrid.tsv", Model::LogisticHybrid, plain);
    let beta = AssociationColumns { effect: Effect::Beta, ..frequency };
    comes_back("hybrid_beta.tsv", Model::LogisticHybrid, beta);
    comes_back("firth.tsv", Model::Firth, frequency);
}

#[test]
fn tiny_probabilities_are_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out.T.glm.linear");
    let mut writer =
        AssociationWriter::create(&path, Model::Linear, AssociationColumns::default()).expect("a file");
    let estimate =
        Estimate { beta: 1.0, standard_error: 0.01, statistic: 100.0, ln_p: -5_005.524_208_694_205 };
    let row = AssociationRow {
        chromosome: "X",
        position: 7,
        id: "rs7",
        reference: "A",
        alternate: "C",
        a1: "C",
        a1_frequency: None,
        firth: false,
        samples: 300_000,
        estimate: Some(estimate),
        error: None,
    };
    writer.write(&row).expect("a row");
    let blank = AssociationRow { id: "rs 7", ..row };
    let error = writer.write(&blank).expect_err("a blank in an id").to_string();
    assert!(error.ends_with(
        "ID: the text can not be one column (found \"rs 7\"); give it without blanks and control characters"
    ));
    writer.finish().expect("the file");
    let text = std::fs::read_to_string(&path).expect("the table");
    // exp(-5005.5242086942050) by mpmath: 1.34418e-2174.
    assert!(text.ends_with("X\t7\trs7\tA\tC\tC\tADD\t300000\t1\t0.01\t100\t1.34418e-2174\t.\n"), "{text}");
}

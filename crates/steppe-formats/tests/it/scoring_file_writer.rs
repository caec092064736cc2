//! Scores that are written come back through the reader.

use proptest::prelude::*;
use steppe_formats::scoring_file::{NewScore, NewScoreRow, ScoringFile, ScoringFileWriter};
use steppe_genome::{Chromosome, GenomeBuild};

use super::scoring_file_support::read;

fn score(variants: u64) -> NewScore {
    NewScore {
        name: "height.v1".to_owned(),
        trait_reported: "Standing height = cm".to_owned(),
        genome_build: Some(GenomeBuild::Grch38),
        weight_type: "beta".to_owned(),
        citation: "fitted here".to_owned(),
        license: String::new(),
        variants,
    }
}

fn row<'a>(chromosome: &'a Chromosome, position: u32, id: &'a str, weight: f64) -> NewScoreRow<'a> {
    NewScoreRow { id, chromosome, position, effect_allele: "A", other_allele: "GT", weight }
}

fn written(score: &NewScore, rows: &[NewScoreRow<'_>]) -> Result<ScoringFile, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out.txt");
    let finished = ScoringFileWriter::create(&path, score).and_then(|mut writer| {
        rows.iter().try_for_each(|row| writer.write(row))?;
        writer.finish()
    });
    finished.map_err(|error| error.to_string().rsplit_once("out.txt: ").expect("the file").1.to_owned())?;
    read(&path)
}

#[test]
fn the_header_comes_back() {
    let x = Chromosome::X;
    let rows =
        [row(&Chromosome::Autosome(1), 100, "rs1", 0.25), row(&x, 7, ".", -1e-300), row(&x, 0, "rs3", 2.0)];
    let file = written(&score(3), &rows).expect("a score");
    let header = &file.header;
    assert_eq!(header.format_version.as_deref(), Some("2.0"));
    assert_eq!((file.score_name().as_str(), header.pgs_name.as_deref()), ("height.v1", Some("height.v1")));
    assert_eq!(header.trait_reported.as_deref(), Some("Standing height = cm"));
    assert_eq!((header.build(), header.variants_number), (Some(GenomeBuild::Grch38), Some(3)));
    assert_eq!((header.weight_type.as_deref(), header.license.as_deref()), (Some("beta"), None));
    assert_eq!(header.citation.as_deref(), Some("fitted here"));
    assert_eq!(file.rows.chromosome, [Some(Chromosome::Autosome(1)), Some(x.clone()), Some(x.clone())]);
    assert_eq!(file.rows.position, [100, 7, 0]);
    assert_eq!(file.rows.id.iter().collect::<Vec<_>>(), ["rs1", "", "rs3"]);
    assert_eq!(file.rows.weights, [[0.25, -1e-300, 2.0]]);
    assert_eq!((file.rows.effect_allele.get(0), file.rows.other_allele.get(0)), ("A", "GT"));
    let bare = NewScore { name: "s".to_owned(), variants: 1, ..NewScore::default() };
    let file = written(&bare, &rows[..1]).expect("a score");
    assert_eq!((file.header.build(), file.header.weight_type), (None, None));
}

#[test]
fn what_nobody_could_use_is_refused() {
    let (place, rows) = (Chromosome::Autosome(1), |_: ()| Vec::<NewScoreRow<'_>>::new());
    for name in ["", "my score", "a/b", "höhe", ".hidden", "-x", "a\tb", "x=y"] {
        let bad = NewScore { name: name.to_owned(), ..score(1) };
        let error = written(&bad, &rows(())).expect_err("a bad name");
        assert!(error.starts_with("pgs_id: this is no name of a score (found \""), "{error}");
    }
    let bad = NewScore { trait_reported: "a\nb".to_owned(), ..score(1) };
    let expected = "trait_reported: the text can not be a header line (found \"a\\nb\"); write it in one line, \
                    without control characters";
    assert_eq!(written(&bad, &[]).err(), Some(expected.to_owned()));
    let cases = [
        (
            row(&place, 0, "", 1.0),
            "rsID: the variant has neither an id nor a position; give it either: nobody could find it",
        ),
        (
            row(&place, 1, "rs1", f64::NAN),
            "effect_weight: the weight is not a finite number (found \"NaN\"); leave out the variant, or fit it again",
        ),
        (
            row(&place, 1, "rs 1", 1.0),
            "rsID: the text can not be one column (found \"rs 1\"); give it without blanks and control characters",
        ),
        (
            NewScoreRow { effect_allele: "", ..row(&place, 1, "rs1", 1.0) },
            "effect_allele: the text can not be one column (found \"\"); give it without blanks and control characters",
        ),
    ];
    for (bad, expected) in cases {
        assert_eq!(written(&score(1), &[bad]).err(), Some(expected.to_owned()));
    }
    let expected = "variants_number: 1 rows were written of 2 variants; write every variant of the score, and at \
                    least one";
    assert_eq!(written(&score(2), &[row(&place, 1, "rs1", 1.0)]).err(), Some(expected.to_owned()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn weights_come_back_bit_by_bit(
        rows in prop::collection::btree_map(1u32.., any::<f64>().prop_filter("finite", |weight| weight.is_finite()), 1..40)
    ) {
        let place = Chromosome::Autosome(7);
        let rows: Vec<NewScoreRow<'_>> =
            rows.iter().map(|(position, weight)| row(&place, *position, "", *weight)).collect();
        let file = written(&score(rows.len() as u64), &rows).expect("a score");
        prop_assert_eq!(file.rows.len(), rows.len());
        for (at, row) in rows.iter().enumerate() {
            prop_assert_eq!(file.rows.weights[0][at].to_bits(), row.weight.to_bits());
            prop_assert_eq!(file.rows.position[at], row.position);
        }
    }
}

//! What an analyst asks of a result.

use steppe_tests::{data_folder, steppe};

use crate::sets::Imported;

/// The three real scores of the README.
const SCORES: [&str; 3] =
    ["PGS000018_GRCh37_chr20.txt", "PGS000027_GRCh37_chr20.txt", "PGS001229_GRCh37_chr4_20.txt"];

#[test]
fn a_newcomers_session() {
    let Some(folder) = data_folder("hapmap2_ceu_yri") else { return };
    let imported = Imported::of(&folder.join("hm2_chr4_20"), "GRCh37");
    let scores: Vec<_> = SCORES.iter().map(|score| folder.join(score)).collect();
    let scores: Vec<_> = scores.iter().map(std::path::PathBuf::as_path).collect();
    // Two of the three have less than 75 % of their rows here: they are skipped, with a word, and the third scores.
    let run = imported.score("gated", &scores, &[]).expect_status(3);
    assert!(run.stderr.contains("PGS000018"), "{}", run.stderr);
    imported.score("all", &scores, &["--min-overlap", "0.2"]).expect_status(0);
    let ask = |query: &str| {
        steppe(["sql", "--format", "csv", "--cohort"])
            .arg(imported.cohort())
            .arg("--scores")
            .arg(imported.path("all"))
            .arg(query)
            .ok()
            .stdout
    };
    assert_eq!(ask("SELECT count(*) AS n FROM samples").trim(), "n\n180");
    assert_eq!(ask("SELECT count(*) AS n FROM variants").trim(), "n\n215673");
    assert_eq!(
        ask("SELECT score, count(*) AS people FROM scores GROUP BY score ORDER BY score").trim(),
        "score,people\nPGS000018,180\nPGS000027,180\nPGS001229lift37,180"
    );
    // The counts of pgscatalog-match's summary.
    assert_eq!(
        ask(
            "SELECT accession, status, count(*) AS n FROM match_log GROUP BY accession, status ORDER BY 1, 2"
        )
        .trim(),
        "accession,status,n\n\
         PGS000018,excluded,28\nPGS000018,matched,12440\nPGS000018,unmatched,31904\n\
         PGS000027,matched,49952\nPGS000027,unmatched,3120\n\
         PGS001229lift37,excluded,126\nPGS001229lift37,matched,2140\nPGS001229lift37,unmatched,1919"
    );
    assert_eq!(ask("SELECT kind FROM runs").trim(), "kind\nscore");
    let json = steppe(["sql", "--format", "json", "--cohort"])
        .arg(imported.cohort())
        .arg("SELECT sample_id FROM samples ORDER BY sample_id LIMIT 1")
        .ok();
    assert!(json.stdout.contains("NA06985"), "{}", json.stdout);
}

#[test]
fn a_wrong_query_is_the_users_error() {
    let Some(folder) = data_folder("bigsnpr_missing") else { return };
    let imported = Imported::of(&folder.join("example-missing"), "GRCh37");
    for query in ["SELECT nothing FROM samples", "SELEC 1", "DROP TABLE samples", "COPY samples TO 'x.csv'"] {
        let run = steppe(["sql", "--cohort"]).arg(imported.cohort()).arg(query).run().expect_status(2);
        assert!(run.stderr.starts_with("error") || run.stderr.contains("error"), "{query}: {}", run.stderr);
    }
}

//! Every broken or odd PLINK 1 and scoring file of the shared collection: refused before any work with a message
//! that says where and what to do, or read and reported; never anything between.

use std::path::Path;

use steppe_tests::{Run, data_folder, steppe};

use crate::sets::{Imported, new_folder};

/// PLINK 1 cases: prefix, and a word of the message where we refuse.
const FILESETS: [(&str, Option<&str>); 31] = [
    ("synthetic/00_good/x", None),
    ("synthetic/02_truncated_half/x", Some("x.bed")),
    ("synthetic/04_wrong_magic/x", Some("x.bed")),
    ("synthetic/06_mode_byte_2/x", Some("x.bed")),
    ("synthetic/08_header_only/x", Some("x.bed")),
    ("synthetic/10_fam_four_rows_short/x", Some("x.bed")),
    ("synthetic/12_crlf/x", None),
    ("synthetic/14_non_ascii_ids/x", None),
    ("synthetic/16_duplicate_samples/x", Some("x.fam")),
    ("synthetic/18_bad_positions/x", Some("x.bim")),
    ("synthetic/20_bim_no_cm/x", None),
    ("synthetic/22_fam_phenotypes/x", None),
    ("synthetic/24_missing_bim/x", Some("x.bim")),
    ("synthetic/26_empty_bim/x", Some("x.bim")),
    ("synthetic/28_unsorted_bim/x", None),
    ("synthetic/30_no_final_newline/x", None),
    ("synthetic/32_nul_bytes_in_bim/x", Some("x.bim")),
    ("synthetic/34_very_long_id/x", None),
    ("synthetic/36_monomorphic/x", None),
    ("bedreader/badfile", Some("badfile.")),
    ("bedreader/empty", Some("empty.")),
    ("bedreader/plink_sim_10s_100v_10pmiss", Some(".fam")),
    ("bedreader/small", None),
    ("bedreader/small_no_bim", Some("small_no_bim.bim")),
    ("bedreader/small_no_fam", Some("small_no_fam.fam")),
    ("bedreader/small_too_short", Some("small_too_short.bed")),
    ("bedreader/smallmode0", Some("smallmode0.bed")),
    ("bedreader/smallmodebad", Some("smallmodebad.")),
    ("bedreader/some_missing", None),
    ("bedreader/sparse", None),
    ("hail/sex_mt_contigs", Some("sex_mt_contigs.fam")),
];

/// Scoring files, by what `EXPECT.tsv` and the issue want: a word of the message where we refuse.
const SCORING_FILES: [(&str, Option<&str>); 22] = [
    ("good.txt", None),
    ("no_column_header.txt", Some("column")),
    ("missing_effect_weight_col.txt", Some("effect_weight")),
    ("no_other_allele.txt", None),
    ("nan_weight.txt", Some("effect_weight")),
    ("empty_weight.txt", Some("effect_weight")),
    ("text_weight.txt", Some("effect_weight")),
    ("overflow_weight.txt", Some("effect_weight")),
    ("duplicate_rows.txt", None),
    ("duplicate_conflicting_weights.txt", Some("conflict")),
    ("comma_separated.txt", Some("comma")),
    ("utf16.txt", Some("UTF-16")),
    ("bom.txt", None),
    ("header_only.txt", Some("no variants")),
    ("lower_case_alleles.txt", None),
    ("chr_prefix.txt", None),
    ("hla_and_odd_alleles.txt", None),
    ("scientific_position.txt", Some("position")),
    ("interaction_column.txt", None),
    ("dominant_and_recessive_both.txt", Some("dominant")),
    ("gz_two_members.txt.gz", None),
    ("gz_trailing_garbage.txt.gz", Some("gz")),
];

#[track_caller]
fn assert_refused(what: &str, run: &Run, word: &str, out: &Path) {
    assert_eq!(run.status, 2, "{what}: {}", run.stderr);
    // Long paths are wrapped at the terminal's width only when there is a terminal.
    assert!(run.stderr.contains(word), "{what}: the message does not say {word:?}:\n{}", run.stderr);
    assert!(run.stdout.is_empty(), "{what}: data on standard output: {}", run.stdout);
    assert!(!out.exists(), "{what}: something was written to {}", out.display());
}

#[test]
fn filesets() {
    let Some(folder) = data_folder("bad_inputs") else { return };
    for (prefix, refusal) in FILESETS {
        let place = new_folder();
        let out = place.path().join("cohort");
        let run = steppe(["import", "--build", "GRCh37", "--bfile"])
            .arg(folder.join(prefix))
            .arg("--out")
            .arg(&out)
            .run();
        match refusal {
            Some(word) => assert_refused(prefix, &run, word, &out),
            None => {
                assert_eq!(run.status, 0, "{prefix}: {}", run.stderr);
                steppe(["verify"]).arg(&out).ok();
            }
        }
    }
}

#[test]
fn oddities_are_counted() {
    let Some(folder) = data_folder("bad_inputs") else { return };
    for (case, kind) in [
        ("12_crlf", "crlf_line_endings"),
        ("14_non_ascii_ids", "non_ascii_ids"),
        ("28_unsorted_bim", "unsorted_variants"),
        ("30_no_final_newline", "no_final_newline"),
        ("20_bim_no_cm", "no_centimorgan_column"),
        ("22_fam_phenotypes", "odd_phenotypes"),
    ] {
        let imported = Imported::of(&folder.join("synthetic").join(case).join("x"), "GRCh37");
        let described = steppe(["describe", "--format", "json"]).arg(imported.cohort()).ok();
        assert!(described.stdout.contains(kind), "{case}: no {kind} in {}", described.stdout);
    }
}

#[test]
fn a_bim_that_lost_its_last_column_is_refused() {
    let Some(folder) = data_folder("bad_inputs") else { return };
    let place = new_folder();
    let good = folder.join("synthetic/00_good");
    for extension in ["bed", "fam"] {
        let name = format!("x.{extension}");
        std::fs::copy(good.join(&name), place.path().join(&name)).expect("a copy");
    }
    let bim = std::fs::read_to_string(good.join("x.bim")).expect("the .bim");
    let cut: String =
        bim.lines().map(|line| line.rsplit_once('\t').map_or(line, |cut| cut.0).to_owned() + "\n").collect();
    std::fs::write(place.path().join("x.bim"), cut).expect("a .bim");
    let out = place.path().join("cohort");
    let run = steppe(["import", "--build", "GRCh37", "--bfile"])
        .arg(place.path().join("x"))
        .arg("--out")
        .arg(&out)
        .run();
    assert_refused("a .bim without its last column", &run, "x.bim", &out);
}

#[test]
fn scoring_files() {
    let Some(folder) = data_folder("bad_inputs") else { return };
    let imported = Imported::of(&folder.join("synthetic/00_good/x"), "GRCh37");
    for (name, refusal) in SCORING_FILES {
        let file = folder.join("synthetic/scorefiles").join(name);
        let out = format!("out-{name}");
        // Overlap is not the question here; a file of which nothing can match still has to be read.
        let run = imported.score(&out, &[&file], &["--min-overlap", "0"]);
        match refusal {
            Some(word) => assert_refused(name, &run, word, &imported.path(&out)),
            None if name == "hla_and_odd_alleles.txt" => {
                assert!(matches!(run.status, 0 | 2), "{name}: {}", run.stderr);
                assert!(imported.path(&out).join("match_log.parquet").exists(), "{name}: no match log");
            }
            None => assert_eq!(run.status, 0, "{name}: {}", run.stderr),
        }
    }
}

#[test]
fn a_truncated_gzip_is_refused() {
    let Some(folder) = data_folder("bad_inputs") else { return };
    let imported = Imported::of(&folder.join("synthetic/00_good/x"), "GRCh37");
    let whole = std::fs::read(folder.join("synthetic/scorefiles/gz_two_members.txt.gz")).expect("the file");
    let cut = imported.path("cut.txt.gz");
    std::fs::write(&cut, &whole[..whole.len() - 9]).expect("a file");
    let run = imported.score("out", &[&cut], &[]);
    assert_refused("a truncated gzip", &run, "cut.txt.gz", &imported.path("out"));
}

#[test]
fn another_build_is_refused() {
    let Some(folder) = data_folder("bad_inputs") else { return };
    let imported = Imported::of(&folder.join("synthetic/00_good/x"), "GRCh38");
    let file = folder.join("synthetic/scorefiles/good.txt");
    let run = imported.score("out", &[&file], &[]);
    assert_refused("another build", &run, "GRCh38", &imported.path("out"));
}

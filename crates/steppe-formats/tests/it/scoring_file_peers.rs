//! The rows that pgscatalog-format makes of real scoring files, against ours.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use steppe_formats::scoring_file::ScoringFile;

use super::scoring_file_support::{data, read};

/// A row as pgscatalog-format writes it: chromosome, position, effect allele, other allele, weight, effect type.
type Row = (String, String, String, String, f64, String);

fn ours(file: &ScoringFile) -> Vec<Row> {
    let rows = &file.rows;
    (0..rows.len())
        .map(|row| {
            let chromosome =
                rows.chromosome[row].as_ref().map(|name| name.label().into_owned()).unwrap_or_default();
            let position = Some(rows.position[row]).filter(|&position| position != 0);
            (
                chromosome,
                position.map(|position| position.to_string()).unwrap_or_default(),
                rows.effect_allele.get(row).to_owned(),
                rows.other_allele.get(row).to_owned(),
                rows.weights[0][row],
                rows.effect_type[row].to_string(),
            )
        })
        .collect()
}

fn text_of(path: &Path) -> String {
    let bytes = std::fs::read(path).expect("an expected file");
    if !bytes.starts_with(&[0x1F, 0x8B]) {
        return String::from_utf8(bytes).expect("text");
    }
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(bytes.as_slice()), &mut text)
        .expect("gzip");
    text
}

/// The rows of a normalised file, with the accession and row numbers checked.
fn theirs(path: &Path, file: &ScoringFile) -> Vec<Row> {
    let text = text_of(path);
    let mut lines = text.lines();
    let names = "chr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\teffect_type\tis_duplicated\taccession\trow_nr";
    assert_eq!(lines.next(), Some(names));
    lines
        .enumerate()
        .map(|(row, line)| {
            let cells: Vec<&str> = line.split('\t').collect();
            assert_eq!(cells[7], file.accession(), "{}", path.display());
            assert_eq!(cells[8], file.rows.row_number[row].to_string(), "{}", path.display());
            let text = |column: usize| cells[column].to_owned();
            (text(0), text(1), text(2), text(3), cells[4].parse().expect("a weight"), text(5))
        })
        .collect()
}

fn compare(data: &Path, scoring_file: &str, normalised: &str) {
    let file = read(&data.join(scoring_file)).expect(scoring_file);
    assert_eq!(file.rows.weights.len(), 1);
    let expected = theirs(&data.join(normalised), &file);
    let found = ours(&file);
    assert_eq!(found.len(), expected.len(), "{scoring_file}");
    for (row, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert_eq!(found, expected, "{scoring_file}, row {row}");
    }
}

#[test]
fn rows_of_real_files_are_pgscatalogs() {
    let Some(data) = data() else { return };
    for name in ["PGS000018_GRCh37_chr20", "PGS000027_GRCh37_chr20", "PGS001229_GRCh37_chr4_20"] {
        let folder = "hapmap2_ceu_yri";
        compare(
            &data,
            &format!("{folder}/{name}.txt"),
            &format!("{folder}/expected/format/normalised_{name}.txt"),
        );
    }
    let name = "PGS001229_GRCh37_chr3";
    let normalised = format!("kg255_hap550/expected/format/normalised_{name}.txt");
    compare(&data, &format!("kg255_hap550/{name}.txt"), &normalised);
    for name in ["PGS001229_22", "PGS001229_22_duplicate", "customgrch37"] {
        let normalised = format!("cineca_pgsc_calc/expected/{name}/format/normalised_{name}.txt");
        compare(&data, &format!("cineca_pgsc_calc/scorefiles/{name}.txt"), &normalised);
    }
}

#[test]
fn rows_of_the_core_suite_are_pgscatalogs() {
    let Some(data) = data() else { return };
    for (name, extension, build, normalised) in [
        ("PGS000001_hmPOS_GRCh38", "txt.gz", "GRCh38", "txt.gz"),
        ("PGS000002_hmPOS_GRCh38", "txt.gz", "GRCh38", "txt.gz"),
        ("OPGS017309_hmPOS_GRCh38", "txt.gz", "GRCh38", "txt.gz"),
        ("OPGS019828_hmPOS_GRCh38", "txt.gz", "GRCh38", "txt.gz"),
        ("OPGS002493", "txt.gz", "GRCh37", "txt.gz"),
        ("PGS000802_hmPOS_GRCh37", "txt", "GRCh37", "txt"),
        ("bad_harmonised", "txt", "GRCh38", "txt"),
        ("custom", "txt", "GRCh37", "txt"),
        ("custom_no_oa", "txt", "GRCh37", "txt"),
    ] {
        let expected =
            format!("pygscatalog_core/expected/format/{name}.{build}/normalised_{name}.{normalised}");
        compare(&data, &format!("pygscatalog_core/data/{name}.{extension}"), &expected);
    }
}

/// Files that pgscatalog-format refuses in every build, and what we do with each.
#[test]
fn files_that_pgscatalog_refuses() {
    let Some(data) = data() else { return };
    let folder = data.join("pygscatalog_core/data");
    // No id and no position: refused by both.
    let message = read(&folder.join("invalid_scorefile.txt")).expect_err("no variant can be told");
    assert!(message.contains(":16:") && message.contains("neither a position nor an id"), "{message}");
    // Dosage weights: ours are scored.
    let dosage = read(&folder.join("PGS004255_hmPOS_GRCh38.txt.gz")).expect("dosage weights");
    assert_eq!((dosage.rows.len(), dosage.rows.dosage_weights(0).is_some()), (30, true));
    // Haplotypes, diplotypes, HLA: ours are counted, and the rest of the file is read. These files have no header.
    for (name, unsupported) in [("complex_variants_PGS000021.txt", 8), ("complex_variants_PGS004239.txt", 9)]
    {
        let file = read(&folder.join(name)).expect(name);
        assert_eq!(file.unsupported.len(), unsupported, "{name}");
        assert!(file.unsupported_weight() > 1.0 && !file.rows.is_empty());
    }
    // No pgs_id or no trait_reported in the header: ours take the name of the file.
    for (name, scores) in
        [("scorefile.txt", 1), ("multiscore.txt", 2), ("scorefile_dominant_and_recessive.txt", 1)]
    {
        let file = read(&data.join("cineca_pgsc_calc/scorefiles").join(name)).expect(name);
        assert_eq!(file.columns.len(), scores, "{name}");
    }
}

/// Every other scoring file of the public data is read, the old format and other tools' tables included.
#[test]
fn all_public_scoring_files_are_read() {
    let Some(data) = data() else { return };
    for (name, rows, scores) in [
        ("cineca_pgsc_calc/scorefiles/test.scorefile", 829, 1),
        ("cineca_pgsc_calc/scorefiles/multiscore.txt", 829, 2),
        ("ancestry_bp1000g/data/score.txt", 0, 3),
        ("bigsnpr_missing/score_weights.txt", 0, 3),
        ("lukfor_pgscalc/PGS000001.txt.gz", 77, 1),
        ("lukfor_pgscalc/PGS000899.txt.gz", 176, 1),
        ("lukfor_pgscalc/PGS000957.txt.gz", 0, 1),
        ("lukfor_pgscalc/PGS000958.txt.gz", 0, 1),
        ("lukfor_pgscalc/PRSWEB_PHECODE153_CRC-Huyghe_PT_UKB_20200608.txt", 0, 1),
        ("genopred_hgdp1kg_chr22/ext_score/PGS002804.txt.gz", 0, 1),
        ("genopred_hgdp1kg_chr22/output/reference/pgs_score_files/ptclump/BODY04/ref-BODY04.score.gz", 0, 6),
        ("pygscatalog_core/data/hgdp_ALL_additive_0.scorefile", 2, 1),
        ("pygscatalog_core/data/PGS000001_hmPOS_GRCh38.txt", 77, 1),
        ("pygscatalog_match/data/normalised_PGS000866_hmPOS_GRCh38.txt.gz", 0, 1),
    ] {
        let file = read(&data.join(name)).expect(name);
        assert!(rows == 0 || file.rows.len() == rows, "{name}: {} rows", file.rows.len());
        assert_eq!(file.columns.len(), scores, "{name}: {:?}", file.columns);
    }
    let message =
        read(&data.join("pygscatalog_match/data/duplicated_scorefile.txt")).expect_err("three scores");
    assert!(message.contains("accession: the file holds several scores, test before"), "{message}");
}

/// Every file under the match and scoring sets is either read or refused with its place; none is half read.
#[test]
fn all_folders_of_scoring_files() {
    let Some(data) = data() else { return };
    let folders = ["pygscatalog_core/data", "cineca_pgsc_calc/scorefiles", "lukfor_pgscalc"];
    let mut refused = BTreeSet::new();
    for folder in folders {
        let pattern: PathBuf = data.join(folder);
        let paths = steppe_formats::scoring_file::discover(&[pattern.display().to_string()]).expect(folder);
        for path in paths {
            if let Err(message) = read(&path) {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                assert!(message.contains(&name), "{message}");
                refused.insert(name);
            }
        }
    }
    eprintln!("refused: {refused:?}");
    assert!(refused.contains("pgs-ids.txt") && refused.contains("relabel_map_chr1.txt.gz"));
    assert!(!refused.iter().any(|name| name.starts_with("PGS")), "{refused:?}");
}

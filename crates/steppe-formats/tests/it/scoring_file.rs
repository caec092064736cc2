//! Scoring files of our own making, one property each.

use steppe_formats::{
    NoteKind,
    scoring_file::{ReadOptions, ScoringFormat, TableColumns, TableHeader, UnsupportedKind, discover},
};
use steppe_genome::{Chromosome, EffectType, GenomeBuild};

use super::scoring_file_support::{gzip, read_bytes, read_bytes_as};

const HEADER: &str = "#format_version=2.0\n#pgs_id=PGS999999\n#genome_build=GRCh37\n";

fn with_rows(columns: &str, rows: &[&str]) -> String {
    format!("{HEADER}{columns}\n{}\n", rows.join("\n"))
}

fn has_note(file: &steppe_formats::scoring_file::ScoringFile, kind: NoteKind, part: &str) -> bool {
    file.notes.iter().any(|note| note.kind == kind && note.detail.contains(part))
}

#[test]
fn effect_types_of_one_file() {
    let columns = "rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\tis_dominant\tis_recessive\t\
                   dosage_0_weight\tdosage_1_weight\tdosage_2_weight\tallelefrequency_effect";
    let text = with_rows(
        columns,
        &[
            "rs1\tchr1\t100\tA\tG\t0.5\tFalse\tFalse\t\t\t\t0.25",
            "rs2\t1\t200\tC\tT\t-1e-2\tTRUE\t0\t\t\t\t",
            "rs3\tX\t300\tC\tT\t0.25\t\t1\t\t\t\t",
            "rs4\t2\t400\tC\tT\t\t\t\t0.1\t-0.2\t0.3\t",
            "rs5\t2\t500\tC\tT\t7\t\t\t1\t2\t3\t",
        ],
    );
    let file = read_bytes(text.as_bytes()).unwrap();
    let rows = &file.rows;
    use EffectType::{Additive, Dominant, Dosage, Recessive};
    assert_eq!(rows.effect_type, [Additive, Dominant, Recessive, Dosage, Additive]);
    assert_eq!(rows.weights, [[0.5, -0.01, 0.25, 0.0, 7.0]]);
    assert_eq!(rows.dosage_weights(3), Some([0.1, -0.2, 0.3]));
    assert_eq!((rows.dosage_weights(0), rows.dosage_weights(4)), (None, None));
    assert_eq!((rows.magnitude(0, 1), rows.magnitude(0, 3)), (0.01, 0.3));
    assert_eq!((rows.frequency(0), rows.frequency(1)), (Some(0.25), None));
    assert_eq!(rows.chromosome[0], Some(Chromosome::Autosome(1)));
    assert_eq!((rows.line[0], rows.row_number[4]), (5, 4));
    assert_eq!((file.score_name().as_str(), file.columns[0].as_str()), ("PGS999999", "PGS999999"));
    assert!(has_note(&file, NoteKind::Other, "effect_weight is used"));
}

#[test]
fn harmonised_places_replace_the_authors() {
    let text = "#pgs_id=PGS999999\n#genome_build=NR\n#HmPOS_build=GRCh38\n#HmPOS_date=2022-07-29\n\
                rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\thm_source\thm_rsID\thm_chr\thm_pos\thm_inferOtherAllele\n\
                rs1\t1\t100\tA\tG\t0.5\tENSEMBL\trs1\t1\t150\tT\n\
                .\t1\t200\tA\t\t0.5\tliftover\trs7\t3\t250\tT\n\
                rs3\t1\t300\tA\t\t0.5\tENSEMBL\t\t4\t350\tC/T\n\
                .\t1\t400\tA\tG\t0.5\tUnknown\t\t\t0\t\n";
    let file = read_bytes(text.as_bytes()).unwrap();
    assert_eq!(file.header.build(), Some(GenomeBuild::Grch38));
    assert_eq!(file.accession(), "PGS999999_hmPOS_GRCh38");
    assert_eq!(file.rows.position, [150, 250, 350, 0]);
    assert_eq!(file.rows.chromosome[1], Some(Chromosome::Autosome(3)));
    assert_eq!(file.rows.chromosome[3], None);
    assert_eq!(file.rows.id.iter().collect::<Vec<_>>(), ["rs1", "rs7", "rs3", ""]);
    assert_eq!(file.rows.other_allele.iter().collect::<Vec<_>>(), ["G", "T", "", "G"]);
    assert!(has_note(&file, NoteKind::FailedHarmonisation, ""));
    assert!(has_note(&file, NoteKind::Other, "several other alleles"));
    let cut = text.replace("hm_pos", "hm_position");
    assert!(
        read_bytes(cut.as_bytes())
            .unwrap_err()
            .contains("hm_pos: the header says that the file is harmonised")
    );
}

#[test]
fn two_of_an_authors_positions_may_harmonise_to_one() {
    let text = "#HmPOS_build=GRCh38\n#HmPOS_date=2022-07-29\n\
                chr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\thm_chr\thm_pos\n\
                1\t100\tA\tG\t0.5\t1\t150\n1\t101\tA\tG\t0.6\t1\t150\n";
    assert_eq!(read_bytes(text.as_bytes()).unwrap().rows.len(), 2);
}

#[test]
fn complex_rows_are_counted_with_their_weight() {
    let columns = "rsID\tchr_name\tchr_position\teffect_allele\teffect_weight\tis_interaction\tis_haplotype\tis_diplotype\tvariant_type";
    let text = with_rows(
        columns,
        &[
            "rs1\t1\t100\tA\t0.5\t\t\t\t",
            "rs1_x_rs2\t\t\tA_x_G\t-2\tTrue\t\t\t",
            "\t6\t\tHLA-A*24\t0.25\t\tTrue\tFalse\tHLA_allele",
            "\t6\t\tHLA-DR3/HLA-DR3\t3\t\tFalse\tTrue\tHLA_serotype",
            "\t6\t\tHLA-B_116_S\t-0.5\t\tFalse\tFalse\tHLA_AA",
            "rs3_x_rs4\t\t\tA_x_G\t1\t\t\t\t",
        ],
    );
    let file = read_bytes(text.as_bytes()).unwrap();
    use UnsupportedKind::{Diplotype, Haplotype, HlaAminoAcid, Interaction};
    let kinds: Vec<_> = file.unsupported.iter().map(|row| row.kind).collect();
    assert_eq!(kinds, [Interaction, Haplotype, Diplotype, HlaAminoAcid, Interaction]);
    assert_eq!((file.rows.len(), file.row_count(), file.unsupported_weight()), (1, 6, 6.75));
    assert_eq!((file.unsupported[0].line, file.unsupported[0].row_number), (6, 1));
    let unknown = text.replace("HLA_AA", "HLA_X");
    assert!(read_bytes(unknown.as_bytes()).unwrap_err().contains("variant_type: unknown type"));
}

#[test]
fn ratios_become_logarithms_only_without_weights() {
    let text = "rsID\teffect_allele\tOR\nrs1\tA\t2\nrs2\tA\t0.5\n";
    let file = read_bytes(text.as_bytes()).unwrap();
    assert_eq!(file.rows.weights, [[2f64.ln(), 0.5f64.ln()]]);
    assert!(has_note(&file, NoteKind::Other, "natural logarithm"));
    let both = "rsID\teffect_allele\teffect_weight\tOR\nrs1\tA\t0.1\t2\n";
    assert_eq!(read_bytes(both.as_bytes()).unwrap().rows.weights, [[0.1]]);
    for bad in ["rsID\teffect_allele\tHR\nrs1\tA\t-2\n", "rsID\teffect_allele\tHR\nrs1\tA\t0\n"] {
        assert!(read_bytes(bad.as_bytes()).unwrap_err().contains(":2: HR: a ratio that is not positive"));
    }
}

#[test]
fn repeated_rows_stay_and_contradictions_are_refused() {
    let columns = "chr_name\tchr_position\teffect_allele\tother_allele\teffect_weight";
    let same = with_rows(columns, &["1\t5\tA\tG\t0.1", "1\t6\tA\tG\t0.1", "chr1\t5\tA\tG\t0.10"]);
    let file = read_bytes(same.as_bytes()).unwrap();
    assert_eq!(file.rows.len(), 3);
    let duplicate = file.duplicates[0];
    assert_eq!((duplicate.line, duplicate.row, duplicate.first_row), (7, 2, 0));
    assert!(has_note(&file, NoteKind::DuplicateRows, ""));
    let other = with_rows(columns, &["1\t5\tA\tG\t0.1", "1\t5\tG\tA\t0.2", "1\t5\tA\tC\t0.3"]);
    assert!(read_bytes(other.as_bytes()).unwrap().duplicates.is_empty());
    let conflict = with_rows(columns, &["1\t5\tA\tG\t0.1", "1\t6\tA\tG\t0.1", "1\t5\tA\tG\t0.2"]);
    let message = read_bytes(conflict.as_bytes()).unwrap_err();
    assert!(message.contains("score.txt:7: effect_weight: the same variant"), "{message}");
    assert!(message.contains("on line 5") && message.contains("1:5 A/G 0.2"), "{message}");
}

#[test]
fn wide_tables_are_told_from_their_names() {
    for text in [
        "ID\teffect_allele\tS1\tS2\nrs1\tA\t0.1\t0\nrs2\tC\t0\t-2\n",
        "#SNP A1 S1 S2\nrs1 A 0.1 0\nrs2 C 0 -2\n",
    ] {
        let file = read_bytes(text.as_bytes()).unwrap();
        assert_eq!(file.columns, ["S1", "S2"]);
        assert_eq!(file.rows.weights, [[0.1, 0.0], [0.0, -2.0]]);
        assert!(file.rows.is_present(0, 0) && !file.rows.is_present(1, 0));
    }
    let one = read_bytes(b"ID effect_allele S1\nrs1 A 0\n").unwrap();
    assert!(one.rows.is_present(0, 0) && one.columns == ["S1"]);
    let message = read_bytes(b"ID effect_allele S1 S2\nrs1 A 0.1 NA\n").unwrap_err();
    assert!(message.contains(":2: S2: the weight is not a decimal number (found \"NA\")"), "{message}");
    assert!(read_bytes(b"ID effect_allele S1 S1\nrs1 A 1 2\n").unwrap_err().contains("same name"));
}

#[test]
fn tables_as_plink2_takes_them() {
    let text = "rs1\tA\t0.1\t5\nrs2\tC\t-2\t0\n";
    let message = read_bytes(text.as_bytes()).unwrap_err();
    assert!(message.contains("no column header") && message.contains("--score-columns 1,2,3"), "{message}");
    let mut columns: TableColumns = "1,2,3-4".parse().unwrap();
    columns.header = TableHeader::None;
    let mut options = ReadOptions { format: ScoringFormat::Table(columns.clone()), ..ReadOptions::default() };
    let file = read_bytes_as(text.as_bytes(), &options).unwrap();
    assert_eq!(file.columns, ["SCORE1", "SCORE2"]);
    assert_eq!((file.rows.len(), file.rows.line[0]), (2, 1));
    columns.header = TableHeader::Read;
    options.format = ScoringFormat::Table(columns);
    assert!(read_bytes_as(text.as_bytes(), &options).unwrap_err().contains("the first line is a row"));

    let text = "CHR BP A1 A2 x y\n1 100 a g 1 2\n";
    let columns = "chr=CHR,pos=BP,effect=A1,other=A2,weight=y".parse().unwrap();
    let options = ReadOptions { format: ScoringFormat::Table(columns), default_effect: EffectType::Dominant };
    let file = read_bytes_as(text.as_bytes(), &options).unwrap();
    assert_eq!((file.columns[0].as_str(), file.rows.position[0], file.rows.weights[0][0]), ("y", 100, 2.0));
    assert_eq!(file.rows.effect_type, [EffectType::Dominant]);
    assert!(has_note(&file, NoteKind::LowerCaseAlleles, "") && file.rows.effect_allele.get(0) == "A");
    for missing in ["1,2,9", "ID,A1,x", "CHR,A1,A1"] {
        let options =
            ReadOptions { format: ScoringFormat::Table(missing.parse().unwrap()), ..ReadOptions::default() };
        assert!(read_bytes_as(text.as_bytes(), &options).is_err(), "{missing}");
    }
}

#[test]
fn names_of_other_tools_count_where_they_are_clear() {
    let file = read_bytes(b"SNP CHR BP A1 A2 BETA SE P\nrs1 1 5 A G 0.1 0.01 5e-8\n").unwrap();
    assert_eq!((file.rows.weights[0][0], file.columns[0].as_str()), (0.1, "score"));
    assert!(has_note(&file, NoteKind::UnknownField, "\"SE\""));
    for (text, part) in [
        ("SNP A1 BETA S2\nrs1 A 0.1 0.2\n", "S2: it is not clear"),
        (
            "rsid A1 effect_allele effect_weight\nrs1 A A 1\n",
            "A1: it is not clear whether this or effect_allele",
        ),
        ("SNP ALT BETA\nrs1 A 0.1\n", "effect allele is missing"),
        ("SNP A1 P\nrs1 A 0.1\n", "weights is missing"),
        ("A1 BETA x\nA 0.1 k\n", "variant is missing"),
    ] {
        let message = read_bytes(text.as_bytes()).unwrap_err();
        assert!(message.contains(part) && message.contains("--score-columns"), "{message}");
    }
}

#[test]
fn rows_that_are_cut_or_too_long() {
    let columns = "chr_name\tchr_position\teffect_allele\teffect_weight\tlocus_name";
    let file = read_bytes(with_rows(columns, &["1\t5\tA\t1", "1\t6\tA\t1\tx\t\t"]).as_bytes()).unwrap();
    assert_eq!(file.rows.len(), 2);
    for (row, part) in [
        ("1\t5\tA", "effect_weight: the weight is empty"),
        ("1\t5\tA\t1\tx\ty", "the row has 6 fields"),
        ("1\t5\t\t1\t", "the effect allele is empty"),
        ("\t5\tA\t1\t", "neither a position nor an id"),
        ("1\t-5\tA\t1\t", "chr_position: this is no position (found \"-5\")"),
        ("1\t0\tA\t1\t", "this is no position"),
        ("1\t5000000000\tA\t1\t", "this is no position"),
        ("#genome_build=GRCh38", "a header line among the rows"),
    ] {
        let message = read_bytes(with_rows(columns, &["1\t4\tA\t1\t", row]).as_bytes()).unwrap_err();
        assert!(message.contains("score.txt:6: ") && message.contains(part), "{message}");
    }
}

#[test]
fn header_and_text_oddities() {
    let text = "\u{feff}#pgs_id=a=b\t\t\r\n# PGS Name = old\r\n##x\r\nrsid\teffect_allele\teffect_weight\r\n\r\nrs\u{e9}\tA\t1";
    let file = read_bytes(text.as_bytes()).unwrap();
    assert_eq!((file.header.pgs_id.as_deref(), file.header.pgs_name.as_deref()), (Some("a=b"), Some("old")));
    for kind in
        [NoteKind::ByteOrderMark, NoteKind::CrlfLineEndings, NoteKind::NoFinalNewline, NoteKind::NonAsciiIds]
    {
        assert!(has_note(&file, kind, ""), "{kind:?}");
    }
    let zipped = read_bytes(&gzip(text.as_bytes())).unwrap();
    let zstd = read_bytes(&zstd::encode_all(text.as_bytes(), 1).unwrap()).unwrap();
    assert_eq!((zipped.rows.weights, zstd.rows.weights), (file.rows.weights.clone(), file.rows.weights));
    for (text, part) in [
        ("", "no column names and no rows"),
        ("#pgs_id=x\n", "no column names and no rows"),
        ("rsID\teffect_allele\teffect_weight\n", "no variants"),
        (
            "#genome_build=GRCh36.2\nrsID\teffect_allele\teffect_weight\nrs1\tA\t1\n",
            "genome_build: unknown genome build",
        ),
        ("rsID,effect_allele,effect_weight\nrs1,A,1\n", "comma-separated"),
    ] {
        let message = read_bytes(text.as_bytes()).unwrap_err();
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn files_folders_patterns_and_lists() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("scores")).unwrap();
    for name in ["scores/b.txt", "scores/a.txt.gz", "scores/notes.md", "c.txt"] {
        std::fs::write(at(name), "x").unwrap();
    }
    std::fs::write(at("all.list"), "# mine\r\nc.txt\r\n\r\nscores/*.txt\r\nscores\r\n").unwrap();
    let found = |patterns: &[String]| discover(patterns).map_err(|error| error.to_string());
    let text = |name: &str| at(name).display().to_string();
    let both = [at("scores/a.txt.gz"), at("scores/b.txt")];
    assert_eq!(found(&[text("scores")]).unwrap(), both);
    assert_eq!(found(&[text("scores/?.t*")]).unwrap(), both);
    assert_eq!(found(&[text("c.txt"), text("./c.txt")]).unwrap(), [at("c.txt")]);
    let listed = [at("c.txt"), at("scores/b.txt"), at("scores/a.txt.gz")];
    assert_eq!(found(&[text("all.list")]).unwrap(), listed);
    assert_eq!(found(&[format!("@{}", text("all.list"))]).unwrap(), listed);
    std::fs::create_dir(at("empty")).unwrap();
    for (pattern, part) in [
        (text("absent.txt"), "no such file"),
        (text("*.none"), "matches no file"),
        (text("[.txt"), "; see"),
        (text("empty"), "no scoring file"),
        (format!("@{}", text("absent.list")), "can not open"),
    ] {
        let message = found(&[pattern]).unwrap_err();
        assert!(message.contains(part), "{message}");
    }
}

use super::*;
use crate::NoteKind;

fn read(text: &str) -> Result<(Vec<BimRecord>, Vec<FileNote>), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.bim");
    std::fs::write(&path, text).unwrap();
    let mut reader = open_bim(&path).map_err(|error| error.to_string())?;
    let records = reader.by_ref().collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
    assert!(reader.next().is_none());
    assert_eq!(reader.variants(), records.len() as u64);
    Ok((records, reader.notes()))
}

fn kinds(text: &str) -> Vec<(NoteKind, u64, u64)> {
    read(text).unwrap().1.iter().map(|note| (note.kind, note.count, note.first_line)).collect()
}

#[test]
fn blanks_separate_columns() {
    let (records, notes) = read("1\trs1\t0.5\t10\tA\tG\n chr1  rs2 0 20   T\tCCT \n").unwrap();
    assert_eq!(
        records[1],
        BimRecord {
            chromosome: Chromosome::Autosome(1),
            id: "rs2".into(),
            position: 20,
            allele1: "T".into(),
            allele2: "CCT".into()
        }
    );
    assert!(notes.is_empty());
}

#[test]
fn oddities_are_noted() {
    use NoteKind::*;
    let text = "0 a 0 0 A G\n\
                1 . 0 9 0 I\n\
                1 b 0 5 A A\n\
                chrUn b 0 5e+05 A *\n\
                GL1 é 0 5 A C\n\
                X d 0 -5 A T\n";
    assert_eq!(
        kinds(text),
        [
            (NonAsciiIds, 1, 5),
            (UnsortedVariants, 2, 3),
            (DuplicateVariantIds, 1, 4),
            (MissingVariantIds, 1, 2),
            (UnusualAlleles, 4, 2),
            (UnplacedVariants, 1, 1),
            (Contigs, 2, 4),
            (NoPosition, 2, 1),
            (ScientificPositions, 1, 4),
        ]
    );
}

#[test]
fn no_centimorgans_is_a_known_form() {
    let text = "1 rs1 10 0 A\n1 rs2 20 G A\n1 5 30 0 0\n";
    assert_eq!(read(text).unwrap().0[1].position, 20);
    assert!(kinds(text).contains(&(NoteKind::NoCentimorganColumn, 1, 1)));
}

#[test]
fn lost_columns_are_refused() {
    for (text, message) in [
        // A2 lost, from all rows and from one
        ("1 rs1 0 10 A\n1 rs2 0 20 G\n", "x.bim:1: the row has five columns, and the fourth is a number"),
        ("1 rs1 0.5 10 A\n", "the last column (A2) seems lost"),
        ("1 rs1 0 0 A\n1 rs2 0 0 G\n", "surely alleles"),
        ("1 rs1 0 10 A G\n1 rs2 0 20 G\n", "x.bim:2: the row has 5 columns, not 6"),
        ("1 rs1 10 A G\n1 rs2 0 20 G T\n", "x.bim:2: the row has 6 columns, not 5"),
        // position lost
        ("1 rs1 0 A G\n1 rs2 0 A G\n", "position, is 0 in every row"),
        ("1 rs1 0.5 A G\n", "centimorgans"),
        // id lost, chromosome lost with ids that are centimorgans
        ("1 0 10 A G\n1 0 20 A G\n", "is a number in every row"),
        // numeric alleles prove nothing
        ("1 rs1 10 1 2\n", "the fourth is a number"),
        ("1 rs1 10 A 2\n", "the fifth is a number"),
        ("1 rs1 10 0 0\n", "surely alleles"),
        // other counts
        ("1 rs1 0 10 A G x\n", "has 7 columns"),
        ("1 rs1 10 A\n", "has 4 columns"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.contains(message) && error.contains("x.bim"), "{text}: {error}");
    }
}

#[test]
fn broken_rows_are_refused() {
    for (text, message) in [
        ("", "no variants"),
        ("\n\n", "no variants"),
        ("1 a 0 1e400 A G\n", "x.bim:1: position: the position is beyond"),
        ("1 a 0 1 A G\n1 b 0 abc A G\n", "x.bim:2: position: this is no position (found \"abc\")"),
        ("1 a cM 1 A G\n", "centimorgans"),
        ("1 a NaN 1 A G\n", "centimorgans"),
        ("1 a x A G\n", "x.bim:1: position"),
        ("1 a 0 1 A G\n\n1 b 0 2 A G\n", "x.bim:2: a blank line"),
        ("#CHROM POS ID REF ALT\n", "header"),
        ("1 a\u{1}b 0 1 A G\n", "control character"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.contains(message), "{text}: {error}");
    }
}

#[test]
fn an_error_ends_the_reading() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.bim");
    std::fs::write(&path, "1 a 0 x A G\n1 b 0 2 A G\n").unwrap();
    let mut reader = open_bim(&path).unwrap().without_duplicate_check();
    assert!(reader.next().unwrap().is_err());
    assert!(reader.next().is_none());
}

use super::*;

fn read(text: &str) -> Result<FrequencyTable, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.afreq");
    std::fs::write(&path, text).unwrap();
    read_frequencies(&path).map_err(|error| error.to_string())
}

const HEADER: &str = "#CHROM\tID\tREF\tALT\tPROVISIONAL_REF?\tALT_FREQS\tOBS_CT\n";

#[test]
fn frequencies_are_found_by_id_and_allele() {
    let table = read(&format!(
        "##comment\n{HEADER}1\trs1\tA\tG\tY\t0.25\t10\n1\trs2\tC\tG,T\tN\t0.1,0.2\t10\n1\trs1\tA\tT\tY\t0.5\t10\n"
    ))
    .unwrap();
    assert_eq!(table.len(), 4);
    assert_eq!(table.get("rs1", "G"), Some(0.25));
    assert_eq!(table.get("rs1", "A"), None, "two rows disagree");
    assert_eq!(table.of_variant("rs1", "A", "T"), Some(0.5));
    assert_eq!(table.of_variant("rs1", "A", "G"), Some(0.75));
    assert_eq!(table.of_variant("rs1", "C", "G"), None);
    assert_eq!(table.get("rs2", "T"), Some(0.2));
    assert!((table.get("rs2", "C").unwrap() - 0.7).abs() < 1e-12);
    assert_eq!(table.get("rs3", "C"), None);
}

#[test]
fn rows_without_frequency_or_id_are_noted() {
    let table = read(&format!(
        "{HEADER}1\trs1\tA\tG\tY\tnan\t0\n1\t.\tC\tG\tN\t0.1\t10\n1\trs2\tC\tG\tN\t0.1\t10\n1\trs2\tC\tG\tN\t0.1\t10\n"
    ))
    .unwrap();
    let kinds: Vec<_> = table.notes.iter().map(|note| (note.kind, note.first_line)).collect();
    assert_eq!(kinds, [(NoteKind::MissingVariantIds, 3), (NoteKind::DuplicateRows, 5), (NoteKind::Other, 2)]);
    assert_eq!(table.get("rs2", "G"), Some(0.1));
}

#[test]
fn broken_files_are_refused() {
    for (text, message) in [
        (String::new(), "no header"),
        ("1 rs1 A G 0.5 10\n".to_owned(), "header line is missing"),
        ("#CHROM ID REF ALT OBS_CT\n".to_owned(), "column ALT_FREQS is missing"),
        ("#ID ID REF ALT ALT_FREQS\n".to_owned(), "column ID is there twice"),
        (format!("{HEADER}1 rs1 A G Y 0.5\n"), "x.afreq:2: the row has 6 columns, and the header 7"),
        (format!("{HEADER}1 rs1 A G Y 1.5 10\n"), "no frequency between 0 and 1"),
        (format!("{HEADER}1 rs1 A G Y -0.1 10\n"), "no frequency between 0 and 1"),
        (format!("{HEADER}1 rs1 A G,T Y 0.1,nan 10\n"), "no frequency between 0 and 1"),
        (format!("{HEADER}1 rs1 A G,T Y 0.1 10\n"), "one frequency per allele"),
        (format!("{HEADER}1 rs1 A G,T Y 0.9,0.8 10\n"), "sum to more than 1"),
        (
            format!("{HEADER}1 r A G Y 0.1 9\n1 r A G Y 0.2 9\n"),
            "x.afreq:3: ID: the variant has another frequency on line 2",
        ),
    ] {
        let error = read(&text).unwrap_err();
        assert!(error.contains(message), "{error}");
    }
}

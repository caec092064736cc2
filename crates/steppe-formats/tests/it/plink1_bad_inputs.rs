//! Every PLINK 1 case of the public bad inputs: refused with a message that helps, or read with its notes.

use std::path::{Path, PathBuf};

use steppe_formats::{
    FileNote, NoteKind,
    plink1::{Fileset, FilesetPaths, open_bim, read_fam},
};

use super::scoring_file_support::data;

/// What has to come of a case.
enum Expected {
    /// Refused: the file that is named, and a piece of the message.
    Refused(&'static str, &'static str),
    /// Read, with at least these notes.
    Read(&'static [NoteKind]),
}
use Expected::{Read, Refused};

/// Filesets by prefix.
const FILESETS: &[(&str, Expected)] = &[
    ("synthetic/00_good/x", Read(&[NoteKind::ScientificPositions])),
    ("synthetic/02_truncated_half/x", Refused("x.bed", "truncated")),
    ("synthetic/04_wrong_magic/x", Refused("x.bed", "magic")),
    ("synthetic/06_mode_byte_2/x", Refused("x.bed", "mode byte is 2")),
    ("synthetic/08_header_only/x", Refused("x.bed", "truncated")),
    ("synthetic/10_fam_four_rows_short/x", Refused("x.bed", "too long")),
    ("synthetic/12_crlf/x", Read(&[NoteKind::CrlfLineEndings])),
    ("synthetic/14_non_ascii_ids/x", Read(&[NoteKind::NonAsciiIds])),
    ("synthetic/16_duplicate_samples/x", Refused("x.fam:2", "also on line 1")),
    ("synthetic/18_bad_positions/x", Refused("x.bim:4", "beyond 2147483646")),
    ("synthetic/20_bim_no_cm/x", Read(&[NoteKind::NoCentimorganColumn])),
    ("synthetic/22_fam_phenotypes/x", Read(&[NoteKind::OddPhenotypes])),
    ("synthetic/24_missing_bim/x", Refused("x.bim", "no such file")),
    ("synthetic/26_empty_bim/x", Refused("x.bim", "no variants")),
    ("synthetic/28_unsorted_bim/x", Read(&[NoteKind::UnsortedVariants])),
    ("synthetic/30_no_final_newline/x", Read(&[NoteKind::NoFinalNewline])),
    ("synthetic/32_nul_bytes_in_bim/x", Refused("x.bim:1", "NUL")),
    ("synthetic/34_very_long_id/x", Read(&[])),
    ("synthetic/36_monomorphic/x", Read(&[])),
    ("bedreader/badfile", Refused("badfile.bim", "no such file")),
    ("bedreader/empty", Refused("empty.bim", "no such file")),
    ("bedreader/plink_sim_10s_100v_10pmiss", Refused(".fam:1", "0 is no sample id")),
    ("bedreader/small", Read(&[NoteKind::OddPhenotypes, NoteKind::UnknownSex, NoteKind::UnusualAlleles])),
    ("bedreader/small_no_bim", Refused("small_no_bim.bim", "no such file")),
    ("bedreader/small_no_fam", Refused("small_no_fam.fam", "no such file")),
    ("bedreader/small_too_short", Refused("small_too_short.bed", "truncated")),
    ("bedreader/smallmode0", Refused("smallmode0.bed", "sample-major")),
    ("bedreader/smallmodebad", Refused("smallmodebad.bim", "no such file")),
    ("bedreader/some_missing", Read(&[])),
    ("bedreader/sparse", Read(&[NoteKind::UnusualAlleles])),
    ("hail/sex_mt_contigs", Refused("sex_mt_contigs.fam:1", "0 is no sample id")),
    ("hail/skip_invalid_loci", Refused("skip_invalid_loci.fam:1", "0 is no sample id")),
];

/// Filesets of which the three files have different stems.
const MIXED: &[(&str, &str, &str, Expected)] = &[
    (
        "bedreader/small.bed",
        "bedreader/small.bad_bim",
        "bedreader/small.fam",
        Refused("bad_bim:3", "5 columns, not 6"),
    ),
    (
        "bedreader/small.bed",
        "bedreader/small.bim_bad_positions.bim",
        "bedreader/small.fam",
        Refused("bad_positions.bim:2", "centimorgans"),
    ),
    (
        "bedreader/small.bed",
        "bedreader/small.bim",
        "bedreader/small.fam_bad",
        Refused("fam_bad:4", "1 columns"),
    ),
    (
        "bedreader/small.deb",
        "bedreader/small.mib",
        "bedreader/small.maf",
        Read(&[NoteKind::UnplacedVariants]),
    ),
    ("bedreader/badfile.bed", "bedreader/small.bim", "bedreader/small.fam", Refused("badfile.bed", "magic")),
    ("bedreader/empty.bed", "bedreader/small.bim", "bedreader/small.fam", Refused("empty.bed", "0 bytes")),
    (
        "bedreader/smallmodebad.bed",
        "bedreader/small.bim",
        "bedreader/small.fam",
        Refused("smallmodebad.bed", "mode byte"),
    ),
    ("bedreader/small_no_bim.bed", "bedreader/small.bim", "bedreader/small_no_bim.fam", Read(&[])),
    ("bedreader/small_no_fam.bed", "bedreader/small_no_fam.bim", "bedreader/small.fam", Read(&[])),
];

/// .fam files without genotypes.
const FAMS: &[(&str, Expected)] = &[
    ("hail/duplicate_id.fam", Refused("duplicate_id.fam:2", "also on line 1")),
    ("hail/importFamCaseControl.fam", Read(&[])),
    ("hail/importFamCaseControlNumericException.fam", Read(&[])),
    ("hail/importFamQPheno.fam", Read(&[])),
    ("hail/importFamQPheno.space.m9.fam", Read(&[])),
    ("hail/mendelWithMissingSex.fam", Read(&[NoteKind::UnknownSex])),
    ("hail/pedigreeWithExtraSample.fam", Read(&[])),
];

fn check(case: &str, result: Result<Vec<FileNote>, String>, expected: &Expected) {
    match (expected, result) {
        (Refused(file, piece), Err(message)) => {
            let remedy = message.split_once("; ").map(|(_, remedy)| remedy).unwrap_or_default();
            assert!(message.contains(file) && message.contains(piece), "{case}: {message}");
            assert!(!remedy.is_empty(), "{case} has no remedy: {message}");
        }
        (Read(kinds), Ok(notes)) => {
            for kind in *kinds {
                assert!(notes.iter().any(|note| note.kind == *kind), "{case}: {kind:?} is not in {notes:?}");
            }
        }
        (Refused(..), Ok(_)) => panic!("{case} was read"),
        (Read(_), Err(message)) => panic!("{case} was refused: {message}"),
    }
}

fn open(paths: &FilesetPaths) -> Result<Vec<FileNote>, String> {
    let mut texts = Vec::new();
    let fileset = Fileset::open(paths, |record| texts.extend([record.id.clone(), record.allele2.clone()]))
        .map_err(|error| error.to_string())?;
    assert!(!texts.iter().any(|text| text.contains('\r')));
    assert!(!fileset.fam.records.iter().any(|record| record.phenotype.contains('\r')));
    let mut row = vec![0; fileset.bed.row_bytes()];
    fileset.bed.read_rows(fileset.bed.variants() - 1, 1, &mut row).expect("the last row is there");
    let mut notes = fileset.fam.notes;
    notes.extend(fileset.bim_notes);
    Ok(notes)
}

#[test]
fn filesets() {
    let Some(folder) = data() else { return };
    let folder = folder.join("bad_inputs");
    for (prefix, expected) in FILESETS {
        check(prefix, open(&FilesetPaths::from_prefix(&folder.join(prefix))), expected);
    }
    for (bed, bim, fam, expected) in MIXED {
        let paths = FilesetPaths { bed: folder.join(bed), bim: folder.join(bim), fam: folder.join(fam) };
        check(bed, open(&paths), expected);
    }
    for (fam, expected) in FAMS {
        let table = read_fam(&folder.join(fam)).map_err(|error| error.to_string());
        check(fam, table.map(|table| table.notes), expected);
    }
}

/// The .bim of the filesets whose .fam is refused are walked all the same.
#[test]
fn variants_of_refused_filesets() {
    let Some(folder) = data() else { return };
    for (bim, kinds) in [
        ("hail/skip_invalid_loci.bim", [NoteKind::UnplacedVariants, NoteKind::NoPosition].as_slice()),
        ("hail/sex_mt_contigs.bim", &[]),
        ("bedreader/plink_sim_10s_100v_10pmiss.bim", &[]),
    ] {
        let mut reader = open_bim(&folder.join("bad_inputs").join(bim)).unwrap();
        let records = reader.by_ref().collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string());
        check(bim, records.map(|_| reader.notes()), &Read(kinds));
    }
}

/// No PLINK 1 file of the folder is left out of the tables above.
#[test]
fn the_tables_are_complete() {
    let Some(folder) = data() else { return };
    let folder = folder.join("bad_inputs");
    let mut files = Vec::new();
    super::plink1_oracle::walk(&folder, &mut files);
    let listed: Vec<PathBuf> = FILESETS
        .iter()
        .map(|(prefix, _)| FilesetPaths::from_prefix(Path::new(prefix)))
        .flat_map(|paths| [paths.bed, paths.bim, paths.fam])
        .chain(MIXED.iter().flat_map(|(bed, bim, fam, _)| [bed.into(), bim.into(), fam.into()]))
        .chain(FAMS.iter().map(|(fam, _)| fam.into()))
        .collect();
    for file in files {
        let plink1 = file
            .extension()
            .is_some_and(|extension| ["bed", "bim", "fam"].iter().any(|known| extension == *known));
        let name = file.strip_prefix(&folder).unwrap();
        assert!(!plink1 || listed.iter().any(|path| path == name), "{} is in no table", name.display());
    }
}

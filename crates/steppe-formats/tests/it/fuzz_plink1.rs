//! Broken files, made from whole ones and from nothing: the readers refuse or read, and never panic.
//!
//! Each test runs a few hundred cases by default, and for `STEPPE_FUZZ_SECONDS` seconds where that is set.

use std::{
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use steppe_formats::{
    FormatError,
    frequency::read_frequencies,
    plink1::{BimRecord, open_bed, open_bim, read_fam},
    sample_list::read_sample_list,
};

/// Cases without `STEPPE_FUZZ_SECONDS`.
const CASES: u32 = 300;

/// Pieces that broken files have.
const PIECES: &[&[u8]] = &[
    b"\t",
    b" ",
    b"\n",
    b"\r\n",
    b"\r",
    b"\0",
    b"#",
    b"##",
    b",",
    b".",
    b"0",
    b"1",
    b"-",
    b"-5",
    b"1e6",
    b"5e+05",
    b"1e99999999999999999999",
    b"2147483647",
    b"99999999999999999999999999",
    b"1.5",
    b"nan",
    b"inf",
    b"A",
    b"<DEL>",
    b"*",
    b"chrX",
    b"X",
    b"\xEF\xBB\xBF",
    b"\xFF\xFE",
    b"\xE9",
    b"\xC3\xA9",
    b"\x1F\x8B",
    b"\x28\xB5\x2F\xFD",
    b"#FID",
    b"#IID",
    b"ID",
    b"IID",
    b"ALT_FREQS",
    b"\n\n",
    b"\x01",
    b"\x6C\x1B\x01",
];

/// One edit of a file, at a place in 0..2^16 of its length.
#[derive(Debug, Clone)]
enum Edit {
    Put(u16, usize),
    Cut(u16, u16),
    Set(u16, u8),
    Copy(u16, u16),
    End(u16),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        4 => (any::<u16>(), 0..PIECES.len()).prop_map(|(at, piece)| Edit::Put(at, piece)),
        2 => (any::<u16>(), 0_u16..40).prop_map(|(at, bytes)| Edit::Cut(at, bytes)),
        2 => (any::<u16>(), any::<u8>()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        1 => (any::<u16>(), 0_u16..200).prop_map(|(at, bytes)| Edit::Copy(at, bytes)),
        1 => any::<u16>().prop_map(Edit::End),
    ]
}

/// A seed with some edits, or raw bytes; plain or compressed.
fn file(seeds: &'static [&'static [u8]]) -> impl Strategy<Value = Vec<u8>> {
    let edited = (0..seeds.len(), prop::collection::vec(edit(), 0..8))
        .prop_map(|(seed, edits)| edits.iter().fold(seeds[seed].to_vec(), apply));
    let content = prop_oneof![8 => edited, 1 => prop::collection::vec(any::<u8>(), 0..300)];
    (content, 0_u8..12, prop::collection::vec(edit(), 0..3)).prop_map(|(content, compression, edits)| {
        let compressed = match compression {
            0 => gzip(&content),
            1 => zstd::encode_all(content.as_slice(), 1).expect("zstd"),
            _ => return content,
        };
        edits.iter().fold(compressed, apply)
    })
}

fn apply(mut bytes: Vec<u8>, edit: &Edit) -> Vec<u8> {
    let place = |at: u16| usize::from(at) * bytes.len() / (1 << 16);
    match *edit {
        Edit::Put(at, piece) => {
            let at = place(at);
            bytes.splice(at..at, PIECES[piece].iter().copied());
        }
        Edit::Cut(at, count) => {
            let at = place(at);
            let end = (at + usize::from(count)).min(bytes.len());
            bytes.drain(at..end);
        }
        Edit::Set(at, byte) => {
            let at = place(at);
            if let Some(old) = bytes.get_mut(at) {
                *old = byte;
            }
        }
        Edit::Copy(at, count) => {
            let at = place(at);
            let end = (at + usize::from(count)).min(bytes.len());
            bytes.extend_from_within(at..end);
        }
        Edit::End(at) => bytes.truncate(place(at)),
    }
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("gzip")
}

/// Gives `check` many files of `seeds`; a failing case is shrunk and shown.
fn fuzz(seeds: &'static [&'static [u8]], check: fn(&Path)) {
    let seconds = std::env::var("STEPPE_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("fuzzed");
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let mut runs = 0_u64;
    loop {
        // Repeatable without the variable; with it, every loop has other cases.
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&runs.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut runner = TestRunner::new_with_rng(config.clone(), rng);
        let result = runner.run(&file(seeds), |bytes| {
            std::fs::write(&path, &bytes).expect("a file");
            check(&path);
            Ok(())
        });
        if let Err(error) = result {
            panic!("{error}");
        }
        runs += 1;
        if end.is_none_or(|end| Instant::now() >= end) {
            eprintln!("{} cases", runs * u64::from(CASES));
            return;
        }
    }
}

/// An error names the file and says something.
fn check_message(path: &Path, error: &FormatError) {
    let message = error.to_string();
    assert!(message.contains(&*path.to_string_lossy()), "{message}");
    assert!(!message.contains(['\0', '\n', '\r']), "{message:?}");
    assert!(message.len() < 2000, "{message}");
}

#[test]
fn bim() {
    const SEEDS: &[&[u8]] = &[
        b"1\trs1\t0\t1000\tA\tG\n1\trs2\t0.5\t2000\tT\tCCT\nX\t.\t0\t-5\t0\tI\n23\trs3\t0\t5e+05\t*\tD\n",
        b"1 rs1 1000 A G\n1 rs2 2000 0 G\nchr2 5 3000 A T\nGL000192.1 rs4 0 A C\n",
        b"\xEF\xBB\xBF1 a 0 1 A G\r\n1 b 0 2 A G\r\n\r\n",
    ];
    fuzz(SEEDS, |path| {
        let mut record = BimRecord::default();
        let result = open_bim(path).and_then(|mut reader| {
            while reader.read_into(&mut record)? {
                assert!(record.position <= 2_147_483_646);
                for text in [&record.id, &record.allele1, &record.allele2] {
                    assert!(!text.is_empty() && text.bytes().all(|byte| byte > b' '), "{record:?}");
                }
            }
            assert!(reader.variants() > 0);
            assert!(reader.notes().iter().all(|note| note.count > 0));
            Ok(())
        });
        if let Err(error) = result {
            check_message(path, &error);
        }
    });
}

#[test]
fn fam() {
    const SEEDS: &[&[u8]] = &[
        b"f1\ta\t0\t0\t1\t-9\nf1\tb\t0\t0\t2\t1\n0\tc\ta\tb\t0\tNA\n",
        b"  f a 0 0 1 1\r\nf \xC3\xA9 0 0 2 red\r\n\r\n",
    ];
    fuzz(SEEDS, |path| match read_fam(path) {
        Ok(table) => {
            assert!(!table.records.is_empty());
            for record in &table.records {
                assert!(!record.sample_id.is_empty() && record.sample_id != "0");
            }
        }
        Err(error) => check_message(path, &error),
    });
}

#[test]
fn bed() {
    const SEEDS: &[&[u8]] =
        &[b"\x6C\x1B\x01\xFF\x00\x1B\xE4\x55\xAA", b"\x6C\x1B\x00\xFF\x00\x1B", b"\x6C\x1B\x01"];
    fuzz(SEEDS, |path| {
        for (samples, variants) in [(5, 3), (3, 6), (0, 4), (4, 0), (usize::MAX, usize::MAX)] {
            match open_bed(path, samples, variants) {
                Ok(bed) => {
                    let mut rows = vec![0; bed.row_bytes() * variants];
                    bed.read_rows(0, variants, &mut rows).expect("rows of a file that was checked");
                    assert_eq!(std::fs::read(path).expect("the file")[3..], rows);
                }
                Err(error) => check_message(path, &error),
            }
        }
    });
}

#[test]
fn afreq() {
    const SEEDS: &[&[u8]] = &[
        b"#CHROM\tID\tREF\tALT\tALT_FREQS\tOBS_CT\n1\trs1\tA\tG\t0.25\t100\n1\trs2\tA\tG,T\t0.25,0.5\t100\n",
        b"##x\n#CHROM ID REF ALT PROVISIONAL_REF? ALT_FREQS OBS_CT\n1 . A G Y nan 0\n1 r A G Y 1e-4 9\n1 r A G Y 1e-4 9\n",
    ];
    fuzz(SEEDS, |path| match read_frequencies(path) {
        Ok(table) => {
            for row in 0..table.len() {
                let (id, alternate) = (table.ids.get(row), table.alternate.get(row));
                let found = table.of_variant(id, alternate, table.reference.get(row));
                assert!(found.is_some_and(|value| (0.0..=1.0).contains(&value)), "{id} {alternate}");
                assert!(table.get(id, alternate).is_none_or(|value| (0.0..=1.0).contains(&value)));
            }
        }
        Err(error) => check_message(path, &error),
    });
}

#[test]
fn sample_list() {
    const SEEDS: &[&[u8]] = &[b"#FID\tIID\nf\ta\nf\tb\n", b"f a\n0 c\n", b"#IID\na\nb\n", b"a\nb\r\na\n"];
    fuzz(SEEDS, |path| match read_sample_list(path) {
        Ok(list) => {
            for selector in &list.selectors {
                assert!(list.contains(selector.family_id.as_deref().unwrap_or("any"), &selector.sample_id));
            }
        }
        Err(error) => check_message(path, &error),
    });
}

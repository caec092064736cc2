//! Whatever passes stays below its prefix, however often it is decoded and however it is opened.

use std::{fs, os::unix::fs::symlink, path::PathBuf, sync::LazyLock};

use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use steppe_server::policy::locations::AllowedLocations;
use tempfile::TempDir;

/// Pieces of which hostile and harmless locations are made.
const PIECES: [&str; 40] = [
    "/",
    "/",
    "/",
    "/",
    "..",
    ".",
    "%2e",
    "%2E%2e",
    "%252e%252e",
    "%2f",
    "%252f",
    "\\",
    "%5c",
    "%00",
    "\0",
    "\t",
    "\n",
    " ",
    "?",
    "#",
    "@",
    ":",
    ":80",
    "%",
    "%25",
    "%zz",
    "a",
    "b",
    "inner",
    "out",
    "in",
    "cohorts",
    "data",
    "evil",
    "etc",
    "ü",
    "．．",
    "C|",
    "..;",
    "~",
];

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        9 => prop::sample::select(PIECES.to_vec()).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ]
}

/// Something that begins like an allowed location, mostly.
fn location(prefixes: Vec<String>) -> impl Strategy<Value = String> {
    let tail = prop::collection::vec(piece(), 0..8).prop_map(|pieces| pieces.concat());
    let sliced = (prop::sample::select(prefixes), any::<prop::sample::Index>(), 0..10_u8);
    (sliced, tail).prop_map(|((prefix, at, cut), tail)| {
        // One in ten has something in the middle of the prefix.
        if cut > 0 {
            return format!("{prefix}{tail}");
        }
        let (before, after) = prefix.split_at(at.index(prefix.len()));
        format!("{before}{tail}{after}")
    })
}

/// Resolves `.` and `..` as a naive program would; nothing if it climbs above the root.
fn naive(path: &str) -> Option<Vec<&str>> {
    let mut segments = Vec::new();
    for segment in path.split(['/', '\\']) {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()?),
            other => segments.push(other),
        }
    }
    Some(segments)
}

struct Folder {
    _kept: TempDir,
    prefix: PathBuf,
    list: AllowedLocations,
}

static FOLDER: LazyLock<Folder> = LazyLock::new(|| {
    let kept = tempfile::tempdir().expect("a folder");
    let root = kept.path().canonicalize().expect("a path");
    let prefix = root.join("data/cohorts");
    fs::create_dir_all(prefix.join("inner/a")).expect("a folder");
    fs::create_dir_all(root.join("data/evil")).expect("a folder");
    symlink("../evil", prefix.join("out")).expect("a link");
    symlink("inner", prefix.join("in")).expect("a link");
    symlink("../../evil", prefix.join("inner/b")).expect("a link");
    let list = AllowedLocations::parse(&[format!("file://{}", prefix.display())]).expect("a list");
    Folder { _kept: kept, prefix, list }
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn accepted_objects_stay_below_their_prefix(location in location(vec!["s3://bucket/data/cohorts".into()])) {
        let list = AllowedLocations::parse(&["s3://bucket/data/cohorts".to_owned()]).expect("a list");
        let Ok(url) = list.check(&location) else { return Ok(()) };
        prop_assert_eq!((url.scheme(), url.host_str()), ("s3", Some("bucket")));
        prop_assert!(url.port().is_none() && url.username().is_empty() && url.query().is_none());
        let mut path = url.path().to_owned();
        for _ in 0..6 {
            let segments = naive(&path).expect("below the root");
            prop_assert!(segments.starts_with(&["data", "cohorts"]), "{location:?} became {path:?}");
            path = percent_decode_str(&path).decode_utf8().expect("UTF-8").into_owned();
        }
    }

    #[test]
    fn accepted_files_stay_below_their_folder(
        location in location(vec![format!("file://{}/", FOLDER.prefix.display())]),
    ) {
        let Ok(url) = FOLDER.list.check(&location) else { return Ok(()) };
        let path = url.to_file_path().expect("a local path");
        // What the system itself makes of it: the nearest thing that exists, all links followed.
        let existing = path.ancestors().find_map(|path| path.canonicalize().ok()).expect("the root exists");
        prop_assert!(existing.starts_with(&FOLDER.prefix), "{location:?} is {existing:?}");
    }
}

/// The properties would hold of a list that refuses everything.
#[test]
fn some_of_what_the_properties_try_is_accepted() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let strategy = location(vec![format!("file://{}/", FOLDER.prefix.display())]);
    let tried = (0..2000).map(|_| strategy.new_tree(&mut runner).expect("a location").current());
    let accepted = tried.filter(|location| FOLDER.list.check(location).is_ok()).count();
    assert!((100..1900).contains(&accepted), "{accepted} of 2000");
}

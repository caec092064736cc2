//! The same bits: threads, kernel levels, block sizes, codecs, tile orders, and S3 or a local disk.

mod object_store;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use steppe_engine::{
    Engine, EngineError, LocalEngine, PassProgress, SilentProgress,
    output::{ScoreRequest, score},
    pass::{PartialSums, PassContext, TileOrder},
    score::{MatchSettings, MissingPolicy, ScoreOptions},
};
use steppe_formats::scoring_file::ReadOptions;
use steppe_genome::matching::{Ambiguous, MatchBy, MatchOptions};
use steppe_kernels::Level;
use steppe_store::Location;
use steppe_tests::{data_folder, skip, steppe};

use crate::sets::new_folder;

/// Options that keep every row of a bare table.
const KEEP_ALL: [&str; 4] = ["--ambiguous", "keep", "--match-by", "id"];

/// Digests by what made them; a test asks for one value.
#[derive(Default)]
struct Digests(BTreeMap<String, String>);

impl Digests {
    fn add(&mut self, what: String, result: &Path) {
        let bytes = std::fs::read(result.join("scores.sscore")).expect("scores.sscore");
        self.0.insert(what, blake3::hash(&bytes).to_hex().to_string());
    }

    #[track_caller]
    fn assert_one(&self, at_least: usize) {
        assert!(self.0.len() >= at_least, "{:?}", self.0.keys());
        let first = self.0.values().next();
        assert!(self.0.values().all(|digest| Some(digest) == first), "digests differ: {:#?}", self.0);
    }
}

/// A table of the simulated set's variants, 12 scores wide: enough for more than one kernel path.
fn weights(folder: &Path, place: &Path, columns: usize) -> std::path::PathBuf {
    let bim = std::fs::read_to_string(folder.join("geno.bim")).expect("the .bim");
    let variants: Vec<(String, String)> = bim
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .map(|fields| (fields[1].to_owned(), fields[4].to_owned()))
        .collect();
    let table = place.join(format!("weights-{columns}.txt"));
    crate::sets::write_table(&table, &variants, columns);
    table
}

fn import(prefix: &Path, out: &str, options: &[&str]) {
    steppe(["import", "--build", "GRCh38", "--bfile"]).arg(prefix).args(["--out", out]).args(options).ok();
}

#[test]
fn threads_kernels_blocks_and_codecs() {
    let Some(folder) = data_folder("simulated") else { return };
    let place = new_folder();
    let prefix = folder.join("geno");
    for columns in [1, 12] {
        let table = weights(&folder, place.path(), columns);
        let mut digests = Digests::default();
        for (name, options) in [
            ("default", [].as_slice()),
            ("blocks-1000", &["--block-samples", "1000"]),
            ("blocks-2368-zstd", &["--block-samples", "2368", "--codec", "zstd"]),
        ] {
            let cohort = place.path().join(format!("cohort-{name}"));
            if !cohort.exists() {
                import(&prefix, &cohort.display().to_string(), options);
            }
            for (threads, simd) in [
                ("1", "auto"),
                ("2", "auto"),
                ("4", "auto"),
                ("2", "scalar"),
                ("2", "avx2"),
                ("2", "avx512"),
                ("2", "amx"),
            ] {
                if simd.parse::<Level>().is_ok_and(|level| !level.is_available()) {
                    skip(&format!("{simd} is not available on this machine"));
                    continue;
                }
                let out = place.path().join(format!("out-{columns}-{name}-{threads}-{simd}"));
                steppe(["score", "--threads", threads, "--simd", simd, "--cohort"])
                    .arg(&cohort)
                    .arg("--score")
                    .arg(&table)
                    .arg("--out")
                    .arg(&out)
                    .args(KEEP_ALL)
                    .ok();
                digests.add(format!("{name} {threads} {simd}"), &out);
            }
        }
        digests.assert_one(9);
    }
}

#[test]
fn shuffled_tiles_and_small_memory() {
    let Some(folder) = data_folder("simulated") else { return };
    let place = new_folder();
    let cohort = place.path().join("cohort");
    import(&folder.join("geno"), &cohort.display().to_string(), &["--block-samples", "1000"]);
    let table = weights(&folder, place.path(), 3);
    let mut digests = Digests::default();
    for (name, order, memory, passes) in [
        ("stored", TileOrder::Stored, 2u64 << 30, 1..=1),
        ("shuffled 1", TileOrder::Shuffled(1), 2 << 30, 1..=1),
        ("shuffled 2", TileOrder::Shuffled(2), 2 << 30, 1..=1),
        ("one segment after the other", TileOrder::Stored, 1_000_000, 2..=20),
        ("one score a pass", TileOrder::Stored, 300_000, 6..=60),
    ] {
        let out = place.path().join(name.replace(' ', "-"));
        let request = request(&cohort, &table, &out, memory);
        let engine =
            Counting(LocalEngine::new(3).expect("threads").with_tile_order(order), AtomicUsize::new(0));
        let progress: Arc<dyn PassProgress> = Arc::new(SilentProgress);
        let report = score(&request, &engine, &progress).expect("scores");
        assert_eq!(report.scores.len(), 3);
        let ran = engine.1.into_inner();
        assert!(passes.contains(&ran), "{name}: {ran} passes");
        digests.add(name.to_owned(), &out);
    }
    digests.assert_one(5);
}

/// An engine that counts its passes.
struct Counting(LocalEngine, AtomicUsize);

impl Engine for Counting {
    fn run(
        &self,
        context: Arc<PassContext>,
        wanted: &dyn Fn(u32) -> bool,
    ) -> Result<Vec<PartialSums>, EngineError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.run(context, wanted)
    }
}

fn request(cohort: &Path, table: &Path, out: &Path, memory: u64) -> ScoreRequest {
    let location = |path: &Path| Location::parse(&path.display().to_string()).expect("a location");
    ScoreRequest {
        scratch: None,
        cohort: location(cohort),
        out: location(out),
        overwrite: false,
        sscore: true,
        options: ScoreOptions {
            matching: MatchSettings {
                scores: vec![table.display().to_string()],
                read: ReadOptions::default(),
                rules: MatchOptions {
                    by: MatchBy::Id,
                    ambiguous: Ambiguous::Keep,
                    ..MatchOptions::default()
                },
                min_overlap: 0.0,
                accept_unknown_build: false,
            },
            missing: MissingPolicy::Mean,
            frequency_file: None,
            keep: None,
            remove: None,
            copied_inputs: false,
            memory,
            level: Level::best(),
            threads: 2,
        },
    }
}

#[test]
fn s3_and_local() {
    let Some(folder) = data_folder("simulated") else { return };
    let place = new_folder();
    let server = object_store::S3::start(&place.path().join("s3"));
    let prefix = folder.join("geno");
    let table = weights(&folder, place.path(), 3);
    let mut digests = Digests::default();
    let local = place.path().join("cohort");
    import(&prefix, &local.display().to_string(), &["--block-samples", "2000"]);
    let remote = "s3://bucket/cohorts/simulated";
    let on_s3 = |arguments: &[&str]| server.environment(steppe(arguments));
    on_s3(&["import", "--build", "GRCh38", "--block-samples", "2000", "--out", remote, "--bfile"])
        .arg(&prefix)
        .ok();
    on_s3(&["verify", remote]).ok();
    for (name, cohort) in [("local", local.display().to_string()), ("s3", remote.to_owned())] {
        let out = place.path().join(format!("out-{name}"));
        on_s3(&["score", "--cohort", &cohort, "--score"])
            .arg(&table)
            .arg("--out")
            .arg(&out)
            .args(KEEP_ALL)
            .ok();
        digests.add(name.to_owned(), &out);
    }
    on_s3(&["score", "--cohort", remote, "--out", "s3://bucket/scores/first", "--score"])
        .arg(&table)
        .args(KEEP_ALL)
        .ok();
    digests.add("s3 to s3".to_owned(), &place.path().join("s3/bucket/scores/first"));
    digests.assert_one(3);
    let asked = on_s3(&[
        "sql",
        "--cohort",
        remote,
        "--scores",
        "s3://bucket/scores/first",
        "--format",
        "csv",
        "SELECT count(*) AS n FROM scores JOIN samples USING (sample_id)",
    ])
    .ok();
    assert_eq!(asked.stdout.trim(), "n\n21300");
}

use std::{fs, path::Path, sync::Barrier};

use proptest::prelude::*;
use steppe_store::{
    Codec, Cohort, ImportOptions, Location, NoProgress, Scratch, StoreError, StoreOperation, StoreOutcome,
    StoreTraffic, TileCache, TileCacheOptions, TileCacheStatistics, import, verify,
};

use super::{
    fileset::{Fileset, Random, options},
    s3::S3,
};

/// Rows by block and variant.
type Rows = Vec<(u32, u32, Vec<u8>)>;

/// Imports a fileset to a bucket, in two blocks.
fn import_to(s3: &S3, key: &str, folder: &Path, seed: u64, codec: Codec) -> Location {
    let fileset = Fileset::random(seed, 300, 400, &["1", "2", "X"]);
    let paths = fileset.write(folder, &format!("x{seed}"));
    let location = s3.location(key);
    let options = options(vec![paths], folder);
    let options = ImportOptions { out: location.clone(), block_samples: Some(150), codec, ..options };
    import(&options).expect("an import");
    location
}

/// The rows of some row groups, whole or in part.
fn read(cohort: &Cohort, groups: &[usize], every: Option<usize>) -> Result<Rows, StoreError> {
    let (reader, mut scratch, mut found) = (cohort.reader(), Scratch::new(), Vec::new());
    for &number in groups {
        let group = cohort.row_groups()[number];
        match every {
            None => reader.scan(&group, &mut scratch, &mut |first, rows| {
                let rows = (first..).zip(rows.bytes.chunks_exact(rows.stride));
                found.extend(rows.map(|(variant, row)| (group.block, variant, row.to_vec())));
                Ok(())
            })?,
            Some(step) => {
                let all = group.first_variant..group.first_variant + group.rows;
                let wanted: Vec<u32> = all.step_by(step).collect();
                reader.select(&group, &wanted, &mut scratch, &mut |variants, rows| {
                    let rows = variants.iter().zip(rows.bytes.chunks_exact(rows.stride));
                    found.extend(rows.map(|(&variant, row)| (group.block, variant, row.to_vec())));
                    Ok(())
                })?;
            }
        }
    }
    Ok(found)
}

fn scan_all(cohort: &Cohort) -> Result<Rows, StoreError> {
    read(cohort, &(0..cohort.row_groups().len()).collect::<Vec<_>>(), None)
}

fn select_all(cohort: &Cohort) -> Result<Rows, StoreError> {
    read(cohort, &(0..cohort.row_groups().len()).collect::<Vec<_>>(), Some(1))
}

/// What something asks of the store: requests and bytes.
fn traffic<T>(run: impl FnOnce() -> T) -> (T, u64, u64) {
    let traffic = StoreTraffic::of_process();
    let (requests, bytes) = (traffic.all_requests(), traffic.bytes_read());
    let result = run();
    (result, traffic.all_requests() - requests, traffic.bytes_read() - bytes)
}

fn cache(memory_bytes: usize, disk_bytes: u64, folder: &Path) -> TileCache {
    let folder = Some(folder.join("cache"));
    TileCache::open(TileCacheOptions { memory_bytes, disk_bytes, folder }).expect("a cache")
}

#[test]
fn a_second_pass_asks_the_store_for_nothing() {
    for (codec, memory, disk) in [
        (Codec::Uncompressed, 64 << 20, 0),
        (Codec::Uncompressed, 0, 64 << 20),
        (Codec::Zstd, 64 << 20, 64 << 20),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut s3 = S3::start(folder.path());
        let location = import_to(&s3, "cohort", folder.path(), 1, codec);
        let plain = Cohort::open(&location).expect("a cohort");
        let (expected, _, bytes) = traffic(|| scan_all(&plain).expect("rows"));
        assert_eq!(expected.len(), 800);
        let cached = plain.with_tile_cache(&cache(memory, disk, folder.path()));
        let (rows, _, first) = traffic(|| scan_all(&cached).expect("rows"));
        assert!(rows == expected);
        assert_eq!(first, bytes);
        for _ in 0..2 {
            // A reader of its own, as every task has.
            let again = traffic(|| scan_all(&cached.clone()).expect("rows"));
            assert!(again.0 == expected);
            assert_eq!((again.1, again.2), (0, 0));
        }
        s3.stop();
        assert!(scan_all(&cached).expect("rows") == expected);
        assert!(select_all(&cached).expect("rows") == expected);
        let error = scan_all(&plain).expect_err("the store is gone");
        assert!(error.is_transient() && !error.is_data_loss(), "{error}");
    }
}

#[test]
fn another_process_finds_what_is_on_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut s3 = S3::start(folder.path());
    let location = import_to(&s3, "cohort", folder.path(), 1, Codec::Uncompressed);
    let plain = Cohort::open(&location).expect("a cohort");
    let expected = scan_all(&plain).expect("rows");
    let first = cache(0, 64 << 20, folder.path());
    scan_all(&plain.with_tile_cache(&first)).expect("rows");
    first.close();
    s3.stop();
    let second = cache(1 << 20, 64 << 20, folder.path());
    assert!(scan_all(&plain.with_tile_cache(&second)).expect("rows") == expected);
    let statistics = second.statistics();
    assert_eq!((statistics.misses, statistics.verification_failures), (0, 0));
    assert!(statistics.disk_hits > 0);
}

#[test]
fn cohorts_share_a_cache_and_are_not_confused() {
    let folder = tempfile::tempdir().expect("a folder");
    let s3 = S3::start(folder.path());
    let cache = cache(64 << 20, 64 << 20, folder.path());
    let cohorts = [1, 2, 3].map(|seed| {
        let key = format!("cohort{seed}");
        Cohort::open(&import_to(&s3, &key, folder.path(), seed, Codec::Uncompressed)).expect("a cohort")
    });
    let expected = cohorts.each_ref().map(|cohort| scan_all(cohort).expect("rows"));
    assert!(expected[0] != expected[1] && expected[1] != expected[2]);
    for round in 0..2 {
        for (cohort, expected) in cohorts.iter().zip(&expected) {
            let read = traffic(|| scan_all(&cohort.with_tile_cache(&cache)).expect("rows"));
            assert!(read.0 == *expected);
            assert_eq!(read.2 == 0, round == 1);
        }
    }
    // The same content elsewhere is the same.
    let copy =
        Cohort::open(&import_to(&s3, "copy", folder.path(), 1, Codec::Uncompressed)).expect("a cohort");
    let read = traffic(|| scan_all(&copy.with_tile_cache(&cache)).expect("rows"));
    assert!(read.0 == expected[0]);
    assert_eq!(read.2, 0);
}

#[test]
fn threads_fetch_a_row_group_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let s3 = S3::start(folder.path());
    let location = import_to(&s3, "cohort", folder.path(), 1, Codec::Uncompressed);
    let cohort = Cohort::open(&location).expect("a cohort");
    let gets = || StoreTraffic::of_process().requests(StoreOperation::Get, StoreOutcome::Success);
    let cached = cohort.with_tile_cache(&cache(64 << 20, 0, folder.path()));
    let (before, start) = (gets(), Barrier::new(4));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                start.wait();
                assert_eq!(scan_all(&cached).expect("rows").len(), 800);
            });
        }
    });
    // Of every file magic and footer, and of every row group its bytes.
    let manifest = cohort.manifest();
    let files = manifest.tiles.len() as u64;
    assert_eq!(gets() - before, 2 * files + cohort.row_groups().len() as u64);
}

#[test]
fn local_cohorts_are_read_in_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("cohort");
    let fileset = Fileset::random(5, 100, 100, &["1"]);
    import(&options(vec![fileset.write(folder.path(), "x")], &out)).expect("an import");
    let cache = cache(64 << 20, 64 << 20, folder.path());
    let cohort = Cohort::open(&Location::local(&out)).expect("a cohort").with_tile_cache(&cache);
    assert_eq!(scan_all(&cohort).expect("rows").len(), 100);
    assert_eq!(cache.statistics(), TileCacheStatistics::default());
    assert_eq!(cache.memory_usage(), 0);
}

/// Bytes of the store are never believed, and what is cached hides no damage from who looks for it.
#[test]
fn damage_in_the_store_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let s3 = S3::start(folder.path());
    let location = import_to(&s3, "cohort", folder.path(), 1, Codec::Uncompressed);
    let cohort = Cohort::open(&location).expect("a cohort");
    let warm = cohort.with_tile_cache(&cache(64 << 20, 0, folder.path()));
    let expected = scan_all(&warm).expect("rows");
    let tile = &cohort.manifest().tiles[0];
    let path = folder.path().join("bucket/cohort").join(&tile.file.path);
    let mut bytes = fs::read(&path).expect("an object");
    let place = tile.row_groups[0].offset as usize + 2000;
    bytes[place] ^= 4;
    fs::write(&path, &bytes).expect("an object");
    assert!(scan_all(&warm).expect("rows") == expected);
    assert!(verify(&warm, &NoProgress).expect_err("damage").is_data_loss());
    let cold = TileCache::open(TileCacheOptions { memory_bytes: 64 << 20, ..TileCacheOptions::default() });
    let cold = cold.expect("a cache");
    for _ in 0..2 {
        let error = scan_all(&cohort.with_tile_cache(&cold)).expect_err("damage");
        assert!(error.is_data_loss() && !error.is_transient());
        let text = error.to_string();
        assert!(text.contains(&tile.file.path) && text.contains("row group 0"), "{text}");
    }
}

/// Bits flipped all over the disk's files never change a row.
#[test]
fn damage_on_the_local_disk_changes_no_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let s3 = S3::start(folder.path());
    let location = import_to(&s3, "cohort", folder.path(), 1, Codec::Uncompressed);
    let plain = Cohort::open(&location).expect("a cohort");
    let expected = scan_all(&plain).expect("rows");
    let mut random = Random(3);
    let mut failures = 0;
    for _ in 0..20 {
        let first = cache(0, 8 << 20, folder.path());
        assert!(scan_all(&plain.with_tile_cache(&first)).expect("rows") == expected);
        first.close();
        for entry in fs::read_dir(folder.path().join("cache")).expect("a folder") {
            let path = entry.expect("an entry").path();
            let mut bytes = fs::read(&path).expect("a file");
            if bytes.len() < 4096 {
                continue;
            }
            // Most of a sparse file is empty; what is written lies at the start.
            for _ in 0..6 {
                let place = random.below(bytes.len().min(200 << 10) as u64) as usize;
                bytes[place] ^= 1 << random.below(8);
            }
            fs::write(&path, bytes).expect("a file");
        }
        let second = cache(0, 8 << 20, folder.path());
        assert!(scan_all(&plain.with_tile_cache(&second)).expect("rows") == expected);
        assert!(select_all(&plain.with_tile_cache(&second)).expect("rows") == expected);
        failures += second.statistics().verification_failures;
        second.close();
    }
    assert!(failures > 0);
}

#[derive(Debug, Clone)]
enum Access {
    Scan(Vec<usize>),
    Select(Vec<usize>, usize),
    Restart,
}

fn accesses() -> impl Strategy<Value = Vec<Access>> {
    let groups = || prop::collection::vec(0..6usize, 1..6);
    let access = prop_oneof![
        4 => groups().prop_map(Access::Scan),
        3 => (groups(), 1..40usize).prop_map(|(groups, step)| Access::Select(groups, step)),
        1 => Just(Access::Restart),
    ];
    prop::collection::vec(access, 1..25)
}

/// Rows through caches of all sizes, too small ones included, are those without a cache.
#[test]
fn random_accesses_give_the_rows_of_the_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let s3 = S3::start(folder.path());
    let location = import_to(&s3, "cohort", folder.path(), 1, Codec::Uncompressed);
    let plain = Cohort::open(&location).expect("a cohort");
    let whole: Vec<Rows> = (0..6).map(|group| read(&plain, &[group], None).expect("rows")).collect();
    assert_eq!(whole.len(), plain.row_groups().len());
    let sizes = (prop_oneof![Just(0), Just(12 << 10), Just(40 << 10), Just(1 << 20)], 0..3usize);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 16,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&(accesses(), sizes), |(accesses, (memory, disk))| {
            let folder = tempfile::tempdir().expect("a folder");
            let open = || cache(memory, [0, 256 << 10, 8 << 20][disk], folder.path());
            let mut cache = open();
            for access in accesses {
                let (groups, every) = match access {
                    Access::Scan(groups) => (groups, None),
                    Access::Select(groups, step) => (groups, Some(step)),
                    Access::Restart => {
                        cache.close();
                        cache = open();
                        continue;
                    }
                };
                let cached = plain.with_tile_cache(&cache);
                let rows = read(&cached, &groups, every).expect("rows");
                let step = every.unwrap_or(1);
                let expected = groups.iter().flat_map(|&group| whole[group].iter().step_by(step));
                prop_assert!(rows.iter().eq(expected));
                prop_assert!(cache.memory_usage() <= memory);
            }
            prop_assert_eq!(cache.statistics().verification_failures, 0);
            Ok(())
        })
        .expect("the same rows");
}

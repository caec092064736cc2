//! Broken manifests, also such as are well sealed: they are refused or read, and nothing panics.
//!
//! The test runs some hundred cases by default, and for `STEPPE_FUZZ_SECONDS` seconds where that is set.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::Value;
use steppe_store::{Cohort, Location, Scratch, StoreError, import};

use super::fileset::{Fileset, Random, options};

/// Cases without `STEPPE_FUZZ_SECONDS`.
const CASES: u64 = 400;

/// Seals a manifest as the store does.
fn seal(body: &[u8]) -> Vec<u8> {
    let hash = blake3::hash(body).to_hex();
    [format!("{{\"blake3\":\"{hash}\",\"manifest\":").as_bytes(), body, b"}\n"].concat()
}

/// Opens the cohort and reads all of it.
fn read_all(folder: &Path) -> Result<(), StoreError> {
    let cohort = Cohort::open(&Location::local(folder))?;
    cohort.samples()?;
    cohort.variants()?;
    let reader = cohort.reader();
    let mut scratch = Scratch::new();
    for group in cohort.row_groups() {
        reader.scan(group, &mut scratch, &mut |_, _| Ok(()))?;
        let some: Vec<u32> = (group.first_variant..group.first_variant + group.rows).step_by(3).collect();
        reader.select(group, &some, &mut scratch, &mut |_, _| Ok(()))?;
    }
    Ok(())
}

/// Changes one thing somewhere in a JSON tree.
fn mutate(value: &mut Value, random: &mut Random) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let chosen = random.below(fields.len() as u64) as usize;
            if let Some((_, field)) = fields.iter_mut().nth(chosen) {
                mutate(field, random);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let chosen = random.below(items.len() as u64) as usize;
            match random.below(6) {
                0 => drop(items.remove(chosen)),
                1 => items.push(items[chosen].clone()),
                2 => items.swap(0, chosen),
                _ => mutate(&mut items[chosen], random),
            }
        }
        Value::Number(number) => {
            let old = number.as_u64().unwrap_or_default();
            let edges = [
                0,
                1,
                2,
                3,
                63,
                64,
                old.wrapping_add(1),
                old.wrapping_sub(1),
                old.wrapping_mul(2),
                1 << 31,
                u32::MAX.into(),
                1 << 62,
            ];
            *value = edges[random.below(edges.len() as u64) as usize].into();
        }
        Value::String(text) => {
            let cut: String = text.chars().skip(1).collect();
            let others = ["", "../x", "samples.parquet", "+1234567890abcdef1234567890abcde", &cut];
            *value = others[random.below(others.len() as u64) as usize].into();
        }
        other => *other = Value::from(7),
    }
}

#[test]
fn broken_manifests_do_not_panic() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("cohort");
    let mut options = options(vec![Fileset::random(1, 50, 60, &["1", "X"]).write(folder.path(), "x")], &out);
    options.block_samples = Some(30);
    import(&options).unwrap();
    let file = out.join("manifest/00000001.json");
    let whole: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let seconds = std::env::var("STEPPE_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut random = Random(3);
    let mut case = 0;
    while until.map_or(case < CASES, |until| Instant::now() < until) {
        let mut manifest = whole["manifest"].clone();
        for _ in 0..=random.below(3) {
            mutate(&mut manifest, &mut random);
        }
        let mut body = serde_json::to_vec(&manifest).unwrap();
        if random.below(3) == 0 {
            let place = random.below(body.len() as u64) as usize;
            body[place] = random.below(256) as u8;
        }
        let mut bytes = seal(&body);
        if random.below(8) == 0 {
            let place = random.below(bytes.len() as u64) as usize;
            bytes[place] ^= 1 << random.below(8);
        }
        fs::write(&file, bytes).unwrap();
        // Some mutations change nothing that reading depends on; all that counts is that it ends in a value.
        let _ = read_all(&out);
        case += 1;
    }
}

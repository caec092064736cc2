//! What a simulated cohort has to be: the same bytes on every machine, linked, differentiated, admixed.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use steppe_formats::{
    plink1::{Fileset, FilesetPaths},
    scoring_file::{ReadOptions, read_scoring_file},
};
use steppe_genome::{Chromosome, Sex};
use steppe_simulate::{BenchSpec, CohortSpec, SimulateError, Simulated, simulate_bench, simulate_cohort};

/// A smaller cohort than the demo's.
fn spec(threads: usize) -> CohortSpec {
    let mut spec = CohortSpec { variants: 3_000, threads, missing_rate: 0.01, ..CohortSpec::demo() };
    for population in &mut spec.populations {
        population.samples = 300;
    }
    spec
}

fn simulate(folder: &Path, spec: &CohortSpec) -> Simulated {
    simulate_cohort(spec, &folder.join("people"), &|_, _| {}).expect("a cohort")
}

/// Genotypes as the files have them: variant-major copies of allele 1, 3 for missing.
struct Loaded {
    chromosomes: Vec<Chromosome>,
    positions: Vec<u32>,
    sexes: Vec<Sex>,
    codes: Vec<Vec<u8>>,
}

fn load(paths: &FilesetPaths) -> Loaded {
    let (mut chromosomes, mut positions) = (Vec::new(), Vec::new());
    let fileset = Fileset::open(paths, |record| {
        chromosomes.push(record.chromosome.clone());
        positions.push(record.position);
    })
    .expect("our own files load");
    let samples = fileset.fam.records.len();
    let mut row = vec![0; fileset.bed.row_bytes()];
    let codes = (0..positions.len())
        .map(|variant| {
            fileset.bed.read_rows(variant, 1, &mut row).expect("a row");
            (0..samples)
                .map(|sample| [2, 3, 1, 0][usize::from(row[sample / 4] >> (2 * (sample % 4)) & 3)])
                .collect()
        })
        .collect();
    Loaded {
        chromosomes,
        positions,
        sexes: fileset.fam.records.iter().map(|record| record.sex).collect(),
        codes,
    }
}

impl Loaded {
    fn frequency(&self, variant: usize, samples: std::ops::Range<usize>) -> f64 {
        let called: Vec<f64> = self.codes[variant][samples]
            .iter()
            .filter(|&&code| code < 3)
            .map(|&code| f64::from(code))
            .collect();
        called.iter().sum::<f64>() / (2.0 * called.len() as f64)
    }

    /// The squared correlation of two variants over some samples.
    fn r2(&self, first: usize, second: usize, samples: std::ops::Range<usize>) -> f64 {
        let pairs: Vec<(f64, f64)> = samples
            .map(|sample| (self.codes[first][sample], self.codes[second][sample]))
            .filter(|&(a, b)| a < 3 && b < 3)
            .map(|(a, b)| (f64::from(a), f64::from(b)))
            .collect();
        let n = pairs.len() as f64;
        let mean = |pick: fn(&(f64, f64)) -> f64| pairs.iter().map(pick).sum::<f64>() / n;
        let (a, b) = (mean(|pair| pair.0), mean(|pair| pair.1));
        let covariance = pairs.iter().map(|pair| (pair.0 - a) * (pair.1 - b)).sum::<f64>();
        let (va, vb) = pairs
            .iter()
            .fold((0.0, 0.0), |(va, vb), pair| (va + (pair.0 - a).powi(2), vb + (pair.1 - b).powi(2)));
        covariance * covariance / (va * vb)
    }
}

fn digest(folder: &Path) -> String {
    let mut files: Vec<PathBuf> = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a folder").flatten() {
            if entry.path().is_dir() { folders.push(entry.path()) } else { files.push(entry.path()) }
        }
    }
    files.sort();
    let mut hasher = blake3::Hasher::new();
    // Compressed bytes are the compressor's business; its text is made like the others'.
    for file in files.iter().filter(|file| file.extension().is_none_or(|extension| extension != "gz")) {
        hasher.update(&fs::read(file).expect("a file"));
    }
    hasher.finalize().to_hex().to_string()
}

#[test]
fn the_same_bytes_on_any_number_of_threads() {
    let digests: Vec<String> = [1, 2, 4]
        .map(|threads| {
            let folder = tempfile::tempdir().expect("a folder");
            simulate(folder.path(), &spec(threads));
            let bench = BenchSpec {
                seed: 3,
                samples: 501,
                variants: 300,
                missing_rate: 0.01,
                scores: 3,
                overwrite: false,
                threads,
            };
            simulate_bench(&bench, &folder.path().join("bench"), &|_, _| {}).expect("a bench cohort");
            digest(folder.path())
        })
        .to_vec();
    assert!(digests.iter().all(|digest| digest == &digests[0]), "{digests:?}");
    // And on any machine: this changes only when the model does.
    assert_eq!(digests[0], "2a66cf1ec12e372615b3433b9dc55277baa9f30a513b740f5c1be2cef42df228");
}

#[test]
fn linkage_decays_with_distance() {
    let folder = tempfile::tempdir().expect("a folder");
    let loaded = load(&simulate(folder.path(), &spec(2)).fileset);
    let (mut near, mut far) = (Vec::new(), Vec::new());
    for first in 0..loaded.positions.len() - 1 {
        for second in first + 1..loaded.positions.len().min(first + 40) {
            if loaded.chromosomes[first] != loaded.chromosomes[second] {
                break;
            }
            let distance = loaded.positions[second] - loaded.positions[first];
            let usable = |variant| (0.1..0.9).contains(&loaded.frequency(variant, 0..300));
            if usable(first) && usable(second) {
                match distance {
                    0..30_000 => near.push(loaded.r2(first, second, 0..300)),
                    10_000_000.. => far.push(loaded.r2(first, second, 0..300)),
                    _ => {}
                }
            }
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    assert!(near.len() > 20 && far.len() > 100, "{} near, {} far", near.len(), far.len());
    assert!(mean(&near) > 0.15, "near variants: mean r2 {}", mean(&near));
    assert!(mean(&far) < mean(&near) / 10.0, "far variants: mean r2 {}", mean(&far));
}

#[test]
fn populations_differ_and_kazakhs_lie_between() {
    let folder = tempfile::tempdir().expect("a folder");
    let loaded = load(&simulate(folder.path(), &spec(2)).fileset);
    // Hudson's F_ST as a ratio of averages.
    let fst = |first: std::ops::Range<usize>, second: std::ops::Range<usize>| {
        let (mut between, mut total) = (0.0, 0.0);
        for variant in (0..loaded.codes.len()).filter(|&variant| loaded.chromosomes[variant] != Chromosome::X)
        {
            let (p, q) =
                (loaded.frequency(variant, first.clone()), loaded.frequency(variant, second.clone()));
            let (n, m) = (2.0 * first.len() as f64, 2.0 * second.len() as f64);
            between += (p - q).powi(2) - p * (1.0 - p) / (n - 1.0) - q * (1.0 - q) / (m - 1.0);
            total += p * (1.0 - q) + q * (1.0 - p);
        }
        between / total
    };
    let (eur, eas, kaz) = (0..300, 300..600, 600..900);
    let apart = fst(eur.clone(), eas.clone());
    let (from_west, from_east) = (fst(eur, kaz.clone()), fst(eas, kaz));
    assert!((0.03..0.25).contains(&apart), "EUR and EAS: F_ST {apart}");
    assert!(from_west < apart && from_east < from_west, "KAZ: {from_west} from EUR, {from_east} from EAS");
    // Six parts of ten are eastern, so allele frequencies are the mixture's.
    let mut error = 0.0;
    let mut count = 0.0;
    for variant in (0..loaded.codes.len()).filter(|&variant| loaded.chromosomes[variant] != Chromosome::X) {
        let mixture = 0.4 * loaded.frequency(variant, 0..300) + 0.6 * loaded.frequency(variant, 300..600);
        error += (loaded.frequency(variant, 600..900) - mixture).abs();
        count += 1.0;
    }
    assert!(error / count < 0.03, "mean distance from the mixture {}", error / count);
}

#[test]
fn males_are_haploid_on_x_and_calls_are_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let loaded = load(&simulate(folder.path(), &spec(2)).fileset);
    let mut missing = 0;
    for (codes, chromosome) in loaded.codes.iter().zip(&loaded.chromosomes) {
        missing += codes.iter().filter(|&&code| code == 3).count();
        if *chromosome == Chromosome::X {
            let males = codes.iter().zip(&loaded.sexes).filter(|&(_, &sex)| sex == Sex::Male);
            assert!(males.map(|(&code, _)| code).all(|code| code != 1), "a male is heterozygous on X");
        }
    }
    let rate = missing as f64 / (loaded.codes.len() * loaded.sexes.len()) as f64;
    assert!((0.009..0.011).contains(&rate), "missing rate {rate}");
    assert!(loaded.codes[0].iter().all(|&code| matches!(code, 0 | 3)), "the first variant is monomorphic");
}

#[test]
fn the_scoring_files_can_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let simulated = simulate(folder.path(), &spec(2));
    let mut names = Vec::new();
    for path in &simulated.scores {
        let file = read_scoring_file(path, &ReadOptions::default()).expect("our own scoring file");
        assert!(file.unsupported.is_empty());
        names.extend(file.columns);
    }
    assert_eq!(names, ["STP_height", "STP_t2d", "STP_lipids", "STP_clumped", "STP_wide", "STP_other_array"]);
}

#[test]
fn the_bench_spectrum_is_realistic() {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = BenchSpec {
        seed: 1,
        samples: 2_000,
        variants: 2_000,
        missing_rate: 0.01,
        scores: 0,
        overwrite: false,
        threads: 2,
    };
    simulate_bench(&spec, &folder.path().join("bench"), &|_, _| {}).expect("a bench cohort");
    let loaded = load(&FilesetPaths::from_prefix(&folder.path().join("bench")));
    let rare = (0..2_000).filter(|&variant| loaded.frequency(variant, 0..2_000) < 0.05).count();
    assert!((0.60..0.66).contains(&(rare as f64 / 2_000.0)), "{rare} of 2000 below 5 %");
    let missing: usize =
        loaded.codes.iter().map(|codes| codes.iter().filter(|&&code| code == 3).count()).sum();
    assert!((0.009..0.011).contains(&(missing as f64 / 4e6)), "{missing} calls missing");
    // Hardy–Weinberg proportions, over all common variants together.
    let (mut expected, mut found) = (0.0, 0.0);
    for variant in 0..2_000 {
        let f = loaded.frequency(variant, 0..2_000);
        let called = loaded.codes[variant].iter().filter(|&&code| code < 3).count() as f64;
        expected += 2.0 * f * (1.0 - f) * called;
        found += loaded.codes[variant].iter().filter(|&&code| code == 1).count() as f64;
    }
    assert!((0.99..1.01).contains(&(found / expected)), "{found} heterozygous calls of {expected}");
}

#[test]
fn files_that_are_there_are_not_replaced_unasked() {
    let folder = tempfile::tempdir().expect("a folder");
    simulate(folder.path(), &spec(2));
    let again = simulate_cohort(&spec(2), &folder.path().join("people"), &|_, _| {});
    assert!(matches!(again, Err(SimulateError::Exists { .. })), "{again:?}");
    let replaced = CohortSpec { overwrite: true, ..spec(2) };
    assert!(simulate_cohort(&replaced, &folder.path().join("people"), &|_, _| {}).is_ok());
}

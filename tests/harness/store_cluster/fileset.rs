//! Made-up PLINK files of few chromosomes: few tiles, so that a job takes no time.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use crate::steppe;

/// Makes a fileset of some people with `variants` variants on the first `chromosomes` chromosomes. Gives the prefix and
/// the scoring file.
///
/// # Panics
/// When the folder can not be written.
pub fn small_fileset(
    folder: &Path,
    samples: usize,
    variants: usize,
    chromosomes: usize,
) -> (PathBuf, PathBuf) {
    fs::create_dir_all(folder).expect("a folder");
    let whole = folder.join("whole");
    // All chromosomes have the same number of variants; those on the first ones are the first rows of all files.
    let all = variants * 22 / chromosomes;
    steppe(["simulate", "-q", "--unlinked", "--overwrite", "--scores", "2", "--out"])
        .arg(&whole)
        .args(["--samples", &samples.to_string(), "--variants", &all.to_string()])
        .ok();
    let with = |prefix: &Path, suffix: &str| PathBuf::from(format!("{}.{suffix}", prefix.display()));
    let small = folder.join("small");
    let bim = fs::read_to_string(with(&whole, "bim")).expect("a .bim");
    let kept: Vec<&str> = bim
        .lines()
        .take_while(|line| {
            line.split_whitespace()
                .next()
                .and_then(|name| name.parse().ok())
                .is_some_and(|n: usize| n <= chromosomes)
        })
        .collect();
    fs::write(with(&small, "bim"), kept.join("\n") + "\n").expect("a .bim");
    let bed = fs::read(with(&whole, "bed")).expect("a .bed");
    fs::write(with(&small, "bed"), &bed[..3 + kept.len() * samples.div_ceil(4)]).expect("a .bed");
    fs::copy(with(&whole, "fam"), with(&small, "fam")).expect("a .fam");
    let ids: HashSet<&str> = kept.iter().filter_map(|line| line.split_whitespace().nth(1)).collect();
    let table = fs::read_to_string(with(&whole, "scores.txt")).expect("a table");
    let mut rows = table.lines();
    let header = rows.next().unwrap_or_default();
    let rows = rows.filter(|row| row.split_whitespace().next().is_some_and(|id| ids.contains(id)));
    let text: Vec<&str> = std::iter::once(header).chain(rows).collect();
    let scores = folder.join("weights.txt");
    fs::write(&scores, text.join("\n") + "\n").expect("a table");
    (small, scores)
}

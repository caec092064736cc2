//! What the association tests share: PLINK 1 files and tables read in the plainest way, plink2's results.

use std::{
    collections::HashMap,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use steppe_fit::{
    GenotypeMatrix, MemoryMatrix, PackedColumns,
    assoc::{AssocOptions, AssocResult, AssocTrait, Association, Covariate, TraitKind, TraitSummary},
};

/// A cohort as the tests need it.
pub(super) struct Cohort {
    pub(super) matrix: MemoryMatrix,
    pub(super) samples: Vec<String>,
    pub(super) variants: Vec<String>,
}

/// A name, how it is modelled, and a value for each sample.
pub(super) type TraitColumn = (String, TraitKind, Vec<f64>);

/// A name, and a value for each sample.
pub(super) type NamedColumn = (String, Vec<f64>);

/// The folder of this package's expected association results.
pub(super) fn expected() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected/assoc")
}

/// The folder of public test data; `None`, said aloud, where it is absent outside CI.
pub(super) fn data() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let folder = PathBuf::from(std::env::var_os("STEPPE_DATA").unwrap_or_else(|| default.into()));
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "CI needs the test data: {}", folder.display());
    eprintln!("skipped: no test data in {}", folder.display());
    None
}

/// Lines of white-space separated cells.
pub(super) fn table(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).expect("a table");
    text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

/// Reads a .bed file and its companions, for the samples that `keep` says.
pub(super) fn cohort(prefix: &Path, keep: impl Fn(&str) -> bool) -> Cohort {
    let fam = table(&prefix.with_extension("fam"));
    let kept: Vec<usize> = (0..fam.len()).filter(|&i| keep(&fam[i][1])).collect();
    let bytes = std::fs::read(prefix.with_extension("bed")).expect("a .bed file");
    let mut columns = PackedColumns::new(kept.len());
    for row in bytes[3..].chunks_exact(fam.len().div_ceil(4)) {
        let code = |i: usize| [2, 3, 1, 0][usize::from((row[i / 4] >> (2 * (i % 4))) & 3)];
        columns.push_codes(kept.iter().map(|&i| code(i)));
    }
    Cohort {
        matrix: MemoryMatrix::new(columns, &vec![true; kept.len()]),
        samples: kept.iter().map(|&i| fam[i][1].clone()).collect(),
        variants: table(&prefix.with_extension("bim")).into_iter().map(|row| row[1].clone()).collect(),
    }
}

/// Columns of a phenotype or covariate file in the cohort's order, by name; NA is NaN.
pub(super) fn columns(path: &Path, cohort: &Cohort) -> Vec<NamedColumn> {
    let mut rows = table(path).into_iter();
    let header = rows.next().expect("a header");
    let id = header.iter().position(|name| name.trim_start_matches('#') == "IID").expect("IID");
    let rows: HashMap<String, Vec<String>> = rows.map(|row| (row[id].clone(), row)).collect();
    let value =
        |sample: &String, c: usize| rows.get(sample).and_then(|row| row[c].parse().ok()).unwrap_or(f64::NAN);
    (id + 1..header.len())
        .map(|c| (header[c].clone(), cohort.samples.iter().map(|sample| value(sample, c)).collect()))
        .collect()
}

/// Cases 2 and controls 1 as 1 and 0.
pub(super) fn cases(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| value - 1.0).collect()
}

/// Runs an association: a result per trait and variant, and the summaries.
pub(super) fn associate(
    matrix: &impl GenotypeMatrix,
    traits: &[TraitColumn],
    covariates: &[NamedColumn],
    options: AssocOptions,
) -> (Vec<Vec<AssocResult>>, Vec<TraitSummary>) {
    let traits: Vec<AssocTrait<'_>> =
        traits.iter().map(|(name, kind, values)| AssocTrait { name, kind: *kind, values }).collect();
    let covariates: Vec<Covariate<'_>> =
        covariates.iter().map(|(name, values)| Covariate { name, values }).collect();
    let plan = Association::plan(matrix.samples(), &traits, &covariates, options).expect("a plan");
    let mut results = vec![Vec::new(); traits.len()];
    let mut last = (0, 0);
    let end = plan.run(matrix, &mut |chunk| {
        assert_eq!(results[chunk.trait_index].len(), chunk.first_variant, "variants come in order");
        results[chunk.trait_index].extend_from_slice(chunk.results);
        last = (chunk.done, chunk.total);
        ControlFlow::Continue(())
    });
    assert!(matches!(end, Ok(ControlFlow::Continue(()))));
    assert_eq!(last.0, last.1, "all tests are counted");
    (results, plan.summaries().to_vec())
}

/// The rows of a `.glm` file: cells by column name.
pub(super) fn glm(path: &Path) -> Vec<HashMap<String, String>> {
    let mut rows = table(path).into_iter();
    let header = rows.next().expect("a header");
    rows.map(|row| header.iter().cloned().zip(row).collect()).collect()
}

/// How far a number is from a printed one, in units of the printed one's sixth digit, beyond rounding.
pub(super) fn units(ours: f64, printed: &str) -> f64 {
    let theirs: f64 = printed.parse().expect("a number");
    if ours == theirs || (ours.is_nan() && theirs.is_nan()) {
        return 0.0;
    }
    let unit = 10_f64.powf(theirs.abs().log10().floor() - 5.0);
    ((ours - theirs).abs() / unit - 0.5).max(0.0)
}

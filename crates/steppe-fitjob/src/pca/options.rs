use std::path::PathBuf;

use serde_json::{Map, Value, json};
use steppe_calibrate::{
    ancestry::HeldOutOptions,
    pca::{HardyWeinbergTest, LdWindow, PcaOptions, PruneOptions, SelectionOptions, VariantScale},
};
use steppe_engine::EngineError;
use steppe_store::Location;

use super::super::{options::SampleColumn, parameters::refuse_out_of_range, variant_plan::VariantFiles};

/// Principal components of a reference cohort.
#[derive(Debug, Clone)]
pub struct PcaJobOptions {
    /// A column of populations: without it nobody can be compared to populations later.
    pub population: Option<SampleColumn>,
    /// Only these samples.
    pub keep: Option<PathBuf>,
    /// Not these samples.
    pub remove: Option<PathBuf>,
    /// Only these samples make the components (unrelated people); the others are projected. All where absent.
    pub unrelated: Option<PathBuf>,
    /// Only these variants, by a list of ids.
    pub extract: Option<PathBuf>,
    /// Not these variants.
    pub exclude: Option<PathBuf>,
    /// Only variants that this cohort has too: the one that will be projected.
    pub shared_with: Option<Location>,
    /// Filters by counts and place; `long_range_ld` is chosen by the cohort's build.
    pub selection: SelectionOptions,
    /// Keeps regions of long-range linkage disequilibrium.
    pub keep_long_range_ld: bool,
    /// Pruning of correlated variants; `None` keeps them.
    pub prune: Option<PruneOptions>,
    /// The search.
    pub pca: PcaOptions,
    /// Folds in which people are held out, to see how far from the others such people lie; 0 for none.
    pub held_out_folds: usize,
    /// Files are copies that came with the job: the record names them by their own names.
    pub copied_inputs: bool,
}

impl Default for PcaJobOptions {
    fn default() -> Self {
        Self {
            population: None,
            keep: None,
            remove: None,
            unrelated: None,
            extract: None,
            exclude: None,
            shared_with: None,
            selection: SelectionOptions::default(),
            keep_long_range_ld: false,
            prune: Some(PruneOptions::default()),
            pca: PcaOptions::default(),
            held_out_folds: HeldOutOptions::default().folds,
            copied_inputs: false,
        }
    }
}

impl PcaJobOptions {
    /// Checks what can be without files.
    ///
    /// # Errors
    /// A number out of its range.
    pub fn check(&self) -> Result<(), EngineError> {
        let least_r2 = self.prune.is_none_or(|prune| prune.most_r2 > 0.0 && prune.most_r2 <= 1.0);
        refuse_out_of_range(&[
            (
                (0.0..0.5).contains(&self.selection.least_maf),
                "the least allele frequency",
                "from 0 to below 0.5",
            ),
            (
                (0.0..=1.0).contains(&self.selection.most_missing),
                "the largest share of missing calls",
                "from 0 to 1",
            ),
            (
                (0.0..=1.0).contains(&self.selection.least_hardy_weinberg_p),
                "the least P of Hardy-Weinberg proportions",
                "from 0 to 1",
            ),
            (least_r2, "the largest r2 of two variants", "above 0 and at most 1"),
            (self.pca.components > 0, "the number of components", "at least 1"),
            (self.held_out_folds != 1, "the number of folds", "0, or at least 2"),
        ])
    }

    pub(super) fn variant_files(&self) -> VariantFiles<'_> {
        VariantFiles { extract: self.extract.as_deref(), exclude: self.exclude.as_deref(), factors: None }
    }

    /// Everything that can change a result but files, which enter by their hashes.
    pub(super) fn parameters(&self) -> Map<String, Value> {
        let (selection, pca) = (&self.selection, &self.pca);
        let test = match selection.hardy_weinberg {
            HardyWeinbergTest::Exact => "exact",
            HardyWeinbergTest::ChiSquare => "chi_square",
        };
        let scale = match pca.scale {
            VariantScale::Observed => "observed",
            VariantScale::HardyWeinberg => "hardy_weinberg",
        };
        let prune = self.prune.map(|prune| {
            let window = match prune.window {
                LdWindow::Variants { size, step } => json!([size, step]),
                LdWindow::BasePairs(size) => json!(format!("{size} base pairs")),
            };
            json!({ "window": window, "r2": prune.most_r2 })
        });
        let all = [
            ("population", json!(self.population.as_ref().map(|of| &of.column))),
            ("min_frequency", json!(selection.least_maf)),
            ("max_missing", json!(selection.most_missing)),
            ("hardy_weinberg_p", json!(selection.least_hardy_weinberg_p)),
            ("hardy_weinberg_test", json!(test)),
            ("keep_long_range_ld", json!(self.keep_long_range_ld)),
            ("prune", json!(prune)),
            ("components", json!(pca.components)),
            ("kept_components", json!(pca.kept)),
            ("scale", json!(scale)),
            ("angle", json!(pca.angle)),
            ("most_applications", json!(pca.most_applications)),
            ("held_out_folds", json!(self.held_out_folds)),
            ("seed", json!(pca.seed)),
        ];
        all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

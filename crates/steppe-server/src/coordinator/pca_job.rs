//! Principal components of a reference: the same ones as of `steppe pca`, their passes over the cluster.

use std::sync::Arc;

use steppe_calibrate::pca::{LdWindow, PcaOptions, PruneOptions, SelectionOptions, VariantScale};
use steppe_engine::{Engine, EngineError, PassProgress};
use steppe_fitjob::{CohortJob, PCA_SEMANTICS, PcaJobOptions, pca_cohort};
use steppe_store::Location;

use super::{
    cohort_job::{CohortSpec, Holds, OtherPlace, Place, Solved, Told},
    score_job::unknown,
    submission::refuse,
    trait_inputs::{self, Stager, optional, sample_column},
};
use crate::{
    ServerError,
    wire::job::{InputFile, PcaJob, Pruning, Selection, pruning::Window},
};

impl CohortSpec for PcaJob {
    type Options = PcaJobOptions;

    const SEMANTICS: u32 = PCA_SEMANTICS;

    const PASSING_SUMS: bool = true;

    fn place(&mut self) -> Place<'_> {
        Place { cohort: &mut self.cohort, out: &mut self.out, overwrite: self.overwrite }
    }

    fn files(&mut self) -> Vec<&mut InputFile> {
        let mut files = trait_inputs::lists(&mut self.selection);
        files.extend(&mut self.unrelated);
        files.extend(self.population.as_mut().and_then(|column| column.file.as_mut()));
        files
    }

    fn others(&mut self) -> Vec<OtherPlace<'_>> {
        vec![OtherPlace { field: "shared_with", url: &mut self.shared_with, holds: Holds::Cohort }]
    }

    fn options(&self, stage: &Stager<'_>) -> Result<PcaJobOptions, ServerError> {
        let default = PcaJobOptions::default();
        let population = self.population.as_ref();
        let none = Selection::default();
        let lists = self.selection.as_ref().unwrap_or(&none);
        let file = |used_as: &str, file: Option<&InputFile>| optional(stage, used_as, file);
        let options = PcaJobOptions {
            population: population.map(|column| sample_column("population", column, stage)).transpose()?,
            keep: file("keep", lists.keep.as_ref())?,
            remove: file("remove", lists.remove.as_ref())?,
            unrelated: file("unrelated", self.unrelated.as_ref())?,
            extract: file("extract", lists.extract.as_ref())?,
            exclude: file("exclude", lists.exclude.as_ref())?,
            shared_with: match self.shared_with.as_str() {
                "" => None,
                url => Some(Location::parse(url)?),
            },
            selection: SelectionOptions {
                least_maf: lists.min_frequency.unwrap_or(default.selection.least_maf),
                most_missing: lists.max_missing.unwrap_or(default.selection.most_missing),
                least_hardy_weinberg_p: self
                    .hardy_weinberg_p
                    .unwrap_or(default.selection.least_hardy_weinberg_p),
                ..default.selection
            },
            keep_long_range_ld: self.keep_long_range_ld,
            prune: prune(self.pruning.as_ref(), default.prune)?,
            pca: search(self, default.pca)?,
            held_out_folds: self.held_out_folds.map_or(default.held_out_folds, |folds| folds as usize),
            copied_inputs: true,
        };
        options.check()?;
        Ok(options)
    }

    fn solve(
        job: &CohortJob<PcaJobOptions>,
        engine: &dyn Engine,
        passes: &Arc<dyn PassProgress>,
        told: &mut Told,
    ) -> Result<Solved, EngineError> {
        pca_cohort(job, engine, passes, told).map(|report| Solved::of(report.record))
    }
}

fn search(job: &PcaJob, default: PcaOptions) -> Result<PcaOptions, ServerError> {
    let components = job.components.map_or(default.components, |count| count as usize);
    Ok(PcaOptions {
        components,
        kept: 4 * components,
        scale: match job.scale.as_str() {
            "" | "observed" => VariantScale::Observed,
            "hardy-weinberg" => VariantScale::HardyWeinberg,
            word => return Err(unknown("scale", word, "give observed or hardy-weinberg")),
        },
        angle: job.angle.unwrap_or(default.angle),
        seed: job.seed.unwrap_or(default.seed),
        ..default
    })
}

fn prune(
    pruning: Option<&Pruning>,
    default: Option<PruneOptions>,
) -> Result<Option<PruneOptions>, ServerError> {
    let Some(pruning) = pruning else { return Ok(default) };
    let size = |size: u32, least: u32| {
        let problem = format!("a window of {size}");
        let remedy = "give a window of 2 variants or more that moves on by 1 or more, or of base pairs";
        if size < least { Err(refuse("pruning", problem, remedy)) } else { Ok(size) }
    };
    let window = match pruning.window {
        Some(Window::None(true)) => return Ok(None),
        Some(Window::Variants(variants)) => {
            LdWindow::Variants { size: size(variants, 2)? as usize, step: size(pruning.step, 1)? as usize }
        }
        Some(Window::BasePairs(bases)) => LdWindow::BasePairs(size(bases, 1)?),
        Some(Window::None(false)) | None => {
            return Err(refuse("pruning", "there is no window", "give a window, or leave pruning out"));
        }
    };
    Ok(Some(PruneOptions { window, most_r2: pruning.r2 }))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{super::cohort_job::check, *};
    use crate::wire::job::SampleColumn as WireColumn;

    fn file(name: &str) -> Option<InputFile> {
        Some(InputFile { name: name.to_owned(), source: None })
    }

    fn job() -> PcaJob {
        PcaJob { cohort: "s3://bucket/cohort".to_owned(), ..PcaJob::default() }
    }

    fn options(job: &PcaJob) -> PcaJobOptions {
        job.options(&|used_as, file| Ok(Path::new(used_as).join(&file.name))).expect("options")
    }

    #[test]
    fn what_is_not_said_is_what_the_command_line_takes() {
        let found = options(&job());
        let default = PcaJobOptions::default();
        assert_eq!(format!("{found:?}"), format!("{:?}", PcaJobOptions { copied_inputs: true, ..default }));
    }

    #[test]
    fn every_field_counts() {
        let window = Some(Window::BasePairs(500_000));
        let mut job = PcaJob {
            population: Some(WireColumn { file: file("panel.tsv"), column: "Pop".to_owned() }),
            selection: Some(Selection {
                keep: file("keep"),
                exclude: file("exclude"),
                min_frequency: Some(0.01),
                max_missing: Some(0.02),
                ..Selection::default()
            }),
            unrelated: file("unrelated"),
            shared_with: "s3://bucket/other".to_owned(),
            hardy_weinberg_p: Some(1e-4),
            keep_long_range_ld: true,
            pruning: Some(Pruning { window, step: 0, r2: 0.2 }),
            components: Some(3),
            scale: "hardy-weinberg".to_owned(),
            angle: Some(0.01),
            held_out_folds: Some(0),
            seed: Some(7),
            ..job()
        };
        let found = options(&job);
        assert_eq!(found.population.map(|of| of.column).as_deref(), Some("Pop"));
        assert_eq!(found.unrelated.as_deref(), Some(Path::new("unrelated/unrelated")));
        assert_eq!((found.selection.least_maf, found.selection.most_missing), (0.01, 0.02));
        assert_eq!(found.selection.least_hardy_weinberg_p, 1e-4);
        assert_eq!(found.prune, Some(PruneOptions { window: LdWindow::BasePairs(500_000), most_r2: 0.2 }));
        assert_eq!((found.pca.components, found.pca.kept, found.pca.seed), (3, 12, 7));
        assert_eq!((found.pca.scale, found.pca.angle), (VariantScale::HardyWeinberg, 0.01));
        assert_eq!((found.held_out_folds, found.keep_long_range_ld), (0, true));
        let names: Vec<String> = job.files().into_iter().map(|file| file.name.clone()).collect();
        assert_eq!(names, ["keep", "exclude", "unrelated", "panel.tsv"]);
        assert_eq!(job.others().len(), 1);
        job.pruning = Some(Pruning { window: Some(Window::None(true)), step: 0, r2: 0.0 });
        assert_eq!(options(&job).prune, None);
    }

    #[test]
    fn what_can_not_be_is_refused_without_files() {
        let refused = |change: &dyn Fn(&mut PcaJob)| {
            let mut job = job();
            change(&mut job);
            check(&job).expect_err("it is refused").to_string()
        };
        let column = WireColumn { file: None, column: "Pop".to_owned() };
        assert!(
            refused(&|job| job.population = Some(column.clone()))
                .contains("there is no file with the column")
        );
        assert!(refused(&|job| job.components = Some(0)).contains("the number of components"));
        assert!(refused(&|job| job.scale = "x".to_owned()).contains("give observed or hardy-weinberg"));
        let pruning = |window, step| Some(Pruning { window, step, r2: 0.2 });
        assert!(refused(&|job| job.pruning = pruning(None, 1)).contains("there is no window"));
        assert!(
            refused(&|job| job.pruning = pruning(Some(Window::Variants(10)), 0)).contains("a window of 0")
        );
        check(&job()).expect("a sound job");
    }
}

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use steppe_formats::FormatError;
use steppe_store::Location;

use super::{
    InputRecord, RunRecord, ScoreRecord, folder::ResultFolder, match_log, run_record::CohortRecord,
    sequel::SequelPlan, summary,
};
use crate::{
    EngineError,
    score::{Gate, KERNEL_SEMANTICS, ScoreColumn, ScoreJob},
};

/// The record of a run while it is filled in.
pub(super) struct Run {
    pub record: RunRecord,
}

impl Run {
    /// Describes a prepared job; its identity is known then.
    pub(super) fn describe(
        kind: &str,
        location: &Location,
        job: &ScoreJob,
        sscore: bool,
        more: SequelPlan,
    ) -> Result<Self, EngineError> {
        let mut inputs = inputs(job)?;
        inputs.extend(more.inputs);
        let mut parameters = parameters(job, sscore);
        parameters.extend(more.parameters);
        let manifest = job.cohort.manifest();
        let cohort = CohortRecord {
            location: location.to_string(),
            digest: job.cohort.digest().to_owned(),
            genome_build: manifest.genome_build()?.to_string(),
            samples: job.samples.len() as u64,
            samples_kept: job.kept_count() as u64,
            variants: u64::from(manifest.variants),
        };
        let hashes: Vec<(&str, &str)> =
            inputs.iter().map(|input| (input.role.as_str(), input.blake3.as_str())).collect();
        let identity = json!([kind, KERNEL_SEMANTICS, cohort.digest, parameters, hashes]);
        let record = RunRecord {
            kind: kind.to_owned(),
            job: blake3::hash(identity.to_string().as_bytes()).to_hex().to_string(),
            steppe_version: env!("CARGO_PKG_VERSION").to_owned(),
            kernel_semantics: KERNEL_SEMANTICS,
            finished_unix: 0,
            cohort,
            parameters,
            inputs,
            unknown_selected: job.unknown_selected(),
            scores: Vec::new(),
            notices: more.notices,
            outputs: Vec::new(),
            timings: Map::new(),
        };
        Ok(Self { record })
    }

    /// Notes how long a stage took.
    pub(super) fn timing(&mut self, stage: &str, since: Instant) {
        let seconds = (since.elapsed().as_secs_f64() * 1e6).round() / 1e6;
        self.record.timings.insert(stage.to_owned(), json!(seconds));
    }

    /// Writes the match log and the summary.
    pub(super) fn write_matching(
        &mut self,
        folder: &ResultFolder,
        job: &ScoreJob,
    ) -> Result<(), EngineError> {
        self.record.scores = job.columns.iter().map(|column| score_record(job, column)).collect();
        self.record.outputs.push(match_log::write(
            folder.path(),
            &job.files,
            &job.variants,
            job.options.threads,
        )?);
        self.record.outputs.push(summary::write(folder.path(), &self.record.scores)?);
        Ok(())
    }

    /// Makes the result visible.
    pub(super) fn commit(mut self, folder: ResultFolder) -> Result<RunRecord, EngineError> {
        self.record.finished_unix =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        folder.commit(&self.record)?;
        Ok(self.record)
    }
}

fn inputs(job: &ScoreJob) -> Result<Vec<InputRecord>, EngineError> {
    let mut inputs: Vec<InputRecord> = job
        .files
        .iter()
        .map(|matched| {
            let file = &matched.source.file;
            InputRecord {
                path: file.path.display().to_string(),
                role: "scoring_file".to_owned(),
                blake3: matched.source.blake3.clone(),
                bytes: file.bytes,
                notes: file.notes.iter().map(Into::into).collect(),
            }
        })
        .collect();
    let options = &job.options;
    let lists =
        [("frequencies", &options.frequency_file), ("keep", &options.keep), ("remove", &options.remove)];
    for (role, path) in lists {
        let Some(path) = path else { continue };
        let bytes = std::fs::read(path).map_err(|source| FormatError::io(path, "can not open", source))?;
        inputs.push(InputRecord {
            path: options.name_of(path).display().to_string(),
            role: role.to_owned(),
            blake3: blake3::hash(&bytes).to_hex().to_string(),
            bytes: bytes.len() as u64,
            notes: Vec::new(),
        });
    }
    Ok(inputs)
}

/// Everything that can change a result; threads, memory and kernel level can not.
fn parameters(job: &ScoreJob, sscore: bool) -> Map<String, Value> {
    let matching = &job.options.matching;
    let mut map = Map::new();
    map.insert("missing".into(), json!(job.options.missing.as_str()));
    map.insert("min_overlap".into(), json!(matching.min_overlap));
    map.insert("matching".into(), json!(format!("{:?}", matching.rules)));
    map.insert("reading".into(), json!(format!("{:?}", matching.read)));
    map.insert("assume_build".into(), json!(matching.accept_unknown_build));
    map.insert("sscore".into(), json!(sscore));
    map
}

/// What `run.json` says of a score.
pub(super) fn score_record(job: &ScoreJob, column: &ScoreColumn) -> ScoreRecord {
    let overlap = &column.overlap;
    let (rows_unsupported, unsupported_weight) = overlap
        .unsupported
        .iter()
        .fold((0, 0.0), |(rows, weight), kind| (rows + kind.rows, weight + kind.weight));
    let mut reasons: std::collections::BTreeMap<String, u64> =
        overlap.reasons.iter().map(|(reason, (rows, _))| ((*reason).to_owned(), *rows)).collect();
    for kind in &overlap.unsupported {
        reasons.insert(format!("unsupported_{}", kind.kind), kind.rows);
    }
    ScoreRecord {
        name: column.name.clone(),
        file: job.files[column.file].source.file.path.display().to_string(),
        skipped: match &column.gate {
            Gate::Pass => None,
            Gate::Skip(reason) => Some(reason.clone()),
        },
        rows: overlap.rows,
        rows_matched: overlap.rows_matched,
        rows_excluded: overlap.rows_excluded,
        rows_unmatched: overlap.rows_unmatched,
        rows_unsupported,
        unsupported_weight_share: if overlap.weight > 0.0 {
            unsupported_weight / overlap.weight
        } else {
            0.0
        },
        overlap_rows: overlap.by_rows(),
        overlap_weight: overlap.by_weight(),
        overlap_variance: overlap.by_variance(),
        rows_without_frequency: overlap.rows_without_frequency,
        reasons,
        imputed_from_founders: column.imputed_from_founders,
        imputed_from_half: column.imputed_from_half,
        fixed_point_shift: column.scale.map(|scale| scale.shift),
        error_bound: column.error_bound(),
    }
}

//! What scores of few variants give away, as `steppe leakage` measured it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use steppe_privacy::policy::Precision;

use crate::{
    EngineError,
    output::{InputRecord, RunRecord, unseal},
    sql::runs::NamedRun,
};

/// The kind of runs that measure it.
const KIND: &str = "leakage";

/// Shares of genotypes over the baseline, by score and by the name of the release.
#[derive(Debug, Default)]
pub(super) struct Measured(BTreeMap<String, BTreeMap<String, f64>>);

/// The part of a measurement's record that is looked at.
#[derive(Deserialize)]
struct Record {
    #[serde(rename = "traits")]
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    score: String,
    file: String,
    variants: u64,
    release: Option<String>,
    excess: Option<f64>,
}

impl Measured {
    /// The measurements among some results that are of scores as the other results computed them: of the same scoring
    /// file, in the same cohort, over as many variants. Waits for storage.
    ///
    /// # Errors
    /// A measurement that can not be read.
    pub(super) fn of_runs(runs: &[NamedRun]) -> Result<Self, EngineError> {
        let mut measured = Self::default();
        for run in runs.iter().filter(|run| run.record.kind == KIND) {
            let file = run.folder.child("run.json");
            let Record { rows } = unseal(&file.read()?).map_err(|problem| {
                EngineError::refused(
                    format!("{file}: the measurement can not be read: {problem}"),
                    "measure again with steppe leakage --out",
                )
            })?;
            for row in rows {
                let of_same = runs.iter().filter(|other| other.record.kind != KIND);
                let as_computed = of_same.map(|other| is_of(&row, &run.record, &other.record));
                // Of no run that computed the score something else.
                let is_theirs = as_computed.flatten().collect::<BTreeSet<_>>() == BTreeSet::from([true]);
                if let (true, Some(release), Some(excess)) = (is_theirs, row.release, row.excess) {
                    let most = measured.0.entry(row.score).or_default().entry(release).or_insert(excess);
                    *most = most.max(excess);
                }
            }
        }
        Ok(measured)
    }

    /// What a score gives away to whoever sees it at some precision; `None` was not measured. Who sees Z to one decimal
    /// sees percentiles, too: the larger counts.
    pub(super) fn excess(&self, score: &str, precision: Precision, grid: u32) -> Option<f64> {
        let of = self.0.get(score)?;
        match precision {
            Precision::Raw => of.get("raw").copied(),
            Precision::Rounded => {
                let percentile = of.get(&format!("percentile:{grid}"))?;
                Some(of.get("z:1")?.max(*percentile))
            }
            Precision::Aggregates | Precision::Nothing => None,
        }
    }
}

/// Whether a row measures what a run computed; `None` where the run has no such score.
fn is_of(row: &Row, measurement: &RunRecord, run: &RunRecord) -> Option<bool> {
    let score = run.scores.iter().find(|score| score.name == row.score && score.skipped.is_none())?;
    let hash = |record: &RunRecord, file: &str| {
        let is_it = |input: &&InputRecord| input.role == "scoring_file" && input.path == file;
        record.inputs.iter().find(is_it).map(|input| input.blake3.clone())
    };
    let (one, other) = (hash(measurement, &row.file), hash(run, &score.file));
    let is_same_file = one.is_some() && one == other;
    let is_same_cohort = measurement.cohort.digest == run.cohort.digest;
    Some(is_same_file && is_same_cohort && row.variants == score.rows_matched)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use steppe_store::Location;

    use super::*;
    use crate::output::seal;

    fn record(kind: &str, file: &str, hash: &str, digest: &str) -> Value {
        json!({
            "kind": kind, "job": "j", "steppe_version": "0", "kernel_semantics": 1, "finished_unix": 0,
            "cohort": { "location": "c", "digest": digest, "genome_build": "GRCh38", "samples": 9, "samples_kept": 9,
                "variants": 9 },
            "parameters": {}, "outputs": [], "timings": {},
            "inputs": [{ "path": file, "role": "scoring_file", "blake3": hash, "bytes": 1, "notes": [] }],
        })
    }

    /// A run that computed score `S` of `variants` variants.
    fn computed(hash: &str, digest: &str, variants: u64) -> Value {
        let mut run = record("score", "here/s.txt", hash, digest);
        run["scores"] = json!([{
            "name": "S", "file": "here/s.txt", "skipped": null, "rows": variants, "rows_matched": variants,
            "rows_excluded": 0, "rows_unmatched": 0, "rows_unsupported": 0, "unsupported_weight_share": 0.0,
            "overlap_rows": 1.0, "overlap_weight": 1.0, "overlap_variance": 1.0, "rows_without_frequency": 0,
            "reasons": {}, "imputed_from_founders": 0, "imputed_from_half": 0, "fixed_point_shift": 1, "error_bound": 0.0,
        }]);
        run
    }

    fn measurement() -> Value {
        let mut run = record("leakage", "there/s.txt", "h", "d");
        let row = |release: Value, excess: Value| json!({ "score": "S", "file": "there/s.txt", "variants": 7, "release": release, "excess": excess });
        run["traits"] = json!([
            row(json!("raw"), json!(0.4)),
            row(json!("z:1"), json!(0.02)),
            row(json!("percentile:5"), json!(0.03)),
            row(json!("decimals:9"), Value::Null),
            row(Value::Null, Value::Null),
        ]);
        run
    }

    fn measured(runs: &[Value]) -> Measured {
        let folder = tempfile::tempdir().expect("a folder");
        let named = runs.iter().enumerate().map(|(at, run)| {
            let (name, bytes) = (at.to_string(), seal(run).expect("numbers"));
            let place = folder.path().join(&name);
            std::fs::create_dir(&place).expect("a folder");
            std::fs::write(place.join("run.json"), &bytes).expect("a file");
            let folder = Location::parse(&place.display().to_string()).expect("a location");
            let record = RunRecord::from_bytes("run.json", &bytes).expect("a record");
            NamedRun { name, folder, record }
        });
        Measured::of_runs(&named.collect::<Vec<_>>()).expect("a measurement")
    }

    #[test]
    fn a_measurement_is_of_what_it_measured() {
        let of = |runs: &[Value], precision| measured(runs).excess("S", precision, 5);
        let same = [computed("h", "d", 7), measurement()];
        assert_eq!(of(&same, Precision::Raw), Some(0.4));
        assert_eq!(of(&same, Precision::Rounded), Some(0.03), "the larger of the two");
        assert_eq!(of(&same, Precision::Aggregates), None);
        assert_eq!(measured(&same).excess("S", Precision::Rounded, 10), None, "another grid");
        assert_eq!(measured(&same).excess("T", Precision::Raw, 5), None);
        for other in [computed("other file", "d", 7), computed("h", "other cohort", 7), computed("h", "d", 6)]
        {
            assert_eq!(of(&[other.clone(), measurement()], Precision::Raw), None);
            assert_eq!(
                of(&[other, computed("h", "d", 7), measurement()], Precision::Raw),
                None,
                "one of two"
            );
        }
        assert_eq!(of(&[measurement()], Precision::Raw), None, "nobody computed it");
    }
}

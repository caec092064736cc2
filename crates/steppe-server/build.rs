//! Compiles the public API, without a system protoc.

use std::{error::Error, path::PathBuf};

use prost::Message;

/// Messages that the job log keeps as JSON.
const STORED: [&str; 20] = [
    "steppe.job.v1.JobSpec",
    "steppe.job.v1.JobSpec.job",
    "steppe.job.v1.ScoreJob",
    "steppe.job.v1.Calibration",
    "steppe.job.v1.ImportJob",
    "steppe.job.v1.LassoJob",
    "steppe.job.v1.RidgeJob",
    "steppe.job.v1.AssocJob",
    "steppe.job.v1.PcaJob",
    "steppe.job.v1.Pruning",
    "steppe.job.v1.Pruning.window",
    "steppe.job.v1.AncestryJob",
    "steppe.job.v1.CalibrateJob",
    "steppe.job.v1.ResultFiles",
    "steppe.job.v1.TraitFiles",
    "steppe.job.v1.Selection",
    "steppe.job.v1.SampleColumn",
    "steppe.job.v1.Matching",
    "steppe.job.v1.InputFile",
    "steppe.job.v1.InputFile.source",
];

fn main() -> Result<(), Box<dyn Error>> {
    let proto = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    let files =
        ["steppe/job/v1/job.proto", "steppe/cohort/v1/cohort.proto", "steppe/cluster/v1/cluster.proto"];
    for file in files {
        println!("cargo::rerun-if-changed={}", proto.join(file).display());
    }
    let compiled = protox::compile(files, [&proto])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), compiled.encode_to_vec())?;
    let mut builder = tonic_prost_build::configure();
    for message in STORED {
        builder = builder.type_attribute(message, "#[derive(serde::Serialize, serde::Deserialize)]");
    }
    // A job without one is the job that it was before there were any.
    let absent = "#[serde(default, skip_serializing_if = \"Option::is_none\")]";
    builder = builder.field_attribute("steppe.job.v1.ScoreJob.calibration", absent);
    builder.compile_fds(compiled)?;
    Ok(())
}

//! Compiles the operators' wire form, without a system protoc.

use std::{error::Error, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let proto = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    let file = "steppe/plan/v1/plan.proto";
    println!("cargo::rerun-if-changed={}", proto.join(file).display());
    let compiled = protox::compile([file], [&proto])?;
    prost_build::Config::new().compile_fds(compiled)?;
    Ok(())
}

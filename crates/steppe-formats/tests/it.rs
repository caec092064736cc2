//! Integration tests of the readers and writers.

#[path = "it/fuzz_scoring_file.rs"]
mod fuzz_scoring_file;
#[path = "it/scoring_file.rs"]
mod scoring_file;
#[path = "it/scoring_file_bad_inputs.rs"]
mod scoring_file_bad_inputs;
#[path = "it/scoring_file_peers.rs"]
mod scoring_file_peers;
#[path = "it/scoring_file_support.rs"]
mod scoring_file_support;

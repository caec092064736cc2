//! Integration tests of the readers and writers.

#[cfg(test)]
mod it {
    mod fuzz_scoring_file;
    mod scoring_file;
    mod scoring_file_bad_inputs;
    mod scoring_file_peers;
    mod scoring_file_support;
}

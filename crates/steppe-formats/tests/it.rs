//! Integration tests of the readers and writers.

#[cfg(test)]
mod it {
    mod association_writer;
    mod fuzz_phenotype;
    mod fuzz_plink1;
    mod fuzz_scoring_file;
    mod phenotype;
    mod phenotype_bad_inputs;
    mod plink1_bad_inputs;
    mod plink1_oracle;
    mod plink1_properties;
    mod regenie_writer;
    mod scoring_file;
    mod scoring_file_bad_inputs;
    mod scoring_file_peers;
    mod scoring_file_support;
    mod scoring_file_writer;
    mod variant_list;
}

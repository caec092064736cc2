//! Tests of the public interface.

#[cfg(test)]
mod it {
    mod absolute_risk;
    mod adjust_pgscatalog;
    mod adjust_smooth;
    mod admixture;
    mod ancestry_populations;
    mod ancestry_simulated;
    mod ancestry_thousand_genomes;
    mod combination;
    mod evaluate_coverage;
    mod evaluate_deciles;
    mod evaluate_edges;
    mod evaluate_oracle;
    mod evaluate_properties;
    mod evaluate_support;
    mod evaluate_survival;
    mod faults;
    mod genotypes;
    mod intervals;
    mod model_bits;
    mod pca_components;
    mod pca_prune;
    mod pca_selection;
    mod projection_fraposa;
    mod recalibration;
    mod simulated_truth;
}

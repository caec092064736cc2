//! Tests of the public interface.

#[cfg(test)]
mod it {
    mod genotypes;
    mod pca_components;
    mod pca_prune;
    mod pca_selection;
    mod projection_fraposa;
}

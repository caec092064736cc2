//! Tests of the public interface.

#[cfg(test)]
mod it {
    mod assoc_oracle;
    mod assoc_plink2;
    mod assoc_properties;
    mod assoc_resume;
    mod assoc_simulated;
    mod assoc_support;
    mod lasso_certificate;
    mod lasso_glmnet;
    mod lasso_inputs;
    mod lasso_invariance;
    mod lasso_populations;
    mod lasso_regenie;
    mod lasso_resume;
    mod lasso_support;
    mod ridge_dense;
    mod ridge_faults;
    mod ridge_numpy;
    mod ridge_support;
    mod runs;
}

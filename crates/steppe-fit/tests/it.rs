//! Tests of the public interface.

#[cfg(test)]
mod it {
    mod lasso_certificate;
    mod lasso_glmnet;
    mod lasso_inputs;
    mod lasso_invariance;
    mod lasso_populations;
    mod lasso_regenie;
    mod lasso_resume;
    mod lasso_support;
}

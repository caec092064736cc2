//! Tests of the public interface.

#[cfg(test)]
mod it {
    mod association;
    mod association_resume;
    mod bad_input;
    mod cross_validation;
    mod families;
    mod path;
    mod populations;
    mod resume;
    mod ridge;
    mod ridge_regenie;
    mod ridge_resume;
    mod ridge_support;
    mod stored;
    mod support;
}

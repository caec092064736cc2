//! Tests of the public interface.

#[cfg(test)]
mod it {
    mod bad_input;
    mod cross_validation;
    mod families;
    mod path;
    mod populations;
    mod resume;
    mod support;
}

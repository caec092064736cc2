//! Tests of the public interface.

#[cfg(test)]
mod it {
    mod evaluate_coverage;
    mod evaluate_edges;
    mod evaluate_oracle;
    mod evaluate_properties;
    mod evaluate_support;
}

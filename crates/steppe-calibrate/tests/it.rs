//! Tests of the public interface.

#[cfg(test)]
mod it {
    mod absolute_risk;
    mod adjust_pgscatalog;
    mod adjust_smooth;
    mod admixture;
    mod combination;
    mod faults;
    mod intervals;
    mod model_bits;
    mod recalibration;
    mod simulated_truth;
}

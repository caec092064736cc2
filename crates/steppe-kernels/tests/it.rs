//! Every level against a naive reference, one line per cell.

#[cfg(test)]
mod it {
    mod adjoint;
    mod bytes;
    mod forward;
    mod gather;
    mod gram;
    mod packed_column;
    mod runner;
    mod subtract;
}

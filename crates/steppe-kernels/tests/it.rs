//! Every level against a naive reference, one line per cell.

#[cfg(test)]
mod it {
    mod bytes;
    mod forward;
    mod runner;
}

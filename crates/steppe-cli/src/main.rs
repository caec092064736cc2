//! The steppe command.
fn main() {}

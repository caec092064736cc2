//! Bootstrap and permutation from seeded streams: the same seed gives the same draws, in any order and on any thread.

mod bootstrap;
mod permutation;
mod stream;

pub use bootstrap::Bootstrap;
pub use permutation::Permutation;
pub use stream::Stream;

//! tmp
/// e
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epsilon(u64);
impl Epsilon {
    /// x
    pub fn new(value: f64) -> Result<Self, crate::PrivacyError> {
        Ok(Self((value * 1e6) as u64))
    }
}

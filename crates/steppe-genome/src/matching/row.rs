use crate::Chromosome;

/// One row of a scoring file, as matching reads it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoringRow<'a> {
    /// The chromosome, where the row names one.
    pub chromosome: Option<&'a Chromosome>,
    /// The 1-based position; 0 where there is none.
    pub position: u32,
    /// The variant id (rsID); empty where there is none.
    pub id: &'a str,
    /// The allele that the weight belongs to.
    pub effect_allele: &'a str,
    /// The other allele; empty where there is none. Several, as in `A/T`, count as none.
    pub other_allele: &'a str,
    /// The effect allele's frequency as the scoring file states it, in 0..=1.
    pub effect_frequency: Option<f64>,
}

/// The rows of one scoring file, in file order. Rows of one table compete for variants; rows of different
/// tables do not.
pub trait ScoringRowTable: Sync {
    /// How many rows there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The row at `index`, which is below `len`.
    fn row(&self, index: usize) -> ScoringRow<'_>;
}

impl<T: ScoringRowTable + ?Sized> ScoringRowTable for &T {
    fn len(&self) -> usize {
        (**self).len()
    }

    fn row(&self, index: usize) -> ScoringRow<'_> {
        (**self).row(index)
    }
}

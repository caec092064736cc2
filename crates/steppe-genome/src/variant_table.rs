use crate::Chromosome;

/// The variants of a cohort in matrix order, as matching reads them.
///
/// Alleles keep PLINK's roles: the *counted* allele is the one whose copies the genotype codes count (A1 of a
/// .bim, plink2's ALT), the *other* allele is A2 (plink2's REF).
pub trait VariantTable: Sync {
    /// How many variants there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The chromosome of a variant.
    fn chromosome(&self, variant: usize) -> &Chromosome;

    /// The 1-based position; 0 where there is none.
    fn position(&self, variant: usize) -> u32;

    /// The variant id as the file has it; `.` where there is none.
    fn id(&self, variant: usize) -> &str;

    /// The allele whose copies are counted.
    fn counted_allele(&self, variant: usize) -> &str;

    /// The other allele.
    fn other_allele(&self, variant: usize) -> &str;

    /// Whether the variant is one alternate allele of several that the source lists at one site (a .pvar whose
    /// ALT is `A,C`). PLINK 1 files can not say so: there it is always false, as in pgscatalog-match.
    fn is_multiallelic(&self, _variant: usize) -> bool {
        false
    }
}

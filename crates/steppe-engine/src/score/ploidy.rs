//! What a genotype code counts on each kind of chromosome: plink2's default model, found out by running it.
//!
//! | chromosome | who | dosage of codes 0, 1, 2 | alleles in the denominator |
//! |---|---|---|---|
//! | 1–22, pseudo-autosomal, unplaced, contigs | everybody | 0, 1, 2 | 2 |
//! | X (`--xchr-model 2`) | everybody, males too | 0, 1, 2 | 2 |
//! | Y | males | 0, ½, 1 | 1 |
//! | Y | females, unknown sex | takes no part | 0 |
//! | MT | everybody | 0, ½, 1 | 1 |

use steppe_genome::Ploidy;

use crate::pass::{SEX_CLASSES, SexClass};

/// What genotype codes mean on a chromosome, for samples of one sex.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CallModel {
    /// The counted allele's dosage of codes 0, 1 and 2.
    pub dosage: [f64; 3],
    /// The alleles that one call counts; 0 where these samples do not have the chromosome.
    pub alleles: u8,
}

/// Two copies.
pub(super) const DIPLOID: CallModel = CallModel { dosage: [0.0, 1.0, 2.0], alleles: 2 };
/// One copy; a heterozygous call is half of each.
pub(super) const HAPLOID: CallModel = CallModel { dosage: [0.0, 0.5, 1.0], alleles: 1 };
/// None.
pub(super) const ABSENT: CallModel = CallModel { dosage: [0.0; 3], alleles: 0 };

/// The model of every sex class, in the order of [`SEX_CLASSES`].
pub(super) fn call_models(ploidy: Ploidy) -> [CallModel; 3] {
    SEX_CLASSES.map(|class| match (ploidy, class) {
        (Ploidy::Diploid | Ploidy::X, _) => DIPLOID,
        (Ploidy::Haploid, _) | (Ploidy::Y, SexClass::Male) => HAPLOID,
        (Ploidy::Y, SexClass::Female | SexClass::Unknown) => ABSENT,
    })
}

/// Whether only some sexes count.
pub(super) fn depends_on_sex(ploidy: Ploidy) -> bool {
    ploidy == Ploidy::Y
}

/// Whether a call counts one allele where it counts at all.
pub(super) fn is_haploid(ploidy: Ploidy) -> bool {
    matches!(ploidy, Ploidy::Y | Ploidy::Haploid)
}

/// Whether only additive effects are defined (plink2 refuses others there).
pub(super) fn is_haploid_or_x(ploidy: Ploidy) -> bool {
    ploidy != Ploidy::Diploid
}

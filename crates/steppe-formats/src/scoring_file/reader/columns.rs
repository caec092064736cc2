//! What column names mean.

use crate::scoring_file::rows::UnsupportedKind;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Id,
    Chromosome,
    Position,
    EffectAllele,
    OtherAllele,
    Weight,
    Dosage0,
    Dosage1,
    Dosage2,
    OddsRatio,
    HazardRatio,
    Frequency,
    Dominant,
    Recessive,
    Interaction,
    Haplotype,
    Diplotype,
    VariantType,
    EffectType,
    Accession,
    HarmonisedId,
    HarmonisedChromosome,
    HarmonisedPosition,
    HarmonisedOtherAllele,
}

impl Role {
    pub(super) const COUNT: usize = Self::HarmonisedOtherAllele as usize + 1;

    /// The flags that make a row one that is not scored.
    pub(super) const COMPLEX: [(Self, UnsupportedKind); 3] = [
        (Self::Interaction, UnsupportedKind::Interaction),
        (Self::Diplotype, UnsupportedKind::Diplotype),
        (Self::Haplotype, UnsupportedKind::Haplotype),
    ];
}

/// What a column name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// A name of the format's specification.
    Exact(Role),
    /// A name that other tools use for it.
    Alias(Role),
    /// Known, and of no use to scoring.
    Informative,
    /// Known from summary statistics (standard errors, p values, …): neither a weight nor of use.
    Statistic,
    /// Anything else; in a wide table, a score.
    Unknown,
}

/// Names of the PGS Catalog's format 2.0, and of the files that its tools write.
const EXACT: &[(&str, Role)] = &[
    ("rsID", Role::Id),
    ("rsid", Role::Id),
    ("chr_name", Role::Chromosome),
    ("chr_position", Role::Position),
    ("effect_allele", Role::EffectAllele),
    ("other_allele", Role::OtherAllele),
    ("effect_weight", Role::Weight),
    ("dosage_0_weight", Role::Dosage0),
    ("dosage_1_weight", Role::Dosage1),
    ("dosage_2_weight", Role::Dosage2),
    ("OR", Role::OddsRatio),
    ("HR", Role::HazardRatio),
    ("allelefrequency_effect", Role::Frequency),
    ("is_dominant", Role::Dominant),
    ("is_recessive", Role::Recessive),
    ("is_interaction", Role::Interaction),
    ("is_haplotype", Role::Haplotype),
    ("is_diplotype", Role::Diplotype),
    ("variant_type", Role::VariantType),
    ("effect_type", Role::EffectType),
    ("accession", Role::Accession),
    ("hm_rsID", Role::HarmonisedId),
    ("hm_chr", Role::HarmonisedChromosome),
    ("hm_pos", Role::HarmonisedPosition),
    ("hm_inferOtherAllele", Role::HarmonisedOtherAllele),
];

/// Names of the format that scoring has no use for. `weight_type` is the old format's, per row; the last two are
/// of the files that pgscatalog-format writes.
const INFORMATIVE: &[&str] = &[
    "locus_name",
    "imputation_method",
    "variant_description",
    "inclusion_criteria",
    "hm_source",
    "hm_match_chr",
    "hm_match_pos",
    "weight_type",
    "row_nr",
    "is_duplicated",
];

/// Names that other tools use, in lower case. REF and ALT are not here: which of them is counted differs by tool.
const ALIASES: &[(&str, Role)] = &[
    ("id", Role::Id),
    ("snp", Role::Id),
    ("snpid", Role::Id),
    ("snp_id", Role::Id),
    ("rs_id", Role::Id),
    ("rsid", Role::Id),
    ("variant", Role::Id),
    ("variant_id", Role::Id),
    ("varid", Role::Id),
    ("marker", Role::Id),
    ("markername", Role::Id),
    ("chr", Role::Chromosome),
    ("chrom", Role::Chromosome),
    ("chromosome", Role::Chromosome),
    ("pos", Role::Position),
    ("bp", Role::Position),
    ("position", Role::Position),
    ("base_pair_location", Role::Position),
    ("a1", Role::EffectAllele),
    ("ea", Role::EffectAllele),
    ("allele", Role::EffectAllele),
    ("effect_allele", Role::EffectAllele),
    ("tested_allele", Role::EffectAllele),
    ("counted_allele", Role::EffectAllele),
    ("a2", Role::OtherAllele),
    ("oa", Role::OtherAllele),
    ("nea", Role::OtherAllele),
    ("other_allele", Role::OtherAllele),
    ("non_effect_allele", Role::OtherAllele),
    ("reference_allele", Role::OtherAllele),
    ("effect_weight", Role::Weight),
    ("weight", Role::Weight),
    ("beta", Role::Weight),
    ("effect", Role::Weight),
];

/// Columns of summary statistics, in lower case.
const STATISTICS: &[&str] = &[
    "se",
    "stderr",
    "standard_error",
    "p",
    "pval",
    "pvalue",
    "p_value",
    "p-value",
    "z",
    "t_stat",
    "n",
    "n_eff",
    "maf",
    "eaf",
    "freq",
    "af",
    "effect_allele_frequency",
    "info",
    "cm",
];

/// What a column name means.
pub(super) fn naming(name: &str) -> Naming {
    if let Some((_, role)) = EXACT.iter().find(|(exact, _)| *exact == name) {
        return Naming::Exact(*role);
    }
    if INFORMATIVE.contains(&name) || name.starts_with("allelefrequency_effect_") {
        return Naming::Informative;
    }
    let lower = name.to_ascii_lowercase();
    if let Some((_, role)) = ALIASES.iter().find(|(alias, _)| *alias == lower) {
        return Naming::Alias(*role);
    }
    if STATISTICS.contains(&lower.as_str()) { Naming::Statistic } else { Naming::Unknown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_format_and_of_others() {
        assert_eq!(naming("rsID"), Naming::Exact(Role::Id));
        assert_eq!(naming("RSID"), Naming::Alias(Role::Id));
        assert_eq!(naming("A1"), Naming::Alias(Role::EffectAllele));
        assert_eq!(naming("ALT"), Naming::Unknown);
        assert_eq!(naming("P"), Naming::Statistic);
        assert_eq!(naming("allelefrequency_effect_European"), Naming::Informative);
        assert_eq!(naming("PGS000018"), Naming::Unknown);
    }

    #[test]
    fn every_role_has_a_name() {
        for role in 0..Role::COUNT {
            assert!(EXACT.iter().any(|(_, named)| *named as usize == role), "role {role}");
        }
    }
}

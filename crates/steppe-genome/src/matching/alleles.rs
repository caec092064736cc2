use super::MatchType;

/// A set of match types: bit i stands for `MatchType::ALL[i]`, so the lowest bit is the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct MatchTypes(u8);

impl MatchTypes {
    fn insert_if(&mut self, holds: bool, kind: MatchType) {
        self.0 |= u8::from(holds) << (kind as u8);
    }

    /// The most preferred type.
    pub(super) fn best(self) -> Option<MatchType> {
        MatchType::ALL.get(self.0.trailing_zeros() as usize).copied()
    }

    /// All types of the set, most preferred first.
    pub(super) fn iter(self) -> impl Iterator<Item = MatchType> {
        MatchType::ALL.into_iter().filter(move |&kind| self.0 & (1 << (kind as u8)) != 0)
    }
}

/// A row's alleles, made ready to be compared with many variants.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowAlleles<'a> {
    effect: &'a [u8],
    /// Empty where the row has none, or several.
    other: &'a [u8],
    flips: bool,
}

impl<'a> RowAlleles<'a> {
    /// `flips`: whether a row without other allele may match on the other strand.
    pub(super) fn new(effect: &'a str, other: &'a str, flips: bool) -> Self {
        let other = if is_missing(other) || other.contains('/') { "" } else { other };
        Self { effect: effect.as_bytes(), other: other.as_bytes(), flips: flips || !other.is_empty() }
    }

    /// Whether the effect allele is a sequence of A, C, G and T.
    pub(super) fn effect_is_sequence(&self) -> bool {
        !self.effect.is_empty() && self.effect.iter().all(|&base| folded(base) != 0)
    }

    /// How the row's alleles correspond to a variant's.
    pub(super) fn compare(&self, reference: &str, alternate: &str) -> MatchTypes {
        let (reference, alternate) = (reference.as_bytes(), alternate.as_bytes());
        let mut types = MatchTypes::default();
        if is_missing_bytes(self.effect) {
            return types;
        }
        if self.other.is_empty() {
            types.insert_if(same(self.effect, reference), MatchType::NoOaRef);
            types.insert_if(same(self.effect, alternate), MatchType::NoOaAlt);
            if self.flips {
                types.insert_if(complementary(self.effect, reference), MatchType::NoOaRefFlip);
                types.insert_if(complementary(self.effect, alternate), MatchType::NoOaAltFlip);
            }
            return types;
        }
        let (effect, other) = (self.effect, self.other);
        types.insert_if(same(effect, reference) && same(other, alternate), MatchType::RefAlt);
        types.insert_if(same(effect, alternate) && same(other, reference), MatchType::AltRef);
        types.insert_if(
            complementary(effect, reference) && complementary(other, alternate),
            MatchType::RefAltFlip,
        );
        types.insert_if(
            complementary(effect, alternate) && complementary(other, reference),
            MatchType::AltRefFlip,
        );
        types
    }
}

/// Whether a variant's alleles are each other's complement.
pub(super) fn is_ambiguous(reference: &str, alternate: &str) -> bool {
    complementary(reference.as_bytes(), alternate.as_bytes())
}

fn is_missing(allele: &str) -> bool {
    is_missing_bytes(allele.as_bytes())
}

fn is_missing_bytes(allele: &[u8]) -> bool {
    matches!(allele, b"" | b"0" | b".")
}

/// A base in upper case; 0 for every other letter.
fn folded(base: u8) -> u8 {
    match base {
        b'A' | b'a' => b'A',
        b'C' | b'c' => b'C',
        b'G' | b'g' => b'G',
        b'T' | b't' => b'T',
        _ => 0,
    }
}

/// Equal as they stand, or equal sequences in another case. `D` and `d` are different names.
fn same(first: &[u8], second: &[u8]) -> bool {
    first == second
        || (first.len() == second.len()
            && first.iter().zip(second).all(|(&a, &b)| folded(a) != 0 && folded(a) == folded(b)))
}

/// Equal after complementing one of them base by base, not reversed. False where there is another letter.
fn complementary(first: &[u8], second: &[u8]) -> bool {
    first.len() == second.len()
        && !first.is_empty()
        && first.iter().zip(second).all(|(&a, &b)| {
            matches!((folded(a), folded(b)), (b'A', b'T') | (b'T', b'A') | (b'C', b'G') | (b'G', b'C'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(effect: &str, other: &str, reference: &str, alternate: &str) -> Vec<&'static str> {
        RowAlleles::new(effect, other, true)
            .compare(reference, alternate)
            .iter()
            .map(MatchType::as_str)
            .collect()
    }

    #[test]
    fn two_alleles_match_in_four_ways() {
        assert_eq!(types("A", "C", "A", "C"), ["refalt"]);
        assert_eq!(types("A", "C", "C", "A"), ["altref"]);
        assert_eq!(types("A", "C", "T", "G"), ["refalt_flip"]);
        assert_eq!(types("A", "C", "G", "T"), ["altref_flip"]);
        assert_eq!(types("A", "T", "A", "T"), ["refalt", "altref_flip"]);
        assert_eq!(types("A", "T", "T", "A"), ["altref", "refalt_flip"]);
        assert!(types("A", "C", "A", "G").is_empty());
    }

    #[test]
    fn one_allele_matches_in_four_ways() {
        assert_eq!(types("A", "", "A", "C"), ["no_oa_ref"]);
        assert_eq!(types("A", ".", "C", "A"), ["no_oa_alt"]);
        assert_eq!(types("A", "C/G", "T", "C"), ["no_oa_ref_flip"]);
        assert_eq!(types("A", "", "C", "T"), ["no_oa_alt_flip"]);
        assert_eq!(types("A", "", "A", "T"), ["no_oa_ref", "no_oa_alt_flip"]);
    }

    #[test]
    fn rows_without_flips_keep_their_strand() {
        let row = RowAlleles::new("A", "", false);
        assert_eq!(row.compare("T", "C").best(), None);
        assert_eq!(row.compare("C", "A").best(), Some(MatchType::NoOaAlt));
        let row = RowAlleles::new("A", "C", false);
        assert_eq!(row.compare("T", "G").best(), Some(MatchType::RefAltFlip));
    }

    #[test]
    fn long_alleles_complement_without_reversal() {
        assert_eq!(types("ACC", "A", "A", "ACC"), ["altref"]);
        assert_eq!(types("TGG", "T", "A", "ACC"), ["altref_flip"]);
        assert!(types("GGT", "T", "A", "ACC").is_empty());
    }

    #[test]
    fn other_letters_match_only_literally() {
        assert_eq!(types("I", "D", "D", "I"), ["altref"]);
        assert_eq!(types("d", "D", "D", "d"), ["altref"]);
        assert_eq!(types("a", "c", "A", "C"), ["refalt"]);
        assert!(types("i", "D", "D", "I").is_empty());
        assert!(types("0", "", "0", "A").is_empty());
        assert!(types(".", "A", ".", "A").is_empty());
        assert!(types("A", "0", "0", "A").contains(&"no_oa_alt"));
        assert!(!RowAlleles::new("HLA-A*01", "", true).effect_is_sequence());
        assert!(RowAlleles::new("aCGT", "", true).effect_is_sequence());
    }

    #[test]
    fn complements_are_ambiguous() {
        assert!(is_ambiguous("A", "T"));
        assert!(is_ambiguous("AC", "TG"));
        assert!(!is_ambiguous("A", "C"));
        assert!(!is_ambiguous("I", "D"));
    }
}

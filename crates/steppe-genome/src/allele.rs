//! Alleles are strings of the file, compared as they stand; these are the few questions asked of them.

/// Whether an allele is a non-empty string of A, C, G and T (upper case).
pub fn is_acgt(allele: &str) -> bool {
    !allele.is_empty() && allele.bytes().all(|base| matches!(base, b'A' | b'C' | b'G' | b'T'))
}

/// The complement of an A/C/G/T string, base by base and *not* reversed, as pgscatalog-match does it;
/// `None` where there is another letter.
pub fn complement(allele: &str) -> Option<String> {
    if allele.is_empty() {
        return None;
    }
    allele
        .bytes()
        .map(|base| match base {
            b'A' => Some('T'),
            b'C' => Some('G'),
            b'G' => Some('C'),
            b'T' => Some('A'),
            _ => None,
        })
        .collect()
}

/// Whether two alleles are each other's complement (A/T, C/G, also `AC`/`TG`), so that the strand can not be
/// told from the letters.
pub fn is_palindromic(first: &str, second: &str) -> bool {
    first.len() == second.len()
        && !first.is_empty()
        && first
            .bytes()
            .zip(second.bytes())
            .all(|pair| matches!(pair, (b'A', b'T') | (b'T', b'A') | (b'C', b'G') | (b'G', b'C')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn palindromes_are_complements() {
        assert!(is_palindromic("A", "T"));
        assert!(is_palindromic("AC", "TG"));
        assert!(!is_palindromic("A", "G"));
        assert!(!is_palindromic("A", "TT"));
        assert_eq!(complement("ACGT").as_deref(), Some("TGCA"));
        assert_eq!(complement("I"), None);
    }
}

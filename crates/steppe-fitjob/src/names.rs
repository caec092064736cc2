//! Names of traits and populations as parts of file names.

use std::collections::BTreeMap;
use steppe_engine::EngineError;

/// A name with `_` for every character other than ASCII letters, digits, `_`, `.` and `-`, and a letter or a digit first:
/// what scores and files may be called.
pub(super) fn safe(name: &str) -> String {
    let usual = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let safe: String = name.chars().map(|c| if usual(c) { c } else { '_' }).collect();
    match safe.chars().next() {
        Some(first) if first.is_ascii_alphanumeric() => safe,
        _ => format!("x{safe}"),
    }
}

/// The scoring file of a trait, of all populations or of one.
pub(super) fn score_file(score: &str) -> String {
    format!("{score}.score.txt")
}

/// The score of a trait, of all populations or of one.
pub(super) fn score_name(trait_name: &str, population: Option<&str>) -> String {
    match population {
        Some(population) => format!("{}.{}", safe(trait_name), safe(population)),
        None => safe(trait_name),
    }
}

/// Refuses two scores of one name, each with a `file`, also where only the case differs: some file systems do not tell these apart.
pub(super) fn check_distinct(
    traits: &[&str],
    populations: &[&str],
    file: impl Fn(&str) -> String,
) -> Result<(), EngineError> {
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    for name in traits {
        let own = std::iter::once(None).chain(populations.iter().copied().map(Some));
        for population in own {
            let score = score_name(name, population);
            let described = match population {
                Some(population) => format!("trait {name:?} of population {population:?}"),
                None => format!("trait {name:?}"),
            };
            if let Some(other) = taken.insert(score.to_lowercase(), described.clone()) {
                return Err(EngineError::refused(
                    format!("{described} and {other} would both be written to {}", file(&score)),
                    "rename one of them, with letters, digits, _, . and - alone",
                ));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_distinct() {
        assert_eq!(safe("LDL-c_2.0"), "LDL-c_2.0");
        assert_eq!(safe("../LDL c"), "x..\u{5f}LDL_c");
        assert_eq!(safe("холестерин"), "x__________");
        assert!(check_distinct(&["a b", "a.b"], &[], score_file).is_ok());
        let message = check_distinct(&["a b", "A/b"], &[], score_file).unwrap_err().to_string();
        assert_eq!(
            message,
            "trait \"A/b\" and trait \"a b\" would both be written to A_b.score.txt; rename one of them, with letters, \
             digits, _, . and - alone"
        );
        let message = check_distinct(&["a", "a.KAZ"], &["KAZ"], score_file).unwrap_err().to_string();
        assert!(message.contains("trait \"a.KAZ\" and trait \"a\" of population \"KAZ\""), "{message}");
    }
}

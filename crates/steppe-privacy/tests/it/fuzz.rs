//! Broken policies and statements, made from whole ones: they are read or refused, and nothing panics. The loops run a
//! moment by default, and `STEPPE_FUZZ_SECONDS` seconds each where that is set.

use std::time::{Duration, Instant};

use steppe_privacy::{
    PrivacyError,
    policy::{ColumnClass, Policy, Role},
    statement_caps::StatementCaps,
};

const POLICY: &str = include_str!("../../examples/policy.toml");
const STATEMENT: &str = "WITH s AS (SELECT * FROM scores_wide('set') WHERE \"PGS000018\" > 1.5e0 -- top\n) \
    SELECT population, count(*), E'\\'x', $$;$$ /* a /* b */ */ FROM s GROUP BY 1 HAVING count(*) >= $1;";

/// Pieces that broken texts have.
const PIECES: &[&str] = &[
    "[",
    "]",
    "[[",
    "=",
    "\"",
    "'",
    "'''",
    "\"\"\"",
    "\n",
    "#",
    "{",
    "}",
    ",",
    ".",
    "-1",
    "1e400",
    "nan",
    "inf",
    "0",
    "true",
    "1979-05-27",
    "\\u0000",
    "\0",
    "\u{feff}",
    "é",
    "role",
    "cohort",
    "width",
    "$$",
    "/*",
    "*/",
    "--",
    "(",
    ")",
    ";",
    "\\",
    "E'",
    "99999999999999999999",
];

/// xorshift64*: repeatable, and good enough to choose where to break a text.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound.max(1)
    }
}

/// Breaks a text in some places; what is then no UTF-8 is replaced.
fn broken(text: &str, dice: &mut Dice) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len() + 1);
        let end = (at + dice.below(40)).min(bytes.len());
        match dice.below(6) {
            0 => bytes.truncate(at),
            1 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let copy = bytes[at..end].to_vec();
                let to = dice.below(bytes.len() + 1);
                bytes.splice(to..to, copy);
            }
            _ => {
                let piece = PIECES[dice.below(PIECES.len())].as_bytes();
                bytes.splice(at..at, piece.iter().copied());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Calls with broken texts for as long as asked, and at least 500 times.
fn for_a_while(text: &str, mut look: impl FnMut(&str)) {
    let seconds =
        std::env::var("STEPPE_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(0);
    let (start, mut dice) = (Instant::now(), Dice(0x5EED));
    for round in 0.. {
        if round >= 500 && start.elapsed() >= Duration::from_secs(seconds) {
            return;
        }
        look(&broken(text, &mut dice));
    }
}

#[test]
fn broken_policies_are_read_or_refused() {
    let lines = POLICY.lines().count() + 200;
    let (mut read, mut refused) = (0, 0);
    for_a_while(POLICY, |text| match Policy::parse(text) {
        Ok(policy) => {
            read += 1;
            for class in ColumnClass::ALL {
                drop(policy.access(&Role::ALL.into(), "biobank", class));
            }
        }
        Err(PrivacyError::PolicySyntax { line, column, problem, .. }) => {
            refused += 1;
            assert!(
                (1..=lines).contains(&line) && column >= 1 && !problem.is_empty(),
                "{line} {column} {problem}"
            );
        }
        Err(PrivacyError::PolicyValue { line, .. }) => {
            refused += 1;
            assert!((1..=lines).contains(&line));
        }
        Err(other) => panic!("{other}"),
    });
    assert!(read > 0 && refused > 0, "{read} read, {refused} refused");
}

#[test]
fn broken_statements_are_counted_or_refused() {
    assert!(StatementCaps::default().check(STATEMENT).is_ok());
    let (mut counted, mut refused) = (0, 0);
    for_a_while(STATEMENT, |text| match StatementCaps::default().check(text) {
        Ok(size) => {
            counted += 1;
            assert!(size.terms <= text.chars().count() && size.nesting <= size.terms);
        }
        Err(fault) => {
            refused += 1;
            assert!(!fault.to_string().is_empty());
        }
    });
    assert!(counted > 0 && refused > 0, "{counted} counted, {refused} refused");
}

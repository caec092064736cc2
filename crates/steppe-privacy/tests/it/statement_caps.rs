//! Caps on statements: what is refused, and that counting neither fails nor is fooled.

use proptest::prelude::*;
use steppe_privacy::statement_caps::{StatementCaps, StatementFault, StatementSize};

fn check(statement: &str) -> Result<StatementSize, StatementFault> {
    StatementCaps::default().check(statement)
}

fn terms(statement: &str) -> usize {
    check(statement).expect(statement).terms
}

#[test]
fn terms_are_counted() {
    assert_eq!(terms(""), 0);
    assert_eq!(terms("SELECT 1"), 2);
    assert_eq!(terms("select a.b, 'it''s; (not)' from \"t;(\" -- ; ((( \n where x>=1.5;"), 15);
    assert_eq!(terms("select /* a /* nested; */ ( */ E'\\'; (' ;"), 2);
    assert_eq!(terms("select $$ ; ' ( $$, $x$ $$ ; $x$, $1, $2"), 8);
    assert_eq!(terms("select e'a' 'b' b'1'"), 4);
    assert_eq!(check("f(g[1], (2))").expect("nested").nesting, 2);
    assert_eq!(terms("wähle größe"), 2);
}

#[test]
fn caps_are_caps() {
    let list = |count: usize| vec!["1"; count].join(" ");
    assert_eq!(terms(&list(2000)), 2000);
    assert_eq!(check(&list(2001)), Err(StatementFault::Terms { most: 2000 }));
    let nested = |depth: usize| format!("select\n{}1{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(check(&nested(64)).expect("64 deep").nesting, 64);
    assert_eq!(check(&nested(65)), Err(StatementFault::Nesting { most: 64, line: 2 }));
    let long = |bytes: usize| format!("'{}'", "x".repeat(bytes - 2));
    assert_eq!(terms(&long(256 * 1024)), 1);
    assert!(matches!(check(&long(256 * 1024 + 1)), Err(StatementFault::Bytes { found: 262_145, .. })));
}

#[test]
fn one_statement_of_plain_text_is_let_through() {
    for second in ["select 1; select 2", ";x", "select 1;\n-- c\n drop table t", "select ';' ; ''", "a;$$x$$"]
    {
        assert!(matches!(check(second), Err(StatementFault::SecondStatement { .. })), "{second}");
    }
    for one in ["select 1;", "select 1;;  ; -- end", "select ';'", "select $$;$$ /* ; */"] {
        assert!(check(one).is_ok(), "{one}");
    }
    for (open, what) in [
        ("'a", "string"),
        ("\"a", "quoted name"),
        ("/* /* */", "comment"),
        ("$a$ $b$", "dollar-quoted string"),
        ("E'\\'", "string"),
        ("select 'a''", "string"),
    ] {
        assert_eq!(check(open), Err(StatementFault::Unfinished { what, line: 1 }), "{open}");
    }
    for (text, line) in [("a\0", 1), ("a\n'\u{1b}'", 2), ("-- \u{202e}", 1), ("\u{85}", 1), ("$$\u{7f}$$", 1)]
    {
        assert!(
            matches!(check(text), Err(StatementFault::Control { line: at, .. }) if at == line),
            "{text:?}"
        );
    }
    assert_eq!(
        check("\n\u{8}").expect_err("control").to_string(),
        "line 2: the control character U+0008 is not allowed; remove it"
    );
}

/// Pieces that statements are made of, whole and broken.
const PIECES: &[&str] = &[
    "select", " ", "\n", "'", "''", "\"", "`", "$$", "$a$", "$1", "E'", "\\", "\\'", "--", "/*", "*/", "(",
    ")", "[", ";", ",", ">=", "1.5e-3", "x_1", "é", "\u{2028}", "\r", "U&'", "{", "}",
];

fn texts() -> impl Strategy<Value = String> {
    let pieces = proptest::collection::vec(proptest::sample::select(PIECES), 0..60);
    prop_oneof![3 => pieces.prop_map(|pieces| pieces.concat()), 1 => any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn more_text_never_has_fewer_terms(one in texts(), other in texts()) {
        let caps = StatementCaps { bytes: 1 << 20, terms: 1 << 20, nesting: 1 << 20 };
        // Apart: a sign before "--" would be part of a comment.
        let (first, both) = (caps.check(&one), caps.check(&format!("{one} {other}")));
        if let (Ok(first), Ok(both)) = (first, both) {
            prop_assert!(both.terms >= first.terms, "{one:?} {other:?}");
            prop_assert!(both.nesting >= first.nesting);
        }
    }

    #[test]
    fn what_fits_larger_caps_and_not_smaller_ones_is_refused_for_that(text in texts(), terms in 0..40usize, nesting in 0..5usize) {
        let whole = StatementCaps { bytes: 1 << 20, terms: 1 << 20, nesting: 1 << 20 }.check(&text);
        let capped = StatementCaps { bytes: 1 << 20, terms, nesting }.check(&text);
        match (whole, capped) {
            (Ok(whole), Ok(capped)) => {
                prop_assert_eq!(whole, capped);
                prop_assert!(whole.terms <= terms && whole.nesting <= nesting);
            }
            (Ok(whole), Err(StatementFault::Terms { .. })) => prop_assert!(whole.terms > terms),
            (Ok(whole), Err(StatementFault::Nesting { .. })) => prop_assert!(whole.nesting > nesting),
            (Ok(_), Err(other)) => prop_assert!(false, "{other}"),
            (Err(_), capped) => prop_assert!(capped.is_err()),
        }
    }

    #[test]
    fn a_literal_is_one_term_whatever_is_in_it(inside in texts()) {
        let inside: String = inside.chars().filter(|c| !c.is_control()).collect();
        let literal = format!("'{}'", inside.replace('\'', "''"));
        prop_assert_eq!(check(&literal), Ok(StatementSize { terms: 1, nesting: 0 }));
        let name = format!("\"{}\"", inside.replace('"', "\"\""));
        prop_assert_eq!(check(&name), Ok(StatementSize { terms: 1, nesting: 0 }));
    }
}

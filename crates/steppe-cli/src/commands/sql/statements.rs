/// Splits a text into the statements that a `;` ends, without it, and what comes after the last one. A `;` in a
/// quoted text, a quoted name or a comment ends nothing.
pub(super) fn split(text: &str) -> (Vec<String>, &str) {
    let mut statements = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at).copied() {
        at = match byte {
            b';' => {
                let statement = text[start..at].trim();
                if !is_blank(statement) {
                    statements.push(statement.to_owned());
                }
                start = at + 1;
                start
            }
            b'\'' | b'"' => end_of(text, at + 1, &text[at..=at]),
            b'-' if text[at..].starts_with("--") => end_of(text, at + 2, "\n"),
            b'/' if text[at..].starts_with("/*") => end_of(text, at + 2, "*/"),
            _ => at + 1,
        };
    }
    (statements, &text[start..])
}

/// Where the piece that began before `from` and ends with `end` is over. A doubled quote opens the next piece, which
/// comes to the same.
fn end_of(text: &str, from: usize, end: &str) -> usize {
    text[from..].find(end).map_or(text.len(), |at| from + at + end.len())
}

/// Whether a text has nothing but space and comments.
pub(super) fn is_blank(text: &str) -> bool {
    let mut rest = text.trim_start();
    loop {
        rest = match rest.get(..2) {
            Some("--") => rest.split_once('\n').map_or("", |(_, after)| after),
            Some("/*") => rest.split_once("*/").map_or("", |(_, after)| after),
            _ => return rest.is_empty(),
        }
        .trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_end_statements() {
        let (statements, rest) = split("SELECT 1; SELECT\n2 ;; SELECT 3");
        assert_eq!(statements, ["SELECT 1", "SELECT\n2"]);
        assert_eq!(rest.trim(), "SELECT 3");
    }

    #[test]
    fn quoted_and_commented_semicolons_do_not() {
        let text = "SELECT 'a;''b;' AS \"x;y\" -- not; here\n/* nor; here */;";
        let (statements, rest) = split(text);
        assert_eq!(statements, [text.trim_end_matches(';')]);
        assert_eq!(rest, "");
    }

    #[test]
    fn what_is_open_goes_on() {
        for open in ["SELECT 'a;", "SELECT 1 /* ;", "SELECT \"é;", "SELECT 1 -- ;"] {
            assert_eq!(split(open), (vec![], open));
        }
    }

    #[test]
    fn comments_are_blank() {
        assert!(is_blank(" -- a\n /* b; */ \n"));
        assert!(!is_blank("-- a\nSELECT 1"));
        assert!(!is_blank("é"));
    }
}

//! Takes a location apart as it is written, before any library makes it nicer than it is.

use percent_encoding::percent_decode_str;

use super::LocationRefusal;

/// Longest location in bytes.
const LONGEST: usize = 2048;
/// How often something may decode a path; beyond that nobody knows what it means.
const ROUNDS: usize = 4;

pub(super) struct Spelled<'a> {
    pub(super) scheme: &'a str,
    pub(super) authority: &'a str,
    pub(super) segments: Vec<String>,
}

pub(super) fn take_apart(text: &str) -> Result<Spelled<'_>, LocationRefusal> {
    if text.len() > LONGEST {
        return Err(LocationRefusal::TooLong);
    }
    if text.contains(is_forbidden) || text.contains(' ') {
        return Err(LocationRefusal::Character);
    }
    if text.contains(['?', '#']) {
        return Err(LocationRefusal::Query);
    }
    let (scheme, rest) = text.split_once("://").ok_or(LocationRefusal::Malformed)?;
    if scheme.is_empty() || !scheme.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
        return Err(LocationRefusal::Scheme);
    }
    let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    Ok(Spelled { scheme, authority, segments: segments(path)? })
}

/// The decoded segments of a path that begins with a slash or is empty; a slash at the end means nothing.
pub(super) fn segments(path: &str) -> Result<Vec<String>, LocationRefusal> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok(Vec::new());
    }
    path.split('/').map(segment).collect()
}

/// Decodes a segment once, and looks at what it becomes when it is decoded again and again.
fn segment(written: &str) -> Result<String, LocationRefusal> {
    let mut seen = check(written.to_owned())?;
    let mut decoded = None;
    for _ in 0..ROUNDS {
        let next = percent_decode_str(&seen).decode_utf8().map_err(|_| LocationRefusal::Encoding)?;
        if next == seen {
            return Ok(decoded.unwrap_or(seen));
        }
        if next.contains('/') {
            return Err(LocationRefusal::Encoding);
        }
        let next = check(next.into_owned())?;
        decoded.get_or_insert_with(|| next.clone());
        seen = next;
    }
    Err(LocationRefusal::Encoding)
}

fn check(segment: String) -> Result<String, LocationRefusal> {
    if segment.contains(is_forbidden) {
        return Err(LocationRefusal::Character);
    }
    // Some systems drop blanks and dots at the end of a name, so "..." and ".. " can become "..".
    let only_dots = segment.trim_end().bytes().all(|byte| byte == b'.');
    if only_dots { Err(LocationRefusal::Dots) } else { Ok(segment) }
}

fn is_forbidden(character: char) -> bool {
    // The named ones turn text around, or have no width: what is read in a log is not what is opened.
    let invisible = matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    character.is_control() || invisible || character == '\\'
}

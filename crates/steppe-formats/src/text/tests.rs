use std::io::Write as _;

use super::*;

fn written(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn lines_of(bytes: &[u8]) -> Result<(Vec<String>, Vec<NoteKind>), String> {
    let file = written(bytes);
    let mut reader = LineReader::open(file.path()).map_err(|error| error.to_string())?;
    let mut lines = Vec::new();
    while let Some((number, line)) = reader.next_line().map_err(|error| error.to_string())? {
        assert_eq!(number as usize, lines.len() + 1);
        lines.push(line.to_owned());
    }
    Ok((lines, reader.notes().iter().map(|note| note.kind).collect()))
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn line_ends_and_marks_are_stripped_and_noted() {
    assert_eq!(lines_of(b"").unwrap(), (vec![], vec![]));
    assert_eq!(lines_of(b"a\n\nb\n").unwrap().0, ["a", "", "b"]);
    let (lines, notes) = lines_of(b"\xEF\xBB\xBFa\r\nb").unwrap();
    assert_eq!(lines, ["a", "b"]);
    assert_eq!(notes, [NoteKind::CrlfLineEndings, NoteKind::ByteOrderMark, NoteKind::NoFinalNewline]);
}

#[test]
fn long_lines_cross_the_buffer() {
    let long = "x".repeat(3 * CHUNK + 7);
    let text = format!("first\n{long}\nlast\n");
    for bytes in
        [text.clone().into_bytes(), gzip(text.as_bytes()), zstd::encode_all(text.as_bytes(), 1).unwrap()]
    {
        assert_eq!(lines_of(&bytes).unwrap().0, ["first", long.as_str(), "last"]);
    }
}

#[test]
fn gzip_members_are_one_text() {
    let mut bytes = gzip(b"a\nb");
    bytes.extend(gzip(b"c\nd\n"));
    assert_eq!(lines_of(&bytes).unwrap().0, ["a", "bc", "d"]);
}

#[test]
fn damage_is_refused() {
    let whole = gzip("line\n".repeat(1000).as_bytes());
    let mut trailing = whole.clone();
    trailing.extend(b"garbage that is no gzip member");
    let frame = zstd::encode_all("line\n".repeat(1000).as_bytes(), 1).unwrap();
    for (bytes, message) in [
        (whole[..whole.len() - 9].to_vec(), "truncated"),
        (whole[..whole.len() - 4].to_vec(), "truncated"),
        (trailing, "followed by something else"),
        (frame[..frame.len() - 3].to_vec(), "truncated"),
        (b"a\nb\0c\n".to_vec(), ":2: the line has a NUL byte"),
        (b"\xFF\xFEa\0\n\0".to_vec(), "UTF-16"),
        (b"a\0b\0\n\0".to_vec(), "UTF-16"),
        (b"ok\ncaf\xE9\n".to_vec(), ":2: the line is not UTF-8"),
    ] {
        let error = lines_of(&bytes).unwrap_err();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn a_missing_file_says_its_name() {
    let error = LineReader::open(Path::new("/no/such/file.txt")).err().unwrap().to_string();
    assert!(error.starts_with("/no/such/file.txt: can not open"), "{error}");
}

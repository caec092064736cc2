//! Headers of data pages, version 1, in Thrift's compact protocol (parquet.thrift, `PageHeader`).

/// Field types of the compact protocol.
const I32: u8 = 5;
const STRUCT: u8 = 12;
const STOP: u8 = 0;

/// `PageType::DATA_PAGE`, `Encoding::PLAIN` and `Encoding::RLE`.
const DATA_PAGE: i32 = 0;
const PLAIN: i32 = 0;
const RLE: i32 = 3;

/// The header of a page of a required column with PLAIN values; sizes are of the page without this header.
pub(super) fn plain_page_header(values: usize, uncompressed: usize, compressed: usize) -> Vec<u8> {
    let mut header = Vec::with_capacity(32);
    field(&mut header, 1, I32);
    number(&mut header, DATA_PAGE);
    field(&mut header, 1, I32);
    number(&mut header, uncompressed as i32);
    field(&mut header, 1, I32);
    number(&mut header, compressed as i32);
    // Field 4 is an optional checksum; the row group's hash covers more.
    field(&mut header, 2, STRUCT);
    field(&mut header, 1, I32);
    number(&mut header, values as i32);
    for encoding in [PLAIN, RLE, RLE] {
        field(&mut header, 1, I32);
        number(&mut header, encoding);
    }
    header.extend([STOP, STOP]);
    header
}

/// How long the header of a stored page is, from what the page index says: rows, payload before compression, and
/// bytes with header. `None` where no header fits.
pub(crate) fn plain_header_length(values: usize, uncompressed: usize, page_bytes: usize) -> Option<usize> {
    const LONGEST: usize = 64;
    (1..LONGEST.min(page_bytes))
        .find(|&length| plain_page_header(values, uncompressed, page_bytes - length).len() == length)
}

/// A field's header: the distance from the field before it, and the type.
fn field(header: &mut Vec<u8>, distance: u8, kind: u8) {
    header.push(distance << 4 | kind);
}

/// A zigzag variable-length integer.
fn number(header: &mut Vec<u8>, value: i32) {
    let mut rest = ((value << 1) ^ (value >> 31)) as u32;
    while rest >= 0x80 {
        header.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    header.push(rest as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_zigzag_varints() {
        let mut bytes = Vec::new();
        number(&mut bytes, 0);
        number(&mut bytes, 3);
        number(&mut bytes, 258_048);
        assert_eq!(bytes, [0, 6, 0x80, 0xC0, 0x1F]);
    }
}

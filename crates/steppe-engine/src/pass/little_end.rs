//! Many numbers as bytes, little end first, at the speed of a copy.

/// Appends numbers.
pub(crate) fn put<T, const N: usize>(
    into: &mut Vec<u8>,
    numbers: impl ExactSizeIterator<Item = T>,
    bytes_of: impl Fn(T) -> [u8; N],
) {
    let at = into.len();
    into.resize(at + N * numbers.len(), 0);
    for (slot, number) in into[at..].as_chunks_mut::<N>().0.iter_mut().zip(numbers) {
        *slot = bytes_of(number);
    }
}

/// Reads numbers; bytes that are left over are not looked at.
pub(crate) fn get<T, const N: usize>(bytes: &[u8], number_of: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|bytes| number_of(*bytes)).collect()
}

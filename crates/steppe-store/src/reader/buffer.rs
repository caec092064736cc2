/// Rows start on cache lines, so that no vector load touches two.
const ALIGNMENT: usize = 64;

/// A buffer that is reused, and in which a place of choice is aligned.
#[derive(Default)]
pub(super) struct AlignedBuffer(Vec<u8>);

impl AlignedBuffer {
    /// `head` bytes and then `body` bytes, of which the first of `body` is aligned. The content is that of earlier
    /// uses.
    pub(super) fn slot(&mut self, head: usize, body: usize) -> &mut [u8] {
        let length = head + body;
        if self.0.len() < length + ALIGNMENT {
            self.0.resize(length + ALIGNMENT, 0);
        }
        let misaligned = (self.0.as_ptr().addr() + head) % ALIGNMENT;
        let start = (ALIGNMENT - misaligned) % ALIGNMENT;
        &mut self.0[start..start + length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_aligned() {
        let mut buffer = AlignedBuffer::default();
        for (head, body) in [(0, 1), (29, 4032), (64, 64), (31, 258_048), (7, 100)] {
            let slot = buffer.slot(head, body);
            assert_eq!(slot.len(), head + body);
            assert_eq!(slot[head..].as_ptr().addr() % ALIGNMENT, 0);
        }
    }
}

use super::haplotypes::HaplotypeModel;

/// Variants that are turned from columns into rows at a time.
const BLOCK: usize = 64;

/// Everybody's genotypes on one chromosome, packed: a byte holds four people at one variant, and the bytes of four
/// people stand together.
pub(crate) struct Quartets {
    bytes: Vec<u8>,
    variants: usize,
}

impl Quartets {
    /// Makes them on `threads` threads; each also adds the variants' effects to its people's genetic values.
    pub(crate) fn new(
        model: &HaplotypeModel<'_>,
        effects: &[(usize, [f64; 2])],
        genetic: &mut [[f64; 2]],
        variants: usize,
        threads: usize,
    ) -> Self {
        let quartets = genetic.len().div_ceil(4);
        let share = quartets.div_ceil(threads.max(1)).max(1);
        let mut bytes = vec![0u8; quartets * variants];
        std::thread::scope(|scope| {
            let parts = bytes.chunks_mut((share * variants).max(1)).zip(genetic.chunks_mut(share * 4));
            for (part, (bytes, genetic)) in parts.enumerate() {
                scope.spawn(move || {
                    let mut scratch = model.scratch();
                    let mut codes = vec![0u8; variants];
                    let quartets = bytes.chunks_mut(variants.max(1)).zip(genetic.chunks_mut(4));
                    for (quartet, (bytes, genetic)) in quartets.enumerate() {
                        let first = 4 * (part * share + quartet);
                        for (member, values) in genetic.iter_mut().enumerate() {
                            model.genotypes(first + member, &mut scratch, &mut codes);
                            add_genetic(values, &codes, effects);
                            bytes
                                .iter_mut()
                                .zip(&codes)
                                .for_each(|(byte, code)| *byte |= code << (2 * member));
                        }
                    }
                });
            }
        });
        Self { bytes, variants }
    }

    /// Gives every variant's packed row in order.
    pub(crate) fn for_each_row<E>(
        &self,
        mut each: impl FnMut(usize, &mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let quartets = self.bytes.len().checked_div(self.variants).unwrap_or(0);
        let mut rows = vec![0u8; BLOCK * quartets];
        for first in (0..self.variants).step_by(BLOCK) {
            let count = BLOCK.min(self.variants - first);
            for (quartet, bytes) in self.bytes.chunks(self.variants).enumerate() {
                for (row, byte) in bytes[first..first + count].iter().enumerate() {
                    rows[row * quartets + quartet] = *byte;
                }
            }
            for (row, bytes) in rows.chunks_mut(quartets.max(1)).take(count).enumerate() {
                each(first + row, bytes)?;
            }
        }
        Ok(())
    }
}

fn add_genetic(values: &mut [f64; 2], codes: &[u8], effects: &[(usize, [f64; 2])]) {
    for &(variant, effect) in effects {
        let copies = f64::from(codes[variant]);
        values[0] += copies * effect[0];
        values[1] += copies * effect[1];
    }
}

use crate::{
    Source,
    random::{Purpose, Stream},
    variants::SimulatedChromosome,
};

/// Haplotypes in the ancestral pool.
pub(crate) const HAPLOTYPES: usize = 64;
/// Bases between two changes of the carriers' order, on average.
const BASES_PER_MOVE: f64 = 60_000.0;
/// Bases over which a source's weights stay the same.
const STRETCH: u32 = 2_000_000;

/// The ancestral haplotypes of one chromosome: for every variant, who of the pool carries allele 1.
pub(crate) struct Pool {
    /// One bit a haplotype.
    pub carriers: Vec<u64>,
}

impl Pool {
    pub(crate) fn new(seed: u64, chromosome: &SimulatedChromosome) -> Self {
        let mut random = Stream::new(seed, Purpose::Pool, chromosome.index as u64, 1);
        let mut order: Vec<usize> = (0..HAPLOTYPES).collect();
        for last in (1..HAPLOTYPES).rev() {
            order.swap(last, random.below(last as u64 + 1) as usize);
        }
        let mut before = 0u32;
        let carriers = chromosome
            .records
            .iter()
            .map(|record| {
                let moves = f64::from(record.position.saturating_sub(before)) / BASES_PER_MOVE;
                before = record.position;
                let whole = moves as usize + usize::from(random.uniform() < moves.fract());
                for _ in 0..whole.min(4 * HAPLOTYPES) {
                    let moved = order.remove(random.below(HAPLOTYPES as u64) as usize);
                    order.insert(random.below(HAPLOTYPES as u64) as usize, moved);
                }
                carriers(&order, &mut random)
            })
            .collect();
        let mut pool = Self { carriers };
        if chromosome.index == 0
            && let Some(first) = pool.carriers.first_mut()
        {
            // One variant that nobody carries.
            *first = 0;
        }
        pool
    }
}

/// A run of the order that starts at one of eight places: runs of near variants are then nested or the same.
fn carriers(order: &[usize], random: &mut Stream) -> u64 {
    // Squaring favours rare alleles, as real spectra do.
    let share = random.uniform();
    let count = 1 + (share * share * (HAPLOTYPES as f64 * 0.8)) as usize;
    let start = random.below(8) as usize * (HAPLOTYPES / 8);
    (0..count).fold(0, |bits, step| bits | 1 << order[(start + step) % HAPLOTYPES])
}

/// How a source draws haplotypes of the pool, along one chromosome: cumulative weights out of 2^32, a table per
/// stretch.
pub(crate) struct SourceWeights {
    stretches: Vec<Vec<u8>>,
}

/// Entries of a table, of which random bits choose one.
const CHOICES: usize = 4096;

impl SourceWeights {
    pub(crate) fn new(seed: u64, chromosome: &SimulatedChromosome, source: Source) -> Self {
        let last = chromosome.records.last().map_or(0, |record| record.position);
        let stretches = (0..=last / STRETCH)
            .map(|stretch| {
                let place = chromosome.index as u64 * 1000 + u64::from(stretch);
                table(&mut Stream::new(seed, Purpose::Weights, place, source as u64))
            })
            .collect();
        Self { stretches }
    }

    /// A haplotype of the pool, by twelve random bits.
    pub(crate) fn draw(&self, position: u32, bits: u64) -> u8 {
        let stretch = (position / STRETCH) as usize;
        self.stretches.get(stretch).map_or(0, |table| table[bits as usize % CHOICES])
    }
}

/// Weights that are fourth powers of products of uniforms: some haplotypes are common in a source, others nearly
/// lost. The mean square of such a weight is 7.7 times its squared mean, so two people of a source share a haplotype
/// with chance 7.7 / 64; between sources they do with chance 1 / 64. That is an F_ST of 0.1, as between Europe and
/// East Asia.
fn table(random: &mut Stream) -> Vec<u8> {
    let weights: Vec<f64> = (0..HAPLOTYPES)
        .map(|_| {
            let product = random.uniform() * random.uniform();
            let square = product * product;
            square * square
        })
        .collect();
    let total: f64 = weights.iter().sum();
    let mut table = Vec::with_capacity(CHOICES);
    let mut sum = 0.0;
    for (haplotype, weight) in weights.iter().enumerate() {
        sum += weight / total;
        table.resize(((sum * CHOICES as f64).round() as usize).min(CHOICES), haplotype as u8);
    }
    table.resize(CHOICES, (HAPLOTYPES - 1) as u8);
    table
}

use std::collections::BTreeSet;

use steppe_formats::plink1::BimRecord;
use steppe_genome::Chromosome;

use crate::random::{Purpose, Stream};

/// Lengths of chromosomes 1–22 and X in megabases: the shorter of GRCh37's and GRCh38's, so that every position is in
/// both.
const MEGABASES: [u32; 23] = [
    248, 242, 198, 190, 180, 170, 159, 145, 138, 133, 135, 133, 114, 107, 101, 90, 81, 78, 58, 63, 46, 50,
    155,
];
/// What stays free at both ends; on X it holds the pseudo-autosomal regions, where males have two copies.
const MARGIN: u64 = 10_000;
const MARGIN_OF_X: u64 = 2_800_000;

/// A simulated chromosome: its variants in position order.
pub(crate) struct SimulatedChromosome {
    /// 0-based: 0–21 are autosomes, 22 is X.
    pub index: usize,
    /// The variants, with PLINK's roles: allele 1 is the one that varies.
    pub records: Vec<BimRecord>,
}

impl SimulatedChromosome {
    pub(crate) fn is_x(&self) -> bool {
        self.index == 22
    }
}

/// Spreads variants over the chromosomes by length. A few are awkward, as in real files: a variant without an id,
/// an insertion, and two variants at one position.
pub(crate) fn chromosomes(seed: u64, variants: u32) -> Vec<SimulatedChromosome> {
    let total: u64 = MEGABASES.iter().map(|&length| u64::from(length)).sum();
    let mut before = 0u64;
    let mut made = 0u64;
    MEGABASES
        .iter()
        .enumerate()
        .map(|(index, &length)| {
            before += u64::from(length);
            let until = before * u64::from(variants) / total;
            let count = until - made;
            made = until;
            chromosome(seed, index, count, u64::from(length) * 1_000_000, until - count)
        })
        .collect()
}

fn chromosome(seed: u64, index: usize, count: u64, length: u64, first: u64) -> SimulatedChromosome {
    let mut random = Stream::new(seed, Purpose::Pool, index as u64, 0);
    let margin = if index == 22 { MARGIN_OF_X } else { MARGIN };
    // A set: by chance, two variants would stand at one position.
    let mut positions = BTreeSet::new();
    while (positions.len() as u64) < count {
        positions.insert(margin + random.below(length - 2 * margin));
    }
    let name = if index == 22 { Chromosome::X } else { Chromosome::Autosome(index as u8 + 1) };
    let records = positions
        .iter()
        .enumerate()
        .map(|(at, &position)| {
            let (allele1, allele2) = alleles(&mut random);
            BimRecord {
                chromosome: name.clone(),
                id: format!("rs{}", 1_000_000 + first + at as u64),
                position: position as u32,
                allele1,
                allele2,
            }
        })
        .collect();
    let mut simulated = SimulatedChromosome { index, records };
    if index == 0 {
        make_awkward(&mut simulated.records);
    }
    simulated
}

/// Transitions twice as often as transversions, as in real genomes; one pair in six is then palindromic.
fn alleles(random: &mut Stream) -> (String, String) {
    // Each base, its transition, and its two transversions.
    const BASES: [[&str; 4]; 4] =
        [["A", "G", "C", "T"], ["G", "A", "C", "T"], ["C", "T", "A", "G"], ["T", "C", "A", "G"]];
    let base = BASES[random.below(4) as usize];
    let other = match random.below(6) {
        0 => base[2],
        1 => base[3],
        _ => base[1],
    };
    (base[0].to_owned(), other.to_owned())
}

fn make_awkward(records: &mut [BimRecord]) {
    if let [_, without_id, insertion, here, there, ..] = records {
        without_id.id = ".".to_owned();
        insertion.allele1 = "CAAT".to_owned();
        insertion.allele2 = "C".to_owned();
        there.position = here.position;
        there.allele2.clone_from(&here.allele2);
        let taken = [&here.allele1, &here.allele2];
        let free = ["A", "C", "G"].into_iter().find(|&base| taken.iter().all(|&allele| allele != base));
        there.allele1 = free.unwrap_or("T").to_owned();
    }
}

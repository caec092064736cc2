use steppe_genome::Sex;

use super::person::Person;
use crate::{
    Ancestry, CohortSpec, Source,
    pool::{Pool, SourceWeights},
    random::{Purpose, Stream},
    variants::SimulatedChromosome,
};

/// Chance of a switch between pool haplotypes, per base.
const SWITCH_PER_BASE: f64 = 1.0 / 300_000.0;
/// Chance of a crossover, per base and generation.
const CROSSOVER_PER_BASE: f64 = 1e-8;

/// Chances, out of 2^32, that something happens between a variant and the one before it.
type Chances = Vec<u32>;

/// What everybody's haplotypes of one chromosome are made from.
pub(crate) struct HaplotypeModel<'a> {
    seed: u64,
    chromosome: &'a SimulatedChromosome,
    people: &'a [Person],
    pool: Pool,
    /// West, East.
    sources: [SourceWeights; 2],
    switch: Chances,
    /// Of each population: a crossover since admixture.
    admixture: Vec<Chances>,
    meiosis: Chances,
}

/// Rows that a worker reuses: a haplotype has 0 or 1 a variant.
pub(crate) struct Scratch([Vec<u8>; 2]);

impl<'a> HaplotypeModel<'a> {
    pub(crate) fn new(spec: &CohortSpec, chromosome: &'a SimulatedChromosome, people: &'a [Person]) -> Self {
        let crossovers = |generations: u32| chances(chromosome, f64::from(generations) * CROSSOVER_PER_BASE);
        let sources = [Source::West, Source::East];
        Self {
            seed: spec.seed,
            chromosome,
            people,
            pool: Pool::new(spec.seed, chromosome),
            sources: sources.map(|source| SourceWeights::new(spec.seed, chromosome, source)),
            switch: chances(chromosome, SWITCH_PER_BASE),
            admixture: spec
                .populations
                .iter()
                .map(|population| match population.ancestry {
                    Ancestry::Pure(_) => crossovers(0),
                    Ancestry::Admixed { generations, .. } => crossovers(generations),
                })
                .collect(),
            meiosis: crossovers(1),
        }
    }

    pub(crate) fn scratch(&self) -> Scratch {
        Scratch([0, 1].map(|_| vec![0; self.chromosome.records.len()]))
    }

    /// A person's genotype codes; a haploid call is a homozygous one, as PLINK writes it.
    pub(crate) fn genotypes(&self, number: usize, scratch: &mut Scratch, codes: &mut [u8]) {
        let person = &self.people[number];
        let haploid = self.is_haploid(person);
        match person.parents {
            None => {
                self.copy_pool(number, 0, codes);
                if !haploid {
                    self.copy_pool(number, 1, &mut scratch.0[0]);
                    add(codes, &scratch.0[0]);
                }
            }
            Some([father, mother]) => {
                codes.fill(0);
                self.add_gamete(number, mother, scratch, codes);
                if !haploid {
                    self.add_gamete(number, father, scratch, codes);
                }
            }
        }
        if haploid {
            codes.iter_mut().for_each(|code| *code *= 2);
        }
    }

    fn is_haploid(&self, person: &Person) -> bool {
        self.chromosome.is_x() && person.sex == Sex::Male
    }

    /// The stream of one of a person's two copies of this chromosome.
    fn stream(&self, purpose: Purpose, number: usize, copy: u64) -> Stream {
        Stream::new(self.seed, purpose, number as u64 * 32 + self.chromosome.index as u64, copy)
    }

    /// A haplotype of a person without parents: a walk along the chromosome that copies from the pool.
    fn copy_pool(&self, number: usize, copy: u64, alleles: &mut [u8]) {
        let mut random = self.stream(Purpose::Person, number, copy);
        let person = &self.people[number];
        let east = (person.east * f64::from(1 << 16)) as u64;
        let mut source = usize::from(random.bits() >> 48 < east);
        let mut haplotype = self
            .chromosome
            .records
            .first()
            .map_or(0, |first| self.sources[source].draw(first.position, random.bits()));
        let chances = self.admixture[person.population].iter().zip(&self.switch);
        let variants = self.chromosome.records.iter().zip(&self.pool.carriers);
        for ((allele, (record, carriers)), (&crossover, &switch)) in
            alleles.iter_mut().zip(variants).zip(chances)
        {
            let bits = random.bits();
            let crossed = (bits as u32) < crossover;
            if crossed {
                source = usize::from(random.bits() >> 48 < east);
            }
            if crossed || ((bits >> 32) as u32) < switch {
                haplotype = self.sources[source].draw(record.position, random.bits());
            }
            *allele = (carriers >> haplotype & 1) as u8;
        }
    }

    /// Adds what a child gets from a parent: now one, now the other of the parent's haplotypes.
    fn add_gamete(&self, child: usize, parent: usize, scratch: &mut Scratch, codes: &mut [u8]) {
        let Scratch([first, second]) = scratch;
        self.copy_pool(parent, 0, first);
        if self.is_haploid(&self.people[parent]) {
            return add(codes, first);
        }
        self.copy_pool(parent, 1, second);
        let mut random =
            self.stream(Purpose::Meiosis, child, u64::from(self.people[parent].sex.plink_code()));
        let mut from_first = random.below(2) == 0;
        for (((code, first), second), &chance) in
            codes.iter_mut().zip(&*first).zip(&*second).zip(&self.meiosis)
        {
            from_first ^= ((random.bits() >> 32) as u32) < chance;
            *code += if from_first { *first } else { *second };
        }
    }
}

fn add(codes: &mut [u8], alleles: &[u8]) {
    codes.iter_mut().zip(alleles).for_each(|(code, allele)| *code += allele);
}

/// The chances of something that happens at a rate per base. Nothing happens before the first variant.
fn chances(chromosome: &SimulatedChromosome, per_base: f64) -> Chances {
    let positions = || chromosome.records.iter().map(|record| record.position);
    let before = positions().take(1).chain(positions());
    positions()
        .zip(before)
        .map(|(here, before)| {
            let chance = f64::from(here.saturating_sub(before)) * per_base;
            (chance * 4_294_967_296.0) as u32
        })
        .collect()
}

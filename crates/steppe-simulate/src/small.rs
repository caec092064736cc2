use std::path::Path;

use steppe_formats::plink1::{BedWriter, BimRecord, BimWriter, FamRecord, FilesetPaths, write_fam};
use steppe_genome::{Chromosome, Ploidy, Sex};

use crate::{
    SimulateError,
    random::{Purpose, Stream},
};

/// How a small fileset differs from the plainest one.
#[derive(Debug, Clone, PartialEq)]
pub struct SmallOptions {
    /// The share of missing calls.
    pub missing_rate: f64,
    /// Chromosomes, in file order; variants are split evenly over them.
    pub chromosomes: Vec<Chromosome>,
    /// Every fifth sample has no known sex.
    pub unknown_sex: bool,
    /// Every seventh sample has a father who is not in the file.
    pub non_founders: bool,
}

impl Default for SmallOptions {
    /// 1 % missing, chromosome 1, all sexes known, all founders.
    fn default() -> Self {
        Self {
            missing_rate: 0.01,
            chromosomes: vec![Chromosome::Autosome(1)],
            unknown_sex: false,
            non_founders: false,
        }
    }
}

/// A fileset in memory, for tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmallFileset {
    /// Samples.
    pub fam: Vec<FamRecord>,
    /// Variants.
    pub bim: Vec<BimRecord>,
    /// Of each variant, a code per sample: copies of allele 1, or 3 for missing.
    pub codes: Vec<Vec<u8>>,
}

/// Makes a small fileset of independent variants in Hardy–Weinberg proportions, the same for the same arguments. Calls
/// are as a genotyping laboratory's: where a person has one copy they are homozygous, and on Y females have none.
pub fn random_fileset(seed: u64, samples: usize, variants: usize, options: &SmallOptions) -> SmallFileset {
    let fam: Vec<FamRecord> = (0..samples).map(|number| sample(number, options)).collect();
    let unplaced = [Chromosome::Unplaced];
    let chromosomes = if options.chromosomes.is_empty() { &unplaced[..] } else { &options.chromosomes };
    let per_chromosome = variants.div_ceil(chromosomes.len()).max(1);
    let mut bim = Vec::with_capacity(variants);
    let mut codes = Vec::with_capacity(variants);
    for variant in 0..variants {
        const PAIRS: [[&str; 2]; 6] =
            [["A", "G"], ["C", "T"], ["G", "T"], ["A", "C"], ["A", "T"], ["CAT", "C"]];
        let mut random = Stream::new(seed, Purpose::Small, variant as u64, 0);
        let [allele1, allele2] = PAIRS[random.below(6) as usize];
        let chromosome = &chromosomes[variant / per_chromosome];
        let frequency = 0.02 + 0.6 * random.uniform();
        let ploidy = chromosome.ploidy();
        let code =
            |record: &FamRecord| call(ploidy, record.sex, frequency, options.missing_rate, &mut random);
        codes.push(fam.iter().map(code).collect());
        bim.push(BimRecord {
            chromosome: chromosome.clone(),
            id: format!("rs{}", variant + 1),
            position: 1_000 + 100 * (variant % per_chromosome) as u32,
            allele1: allele1.to_owned(),
            allele2: allele2.to_owned(),
        });
    }
    SmallFileset { fam, bim, codes }
}

fn sample(number: usize, options: &SmallOptions) -> FamRecord {
    let sex = match number {
        number if options.unknown_sex && number % 5 == 4 => Sex::Unknown,
        number if number % 2 == 0 => Sex::Female,
        _ => Sex::Male,
    };
    let father_id = if options.non_founders && number % 7 == 6 { "elsewhere" } else { "0" };
    FamRecord {
        family_id: "0".to_owned(),
        sample_id: format!("S{}", number + 1),
        father_id: father_id.to_owned(),
        mother_id: "0".to_owned(),
        sex,
        phenotype: "-9".to_owned(),
    }
}

fn call(ploidy: Ploidy, sex: Sex, frequency: f64, missing_rate: f64, random: &mut Stream) -> u8 {
    let mut chance = |share: f64| random.uniform() < share;
    let (missing, first, second) = (chance(missing_rate), chance(frequency), chance(frequency));
    let haploid = match ploidy {
        Ploidy::Diploid => false,
        Ploidy::X => sex == Sex::Male,
        Ploidy::Y | Ploidy::Haploid => true,
    };
    if missing || (ploidy == Ploidy::Y && sex == Sex::Female) {
        3
    } else if haploid {
        2 * u8::from(first)
    } else {
        u8::from(first) + u8::from(second)
    }
}

impl SmallFileset {
    /// Writes `PREFIX.bed`, `.bim` and `.fam`, over what is there.
    ///
    /// # Errors
    /// A text can not be a column, a variant has too few codes, or a file can not be written.
    pub fn write(&self, prefix: &Path) -> Result<FilesetPaths, SimulateError> {
        let paths = FilesetPaths::from_prefix(prefix);
        write_fam(&paths.fam, &self.fam)?;
        let mut bim = BimWriter::create(&paths.bim)?;
        for record in &self.bim {
            bim.write(record)?;
        }
        bim.finish()?;
        let mut bed = BedWriter::create(&paths.bed, self.fam.len())?;
        for codes in &self.codes {
            let quartet = |four: &[u8]| four.iter().rev().fold(0, |byte, code| byte << 2 | code & 3);
            bed.write_tile_row(&codes.chunks(4).map(quartet).collect::<Vec<u8>>())?;
        }
        bed.finish()?;
        Ok(paths)
    }
}

//! Random filesets, and the genotypes that they hold.

use std::{path::Path, sync::Arc};

use steppe_formats::plink1::{BedWriter, BimRecord, BimWriter, FamRecord, FilesetPaths, write_fam};
use steppe_genome::{Chromosome, GenomeBuild, Sex};
use steppe_kernels::Level;
use steppe_store::{Codec, ImportOptions, Location, NoProgress};

/// A splitmix64 stream: tests need no more randomness.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// A fileset in memory.
#[derive(Clone)]
pub(super) struct Fileset {
    pub(super) fam: Vec<FamRecord>,
    pub(super) bim: Vec<BimRecord>,
    /// Codes by variant, then sample.
    pub(super) codes: Vec<Vec<u8>>,
}

impl Fileset {
    /// So many samples and variants, these spread over some chromosomes in turn.
    pub(super) fn random(seed: u64, samples: usize, variants: usize, chromosomes: &[&str]) -> Self {
        let mut random = Random(seed);
        let fam = (0..samples)
            .map(|sample| FamRecord {
                family_id: format!("f{}", sample / 3),
                sample_id: format!("s{sample}"),
                father_id: if sample % 7 == 6 { "dad" } else { "0" }.to_owned(),
                mother_id: "0".to_owned(),
                sex: [Sex::Male, Sex::Female, Sex::Unknown][random.below(7) as usize % 3],
                phenotype: "-9".to_owned(),
            })
            .collect();
        let per_chromosome = variants.div_ceil(chromosomes.len());
        let bim = (0..variants)
            .map(|variant| BimRecord {
                chromosome: Chromosome::parse(chromosomes[variant / per_chromosome]),
                id: format!("rs{seed}_{variant}"),
                position: 1000 + variant as u32,
                allele1: "A".to_owned(),
                allele2: "G".to_owned(),
            })
            .collect();
        let codes = (0..variants).map(|_| (0..samples).map(|_| random.below(4) as u8).collect()).collect();
        Self { fam, bim, codes }
    }

    pub(super) fn write(&self, folder: &Path, name: &str) -> FilesetPaths {
        let paths = FilesetPaths::from_prefix(&folder.join(name));
        write_fam(&paths.fam, &self.fam).unwrap();
        let mut bim = BimWriter::create(&paths.bim).unwrap();
        self.bim.iter().for_each(|record| bim.write(record).unwrap());
        bim.finish().unwrap();
        let mut bed = BedWriter::create(&paths.bed, self.fam.len()).unwrap();
        for codes in &self.codes {
            bed.write_tile_row(&pack(codes)).unwrap();
        }
        bed.finish().unwrap();
        paths
    }

    /// The same samples in another order.
    pub(super) fn shuffled(&self, seed: u64) -> Self {
        let mut random = Random(seed);
        let mut order: Vec<usize> = (0..self.fam.len()).collect();
        for last in (1..order.len()).rev() {
            order.swap(last, random.below(last as u64 + 1) as usize);
        }
        Self {
            fam: order.iter().map(|&sample| self.fam[sample].clone()).collect(),
            bim: self.bim.clone(),
            codes: self.codes.iter().map(|row| order.iter().map(|&sample| row[sample]).collect()).collect(),
        }
    }
}

/// Four codes a byte, little end first.
pub(super) fn pack(codes: &[u8]) -> Vec<u8> {
    codes
        .chunks(4)
        .map(|four| four.iter().enumerate().fold(0, |byte, (place, code)| byte | code << (2 * place)))
        .collect()
}

pub(super) fn options(filesets: Vec<FilesetPaths>, out: &Path) -> ImportOptions {
    ImportOptions {
        filesets,
        out: Location::local(out),
        build: GenomeBuild::Grch38,
        block_samples: None,
        threads: 2,
        memory_bytes: 1 << 30,
        codec: Codec::Uncompressed,
        level: Level::best(),
        progress: Arc::new(NoProgress),
    }
}

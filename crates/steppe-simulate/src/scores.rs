use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use flate2::{Compression, GzBuilder};
use steppe_genome::{Chromosome, complement};

use crate::{
    CohortSpec, SimulateError,
    cohort::write_text,
    random::{Purpose, Stream},
    variants::SimulatedChromosome,
};

/// All variants of a cohort with their true effects, for the scoring files.
#[derive(Default)]
pub(crate) struct Genome {
    variants: Vec<Variant>,
}

struct Variant {
    chromosome: Chromosome,
    position: u32,
    id: String,
    allele1: String,
    allele2: String,
    effects: [f64; 2],
}

impl Genome {
    pub(crate) fn add(&mut self, chromosome: &SimulatedChromosome, effects: &[[f64; 2]]) {
        for (record, &effects) in chromosome.records.iter().zip(effects) {
            self.variants.push(Variant {
                chromosome: record.chromosome.clone(),
                position: record.position,
                id: record.id.clone(),
                allele1: record.allele1.clone(),
                allele2: record.allele2.clone(),
                effects,
            });
        }
    }
}

/// Writes the demo's scoring files: two polygenic ones, a harmonised one with dominant and recessive rows, a table of
/// two, and one for another array, most of whose variants the cohort lacks.
pub(crate) fn write_scores(
    spec: &CohortSpec,
    folder: &Path,
    genome: &Genome,
) -> Result<Vec<PathBuf>, SimulateError> {
    fs::create_dir_all(folder).map_err(|source| SimulateError::Write { path: folder.to_owned(), source })?;
    let named = |name: &str| folder.join(name);
    let files = [
        ("height.txt", height(spec, genome)),
        ("type2diabetes.txt", disease(spec, genome)),
        ("lipids_hmPOS.txt.gz", lipids(spec, genome)),
        ("two_scores.tsv", table(spec, genome)),
        ("other_array.txt", other_array(spec, genome)),
    ];
    let mut paths = Vec::new();
    for (name, text) in files {
        let path = named(name);
        if name.ends_with(".gz") {
            write_gzip(&path, &text)?;
        } else {
            write_text(&path, &text)?;
        }
        paths.push(path);
    }
    Ok(paths)
}

/// Gzip without a time stamp, so that the same text is the same file.
fn write_gzip(path: &Path, text: &str) -> Result<(), SimulateError> {
    let fail = |source| SimulateError::Write { path: path.to_owned(), source };
    let file = File::create(path).map_err(fail)?;
    let mut writer = GzBuilder::new().mtime(0).write(file, Compression::default());
    writer.write_all(text.as_bytes()).map_err(fail)?;
    writer.finish().map_err(fail)?;
    Ok(())
}

fn header(spec: &CohortSpec, id: &str, described: &str) -> String {
    format!(
        "#pgs_id={id}\n#pgs_name={id}\n#trait_reported={described} (simulated)\n#genome_build={}\n",
        spec.build
    )
}

const COLUMNS: &str = "rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\n";

fn place(variant: &Variant) -> String {
    format!("{}\t{}\t{}", variant.id, variant.chromosome, variant.position)
}

/// One in three variants, the effect measured with some error.
fn height(spec: &CohortSpec, genome: &Genome) -> String {
    let mut random = Stream::new(spec.seed, Purpose::Effects, 100, 0);
    let mut text = header(spec, "STP_height", "height");
    text.push_str(COLUMNS);
    for variant in genome.variants.iter().filter(|variant| variant.effects[0] != 0.0) {
        let weight = variant.effects[0] + random.normal() * 0.005;
        let (effect, other) = (&variant.allele1, &variant.allele2);
        text.push_str(&format!("{}\t{effect}\t{other}\t{weight:.8}\n", place(variant)));
    }
    text
}

/// Half of all variants: some on the other strand, some for the other allele, and one in twenty unknown here.
fn disease(spec: &CohortSpec, genome: &Genome) -> String {
    let mut random = Stream::new(spec.seed, Purpose::Effects, 101, 0);
    let mut text = header(spec, "STP_t2d", "type 2 diabetes");
    text.push_str(COLUMNS);
    for variant in genome.variants.iter().step_by(2) {
        let weight = variant.effects[1] + random.normal() * 0.004;
        let (mut effect, mut other) = (variant.allele1.clone(), variant.allele2.clone());
        let mut sign = 1.0;
        match random.below(20) {
            0 => {
                let elsewhere = variant.position + 1;
                text.push_str(&format!(
                    "rs9{}\t{}\t{elsewhere}\tA\tG\t{weight:.8}\n",
                    variant.position, variant.chromosome
                ));
                continue;
            }
            1..=3 => {
                (effect, other) =
                    (complement(&effect).unwrap_or(effect), complement(&other).unwrap_or(other));
            }
            4..=9 => {
                std::mem::swap(&mut effect, &mut other);
                sign = -1.0;
            }
            _ => {}
        }
        text.push_str(&format!("{}\t{effect}\t{other}\t{:.8}\n", place(variant), sign * weight));
    }
    text
}

/// The PGS Catalog's harmonised form, with dominant and recessive rows.
fn lipids(spec: &CohortSpec, genome: &Genome) -> String {
    let mut text = String::from("###PGS CATALOG SCORING FILE - simulated\n#format_version=2.0\n");
    text.push_str(&header(spec, "STP_lipids", "LDL cholesterol").replace(spec.build.as_str(), "NR"));
    text.push_str(&format!("#HmPOS_build={}\n#HmPOS_date=2026-11-21\n", spec.build));
    text.push_str("rsID\teffect_allele\tother_allele\teffect_weight\tis_dominant\tis_recessive\thm_source\thm_rsID\thm_chr\thm_pos\n");
    let autosomal =
        genome.variants.iter().filter(|variant| variant.chromosome != Chromosome::X && variant.id != ".");
    for (number, variant) in autosomal.step_by(37).enumerate() {
        let (dominant, recessive) = (number % 10 == 3, number % 10 == 7);
        let flag = |set: bool| if set { "True" } else { "False" };
        text.push_str(&format!(
            "{id}\t{}\t{}\t{:.6}\t{}\t{}\tENSEMBL\t{id}\t{}\t{}\n",
            variant.allele1,
            variant.allele2,
            variant.effects[0] + 0.002,
            flag(dominant),
            flag(recessive),
            variant.chromosome,
            variant.position,
            id = variant.id,
        ));
    }
    text
}

/// Two scores in one table, as plink2's `--score` takes them; a 0 says that a variant is not in a score.
fn table(spec: &CohortSpec, genome: &Genome) -> String {
    let mut random = Stream::new(spec.seed, Purpose::Effects, 102, 0);
    let mut text = String::from("ID\teffect_allele\tSTP_clumped\tSTP_wide\n");
    for variant in genome.variants.iter().filter(|variant| variant.id != ".").step_by(5) {
        let wide = random.normal() * 0.01;
        let clumped = if random.below(4) == 0 { wide } else { 0.0 };
        text.push_str(&format!("{}\t{}\t{clumped:.6}\t{wide:.6}\n", variant.id, variant.allele1));
    }
    text
}

/// A score for another array: nine in ten of its variants are not in the cohort.
fn other_array(spec: &CohortSpec, genome: &Genome) -> String {
    let mut random = Stream::new(spec.seed, Purpose::Effects, 103, 0);
    let mut text = header(spec, "STP_other_array", "blood pressure");
    text.push_str(COLUMNS);
    for (number, variant) in genome.variants.iter().step_by(50).enumerate() {
        let position = if number % 10 == 0 { variant.position } else { variant.position + 7 };
        text.push_str(&format!(
            "{}\t{}\t{position}\t{}\t{}\t{:.6}\n",
            variant.id,
            variant.chromosome,
            variant.allele1,
            variant.allele2,
            random.normal() * 0.01
        ));
    }
    text
}

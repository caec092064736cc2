use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
};

use flate2::{Compression, GzBuilder};
use steppe_formats::plink1::BimRecord;
use steppe_genome::{Chromosome, complement};

use crate::{
    CohortSpec, SimulateError,
    files::{create_folder, write_text},
    random::{Purpose, Stream},
    traits::Effects,
    variants::SimulatedChromosome,
};

/// All variants of a cohort with their true effects, for the scoring files.
pub(crate) struct Genome<'a> {
    variants: Vec<(&'a BimRecord, [f64; 2])>,
}

impl<'a> Genome<'a> {
    pub(crate) fn new(chromosomes: &'a [SimulatedChromosome], effects: &Effects) -> Self {
        let mut variants = Vec::new();
        for (chromosome, causal) in chromosomes.iter().zip(&effects.by_chromosome) {
            let first = variants.len();
            variants.extend(chromosome.records.iter().map(|record| (record, [0.0; 2])));
            for &(variant, effect) in causal {
                variants[first + variant].1 = effect;
            }
        }
        Self { variants }
    }
}

/// Writes the demo's scoring files: two polygenic ones, a harmonised one with dominant and recessive rows, a table of
/// two, and one for another array, most of whose variants the cohort lacks.
pub(crate) fn write_scores(
    spec: &CohortSpec,
    folder: &Path,
    genome: &Genome<'_>,
) -> Result<Vec<PathBuf>, SimulateError> {
    create_folder(folder)?;
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

fn header(spec: &CohortSpec, id: &str, described: &str, rows: usize) -> String {
    format!(
        "#pgs_id={id}\n#pgs_name={id}\n#trait_reported={described} (simulated)\n#genome_build={}\n\
         #variants_number={rows}\n#weight_type=beta\n",
        spec.build
    )
}

/// A scoring file of variants by position: header, column names, rows.
fn positional(spec: &CohortSpec, id: &str, described: &str, rows: &[String]) -> String {
    let mut text = header(spec, id, described, rows.len());
    text.push_str("rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\n");
    text.extend(rows.iter().map(String::as_str));
    text
}

fn row(record: &BimRecord, position: u32, [effect, other]: [&str; 2], weight: f64) -> String {
    let BimRecord { id, chromosome, .. } = record;
    format!("{id}\t{chromosome}\t{position}\t{effect}\t{other}\t{weight:.8}\n")
}

/// The causal variants of the quantitative trait, the effect measured with some error.
fn height(spec: &CohortSpec, genome: &Genome<'_>) -> String {
    let mut random = Stream::new(spec.seed, Purpose::Effects, 100, 0);
    let causal = genome.variants.iter().filter(|(_, effects)| effects[0] != 0.0);
    let rows: Vec<String> = causal
        .map(|(record, effects)| {
            let weight = effects[0] + random.normal() * 0.005;
            row(record, record.position, [&record.allele1, &record.allele2], weight)
        })
        .collect();
    positional(spec, "STP_height", "height", &rows)
}

/// Half of all variants: some on the other strand, some for the other allele, and one in twenty unknown here.
fn disease(spec: &CohortSpec, genome: &Genome<'_>) -> String {
    let mut random = Stream::new(spec.seed, Purpose::Effects, 101, 0);
    let flipped = |allele: &str| complement(allele).unwrap_or_else(|| allele.to_owned());
    let rows: Vec<String> = genome
        .variants
        .iter()
        .step_by(2)
        .map(|(record, effects)| {
            let weight = effects[1] + random.normal() * 0.004;
            let (one, two) = (record.allele1.as_str(), record.allele2.as_str());
            match random.below(20) {
                0 => {
                    let id = format!("rs9{}", record.position);
                    let elsewhere = BimRecord { id, ..(*record).clone() };
                    row(&elsewhere, record.position + 1, ["A", "G"], weight)
                }
                1..=3 => row(record, record.position, [&flipped(one), &flipped(two)], weight),
                4..=9 => row(record, record.position, [two, one], -weight),
                _ => row(record, record.position, [one, two], weight),
            }
        })
        .collect();
    positional(spec, "STP_t2d", "type 2 diabetes", &rows)
}

/// The PGS Catalog's harmonised form, with dominant and recessive rows; one row in fifty could not be harmonised.
fn lipids(spec: &CohortSpec, genome: &Genome<'_>) -> String {
    let mut random = Stream::new(spec.seed, Purpose::Effects, 104, 0);
    let named = |record: &BimRecord| record.chromosome != Chromosome::X && record.id != ".";
    let autosomal = genome.variants.iter().map(|(record, _)| *record).filter(|record| named(record));
    let rows: Vec<String> = autosomal
        .step_by(37)
        .enumerate()
        .map(|(number, BimRecord { chromosome, id, position, allele1, allele2 })| {
            let weight = random.normal() * 0.02;
            let (dominant, recessive) = match number % 10 {
                3 => ("True", "False"),
                7 => ("False", "True"),
                _ => ("False", "False"),
            };
            let harmonised = match number % 50 {
                49 => "Unknown\t\t\t".to_owned(),
                _ => format!("ENSEMBL\t{id}\t{chromosome}\t{position}"),
            };
            format!("{id}\t{allele1}\t{allele2}\t{weight:.6}\t{dominant}\t{recessive}\t{harmonised}\n")
        })
        .collect();
    let header = header(spec, "STP_lipids", "LDL cholesterol", rows.len());
    let header = header.replace(&format!("#genome_build={}", spec.build), "#genome_build=NR");
    let mut text = format!(
        "###PGS CATALOG SCORING FILE - simulated\n#format_version=2.0\n{header}#HmPOS_build={}\n#HmPOS_date=2026-11-21\n\
         rsID\teffect_allele\tother_allele\teffect_weight\tis_dominant\tis_recessive\t\
         hm_source\thm_rsID\thm_chr\thm_pos\n",
        spec.build
    );
    text.extend(rows);
    text
}

/// Two scores in one table, as plink2's `--score` takes them; a 0 says that a variant is not in a score.
fn table(spec: &CohortSpec, genome: &Genome<'_>) -> String {
    let mut random = Stream::new(spec.seed, Purpose::Effects, 102, 0);
    let mut text = String::from("ID\teffect_allele\tSTP_clumped\tSTP_wide\n");
    for (record, _) in genome.variants.iter().filter(|(record, _)| record.id != ".").step_by(5) {
        let wide = random.normal() * 0.01;
        let clumped = if random.below(4) == 0 { wide } else { 0.0 };
        text.push_str(&format!("{}\t{}\t{clumped:.6}\t{wide:.6}\n", record.id, record.allele1));
    }
    text
}

/// A score for another array: nine in ten of its variants are not in the cohort.
fn other_array(spec: &CohortSpec, genome: &Genome<'_>) -> String {
    let mut random = Stream::new(spec.seed, Purpose::Effects, 103, 0);
    let rows: Vec<String> = genome
        .variants
        .iter()
        .step_by(50)
        .enumerate()
        .map(|(number, &(record, _))| {
            let weight = random.normal() * 0.01;
            let alleles = [record.allele1.as_str(), record.allele2.as_str()];
            if number % 10 == 0 {
                return row(record, record.position, alleles, weight);
            }
            let position = record.position + 7;
            let id = format!("rs8{position}");
            row(&BimRecord { id, ..record.clone() }, position, alleles, weight)
        })
        .collect();
    positional(spec, "STP_other_array", "blood pressure", &rows)
}

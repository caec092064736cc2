//! Scores as the attack takes them: a weight and a frequency for each variant.

use std::collections::HashMap;

use steppe_engine::{
    EngineError,
    score::{Gate, ScoreJob, ScoringSource},
};
use steppe_formats::{
    frequency::FrequencyTable,
    scoring_file::{ScoringFile, ScoringRows},
};
use steppe_genome::{Chromosome, EffectType, Ploidy, Sex, VariantTable};
use steppe_privacy::leakage::{MOST_VARIANTS, Variant};

/// A score.
pub(super) struct Score {
    pub(super) name: String,
    pub(super) file: String,
    /// How many variants have a weight that is not 0.
    pub(super) count: usize,
    /// The variants, or why they can not be attacked.
    pub(super) variants: Result<Vec<NamedVariant>, String>,
}

/// A variant with its name for people.
pub(super) struct NamedVariant {
    pub(super) name: String,
    pub(super) variant: Variant,
}

/// The scores of a job that is prepared: of the variants that its cohort has.
pub(super) fn of_cohort(job: &ScoreJob) -> Vec<Score> {
    let of = |(at, column): (usize, &steppe_engine::score::ScoreColumn)| {
        let file = &job.files[column.file];
        let rows = &file.source.file.rows;
        let weight = |row: u32| rows.weights[column.column][row as usize];
        let is_there =
            |row: u32| rows.effect_type[row as usize] != EffectType::Additive || weight(row) != 0.0;
        let counted = file.matched_rows(column.column).filter(|matched| is_there(matched.row));
        let counted: Vec<usize> = counted.map(|matched| matched.row as usize).collect();
        let variants = match &column.gate {
            Gate::Skip(reason) => Err(reason.clone()),
            Gate::Pass => attackable(rows, &counted).and_then(|()| {
                // X is measured as in women, who have two copies.
                let (effects, _) = job.effects(at, Sex::Female);
                let variant = |effect: &steppe_engine::score::RowEffect| {
                    let counted = effect.frequency;
                    let frequency = if effect.effect_is_counted { counted } else { 1.0 - counted };
                    let name = job.variants.id(effect.at).to_owned();
                    NamedVariant { name, variant: Variant { weight: weight(effect.row), frequency } }
                };
                let here = effects.iter().filter(|effect| is_there(effect.row));
                if here.clone().any(|effect| effect.alleles != 2) {
                    return Err(HAPLOID.to_owned());
                }
                Ok(here.map(variant).collect())
            }),
        };
        Score {
            name: column.name.clone(),
            file: file.source.file.path.display().to_string(),
            count: counted.len(),
            variants,
        }
    };
    job.columns.iter().enumerate().map(of).collect()
}

const HAPLOID: &str = "it has variants on Y or MT, of which nobody has two copies, and the attack is on two";

/// The scores of a file as it stands.
///
/// # Errors
/// A variant of a score that can be attacked has no frequency.
pub(super) fn of_file(
    source: &ScoringSource,
    table: Option<&FrequencyTable>,
) -> Result<Vec<Score>, EngineError> {
    let file = &source.file;
    let of = |(column, name): (usize, &String)| -> Result<Score, EngineError> {
        let rows = &file.rows;
        let is_there =
            |row: &usize| rows.effect_type[*row] != EffectType::Additive || rows.weights[column][*row] != 0.0;
        let counted: Vec<usize> = (0..rows.len()).filter(is_there).collect();
        let checked = attackable(rows, &counted).and_then(|()| standing_alone(rows, &counted));
        let variants = match checked {
            Err(reason) => Err(reason),
            Ok(()) => Ok(counted
                .iter()
                .map(|&row| {
                    let frequency = frequency_of(file, name, row, table)?;
                    let variant = Variant { weight: rows.weights[column][row], frequency };
                    Ok(NamedVariant { name: name_of(rows, row), variant })
                })
                .collect::<Result<Vec<_>, EngineError>>()?),
        };
        let path = file.path.display().to_string();
        Ok(Score { name: name.clone(), file: path, count: counted.len(), variants })
    };
    file.columns.iter().enumerate().map(of).collect()
}

/// Whether the attack is on scores like this: few additive variants.
fn attackable(rows: &ScoringRows, counted: &[usize]) -> Result<(), String> {
    if counted.is_empty() {
        return Err("none of its variants has a weight".to_owned());
    }
    if counted.len() > MOST_VARIANTS {
        return Err(format!(
            "it has {} variants, and the attack is run on at most {MOST_VARIANTS}: of so many a score tells little each",
            counted.len()
        ));
    }
    match counted.iter().filter(|&&row| rows.effect_type[row] != EffectType::Additive).count() {
        0 => Ok(()),
        others => {
            Err(format!("{others} of its variants are not additive, and the attack is on additive scores"))
        }
    }
}

/// Whether the rows are about places of their own, with two copies each, as far as the file itself says.
fn standing_alone(rows: &ScoringRows, counted: &[usize]) -> Result<(), String> {
    let mut lines: HashMap<(Option<&Chromosome>, u32, &str), u64> = HashMap::new();
    for &row in counted {
        let chromosome = rows.chromosome[row].as_ref();
        if chromosome.is_some_and(|of| matches!(of.ploidy(), Ploidy::Y | Ploidy::Haploid)) {
            return Err(HAPLOID.to_owned());
        }
        let position = rows.position[row];
        let place = if position > 0 { (chromosome, position, "") } else { (None, 0, rows.id.get(row)) };
        if let Some(before) = lines.insert(place, rows.line[row]) {
            return Err(format!(
                "lines {before} and {} are about one place, and the attack takes variants to be independent",
                rows.line[row]
            ));
        }
    }
    Ok(())
}

fn name_of(rows: &ScoringRows, row: usize) -> String {
    match (rows.id.get(row), &rows.chromosome[row]) {
        ("", Some(chromosome)) => format!("{chromosome}:{}", rows.position[row]),
        ("", None) => format!("line {}", rows.line[row]),
        (id, _) => id.to_owned(),
    }
}

fn frequency_of(
    file: &ScoringFile,
    score: &str,
    row: usize,
    table: Option<&FrequencyTable>,
) -> Result<f64, EngineError> {
    let rows = &file.rows;
    let listed = table.and_then(|table| table.get(rows.id.get(row), rows.effect_allele.get(row)));
    listed.or_else(|| rows.frequency(row)).ok_or_else(|| {
        let place = format!("{}:{}", file.path.display(), rows.line[row]);
        EngineError::refused(
            format!("{place}: nothing says how frequent allele {} of {} is (score {score})", rows.effect_allele.get(row), name_of(rows, row)),
            "name a cohort with --cohort, a file of frequencies with --freq, or add a column allelefrequency_effect to the scoring file",
        )
    })
}

//! The people of the reference and of the cohort, with everything that is known of them.

use std::collections::HashMap;

use nalgebra::DMatrix;
use steppe_engine::{
    EngineError,
    output::{InputRecord, ScoreRecord},
};
use steppe_store::SampleTable;

use super::{
    super::{
        ancestry::AncestryMethod,
        columns::{TextBySample, ids, numbers},
        covariates::{Covariate, Covariates},
        inputs::Inputs,
        pca::{Reference, component_name},
        phenotypes::{Phenotypes, TraitValues},
        result_table::{MadeFrom, ResultTable},
        score_table::{ScoreOrigin, ScoreSource, ScoreTable, of_ids},
        selection::on_list,
    },
    CalibrateOptions, distance,
    stored::{Ground, Terms},
};

/// People of one kind.
#[derive(Debug)]
pub(super) struct People {
    pub(super) samples: SampleTable,
    /// People x components.
    pub(super) pcs: DMatrix<f64>,
    /// People x scores; NaN where there is none.
    pub(super) scores: Vec<Vec<f64>>,
    /// Places among the populations.
    pub(super) population: Vec<usize>,
}

/// What the cohort's people have besides.
#[derive(Debug)]
pub(super) struct Cohort {
    pub(super) people: People,
    /// The most similar population of the reference.
    pub(super) similar: Vec<usize>,
    pub(super) outside: Vec<bool>,
    /// Proportions of descent, people x populations of the reference in the order of the populations.
    pub(super) proportions: DMatrix<f64>,
    /// Who teaches the model.
    pub(super) learns: Vec<bool>,
    pub(super) outcome: Option<(String, TraitValues)>,
    pub(super) covariates: Vec<Covariate>,
    /// Ages in years, where a column of them was given; NaN where one is missing.
    pub(super) age: Option<Vec<f64>>,
}

/// Everybody.
#[derive(Debug)]
pub(super) struct Everybody {
    /// Those of the reference first.
    pub(super) populations: Vec<String>,
    /// Populations of the reference.
    pub(super) of_reference: usize,
    /// The own cohort's place among them.
    pub(super) target: usize,
    /// The place of the population that the scores were trained in, where that is told.
    pub(super) trained_in: Option<usize>,
    pub(super) names: Vec<String>,
    /// What was matched of the cohort's scores, where that is known.
    pub(super) matched: Vec<ScoreRecord>,
    pub(super) reference: People,
    pub(super) cohort: Cohort,
    /// What applying the model to others takes besides.
    pub(super) ground: Ground,
    pub(super) inputs: Vec<InputRecord>,
    pub(super) unknown_selected: u64,
    pub(super) notices: Vec<String>,
}

impl Everybody {
    pub(super) fn read(options: &CalibrateOptions) -> Result<Self, EngineError> {
        let mut inputs = Inputs::default();
        let mut notices = Vec::new();
        let panel = ResultTable::read(&options.reference, "pca", "pcs.parquet", &mut inputs)?;
        let found = ResultTable::read(&options.ancestry, "ancestry", "ancestry.parquet", &mut inputs)?;
        let mut ground = ground(options, &mut inputs)?;
        let (names, reference, mut populations) =
            reference(&panel, options, &mut inputs, &mut ground.origins, &mut notices)?;
        let of_reference = populations.len();
        let samples = samples_of(&found)?;
        let rows = found.rows();
        let named = ScoreSource { names: names.clone(), ..options.scores.clone() };
        let table = ScoreTable::read(&named, &mut inputs)?;
        let scores = joined(&table, &names, &samples, "the cohort", &mut notices)?;
        notices.extend(other_weights(&ground.origins, &table.origins));
        ground.origins.extend(table.origins);
        ground.origins.retain(|of| names.contains(&of.name));
        let similar = similar(&found, &populations)?;
        let labels = labels(options, &samples, &mut inputs)?;
        let trained_in = distance::trained_in(options.trained_in.as_deref(), &populations)?;
        let target = place_of(&mut populations, &options.target);
        let population = (0..rows)
            .map(|row| match &labels {
                Some(labels) => {
                    labels[row].as_ref().map_or(similar[row], |name| place_of(&mut populations, name))
                }
                None => target,
            })
            .collect();
        let (learns, unknown_selected) = on_list("learn", options.learn.as_deref(), &samples, &mut inputs)?;
        let outcome = outcome(options, &samples, &mut inputs)?;
        let covariates = covariates(options, &samples, &mut inputs)?;
        let age = options.age.as_ref();
        let age = age.map(|column| numbers("age", column, &samples, &mut inputs)).transpose()?;
        let proportions = proportions(&found, &populations[..of_reference])?;
        let pcs = components(&found, options.components)?;
        let people = People { pcs, scores, population, samples };
        if !people.population.contains(&target) {
            return Err(EngineError::refused(
                format!("nobody of the cohort is of population {}", options.target),
                "name a population of the column with --target",
            ));
        }
        Ok(Self {
            populations,
            of_reference,
            target,
            trained_in,
            names,
            matched: table.matched,
            reference,
            cohort: Cohort {
                people,
                similar,
                outside: found.flags("outside")?,
                proportions,
                learns,
                outcome,
                covariates,
                age,
            },
            ground,
            inputs: rates(options, inputs)?,
            unknown_selected,
            notices,
        })
    }

    /// What applying the model takes of the people.
    pub(super) fn terms(&self, options: &CalibrateOptions) -> Terms {
        Terms {
            target: self.target,
            of_reference: self.of_reference,
            labelled: options.population.is_some(),
            covariates: self.cohort.covariates.iter().map(|of| of.name.clone()).collect(),
            components: options.components,
        }
    }
}

/// The reference and how people were placed against it, which must be this one.
fn ground(options: &CalibrateOptions, inputs: &mut Inputs) -> Result<Ground, EngineError> {
    let mut read = Inputs::default();
    let reference = Reference::read(&options.reference, &mut read)?;
    let read = read.into_records(false);
    let made = MadeFrom::read(&options.ancestry, "ancestry")?;
    if read.iter().any(|one| made.inputs.iter().all(|of| of.blake3 != one.blake3)) {
        return Err(EngineError::refused(
            format!("{}: the ancestry was found against another reference", options.ancestry),
            format!("run steppe ancestry with --reference {}", options.reference),
        ));
    }
    let ancestry = AncestryMethod::of_parameters(&made.parameters).ok_or_else(|| {
        EngineError::refused(
            format!("{}: its record does not tell how people were placed", options.ancestry),
            "run steppe ancestry again with this version of steppe",
        )
    })?;
    read.into_iter().for_each(|one| inputs.push(one));
    Ok(Ground { origins: Vec::new(), ancestry, reference })
}

/// Scores of the cohort that are of other scoring files than those of the reference, as they are where the two are on
/// different builds.
fn other_weights(reference: &[ScoreOrigin], cohort: &[ScoreOrigin]) -> Vec<String> {
    let differs = |of: &&ScoreOrigin| {
        reference.iter().any(|there| there.name == of.name && there.weights != of.weights)
    };
    let told = |of: &ScoreOrigin| {
        format!("score {}: the reference's and the cohort's are from different scoring files", of.name)
    };
    cohort.iter().filter(differs).map(told).collect()
}

/// Notes the file of rates, which the fit reads.
fn rates(options: &CalibrateOptions, mut inputs: Inputs) -> Result<Vec<InputRecord>, EngineError> {
    inputs.add_if("rates", options.rates.as_deref())?;
    Ok(inputs.into_records(options.copied_inputs))
}

/// The names of the scores, the reference's people, and its populations.
fn reference(
    panel: &ResultTable,
    options: &CalibrateOptions,
    inputs: &mut Inputs,
    origins: &mut Vec<ScoreOrigin>,
    notices: &mut Vec<String>,
) -> Result<(Vec<String>, People, Vec<String>), EngineError> {
    let labels = panel.texts("population")?;
    let made = panel.flags("made_components")?;
    let mut populations: Vec<String> = labels.iter().flatten().cloned().collect();
    populations.sort_unstable();
    populations.dedup();
    if populations.is_empty() {
        return Err(EngineError::refused(
            format!("{}: the reference has no populations", options.reference),
            "run steppe pca with --population, the column of the reference people's labels",
        ));
    }
    let samples = samples_of(panel)?;
    let table = ScoreTable::read(&options.reference_scores, inputs)?;
    origins.extend(table.origins.iter().cloned());
    let names: Vec<String> = table.scores.iter().map(|score| score.name.clone()).collect();
    let all = joined(&table, &names, &samples, "the reference", notices)?;
    let pcs = components(panel, options.components)?;
    let scored = |row: usize| all.iter().all(|score| score[row].is_finite());
    let rows: Vec<usize> =
        (0..panel.rows()).filter(|row| made[*row] && labels[*row].is_some() && scored(*row)).collect();
    let without = panel.rows() - rows.len();
    if without > 0 {
        notices.push(format!(
            "{without} people of the reference are left out: without a population or a score, or they are related"
        ));
    }
    let place = |row: &usize| {
        let label = labels[*row].as_deref().unwrap_or_default();
        populations.binary_search_by(|name| name.as_str().cmp(label)).unwrap_or_default()
    };
    let people = People {
        population: rows.iter().map(place).collect(),
        pcs: pcs.select_rows(&rows),
        scores: all.iter().map(|score| rows.iter().map(|row| score[*row]).collect()).collect(),
        samples: of_rows(&samples, &rows),
    };
    Ok((names, people, populations))
}

pub(super) fn of_rows(samples: &SampleTable, rows: &[usize]) -> SampleTable {
    let families: Vec<&str> = rows.iter().map(|row| samples.family_id.get(*row)).collect();
    let ids: Vec<&str> = rows.iter().map(|row| samples.sample_id.get(*row)).collect();
    of_ids(&families, &ids)
}

fn samples_of(table: &ResultTable) -> Result<SampleTable, EngineError> {
    let text =
        |name| Ok::<_, EngineError>(table.texts(name)?.into_iter().map(Option::unwrap_or_default).collect());
    let (families, samples): (Vec<String>, Vec<String>) = (text("#FID")?, text("IID")?);
    Ok(of_ids(&families, &samples))
}

fn components(table: &ResultTable, wanted: usize) -> Result<DMatrix<f64>, EngineError> {
    let there = table.names_after("PC").len();
    if wanted > there {
        return Err(EngineError::refused(
            format!("{wanted} components are asked for, and the reference has {there}"),
            "ask for fewer with --pcs, or run steppe pca with more",
        ));
    }
    let columns: Vec<Vec<f64>> =
        (0..wanted).map(|at| table.numbers(&component_name(at))).collect::<Result<_, _>>()?;
    Ok(DMatrix::from_fn(table.rows(), wanted, |row, column| columns[column][row]))
}

/// The scores of some people, score by score.
fn joined(
    table: &ScoreTable,
    names: &[String],
    samples: &SampleTable,
    whose: &str,
    notices: &mut Vec<String>,
) -> Result<Vec<Vec<f64>>, EngineError> {
    let rows: HashMap<(&str, &str), usize> = ids(&table.samples).zip(0..).collect();
    let row: Vec<Option<usize>> = ids(samples).map(|id| rows.get(&id).copied()).collect();
    let without = row.iter().filter(|row| row.is_none()).count();
    if without == row.len() {
        return Err(EngineError::refused(
            format!("nobody of {whose} has a score"),
            "give scores and ancestry of the same people, with the same family and sample ids",
        ));
    }
    if without > 0 {
        notices.push(format!("{without} people of {whose} have no score"));
    }
    let of = |name: &String| {
        let values = table.scores.iter().find(|score| score.name == *name).map(|score| &score.values);
        row.iter().map(|row| row.zip(values).map_or(f64::NAN, |(row, values)| values[row])).collect()
    };
    Ok(names.iter().map(of).collect())
}

/// The place of a name, which is added where it is new.
fn place_of(names: &mut Vec<String>, name: &str) -> usize {
    names.iter().position(|there| there == name).unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    })
}

fn similar(found: &ResultTable, populations: &[String]) -> Result<Vec<usize>, EngineError> {
    let place = |name: Option<String>| {
        let name = name.unwrap_or_default();
        populations.iter().position(|there| *there == name).ok_or_else(|| {
            EngineError::refused(
                format!("the ancestry knows population {name}, and the reference does not"),
                "run steppe ancestry with this reference",
            )
        })
    };
    found.texts("most_similar")?.into_iter().map(place).collect()
}

fn labels(
    options: &CalibrateOptions,
    samples: &SampleTable,
    inputs: &mut Inputs,
) -> Result<Option<Vec<Option<String>>>, EngineError> {
    let Some(column) = &options.population else { return Ok(None) };
    let read = TextBySample::read("population", column, samples, inputs)?;
    Ok(Some((0..samples.len()).map(|sample| read.get(sample).map(str::to_owned)).collect()))
}

fn outcome(
    options: &CalibrateOptions,
    samples: &SampleTable,
    inputs: &mut Inputs,
) -> Result<Option<(String, TraitValues)>, EngineError> {
    let Some(source) = &options.phenotypes else { return Ok(None) };
    let mut traits = Phenotypes::read(source, &[], samples, inputs)?.traits;
    match (traits.len(), traits.pop()) {
        (1, Some((name, values @ (TraitValues::Gaussian(_) | TraitValues::Binomial(_))))) => {
            Ok(Some((name, values)))
        }
        (1, Some((name, _))) => Err(EngineError::refused(
            format!("trait '{name}' is neither quantitative nor binary"),
            "name another",
        )),
        (count, _) => Err(EngineError::refused(
            format!("{count} traits are named, and a calibration is for one"),
            "name one with --trait",
        )),
    }
}

fn covariates(
    options: &CalibrateOptions,
    samples: &SampleTable,
    inputs: &mut Inputs,
) -> Result<Vec<Covariate>, EngineError> {
    let (Some(wanted), Some(source)) = (&options.covariates, &options.phenotypes) else {
        return Ok(Vec::new());
    };
    let read = Covariates::read(wanted, source.missing_code, &[], samples, inputs)?;
    Ok(read.of(&(0..samples.len() as u32).collect::<Vec<_>>()))
}

fn proportions(found: &ResultTable, populations: &[String]) -> Result<DMatrix<f64>, EngineError> {
    let column = |name: &String| found.numbers(&format!("admixture_{name}"));
    let columns: Vec<Vec<f64>> = populations.iter().map(column).collect::<Result<_, _>>()?;
    Ok(DMatrix::from_fn(found.rows(), populations.len(), |row, at| columns[at][row]))
}

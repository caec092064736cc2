//! Ancestry on simulated cohorts with the truth: flags of people outside the reference, and admixture proportions.
//!
//! `ancestry_experiment FOLDER R2 HWE [TRUTH]`: variants are pruned to r² R2 after those with a Hardy-Weinberg P below HWE
//! are left out; the reference is EUR, EAS and AFR `ref` of `samples.tsv`, targets are everybody's
//! `test` and KAZ `ref`. TRUTH has a line for each KAZ person of the cohort: expected and realised East fraction.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::expect_used,
    dead_code,
    reason = "a program for the terminal"
)]

#[path = "../tests/it/genotypes.rs"]
mod genotypes;

use std::collections::HashMap;
use std::path::Path;
use std::time::Instant;

use steppe_calibrate::ancestry::{
    Admixture, FrequencyAdmixture, HeldOutOptions, OutsideModel, PopulationShapes, Populations,
    held_out_distances,
};
use steppe_calibrate::pca::{
    Pca, PcaOptions, PruneOptions, SelectionOptions, principal_components, prune, select,
};
use steppe_calibrate::projection::{ProjectionMethod, SharedVariant, project};
use steppe_fit::GenotypeMatrix;

use genotypes::{Cohort, Packed, cohort, correlation, table};

/// The people of a folder of the simulator, and the cohorts of the experiment.
struct Simulated {
    people: HashMap<String, Vec<String>>,
    reference: Cohort,
    target: Cohort,
    truth: Option<Vec<Vec<String>>>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |at: usize| arguments[at].parse::<f64>().expect("a number");
    let (most_r2, least_hardy_weinberg_p) = (number(2), number(3));
    let simulated = read(Path::new(&arguments[1]), arguments.get(4));
    let labels: Vec<Option<&str>> =
        simulated.reference.samples.iter().map(|id| Some(simulated.of(id))).collect();
    let populations = Populations::new(&labels).expect("labels");
    by_frequencies(&simulated, &populations);

    let reference = &simulated.reference;
    let filters = SelectionOptions { least_hardy_weinberg_p, ..SelectionOptions::default() };
    let selected = select(reference.matrix.counts(), &reference.places, &filters).expect("selected");
    let options = PruneOptions { most_r2, ..PruneOptions::default() };
    let pruned =
        prune(&reference.matrix, None, &selected.variants, &reference.places, &options).expect("pruned");
    let matrix = Packed::new(reference.matrix.select(&pruned.kept).expect("columns"));
    let start = Instant::now();
    let pca = principal_components(&matrix, None, &PcaOptions::default()).expect("components");
    let (kept, time) = (pruned.kept.len(), start.elapsed());
    println!("{:?}, {kept} pruned; {:?}; {time:?}", selected.counts, pca.passes);
    let converged = pca.components.iter().filter(|component| component.converged).count();
    println!("eigenvalues {:.2?}, {converged} of 40 converged", &pca.model.eigenvalues()[..6]);
    for components in [4, 10] {
        by_components(&simulated, &populations, (&matrix, &pruned.kept), &pca, components);
    }
}

fn read(folder: &Path, truth: Option<&String>) -> Simulated {
    let people: HashMap<String, Vec<String>> =
        table(&folder.join("samples.tsv")).into_iter().map(|row| (row[1].clone(), row)).collect();
    let is = |id: &str, kaz: bool, split: &str| (people[id][2] == "KAZ") == kaz && people[id][3] == split;
    let reference = cohort(&folder.join("geno"), |id| is(id, false, "ref"));
    let target = cohort(&folder.join("geno"), |id| people[id][3] == "test" || is(id, true, "ref"));
    let truth = truth.map(|path| table(Path::new(path)));
    Simulated { people, reference, target, truth }
}

impl Simulated {
    fn of(&self, id: &str) -> &str {
        &self.people[id][2]
    }
}

/// Proportions from all variants.
fn by_frequencies(simulated: &Simulated, populations: &Populations) {
    let start = Instant::now();
    let all: Vec<SharedVariant> = (0..simulated.reference.matrix.variants() as u32)
        .map(|at| SharedVariant { model: at, matrix: at, flipped: false })
        .collect();
    let frequencies = FrequencyAdmixture::fit(&simulated.reference.matrix, populations).expect("frequencies");
    let mixtures = frequencies.proportions(&simulated.target.matrix, &all).expect("proportions");
    println!(
        "by frequencies of all variants, {:?}; errors {:.4?}",
        start.elapsed(),
        mixtures.standard_errors
    );
    report(simulated, &mixtures.proportions.column(1).iter().copied().collect::<Vec<_>>());
}

/// Flags and proportions from components.
fn by_components(
    simulated: &Simulated,
    populations: &Populations,
    (matrix, kept): (&Packed, &[u32]),
    pca: &Pca,
    components: usize,
) {
    let target = &simulated.target;
    let shared: Vec<SharedVariant> = (0..)
        .zip(kept)
        .map(|(model, matrix)| SharedVariant { model, matrix: *matrix, flipped: false })
        .collect();
    let projected = project(&pca.model, &target.matrix, &shared, ProjectionMethod::Oadp, Some(components))
        .expect("projected");
    let shapes = PopulationShapes::fit(&pca.scores, populations, components).expect("shapes");
    let start = Instant::now();
    let options = HeldOutOptions { components, ..HeldOutOptions::default() };
    let (held_out, passes) = held_out_distances(matrix, populations, pca, &options).expect("held out");
    println!("{components} components: held out in {:?}, {passes:?}", start.elapsed());
    let outside = OutsideModel::new(shapes.clone(), held_out.into_iter().flatten().collect());
    let verdict = outside.judge(&projected.scores, 0.01).expect("judged");
    let flagged = |what: &str, of: &dyn Fn(&str) -> bool| {
        let here = target.samples.iter().zip(&verdict.flagged).filter(|(id, _)| of(simulated.of(id)));
        let flags: Vec<bool> = here.map(|(_, flag)| *flag).collect();
        let share = flags.iter().filter(|flag| **flag).count() as f64 / flags.len() as f64;
        println!("  {what}: {:.2} % of {} flagged", 100.0 * share, flags.len());
    };
    for population in ["EUR", "EAS", "AFR", "KAZ"] {
        flagged(population, &|of| of == population);
    }
    flagged("held-out reference people", &|of| of != "KAZ");
    let mixtures =
        Admixture::new(&shapes).expect("mixtures").proportions(&projected.scores).expect("proportions");
    report(simulated, &mixtures.proportions.column(1).iter().copied().collect::<Vec<_>>());
    println!("  standard errors {:?} {:.4?}", mixtures.names, mixtures.standard_errors);
}

/// East fractions found, against the expected one and the realised one.
fn report(simulated: &Simulated, found: &[f64]) {
    let (people, samples) = (&simulated.people, &simulated.target.samples);
    let kaz: Vec<usize> = (0..samples.len()).filter(|place| people[&samples[*place]][2] == "KAZ").collect();
    let found: Vec<f64> = kaz.iter().map(|place| found[*place]).collect();
    let number = |text: &String| text.parse::<f64>().expect("a number");
    let expected: Vec<f64> = kaz.iter().map(|place| number(&people[&samples[*place]][6])).collect();
    compare("expected", &found, &expected);
    if let Some(truth) = &simulated.truth {
        let mut all: Vec<&String> = people.keys().filter(|id| people[*id][2] == "KAZ").collect();
        all.sort();
        let rows: Vec<&Vec<String>> = truth.iter().filter(|row| row[0] != "#").collect();
        let place = |id: &String| all.binary_search(&id).expect("a KAZ person");
        let realised: Vec<f64> = kaz.iter().map(|at| number(&rows[place(&samples[*at])][1])).collect();
        let check: Vec<f64> = kaz.iter().map(|at| number(&rows[place(&samples[*at])][0])).collect();
        let most = check.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(most < 1e-3, "the truth is of this cohort");
        compare("realised", &found, &realised);
        compare("(realised against expected)", &realised, &expected);
    }
}

fn compare(what: &str, found: &[f64], truth: &[f64]) {
    let n = found.len() as f64;
    let errors: Vec<f64> = found.iter().zip(truth).map(|(a, b)| a - b).collect();
    let bias = errors.iter().sum::<f64>() / n;
    let rmse = (errors.iter().map(|error| error * error).sum::<f64>() / n).sqrt();
    println!("  East, {what}: RMSE {rmse:.4}, bias {bias:.4}, correlation {:.4}", correlation(found, truth));
}

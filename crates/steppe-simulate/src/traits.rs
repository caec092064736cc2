use crate::{
    CohortSpec,
    cohort::Person,
    random::{Purpose, Stream},
    variants::SimulatedChromosome,
};

/// The share of the traits' variance within populations that is genetic.
const HERITABILITY: f64 = 0.5;
/// The share of cases.
const PREVALENCE: f64 = 0.15;
/// One variant in so many affects a trait.
const CAUSAL_EVERY: u64 = 5;

/// True effects per copy of allele 1 on the quantitative trait and on liability to the disease.
pub(crate) struct Effects {
    /// Of each chromosome: the causal variants by index, in order.
    pub by_chromosome: Vec<Vec<(usize, [f64; 2])>>,
}

impl Effects {
    pub(crate) fn new(seed: u64, chromosomes: &[SimulatedChromosome]) -> Self {
        let by_chromosome = chromosomes
            .iter()
            .map(|chromosome| {
                let mut random = Stream::new(seed, Purpose::Effects, chromosome.index as u64, 0);
                (0..chromosome.records.len())
                    .filter_map(|variant| {
                        let causal = random.below(CAUSAL_EVERY) == 0;
                        let draw = [random.normal() * 0.01, random.normal() * 0.01];
                        causal.then_some((variant, draw))
                    })
                    .collect()
            })
            .collect();
        Self { by_chromosome }
    }
}

/// Of ten people in a row, those that train, validate and test.
fn split(number: usize) -> &'static str {
    match number % 10 {
        0..=6 => "train",
        7 => "valid",
        _ => "test",
    }
}

/// The phenotype table: a quantitative trait and a disease above a threshold of liability, with population and split.
pub(crate) fn phenotypes(spec: &CohortSpec, people: &[Person], genetic: &[[f64; 2]]) -> String {
    let mut values = [Vec::new(), Vec::new()];
    for (of_trait, values) in values.iter_mut().enumerate() {
        let scale = standard_deviation(genetic.iter().map(|value| value[of_trait]));
        for (number, value) in genetic.iter().enumerate() {
            let mut random = Stream::new(spec.seed, Purpose::Trait, number as u64, of_trait as u64);
            let noise = random.normal() * (1.0 - HERITABILITY).sqrt();
            values.push(value[of_trait] / scale * HERITABILITY.sqrt() + noise);
        }
    }
    let mut sorted = values[1].clone();
    sorted.sort_by(f64::total_cmp);
    let at = ((1.0 - PREVALENCE) * sorted.len() as f64) as usize;
    let threshold = sorted.get(at).copied().unwrap_or(f64::INFINITY);
    let mut text = String::from("#FID\tIID\tQT\tCC\tpopulation\tsplit\n");
    for (number, person) in people.iter().enumerate() {
        let case = if values[1][number] >= threshold { 2 } else { 1 };
        let population = &spec.populations[person.population].name;
        let (value, split) = (values[0][number], split(number));
        text.push_str(&format!("0\t{}\t{value:.6}\t{case}\t{population}\t{split}\n", person.id));
    }
    text
}

fn standard_deviation(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
    if variance > 0.0 { variance.sqrt() } else { 1.0 }
}

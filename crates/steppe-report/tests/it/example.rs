use std::time::Duration;

use steppe_report::{
    Family, FitReport, LambdaRow, LeftOut, Metric, PopulationMetric, Provenance, SampleCount, Timing,
    TopVariant, VariantPath,
};

/// Numbers that look random and are the same everywhere.
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From 0 to 1.
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// About normal, by a sum of uniforms.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

const LAMBDAS: usize = 60;
const POPULATIONS: [(&str, u64, f64); 5] = [
    ("EUR", 10_000, 0.342),
    ("EAS", 4_000, 0.321),
    ("AFR", 2_500, 0.141),
    ("SAS", 2_000, 0.288),
    ("KAZ", 1_500, 0.316),
];

/// A fit of the size of a real one: 60 lambdas, 5 populations, 60,000 variants.
pub(crate) fn fit() -> FitReport {
    let mut noise = Noise::new(7);
    let lambdas: Vec<f64> = (0..LAMBDAS).map(|k| 0.212 * 0.05_f64.powf(k as f64 / 59.0)).collect();
    let paths = paths(&lambdas, &mut noise);
    let top_variants = top_variants(&paths, 43, &mut noise);
    FitReport {
        trait_name: "LDL cholesterol".to_owned(),
        family: Family::Gaussian,
        alpha: 1.0,
        metric: Metric::R2,
        validated_on: "the validation samples".to_owned(),
        samples: samples(),
        samples_left_out: vec![left_out("no phenotype", 212), left_out("missing covariate", 35)],
        variants_used: 58_112,
        variants_left_out: vec![left_out("one allele only", 1_204), left_out("more than 10 % missing", 684)],
        lambdas: rows(&lambdas, &paths, &mut noise),
        chosen: Some(43),
        kkt_tolerance: 1e-3,
        paths,
        paths_left_out: 0,
        population_metrics: metrics(&mut noise),
        interval: "95% CI".to_owned(),
        top_variants,
        timings: timings(),
        warnings: vec!["The covariate PC11 is a combination of others and was dropped.".to_owned()],
        provenance: provenance(),
    }
}

fn left_out(reason: &str, count: u64) -> LeftOut {
    LeftOut { reason: reason.to_owned(), count }
}

fn samples() -> Vec<SampleCount> {
    let split = |split: &'static str, share: u64| {
        POPULATIONS.iter().map(move |(population, samples, _)| SampleCount {
            split: split.to_owned(),
            population: (*population).to_owned(),
            samples: samples * share / 10,
            cases: None,
        })
    };
    split("training", 7).chain(split("validation", 1)).chain(split("test", 2)).collect()
}

/// Effects that leave 0 at some lambda and then grow, some of them back.
fn paths(lambdas: &[f64], noise: &mut Noise) -> Vec<VariantPath> {
    let largest = lambdas[0];
    let path = |index: usize| {
        let entry = largest * (0.03 + 0.97 * noise.uniform().powi(6));
        let slope = noise.normal() * 0.5 + 0.9 * noise.normal().signum();
        let turn = noise.uniform() * 0.3;
        let effect = |lambda: &f64| {
            if *lambda < entry {
                slope * (entry - lambda) * (1.0 - turn * (entry - lambda) / entry)
            } else {
                0.0
            }
        };
        VariantPath {
            name: format!("rs{}", 10_177 + index * 379_213 % 90_000_000),
            effects: lambdas.iter().map(effect).collect(),
        }
    };
    (0..1_460).map(path).collect()
}

fn rows(lambdas: &[f64], paths: &[VariantPath], noise: &mut Noise) -> Vec<LambdaRow> {
    let row = |(index, &lambda): (usize, &f64)| {
        let share = index as f64 / (LAMBDAS - 1) as f64;
        let training = 0.62 * (1.0 - (-2.6 * share).exp()) / (1.0 - (-2.6_f64).exp());
        let validation = (0.312 * (1.0 - ((share - 0.73) / 0.73).powi(2)) + 0.002 * noise.normal()).max(0.0);
        let violation = 10_f64.powf(-4.6 + 1.3 * noise.uniform());
        LambdaRow {
            lambda,
            active_variants: paths.iter().filter(|path| path.effects[index] != 0.0).count() as u64,
            training: Some(training),
            validation: Some(validation),
            validation_interval: Some((validation - 0.012 - 0.01 * share, validation + 0.012 + 0.01 * share)),
            kkt_violation: if index == 0 { 0.0 } else { violation },
            duality_gap: violation * violation * 40.0 * (0.5 + noise.uniform()),
        }
    };
    lambdas.iter().enumerate().map(row).collect()
}

fn metrics(noise: &mut Noise) -> Vec<PopulationMetric> {
    let mut metrics = Vec::new();
    for metric in [Metric::R2, Metric::IncrementalR2] {
        for (split, share) in [("validation", 1), ("test", 2)] {
            for (population, samples, value) in POPULATIONS {
                let samples = samples * share / 10;
                let less = if metric == Metric::R2 { 0.0 } else { 0.021 };
                let estimate = value - less + 0.01 * noise.normal();
                let half = 1.9 / (samples as f64).sqrt() * 0.8;
                metrics.push(PopulationMetric {
                    population: population.to_owned(),
                    split: split.to_owned(),
                    samples,
                    metric,
                    estimate: Some(estimate),
                    interval: Some((estimate - half, estimate + half)),
                });
            }
        }
    }
    metrics
}

fn top_variants(paths: &[VariantPath], chosen: usize, noise: &mut Noise) -> Vec<TopVariant> {
    let mut sorted: Vec<&VariantPath> = paths.iter().collect();
    sorted.sort_by(|a, b| b.effects[chosen].abs().total_cmp(&a.effects[chosen].abs()));
    let variant = |path: &&VariantPath| TopVariant {
        name: path.name.clone(),
        chromosome: (1 + (noise.uniform() * 22.0) as u32).to_string(),
        position: (noise.uniform() * 2e8) as u64,
        effect_allele: if noise.uniform() < 0.5 { "A" } else { "G" }.to_owned(),
        other_allele: if noise.uniform() < 0.9 { "C" } else { "TTAGCATT" }.to_owned(),
        frequency: Some(noise.uniform()),
        weight: path.effects[chosen],
    };
    sorted.iter().take(20).map(variant).collect()
}

fn timings() -> Vec<Timing> {
    let stage =
        |stage: &str, millis| Timing { stage: stage.to_owned(), duration: Duration::from_millis(millis) };
    vec![
        stage("reading phenotypes and covariates", 84),
        stage("adjoint passes", 3_911),
        stage("solver", 1_702),
        stage("prediction and metrics", 655),
        stage("writing", 120),
    ]
}

fn provenance() -> Provenance {
    let digest = |seed: u64| {
        let mut noise = Noise::new(seed);
        let words: Vec<String> = (0..8).map(|_| format!("{:08x}", (noise.uniform() * 4e9) as u32)).collect();
        format!("blake3:{}", words.concat())
    };
    Provenance {
        command: "steppe fit lasso --cohort s3://cohorts/pooled --pheno lipids.tsv --trait LDL --covar covar.tsv --split split --population population --lambdas 60 --lambda-min-ratio 0.05 --output fits/ldl".to_owned(),
        version: "0.1.0".to_owned(),
        finished: "2026-11-21 15:25 UTC".to_owned(),
        digests: vec![
            ("cohort manifest 00000003.json".to_owned(), digest(1)),
            ("lipids.tsv".to_owned(), digest(2)),
            ("covar.tsv".to_owned(), digest(3)),
            ("LDL.scoring.txt.gz".to_owned(), digest(4)),
        ],
    }
}

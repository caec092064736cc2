//! Input that looks real and comes from formulas: five reference populations, three of the target, one of them absent from
//! the reference.

use steppe_report::{
    CalibrationChange, CalibrationReport, Change, Decile, DecileOdds, Density, Distance, EvaluationRow,
    Exclusion, Finding, Indicator, Insufficiency, Measure, MissingKind, MissingVariants, Origin, Outcome,
    Pca, PcaGroup, PcaRole, PersonReport, PersonVariant, Place, PopulationDistribution, PopulationPeople,
    Reliability, ReliabilityPoint, ReportingStandard, ScoreDistribution, ScoreMatch, Transfer,
};

/// Numbers that look random and are the same everywhere.
struct Noise(u64);

impl Noise {
    /// From 0 to 1 (splitmix64).
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

    fn normals(&mut self, n: usize, mean: f64, sd: f64) -> Vec<f64> {
        (0..n).map(|_| mean + sd * self.normal()).collect()
    }
}

/// Name, people, cases, place in the reference's components, mean and spread of the raw score, R² of the score.
struct Population {
    name: &'static str,
    people: usize,
    cases: u64,
    centre: [f64; 6],
    score: (f64, f64),
    auc: f64,
}

const TARGET: [Population; 3] = [
    Population {
        name: "EUR",
        people: 5_200,
        cases: 1_046,
        centre: [9.0, 11.0, 0.5, -0.2, 0.1, 0.0],
        score: (0.12, 0.98),
        auc: 0.742,
    },
    Population {
        name: "EAS",
        people: 2_400,
        cases: 381,
        centre: [6.5, -14.0, 0.8, 0.1, -0.3, 0.0],
        score: (-0.61, 0.83),
        auc: 0.704,
    },
    Population {
        name: "KAZ",
        people: 1_500,
        cases: 142,
        centre: [8.2, -3.0, -1.6, 2.4, 0.6, 0.9],
        score: (0.93, 1.09),
        auc: 0.689,
    },
];

const REFERENCE: [(&str, usize, [f64; 6], f64); 5] = [
    ("AFR", 4_900, [-22.0, 0.0, 0.0, 0.0, 0.1, 0.0], 1.6),
    ("AMR", 1_900, [5.0, 2.0, -3.5, -4.2, 0.2, 0.2], 2.6),
    ("EAS", 3_300, [6.6, -14.2, 0.8, 0.0, -0.2, 0.0], 0.7),
    ("EUR", 5_100, [9.1, 11.2, 0.6, -0.2, 0.1, 0.0], 0.8),
    ("SAS", 1_300, [5.8, 1.5, 8.5, 1.0, 0.3, -0.1], 1.1),
];

fn share_of_cases(population: &Population) -> f64 {
    population.cases as f64 / population.people as f64
}

/// An interval around a proportion (normal approximation).
fn around(share: f64, people: f64) -> (f64, f64) {
    let half = 1.96 * (share * (1.0 - share) / people).sqrt();
    ((share - half).max(0.0), (share + half).min(1.0))
}

/// A report of the size of a real one.
pub(crate) fn calibration() -> CalibrationReport {
    let mut noise = Noise(11);
    CalibrationReport {
        trait_name: "Coronary artery disease".to_owned(),
        scores: scores(),
        people: people(),
        pca: Some(pca(&mut noise)),
        distributions: vec![
            distribution("PGS000018", 1.0, &mut noise),
            distribution("steppe-lasso", 0.5, &mut noise),
        ],
        reliability: TARGET.iter().map(reliability).collect(),
        calibration: TARGET.iter().map(change).collect(),
        transfer: Some(transfer(&mut noise)),
        deciles: TARGET
            .iter()
            .flat_map(|population| {
                [deciles(population, "PGS000018", 0.9), deciles(population, "steppe-lasso", 1.0)]
            })
            .collect(),
        untested: None,
        metrics: metrics(),
        interval_level: Some(0.95),
        findings: vec![Finding::PrevalenceAssumed { population: "KAZ".to_owned(), prevalence: 0.094 }],
        standard: ReportingStandard {
            study_type: Some("External validation".to_owned()),
            genetic_data: Some(
                "Array genotypes imputed to TOPMed r3, R² ≥ 0.8, MAF ≥ 0.1%, GRCh38".to_owned(),
            ),
            outcome: Some("Myocardial infarction, revascularisation or angina by ICD-10 I20–I25".to_owned()),
            non_genetic_variables: Some("Age, sex, 10 principal components".to_owned()),
            missing_data: Some("Missing genotypes take the population’s mean dosage".to_owned()),
            model_type: Some("Logistic regression".to_owned()),
            ..ReportingStandard::default()
        },
        origin: origin(),
    }
}

fn origin() -> Origin {
    let digest = |seed: u64| {
        let mut noise = Noise(seed);
        let words: Vec<String> = (0..8).map(|_| format!("{:08x}", (noise.uniform() * 4e9) as u32)).collect();
        format!("blake3:{}", words.concat())
    };
    let files = ["cohort manifest 00000004.json", "reference pca.parquet", "phenotypes.tsv", "model.json"];
    Origin {
        commands: vec![
            "steppe ancestry --cohort cohorts/target --reference pca/hgdp1kg --output ancestry".to_owned(),
            "steppe calibrate --scores scores.parquet --ancestry ancestry --pheno phenotypes.tsv --trait CAD --population population --output model.json".to_owned(),
            "steppe evaluate --scores scores.parquet --calibration model.json --pheno phenotypes.tsv --trait CAD --bootstrap 1000".to_owned(),
        ],
        versions: vec![
            ("Steppe".to_owned(), "0.1.0".to_owned()),
            ("Reference HGDP + 1000 Genomes".to_owned(), "gnomAD 3.1.2".to_owned()),
        ],
        digests: files.iter().zip(1..).map(|(file, seed)| ((*file).to_owned(), digest(seed))).collect(),
        finished: "2026-11-21 23:05 UTC".to_owned(),
    }
}

fn scores() -> Vec<ScoreMatch> {
    let score = |name: &str, rows: u64, excluded: &[(Exclusion, u64)], variance: f64| ScoreMatch {
        name: name.to_owned(),
        rows,
        matched: rows - excluded.iter().map(|entry| entry.1).sum::<u64>(),
        variance_share: Some(variance),
        excluded: excluded.to_vec(),
    };
    vec![
        score(
            "PGS000018",
            1_745_179,
            &[
                (Exclusion::NoSuchPosition, 61_002),
                (Exclusion::Ambiguous, 8_914),
                (Exclusion::AllelesDiffer, 1_221),
                (Exclusion::DuplicateVariant, 12),
            ],
            0.964,
        ),
        score("steppe-lasso", 1_460, &[(Exclusion::NoSuchPosition, 3)], 0.998),
    ]
}

fn people() -> Vec<PopulationPeople> {
    let row = |population: &Population| {
        let absent = population.name == "KAZ";
        let phenotyped = population.people as u64 * 4 / 5;
        PopulationPeople {
            population: population.name.to_owned(),
            people: population.people as u64,
            phenotyped: Some(phenotyped),
            cases: Some(population.cases),
            calibration: Some(
                if absent { 200 } else { phenotyped / 2 }.min(phenotyped) - u64::from(absent) * 14,
            ),
            evaluation: Some(if absent { phenotyped - 186 } else { phenotyped / 2 }),
            outside: Some(if absent {
                population.people as u64 * 97 / 100
            } else {
                population.people as u64 / 110
            }),
            extrapolated: Some(if absent { 61 } else { 4 }),
        }
    };
    TARGET.iter().map(row).collect()
}

fn pca(noise: &mut Noise) -> Pca {
    let mut row = |centre: &[f64; 6], spread: f64| -> Vec<f64> {
        centre
            .iter()
            .zip([1.0, 1.0, 0.8, 0.8, 1.2, 1.4])
            .map(|(at, scale)| at + spread * scale * noise.normal())
            .collect()
    };
    let mut groups = Vec::new();
    for (name, people, centre, spread) in REFERENCE {
        let coordinates = (0..people).map(|_| row(&centre, spread)).collect();
        groups.push(PcaGroup { name: name.to_owned(), role: PcaRole::Reference, coordinates });
    }
    for population in &TARGET {
        let spread = if population.name == "KAZ" { 1.1 } else { 0.7 };
        let coordinates = (0..population.people).map(|_| row(&population.centre, spread)).collect();
        groups.push(PcaGroup { name: population.name.to_owned(), role: PcaRole::Target, coordinates });
    }
    Pca { groups, variance_shares: vec![0.071, 0.043, 0.017, 0.012, 0.004, 0.003] }
}

fn distribution(score: &str, strength: f64, noise: &mut Noise) -> ScoreDistribution {
    let mut row = |population: &Population| PopulationDistribution {
        population: population.name.to_owned(),
        before: Density::of(&noise.normals(
            population.people,
            population.score.0 * strength,
            population.score.1,
        )),
        after: Density::of(&noise.normals(population.people, 0.02 * strength, 1.01)),
    };
    ScoreDistribution { score: score.to_owned(), populations: TARGET.iter().map(&mut row).collect() }
}

/// Groups of similar risk: without calibration the risks are too high by `excess` and too extreme.
fn reliability(population: &Population) -> Reliability {
    let prevalence = share_of_cases(population);
    let excess = if population.name == "KAZ" { 2.6 } else { 1.15 };
    let people = (population.people / 10) as u64;
    let point = |decile: usize, factor: f64, wobble: f64| {
        let observed = prevalence * (0.25 + 0.19 * decile as f64 + 0.03 * (decile as f64 * 1.7).sin());
        let predicted = (observed * factor * (1.0 + wobble * (decile as f64 - 4.5) / 9.0)).clamp(0.004, 0.95);
        ReliabilityPoint { predicted, observed, interval: Some(around(observed, people as f64)), people }
    };
    Reliability {
        population: population.name.to_owned(),
        uncalibrated: (0..10).map(|decile| point(decile, excess, 0.4)).collect(),
        calibrated: (0..10).map(|decile| point(decile, 1.03, 0.06)).collect(),
    }
}

fn measured(value: f64, half: f64) -> Option<Outcome> {
    Some(Outcome::Measured(Measure { value, interval: Some((value - half, value + half)) }))
}

fn change(population: &Population) -> CalibrationChange {
    let half = 2.2 / (population.cases as f64).sqrt();
    let (ratio, slope) = if population.name == "KAZ" { (3.04, 0.71) } else { (1.16, 0.92) };
    CalibrationChange {
        population: population.name.to_owned(),
        intercept: Change { before: measured(-f64::ln(ratio), half), after: measured(-0.02, half) },
        slope: Change { before: measured(slope, half), after: measured(0.99, half) },
        expected_observed: Change { before: measured(ratio, half * ratio), after: measured(1.02, half) },
    }
}

fn transfer(noise: &mut Noise) -> Transfer {
    let mut bins = |top: f64, fall: f64| -> Vec<Distance> {
        (0..9_u32)
            .map(|bin| {
                let distance = 2.0 + 4.0 * f64::from(bin);
                let value = top - fall * distance / 34.0 + 0.004 * noise.normal();
                let half = 0.012 + 0.002 * f64::from(bin);
                let enough = bin < 8;
                Distance {
                    distance,
                    value: enough.then_some(value),
                    interval: enough.then_some((value - half, value + half)),
                    reason: (!enough).then_some(Insufficiency::Cases { found: 31, needed: 50 }),
                    people: 2_400 - 260 * u64::from(bin),
                }
            })
            .collect()
    };
    let series =
        vec![("PGS000018".to_owned(), bins(0.728, 0.11)), ("steppe-lasso".to_owned(), bins(0.744, 0.08))];
    Transfer { indicator: Indicator::Auc, from: Some("EUR".to_owned()), series }
}

fn deciles(population: &Population, score: &str, strength: f64) -> DecileOdds {
    let people = population.people as u64 / 10;
    let decile = |decile: u32| {
        let odds_ratio = (strength * 0.19 * (f64::from(decile) - 5.5)).exp() / (strength * 0.19 * -0.5).exp();
        let cases = (share_of_cases(population) * people as f64 * odds_ratio).round() as u64;
        let spread = 1.96 / (cases.max(1) as f64).sqrt();
        let reference = decile == 5 || decile == 6;
        let enough = cases >= 10;
        Decile {
            decile,
            odds_ratio: enough.then_some(if reference { 1.0 } else { odds_ratio }),
            interval: (enough && !reference)
                .then_some((odds_ratio * (-spread).exp(), odds_ratio * spread.exp())),
            reason: (!enough).then_some(Insufficiency::Cases { found: cases, needed: 10 }),
            people,
            cases,
        }
    };
    DecileOdds {
        population: population.name.to_owned(),
        score: score.to_owned(),
        deciles: (1..=10).map(decile).collect(),
    }
}

fn metrics() -> Vec<EvaluationRow> {
    let mut rows = Vec::new();
    for (score, worse) in [("PGS000018", 0.013), ("steppe-lasso", 0.0)] {
        for population in &TARGET {
            let prevalence = share_of_cases(population);
            let auc = population.auc - worse;
            let half = 0.55 / (population.cases as f64).sqrt();
            let values = [
                (Indicator::Auc, auc, half),
                (Indicator::LiabilityR2, (auc - 0.5) * 0.62, half * 0.6),
                (Indicator::OddsRatioPerSd, 1.0 + (auc - 0.5) * 3.4, half * 3.0),
                (Indicator::TopDecileVsRest, 1.0 + (auc - 0.5) * 9.0, half * 12.0),
                (Indicator::Brier, prevalence * (1.0 - prevalence) * (1.3 - auc * 0.5), half * 0.1),
            ];
            for (indicator, value, half) in values {
                rows.push(EvaluationRow {
                    population: population.name.to_owned(),
                    score: score.to_owned(),
                    people: population.people as u64 * 2 / 5,
                    cases: Some(population.cases * 2 / 5),
                    indicator,
                    outcome: Outcome::Measured(Measure {
                        value,
                        interval: Some((value - half, value + half)),
                    }),
                });
            }
            let cases = population.cases * 2 / 5;
            rows.push(EvaluationRow {
                population: population.name.to_owned(),
                score: score.to_owned(),
                people: population.people as u64 * 2 / 5,
                cases: Some(cases),
                indicator: Indicator::Ece,
                outcome: match cases {
                    100.. => {
                        Outcome::Measured(Measure { value: 0.011 + worse, interval: Some((0.006, 0.031)) })
                    }
                    found => Outcome::Insufficient(Insufficiency::Cases { found, needed: 100 }),
                },
            });
        }
    }
    rows
}

/// A person whose score is in the highest tenth.
pub(crate) fn person() -> PersonReport {
    let mut noise = Noise(23);
    let alleles = ["A", "C", "G", "T"];
    let variant = |index: usize| {
        let frequency = 0.05 + 0.9 * noise.uniform();
        let weight = -0.21 * noise.normal() / (1.0 + 0.25 * index as f64);
        let dosage = (2.0 * noise.uniform() * 1.5).floor().min(2.0);
        let (effect, other) = (alleles[index % 4], alleles[(index * 3 + 1) % 4]);
        let genotype = [[other, other], [effect, other], [effect, effect]][dosage as usize];
        PersonVariant {
            name: format!("chr{}:{}:{other}:{effect}", 1 + index * 7 % 22, 1_017_000 + index * 7_379_213),
            genotype: genotype.join("/"),
            imputed: index % 5 == 3,
            effect_allele: effect.to_owned(),
            weight,
            frequency: Some(frequency),
            change: weight * (dosage - 2.0 * frequency),
        }
    };
    let mut variants: Vec<PersonVariant> = (0..40).map(variant).collect();
    variants.sort_by(|a, b| b.change.abs().total_cmp(&a.change.abs()));
    variants.truncate(15);
    let listed: f64 = variants.iter().map(|variant| variant.change).sum();
    let absolute: f64 = variants.iter().map(|variant| variant.change.abs()).sum();
    let measure = |value, low, high| Some(Measure { value, interval: Some((low, high)) });
    PersonReport {
        sample: "KAZ-000417".to_owned(),
        score: "steppe-lasso".to_owned(),
        trait_name: "Coronary artery disease".to_owned(),
        population: "KAZ".to_owned(),
        raw: Some(0.93 + listed + 0.42),
        expected: Some(0.93),
        adjusted: measure(1.27, 1.02, 1.52),
        percentile: measure(0.898, 0.846, 0.936),
        risk: measure(0.183, 0.121, 0.262),
        average_risk: Some(0.094),
        interval_level: Some(0.9),
        accuracy: Some(0.112),
        place: Some(Place::Outside),
        admixture: vec![
            ("EAS".to_owned(), Measure { value: 0.618, interval: Some((0.583, 0.652)) }),
            ("EUR".to_owned(), Measure { value: 0.347, interval: Some((0.314, 0.381)) }),
            ("SAS".to_owned(), Measure { value: 0.035, interval: Some((0.008, 0.061)) }),
        ],
        distribution: Density::of(&noise.normals(1_500, 0.93, 1.09)),
        variants,
        variants_total: 1_457,
        other_change: None,
        absolute_change: Some(absolute * 2.7),
        missing: vec![
            MissingVariants {
                kind: MissingKind::NotInCohort,
                variants: 3,
                variance_share: Some(0.002),
                score_between: Some((2.00, 2.06)),
                percentile_between: Some((0.893, 0.903)),
            },
            MissingVariants {
                kind: MissingKind::NotCalled,
                variants: 11,
                variance_share: Some(0.009),
                score_between: Some((1.92, 2.15)),
                percentile_between: Some((0.879, 0.917)),
            },
            MissingVariants {
                kind: MissingKind::Imputed,
                variants: 402,
                variance_share: Some(0.241),
                score_between: Some((1.73, 2.32)),
                percentile_between: Some((0.841, 0.938)),
            },
        ],
        origin: origin(),
    }
}

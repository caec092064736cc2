//! One person's page.

use std::path::Path;

use steppe_calibrate::adjust::AdjustedScore;
use steppe_report::{
    Density, Language, Measure, MissingKind, MissingVariants, Origin, PersonReport, PersonVariant, Place,
};

use super::{ExplainedPerson, ExplainedVariant, MissingPart};

/// The half width of a 90 % interval in standard errors.
const NORMAL_95: f64 = 1.644_853_626_951_472_7;

impl ExplainedPerson {
    /// The page as one HTML document that loads nothing, with the variants that change the score most.
    pub fn html(&self, language: Language, variants: usize) -> String {
        self.report(variants).html(language)
    }

    fn report(&self, variants: usize) -> PersonReport {
        let found = self.calibrated.as_ref().map(|(found, _)| found);
        let adjusted: Option<AdjustedScore> = found.and_then(|found| found.smooth);
        PersonReport {
            sample: self.sample.1.clone(),
            score: self.score.clone(),
            trait_name: String::new(),
            population: self.population.clone(),
            raw: Some(self.raw),
            expected: Some(self.expectation()),
            adjusted: adjusted.map(|of| about(of.z.value, of.z.standard_error)),
            percentile: adjusted.map(|of| Measure { value: of.percentile / 100.0, interval: None }),
            risk: found
                .and_then(|found| found.risk)
                .map(|risk| Measure { value: risk.probability, interval: Some((risk.low, risk.high)) }),
            average_risk: None,
            interval_level: Some(0.9),
            accuracy: found.and_then(|found| found.accuracy).map(|of| of.r2.value),
            place: self.calibrated.as_ref().map(|(found, outside)| match (outside, found.extrapolated) {
                (true, _) => Place::Outside,
                (false, true) => Place::Extrapolated,
                (false, false) => Place::Inside,
            }),
            admixture: self.admixture.iter().map(proportion).collect(),
            distribution: Density::of(&self.scores),
            variants: self.variants.iter().take(variants).map(variant).collect(),
            variants_total: self.variants.len() as u64,
            other_change: None,
            absolute_change: Some(self.absolute_change),
            missing: self.missing.iter().map(missing).collect(),
            origin: self.origin(),
        }
    }

    /// What the score is expected to be: by the calibration at this person's ancestry, else by the population's frequencies.
    pub fn expectation(&self) -> f64 {
        let adjusted = self.calibrated.as_ref().and_then(|(found, _)| found.smooth);
        adjusted.map_or(self.expected, |of| of.expected)
    }

    fn origin(&self) -> Origin {
        let digests = self.inputs.iter().map(|input| {
            let name = Path::new(&input.path).file_name().map(|name| name.to_string_lossy().into_owned());
            (format!("{} ({})", name.unwrap_or_default(), input.role), format!("BLAKE3 {}", input.blake3))
        });
        Origin {
            commands: Vec::new(),
            versions: vec![("steppe".to_owned(), env!("CARGO_PKG_VERSION").to_owned())],
            digests: digests.collect(),
            finished: String::new(),
        }
    }
}

fn about(value: f64, error: f64) -> Measure {
    Measure { value, interval: Some((value - NORMAL_95 * error, value + NORMAL_95 * error)) }
}

fn proportion((name, share, error): &(String, f64, f64)) -> (String, Measure) {
    let Measure { value, interval } = about(*share, *error);
    let interval = interval.filter(|_| error.is_finite());
    (name.clone(), Measure { value, interval: interval.map(|(low, high)| (low.max(0.0), high.min(1.0))) })
}

fn variant(of: &ExplainedVariant) -> PersonVariant {
    PersonVariant {
        name: of.name.clone(),
        genotype: of.genotype.clone(),
        imputed: of.missing,
        effect_allele: of.effect_allele.clone(),
        weight: of.weight,
        frequency: of.frequency,
        change: of.change(),
    }
}

fn missing(of: &MissingPart) -> MissingVariants {
    MissingVariants {
        kind: if of.not_called { MissingKind::NotCalled } else { MissingKind::NotInCohort },
        variants: of.rows,
        variance_share: Some(of.variance_share),
        score_between: Some(of.score_between),
        percentile_between: of.percentile_between.map(|(low, high)| (low / 100.0, high / 100.0)),
    }
}

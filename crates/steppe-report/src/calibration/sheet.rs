use super::blocks::{distinct, table};
use super::{CalibrationReport, EvaluationRow, Indicator, PcaRole};
use crate::language::{Common, Language, Standard};
use crate::page::{Column, Table};

/// The items of the Polygenic Risk Score Reporting Standards (Wand et al., "Improving reporting standards for polygenic
/// scores in risk prediction studies", Nature 591, 211–219, 2021, table 1), in the caller's words. An item that is empty is
/// filled from the rest of the report where that holds it, and is said to be not stated where it does not.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ReportingStandard {
    /// Study type: development or validation.
    pub study_type: Option<String>,
    /// Purpose of the risk model and predicted outcome.
    pub purpose: Option<String>,
    /// Study design and recruitment.
    pub design: Option<String>,
    /// Demographic and clinical characteristics of participants.
    pub demographics: Option<String>,
    /// Ancestry: how it was determined, and of how many people.
    pub ancestry: Option<String>,
    /// Genetic data: how they were measured, imputed and filtered.
    pub genetic_data: Option<String>,
    /// Variables of the model that are not genetic.
    pub non_genetic_variables: Option<String>,
    /// How the outcome is defined and ascertained.
    pub outcome: Option<String>,
    /// How missing data were handled.
    pub missing_data: Option<String>,
    /// How the score was constructed and estimated.
    pub construction: Option<String>,
    /// Type of the risk model.
    pub model_type: Option<String>,
    /// Description and fitting of the integrated risk model.
    pub integrated_model: Option<String>,
    /// Distribution of the score.
    pub distribution: Option<String>,
    /// Predictive ability of the model.
    pub predictive_ability: Option<String>,
    /// Discrimination of the model.
    pub discrimination: Option<String>,
    /// Calibration of the model.
    pub calibration: Option<String>,
    /// Subgroup analyses.
    pub subgroups: Option<String>,
    /// How the model is interpreted.
    pub interpretation: Option<String>,
    /// Limitations.
    pub limitations: Option<String>,
    /// To whom the results generalise.
    pub generalizability: Option<String>,
    /// Intended uses.
    pub intended_uses: Option<String>,
    /// Where data, model and program are available.
    pub availability: Option<String>,
}

/// An item: its group, its name, what the caller says, and what the report says.
type Item<'a> = (Standard, Standard, &'a Option<String>, Option<String>);

impl CalibrationReport {
    /// The sheet.
    pub(super) fn standard_table(&self, language: Language) -> Option<Table> {
        let row = |(group, name, given, known): Item<'_>| {
            let given = given.clone().filter(|text| !text.trim().is_empty());
            let text = given.or(known).unwrap_or_else(|| language.say(Common::NotStated));
            vec![language.say(name), language.say(group), text]
        };
        let text = |key: Standard| language.text(key);
        let columns = vec![
            Column::text(text(Standard::Item)),
            Column::text(text(Standard::Part)),
            Column::text(text(Standard::Reported)),
        ];
        let items = self.first_items(language).into_iter().chain(self.last_items(language));
        table(text(Standard::Caption), columns, items.map(row).collect())
    }

    /// Background, study and data, development.
    fn first_items(&self, language: Language) -> Vec<Item<'_>> {
        use Standard as S;
        let s = &self.standard;
        let purpose = (!self.trait_name.is_empty()).then(|| self.trait_name.clone());
        vec![
            (S::Background, S::StudyType, &s.study_type, None),
            (S::Background, S::Purpose, &s.purpose, purpose),
            (S::StudyData, S::Design, &s.design, None),
            (S::StudyData, S::Demographics, &s.demographics, self.known_demographics(language)),
            (S::StudyData, S::Ancestry, &s.ancestry, self.known_ancestry(language)),
            (S::StudyData, S::GeneticData, &s.genetic_data, None),
            (S::StudyData, S::NonGenetic, &s.non_genetic_variables, None),
            (S::StudyData, S::Outcome, &s.outcome, None),
            (S::StudyData, S::MissingData, &s.missing_data, None),
            (S::Development, S::Construction, &s.construction, self.known_construction(language)),
            (S::Development, S::ModelType, &s.model_type, None),
            (S::Development, S::IntegratedModel, &s.integrated_model, None),
        ]
    }

    /// Evaluation, limitations, availability.
    fn last_items(&self, language: Language) -> Vec<Item<'_>> {
        use Standard as S;
        let s = &self.standard;
        let see = |there: bool, section: crate::language::Calibration| {
            let name = language.say(section);
            there.then(|| language.fill(S::SeeSection, &[("section", (&name).into())]))
        };
        use crate::language::Calibration as C;
        let concordance = |row: &EvaluationRow| matches!(row.indicator, Indicator::Auc | Indicator::CIndex);
        let metrics = |there: bool| see(there, C::MetricsHeading);
        let discriminates = self.metrics.iter().any(concordance);
        let predicts = self.metrics.iter().any(|row| !concordance(row));
        let populations = distinct(self.metrics.iter().map(|row| row.population.as_str())).len();
        let calibrated = !self.calibration.is_empty() || !self.reliability.is_empty();
        vec![
            (
                S::Evaluation,
                S::Distribution,
                &s.distribution,
                see(!self.distributions.is_empty(), C::DistributionHeading),
            ),
            (S::Evaluation, S::PredictiveAbility, &s.predictive_ability, metrics(predicts)),
            (S::Evaluation, S::Discrimination, &s.discrimination, metrics(discriminates)),
            (S::Evaluation, S::CalibrationItem, &s.calibration, see(calibrated, C::RiskHeading)),
            (S::Evaluation, S::Subgroups, &s.subgroups, metrics(populations > 1)),
            (S::Limitations, S::Interpretation, &s.interpretation, None),
            (S::Limitations, S::LimitationsItem, &s.limitations, see(true, C::LimitsHeading)),
            (
                S::Limitations,
                S::Generalizability,
                &s.generalizability,
                see(self.transfer.is_some(), C::TransferHeading),
            ),
            (S::Limitations, S::IntendedUses, &s.intended_uses, None),
            (S::Availability, S::AvailabilityItem, &s.availability, self.known_origin(language)),
        ]
    }

    fn known_demographics(&self, language: Language) -> Option<String> {
        let people: u64 = self.people.iter().map(|row| row.people).sum();
        let cases: Option<u64> = self.people.iter().map(|row| row.cases).sum();
        let key = if cases.is_some() { Standard::PeopleAndCases } else { Standard::People };
        let values = [("n", people.into()), ("cases", cases.unwrap_or(0).into())];
        (!self.people.is_empty()).then(|| language.fill(key, &values))
    }

    fn known_ancestry(&self, language: Language) -> Option<String> {
        let named = || self.people.iter().filter(|row| !row.population.is_empty());
        let rows: Vec<String> =
            named().map(|row| format!("{}: {}", row.population, language.count(row.people))).collect();
        let references =
            self.pca.iter().flat_map(|pca| &pca.groups).filter(|group| group.role == PcaRole::Reference);
        let references: usize = references.map(|group| group.coordinates.len()).sum();
        let reference =
            (references > 0).then(|| language.fill(Standard::ReferencePeople, &[("n", references.into())]));
        let parts: Vec<String> = rows.into_iter().chain(reference).collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    fn known_construction(&self, language: Language) -> Option<String> {
        let score = |score: &super::ScoreMatch| {
            let values = [
                ("score", (&score.name).into()),
                ("rows", score.rows.into()),
                ("matched", score.matched.into()),
            ];
            language.fill(Standard::ScoreRows, &values)
        };
        let scores: Vec<String> = self.scores.iter().map(score).collect();
        (!scores.is_empty()).then(|| scores.join("; "))
    }

    fn known_origin(&self, language: Language) -> Option<String> {
        let name = language.say(Common::Origin);
        (self.origin != crate::origin::Origin::default())
            .then(|| language.fill(Standard::SeeSection, &[("section", (&name).into())]))
    }
}

use super::blocks::distinct;
use super::written::population;
use super::{
    CalibrationChange, CalibrationReport, Change, Outcome, PcaRole, ReliabilityPoint, ScoreDistribution,
};
use crate::language::{Calibration, Language};
use crate::plot::{
    Cloud, CloudGroup, CloudPanel, Estimate, PanelPlot, PanelPoint, PanelSeries, Plot, PlotPanel, PointRange,
    RangeSeries, RidgeColumn, Ridges,
};
use crate::scale::Axis;

/// Pairs of components that are drawn: they fill a row. The later ones tell little between continents.
const PAIRS: usize = 2;

impl CalibrationReport {
    /// The target's people over the reference's, in pairs of components.
    pub(super) fn pca_plot(&self, language: Language) -> Option<Plot> {
        let pca = self.pca.as_ref()?;
        let mut drawn: Vec<_> =
            pca.groups.iter().zip(pca.drawn()).filter(|(_, people)| !people.is_empty()).collect();
        drawn.sort_by_key(|(group, _)| group.role == PcaRole::Target);
        let components = drawn.iter().flat_map(|(_, people)| people).map(|row| row.len()).max()?;
        let axis = |component: usize| {
            let number = component + 1;
            Axis::linear(match pca.variance_shares.get(component) {
                Some(share) => format!("PC{number} ({})", language.percent(*share, 1)),
                None => format!("PC{number}"),
            })
        };
        let panel = |pair: usize| {
            let (a, b) = (pair * 2, pair * 2 + 1);
            let place = |row: &&[f64]| Some((*row.get(a)?, *row.get(b)?));
            let points = drawn.iter().map(|(_, people)| people.iter().filter_map(place).collect()).collect();
            CloudPanel { x: axis(a), y: axis(b), points }
        };
        let group = |(group, _): &(&super::PcaGroup, _)| CloudGroup {
            name: match group.role {
                PcaRole::Reference => group.name.clone(),
                PcaRole::Target => language.fill(Calibration::TargetGroup, &[("name", (&group.name).into())]),
            },
            label: group.name.clone(),
            emphasised: group.role == PcaRole::Target,
        };
        let pairs = (components / 2).min(PAIRS);
        let panels: Vec<CloudPanel> = (0..pairs).map(panel).collect();
        (!panels.is_empty()).then(|| {
            Plot::Clouds(Cloud {
                title: language.say(Calibration::PcaTitle),
                description: language.say(Calibration::PcaDescription),
                groups: drawn.iter().map(group).collect(),
                panels,
            })
        })
    }

    /// Densities of one score by population, before and after.
    pub(super) fn distribution_plot(&self, score: &ScoreDistribution, language: Language) -> Option<Plot> {
        type Side = fn(&super::PopulationDistribution) -> Option<&crate::density::Density>;
        let column = |name: Calibration, axis: Calibration, side: Side, reference: Option<f64>| {
            let ridges: Vec<_> =
                score.populations.iter().map(|row| side(row).map(crate::density::Density::ridge)).collect();
            ridges.iter().flatten().any(|ridge| !ridge.points.is_empty()).then(|| RidgeColumn {
                name: language.say(name),
                axis: Axis::linear(language.text(axis)),
                ridges,
                reference,
            })
        };
        let before = column(Calibration::Before, Calibration::RawScore, |row| row.before.as_ref(), None);
        let after =
            column(Calibration::After, Calibration::AdjustedScore, |row| row.after.as_ref(), Some(0.0));
        let columns: Vec<RidgeColumn> = [before, after].into_iter().flatten().collect();
        (!columns.is_empty()).then(|| {
            Plot::Ridges(Ridges {
                title: language.fill(Calibration::DistributionTitle, &[("score", (&score.score).into())]),
                description: language.say(Calibration::DistributionDescription),
                rows: score.populations.iter().map(|row| population(&row.population, language)).collect(),
                columns,
            })
        })
    }

    /// Predicted risk against what happened, a panel for each population.
    pub(super) fn reliability_plot(&self, language: Language) -> Option<Plot> {
        let series = |name: Calibration, points: &[ReliabilityPoint]| {
            let point = |point: &ReliabilityPoint| PanelPoint {
                x: point.predicted,
                y: point.observed,
                interval: point.interval,
            };
            (!points.is_empty())
                .then(|| PanelSeries { name: language.say(name), points: points.iter().map(point).collect() })
        };
        let panel = |row: &super::Reliability| {
            let series: Vec<PanelSeries> = [
                series(Calibration::Uncalibrated, &row.uncalibrated),
                series(Calibration::Calibrated, &row.calibrated),
            ]
            .into_iter()
            .flatten()
            .collect();
            (!series.is_empty()).then(|| PlotPanel { name: population(&row.population, language), series })
        };
        let panels: Vec<PlotPanel> = self.reliability.iter().filter_map(panel).collect();
        (!panels.is_empty()).then(|| {
            Plot::Panels(PanelPlot {
                title: language.say(Calibration::ReliabilityTitle),
                description: language.say(Calibration::ReliabilityDescription),
                x: Axis::linear(language.text(Calibration::PredictedRisk)).including(0.0),
                y: Axis::linear(language.text(Calibration::ObservedShare)).including(0.0),
                panels,
                diagonal: true,
                level: None,
            })
        })
    }

    /// The three quantities of calibration by population: name of the file, and plot.
    pub(super) fn calibration_plots(&self, language: Language) -> Vec<(&'static str, Plot)> {
        type Of = fn(&CalibrationChange) -> &Change;
        let kinds: [(&str, super::Indicator, Of, f64); 3] = [
            ("expected-observed", super::Indicator::ExpectedObserved, |row| &row.expected_observed, 1.0),
            ("slope", super::Indicator::Slope, |row| &row.slope, 1.0),
            ("intercept", super::Indicator::Intercept, |row| &row.intercept, 0.0),
        ];
        let plot = |(name, indicator, of, ideal): (&'static str, super::Indicator, Of, f64)| {
            let series = |key: Calibration, side: fn(&Change) -> Option<&Outcome>| {
                let estimate = |row: &CalibrationChange| {
                    let measure = side(of(row))?.measure()?;
                    let row = population(&row.population, language);
                    Some(Estimate { row, value: measure.value, interval: measure.interval })
                };
                let estimates: Vec<Estimate> = self.calibration.iter().filter_map(estimate).collect();
                (!estimates.is_empty()).then(|| RangeSeries { name: language.say(key), estimates })
            };
            let before = series(Calibration::Uncalibrated, |change| change.before.as_ref());
            let after = series(Calibration::Calibrated, |change| change.after.as_ref());
            let series: Vec<RangeSeries> = [before, after].into_iter().flatten().collect();
            let title = indicator.title(language);
            let values = || series.iter().flat_map(|series| &series.estimates);
            // A ratio is as far from 1 when it is halved as when it is doubled.
            let ends =
                |estimate: &Estimate| [Some(estimate.value), estimate.interval.map(|interval| interval.0)];
            let is_ratio = ideal == 1.0 && name == "expected-observed";
            let positive = values().flat_map(ends).flatten().all(|value| value > 0.0);
            let axis = if is_ratio && positive { Axis::log10(title) } else { Axis::linear(title) };
            (!series.is_empty()).then(|| {
                let plot = PointRange {
                    title: title.to_owned(),
                    description: language.say(Calibration::ByPopulation),
                    axis,
                    interval: self.interval_name(language),
                    decimals: Some(indicator.decimals()),
                    reference: Some(ideal),
                    series,
                };
                (name, Plot::PointRanges(plot))
            })
        };
        kinds.into_iter().filter_map(plot).collect()
    }

    /// Accuracy against genetic distance.
    pub(super) fn transfer_plot(&self, language: Language) -> Option<Plot> {
        let transfer = self.transfer.as_ref()?;
        let series = |(name, bins): &(String, Vec<super::Distance>)| {
            let point = |bin: &super::Distance| {
                Some(PanelPoint { x: bin.distance, y: bin.value?, interval: bin.interval })
            };
            let points: Vec<PanelPoint> = bins.iter().filter_map(point).collect();
            (!points.is_empty()).then(|| PanelSeries { name: name.clone(), points })
        };
        let series: Vec<PanelSeries> = transfer.series.iter().filter_map(series).collect();
        let title = transfer.indicator.title(language);
        let nothing = transfer.indicator.of_no_prediction();
        (!series.is_empty()).then(|| {
            Plot::Panels(PanelPlot {
                title: language.fill(Calibration::TransferTitle, &[("indicator", title.into())]),
                description: language.say(Calibration::TransferDescription),
                x: Axis::linear(language.text(Calibration::GeneticDistance)),
                y: Axis::linear(title).including(nothing),
                panels: vec![PlotPanel { name: String::new(), series }],
                diagonal: false,
                level: None,
            })
        })
    }

    /// Odds ratios by decile, a panel for each population.
    pub(super) fn decile_plot(&self, language: Language) -> Option<Plot> {
        let populations = distinct(self.deciles.iter().map(|row| row.population.as_str()));
        let series = |row: &super::DecileOdds| {
            let point = |decile: &super::Decile| {
                let odds = decile.odds_ratio.filter(|odds| *odds > 0.0)?;
                Some(PanelPoint { x: f64::from(decile.decile), y: odds, interval: decile.interval })
            };
            let points: Vec<PanelPoint> = row.deciles.iter().filter_map(point).collect();
            (!points.is_empty()).then(|| PanelSeries { name: row.score.clone(), points })
        };
        let panel = |name: &&str| {
            let rows = self.deciles.iter().filter(|row| row.population == **name);
            let series: Vec<PanelSeries> = rows.filter_map(series).collect();
            (!series.is_empty()).then(|| PlotPanel { name: population(name, language), series })
        };
        let panels: Vec<PlotPanel> = populations.iter().filter_map(panel).collect();
        (!panels.is_empty()).then(|| {
            Plot::Panels(PanelPlot {
                title: language.say(Calibration::DecileTitle),
                description: language.say(Calibration::DecileDescription),
                x: Axis::ranks(language.text(Calibration::Decile)),
                y: Axis::log10(language.text(Calibration::OddsRatio)),
                panels,
                diagonal: false,
                level: Some(1.0),
            })
        })
    }
}

use super::{FitReport, LambdaRow};
use crate::number;
use crate::plot::{
    Estimate, Level, LinePlot, Mark, Path, PathPlot, Plot, Point, PointRange, RangeSeries, Series, TopAxis,
};
use crate::scale::Axis;

impl FitReport {
    /// The metric against lambda, for training and validation.
    pub(super) fn validation_plot(&self) -> Option<Plot> {
        let series = |name: &str,
                      value: fn(&LambdaRow) -> Option<f64>,
                      band: fn(&LambdaRow) -> Option<(f64, f64)>| {
            let point =
                |row: &LambdaRow| Point { x: row.lambda, y: value(row).unwrap_or(f64::NAN), band: band(row) };
            let known = self.lambdas.iter().any(|row| value(row).is_some());
            known.then(|| Series { name: name.to_owned(), points: self.lambdas.iter().map(point).collect() })
        };
        let validation = series("validation", |row| row.validation, |row| row.validation_interval);
        let training = series("training", |row| row.training, |_| None);
        let series: Vec<Series> = [validation, training].into_iter().flatten().collect();
        let active = |row: &LambdaRow| (row.lambda, number::count(row.active_variants));
        (!series.is_empty()).then(|| {
            Plot::Lines(LinePlot {
                title: format!("{} of {} along the path", self.metric.title(), self.trait_name),
                description: format!(
                    "{} against lambda, which falls from left to right.",
                    self.metric.title()
                ),
                x: lambda_axis(),
                y: Axis::linear(self.metric.title()),
                series,
                marks: self.chosen_mark(),
                levels: Vec::new(),
                top: Some(TopAxis {
                    title: "Variants with an effect".to_owned(),
                    labels: self.lambdas.iter().map(active).collect(),
                }),
            })
        })
    }

    /// Effects against lambda.
    pub(super) fn coefficient_plot(&self) -> Option<Plot> {
        let path = |path: &super::VariantPath| Path {
            name: path.name.clone(),
            points: self.lambdas.iter().map(|row| row.lambda).zip(path.effects.iter().copied()).collect(),
            importance: self.importance(&path.effects),
        };
        let drawable = !self.lambdas.is_empty() && !self.paths.is_empty();
        drawable.then(|| {
            Plot::Paths(PathPlot {
                title: format!("Effect weights for {} along the path", self.trait_name),
                description: "Effect weights against lambda, which falls from left to right.".to_owned(),
                x: lambda_axis(),
                y: Axis::linear(format!("Effect weight ({})", self.family.effect_unit())),
                paths: self.paths.iter().map(path).collect(),
                marks: self.chosen_mark(),
            })
        })
    }

    /// The absolute effect in the chosen model; where none is chosen, in the last.
    fn importance(&self, effects: &[f64]) -> f64 {
        let effect = match self.chosen {
            Some(chosen) => effects.get(chosen),
            None => effects.last(),
        };
        effect.map_or(0.0, |effect| effect.abs())
    }

    /// The metric by population and split. Other metrics are in the table.
    pub(super) fn population_plot(&self) -> Option<Plot> {
        let mut series: Vec<RangeSeries> = Vec::new();
        for entry in self.population_metrics.iter().filter(|entry| entry.metric == self.metric) {
            let Some(value) = entry.estimate else { continue };
            let estimate = Estimate { row: entry.population.clone(), value, interval: entry.interval };
            match series.iter_mut().find(|series| series.name == entry.split) {
                Some(series) => series.estimates.push(estimate),
                None => series.push(RangeSeries { name: entry.split.clone(), estimates: vec![estimate] }),
            }
        }
        (!series.is_empty()).then(|| {
            Plot::PointRanges(PointRange {
                title: format!("{} of {} by population", self.metric.title(), self.trait_name),
                description: format!("{} of the chosen model.", self.metric.title()),
                axis: Axis::linear(self.metric.title()).including(self.metric.of_no_prediction()),
                interval: self.interval.clone(),
                series,
                ..PointRange::default()
            })
        })
    }

    /// How near each model is to the optimum.
    pub(super) fn certificate_plot(&self) -> Option<Plot> {
        let series = |name: &str, value: fn(&LambdaRow) -> f64| Series {
            name: name.to_owned(),
            points: self
                .lambdas
                .iter()
                .map(|row| Point { x: row.lambda, y: value(row), band: None })
                .collect(),
        };
        let tolerance = Level {
            y: self.kkt_tolerance,
            label: format!("tolerance of the KKT violation: {}", number::significant(self.kkt_tolerance, 1)),
        };
        (!self.lambdas.is_empty()).then(|| {
            Plot::Lines(LinePlot {
                title: format!("Certificate of optimality for {}", self.trait_name),
                description: "Largest KKT violation and duality gap against lambda.".to_owned(),
                x: lambda_axis(),
                y: Axis::log10("Distance from the optimum (relative)"),
                series: vec![
                    series("largest KKT violation (of λ)", |row| row.kkt_violation),
                    series("duality gap (of the null loss)", |row| row.duality_gap),
                ],
                levels: vec![tolerance],
                ..LinePlot::default()
            })
        })
    }

    fn chosen_mark(&self) -> Vec<Mark> {
        let mark = |row: &LambdaRow| Mark {
            x: row.lambda,
            label: format!("chosen λ = {}", number::significant(row.lambda, 3)),
        };
        self.chosen_row().map(mark).into_iter().collect()
    }
}

fn lambda_axis() -> Axis {
    Axis::log10("Penalty λ (log scale)").descending()
}

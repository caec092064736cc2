use super::{FitReport, LambdaRow, LeftOut, Metric, PopulationMetric, SampleCount};
use crate::number;
use crate::page::{Column, Table};

impl FitReport {
    /// Samples: a row for each population, a column for each split.
    pub(super) fn sample_table(&self) -> Option<Table> {
        let splits = distinct(self.samples.iter().map(|count| count.split.as_str()));
        let populations = distinct(self.samples.iter().map(|count| count.population.as_str()));
        let with_cases = self.samples.iter().any(|count| count.cases.is_some());
        let row = |name: &str, counts: &dyn Fn(&SampleCount) -> bool| -> Vec<String> {
            let of_split = |split: &str| {
                self.samples.iter().filter(|c| counts(c) && c.split == split).collect::<Vec<_>>()
            };
            let all: Vec<&SampleCount> = self.samples.iter().filter(|c| counts(c)).collect();
            let cells = splits.iter().map(|split| sample_cell(&of_split(split))).chain([sample_cell(&all)]);
            [name.to_owned()].into_iter().chain(cells).collect()
        };
        let mut rows: Vec<Vec<String>> = Vec::new();
        if populations.len() > 1 {
            rows.extend(populations.iter().map(|name| row(name, &|count| count.population == *name)));
        }
        rows.push(row("all", &|_| true));
        let columns = splits.iter().map(|split| Column::number(capitalised(split)));
        let cases = if with_cases { ", with cases or events in parentheses" } else { "" };
        (!self.samples.is_empty()).then(|| Table {
            caption: format!("Samples by population and split{cases}."),
            columns: [Column::text("Population")]
                .into_iter()
                .chain(columns)
                .chain([Column::number("All")])
                .collect(),
            rows,
            highlighted: None,
        })
    }

    /// What was left out and why: samples and variants.
    pub(super) fn left_out_tables(&self) -> Vec<Table> {
        let table = |what: &str, left_out: &[LeftOut]| {
            let row = |entry: &LeftOut| vec![entry.reason.clone(), number::count(entry.count)];
            (!left_out.is_empty()).then(|| Table {
                caption: format!("{what} of the cohort that take no part in the fit."),
                columns: vec![Column::text("Reason"), Column::number(what)],
                rows: left_out.iter().map(row).collect(),
                highlighted: None,
            })
        };
        let tables = [table("Samples", &self.samples_left_out), table("Variants", &self.variants_left_out)];
        tables.into_iter().flatten().collect()
    }

    /// A table for each metric, by population and split.
    pub(super) fn metric_tables(&self) -> Vec<Table> {
        let mut metrics: Vec<Metric> = Vec::new();
        for entry in &self.population_metrics {
            if !metrics.contains(&entry.metric) {
                metrics.push(entry.metric);
            }
        }
        metrics.into_iter().map(|metric| self.metric_table(metric)).collect()
    }

    fn metric_table(&self, metric: Metric) -> Table {
        let none = || number::NONE.to_owned();
        let of_metric = || self.population_metrics.iter().filter(|entry| entry.metric == metric);
        let intervals = of_metric().any(|entry| entry.interval.is_some());
        let row = |entry: &PopulationMetric| {
            let interval = |(low, high)| format!("{} to {}", number::fixed(low, 3), number::fixed(high, 3));
            let mut cells = vec![
                entry.population.clone(),
                entry.split.clone(),
                number::count(entry.samples),
                entry.estimate.map_or_else(none, |value| number::fixed(value, 3)),
            ];
            cells.extend(intervals.then(|| entry.interval.map_or_else(none, interval)));
            cells
        };
        let mut columns = vec![
            Column::text("Population"),
            Column::text("Split"),
            Column::number("Samples"),
            Column::number(metric.title()),
        ];
        columns.extend(intervals.then(|| Column::number(self.interval.as_str())));
        Table {
            caption: format!("{} of the chosen model by population and split.", metric.title()),
            columns,
            rows: of_metric().map(row).collect(),
            highlighted: None,
        }
    }

    /// The variants with the largest weights.
    pub(super) fn variant_table(&self) -> Option<Table> {
        let weights = self.top_variants.iter().map(|variant| variant.weight);
        let weight = column_format(weights, 3);
        let rows = self.top_variants.iter().map(|variant| {
            let frequency =
                variant.frequency.map_or_else(|| number::NONE.to_owned(), |value| number::fixed(value, 3));
            vec![
                variant.name.clone(),
                variant.chromosome.clone(),
                number::count(variant.position),
                variant.effect_allele.clone(),
                variant.other_allele.clone(),
                frequency,
                weight(variant.weight),
            ]
        });
        (!self.top_variants.is_empty()).then(|| Table {
            caption: format!(
                "The {} with the largest absolute effect weights in the chosen model ({}). Frequency is that of the effect \
                 allele in the training samples.",
                number::things(self.top_variants.len() as u64, "variant"),
                self.family.effect_unit()
            ),
            columns: vec![
                Column::text("Variant"),
                Column::number("Chr"),
                Column::number("Position"),
                Column::text("Effect allele"),
                Column::text("Other allele"),
                Column::number("Frequency"),
                Column::number("Effect weight"),
            ],
            rows: rows.collect(),
            highlighted: None,
        })
    }

    /// One row for each lambda.
    pub(super) fn lambda_table(&self) -> Option<Table> {
        let lambda = column_format(self.lambdas.iter().map(|row| row.lambda), 3);
        let share = |value: Option<f64>| {
            value.map_or_else(|| number::NONE.to_owned(), |value| number::fixed(value, 4))
        };
        let small = |value: f64| if value == 0.0 { "0".to_owned() } else { number::scientific(value, 1) };
        let row = |row: &LambdaRow| {
            vec![
                lambda(row.lambda),
                number::count(row.active_variants),
                share(row.validation),
                share(row.training),
                small(row.kkt_violation),
                small(row.duality_gap),
            ]
        };
        (!self.lambdas.is_empty()).then(|| Table {
            caption: "The path. Bold: the chosen model. The KKT violation is the largest over all variants, relative to λ; \
                      the duality gap is relative to the loss of the null model."
                .to_owned(),
            columns: vec![
                Column::number("λ"),
                Column::number("Variants with an effect"),
                Column::number(format!("Validation {}", self.metric)),
                Column::number(format!("Training {}", self.metric)),
                Column::number("KKT violation"),
                Column::number("Duality gap"),
            ],
            rows: self.lambdas.iter().map(row).collect(),
            highlighted: self.chosen,
        })
    }

    /// Stages, their time and share of the whole.
    pub(super) fn timing_table(&self) -> Option<Table> {
        let total: std::time::Duration = self.timings.iter().map(|timing| timing.duration).sum();
        let share = |duration: std::time::Duration| match total.is_zero() {
            true => number::NONE.to_owned(),
            false => number::fixed(duration.as_secs_f64() / total.as_secs_f64() * 100.0, 1),
        };
        let row = |stage: &str, duration| vec![stage.to_owned(), number::duration(duration), share(duration)];
        let stages = self.timings.iter().map(|timing| row(&timing.stage, timing.duration));
        (!self.timings.is_empty()).then(|| Table {
            caption: "Wall-clock time by stage.".to_owned(),
            columns: vec![Column::text("Stage"), Column::number("Time"), Column::number("Share (%)")],
            rows: stages.chain([row("all", total)]).collect(),
            highlighted: None,
        })
    }

    /// Digests of what went in and came out.
    pub(super) fn digest_table(&self) -> Option<Table> {
        let rows = self.provenance.digests.iter().map(|(what, digest)| vec![what.clone(), digest.clone()]);
        (!self.provenance.digests.is_empty()).then(|| Table {
            caption: "Inputs and outputs by their digests.".to_owned(),
            columns: vec![Column::text("File"), Column::code("Digest")],
            rows: rows.collect(),
            highlighted: None,
        })
    }
}

/// Samples of some entries, and cases where they are known.
fn sample_cell(counts: &[&SampleCount]) -> String {
    let samples = number::count(counts.iter().map(|count| count.samples).sum());
    let cases: Option<u64> = counts.iter().map(|count| count.cases).sum();
    match cases {
        Some(cases) if !counts.is_empty() => format!("{samples} ({})", number::count(cases)),
        _ => samples,
    }
}

/// One number of decimals for a column: as many as its smallest value needs, or powers of ten where that is too many.
fn column_format(values: impl Iterator<Item = f64>, digits: usize) -> impl Fn(f64) -> String {
    let decimals = values.map(|value| number::decimals_for(value, digits)).max().unwrap_or(0);
    move |value| match decimals {
        0..=7 => number::fixed(value, decimals),
        _ => number::scientific(value, digits - 1),
    }
}

fn distinct<'a>(values: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen: Vec<&str> = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

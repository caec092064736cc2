use super::FitReport;
use crate::language::Language;
use crate::number;
use crate::origin::command_lines;
use crate::page::{Block, Figure, Page, Section, Table};
use crate::plot::Plot;

impl FitReport {
    pub(super) fn page(&self) -> Page {
        let sections = [
            ("Choice of the penalty", self.choice()),
            ("Prediction by population", self.populations()),
            ("Effect weights", self.effects()),
            ("Certificate", self.certificate()),
            ("Samples and variants", self.taking_part()),
            ("Path", self.path()),
            ("Timings", self.timing_table().map(Block::Table).into_iter().collect()),
            ("Provenance", self.provenance_blocks()),
        ];
        let section = |(heading, blocks): (&str, Vec<Block>)| {
            (!blocks.is_empty()).then(|| Section { heading: heading.to_owned(), blocks })
        };
        Page {
            language: Language::English,
            title: format!("Fit of {}", self.trait_name),
            lead: self.lead(),
            facts: self.facts(),
            warnings: self.all_warnings(),
            sections: sections.into_iter().filter_map(section).collect(),
            footer: self.footer(),
        }
    }

    fn lead(&self) -> String {
        let method = match self.alpha {
            1.0 => "Lasso".to_owned(),
            0.0 => "Ridge regression".to_owned(),
            alpha => format!("Elastic net (α = {})", number::significant(alpha, 2)),
        };
        let models = number::things(self.lambdas.len() as u64, "model");
        let Some(chosen) = self.chosen_row() else {
            return format!("{method}, {}. A path of {models}; none was chosen.", self.family);
        };
        let quality = match chosen.validation {
            Some(value) => {
                format!(" {} is {} in {}.", self.metric.title(), number::fixed(value, 3), self.validated_on)
            }
            None => String::new(),
        };
        format!(
            "{method}, {}. Of a path of {models}, the one at λ\u{a0}=\u{a0}{} was chosen: {} of {} have an effect.{quality}",
            self.family,
            number::significant(chosen.lambda, 3),
            number::count(chosen.active_variants),
            number::things(self.variants_used, "variant"),
        )
    }

    fn facts(&self) -> Vec<(String, String)> {
        let mut facts: Vec<(String, String)> = Vec::new();
        let mut fact = |name: String, value: String| facts.push((name, value));
        let mut splits: Vec<(&str, u64)> = Vec::new();
        for count in &self.samples {
            match splits.iter_mut().find(|split| split.0 == count.split) {
                Some(split) => split.1 += count.samples,
                None => splits.push((&count.split, count.samples)),
            }
        }
        for (split, samples) in splits {
            fact(format!("Samples, {split}"), number::count(samples));
        }
        fact("Variants".to_owned(), number::count(self.variants_used));
        if let Some(chosen) = self.chosen_row() {
            fact("Chosen λ".to_owned(), number::significant(chosen.lambda, 3));
            fact("Variants with an effect".to_owned(), number::count(chosen.active_variants));
            if let Some(value) = chosen.validation {
                fact(format!("Validation {}", self.metric), number::fixed(value, 3));
            }
            fact("KKT violation (of λ)".to_owned(), number::significant(chosen.kkt_violation, 2));
            fact("Duality gap (relative)".to_owned(), number::significant(chosen.duality_gap, 2));
        }
        if !self.timings.is_empty() {
            fact(
                "Time".to_owned(),
                number::duration(self.timings.iter().map(|timing| timing.duration).sum()),
            );
        }
        facts
    }

    fn choice(&self) -> Vec<Block> {
        let validated = self.lambdas.iter().any(|row| row.validation.is_some());
        let chosen = if self.chosen_row().is_some() { " The vertical line marks the chosen λ." } else { "" };
        let interval = match self.lambdas.iter().any(|row| row.validation_interval.is_some()) {
            true => format!(" The band is the {} of the validation curve.", self.interval),
            false => String::new(),
        };
        let source = if validated {
            format!(" The validation curve is from {}.", self.validated_on)
        } else {
            String::new()
        };
        let caption = format!(
            "{} against the penalty, which falls from left to right while variants enter the model (numbers above).{source}{chosen}{interval}",
            self.metric.title()
        );
        figure(self.validation_plot(), caption).into_iter().collect()
    }

    fn populations(&self) -> Vec<Block> {
        let others = self.population_metrics.iter().any(|entry| entry.metric != self.metric);
        let more = if others { " Other metrics are in the tables." } else { "" };
        let lines = if self.population_metrics.iter().all(|entry| entry.interval.is_none()) {
            String::new()
        } else {
            format!("; lines are the {}", self.interval)
        };
        let caption = format!("{} of the chosen model{lines}.{more}", self.metric.title());
        blocks(figure(self.population_plot(), caption), self.metric_tables())
    }

    fn effects(&self) -> Vec<Block> {
        let plot = self.coefficient_plot();
        let hidden = match &plot {
            Some(Plot::Paths(paths)) => paths.left_out() as u64 + self.paths_left_out,
            _ => 0,
        };
        let left_out = match hidden {
            0 => String::new(),
            _ => format!(" Left out: {} with smaller effects.", number::things(hidden, "variant")),
        };
        let caption = format!(
            "Effect weights along the path. The variants with the largest absolute weights in the chosen model are coloured and \
             named.{left_out}"
        );
        blocks(figure(plot, caption), self.variant_table())
    }

    fn certificate(&self) -> Vec<Block> {
        let Some(worst) = self.lambdas.iter().map(|row| row.kkt_violation).reduce(f64::max) else {
            return Vec::new();
        };
        let verdict = match self.violating().len() {
            0 => format!(
                "Every model of the path meets the optimality (Karush–Kuhn–Tucker) conditions over all {} to {} of λ; the \
                 largest violation is {}.",
                number::things(self.variants_used, "variant"),
                number::significant(self.kkt_tolerance, 1),
                number::significant(worst, 2)
            ),
            some => format!("{} of the path miss the tolerance.", number::things(some as u64, "model")),
        };
        let text = format!(
            "{verdict} The duality gap bounds how far the objective is above its smallest possible value; anyone can \
             recompute both from the weights and the data."
        );
        let caption = "How near each model is to the optimum. Values of exactly 0 have no place on the scale and are not drawn.";
        [Block::Paragraph(text)]
            .into_iter()
            .chain(figure(self.certificate_plot(), caption.to_owned()))
            .collect()
    }

    fn path(&self) -> Vec<Block> {
        self.lambda_table().map(Block::Table).into_iter().collect()
    }

    fn taking_part(&self) -> Vec<Block> {
        self.sample_table().into_iter().chain(self.left_out_tables()).map(Block::Table).collect()
    }

    fn provenance_blocks(&self) -> Vec<Block> {
        let command = &self.provenance.command;
        let command = (!command.is_empty()).then_some(Block::Preformatted(command_lines(command)));
        blocks(command, self.digest_table())
    }

    fn footer(&self) -> String {
        let finished = &self.provenance.finished;
        let when = if finished.is_empty() { String::new() } else { format!(", {finished}") };
        format!("Steppe {}{when}", self.provenance.version)
    }
}

fn figure(plot: Option<Plot>, caption: String) -> Option<Block> {
    plot.map(|plot| Block::Figure(Box::new(Figure { plot, caption, data: None })))
}

fn blocks(first: Option<Block>, tables: impl IntoIterator<Item = Table>) -> Vec<Block> {
    first.into_iter().chain(tables.into_iter().map(Block::Table)).collect()
}

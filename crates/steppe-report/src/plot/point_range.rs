use super::frame::{self, Panel, most_ticks};
use super::legend::{Key, Legend};
use super::shapes::{Anchor, LABEL, TICK, coordinate, marker, segment, stroked, text};
use super::{Drawing, Format};
use crate::language::Language;
use crate::markup::Element;
use crate::palette::{GRID, INK, QUIET, RULE, hue};
use crate::scale::{Axis, Scale};
use crate::text_width::{fitted, text_width};

/// Estimates with intervals, one row for each thing that was measured: a metric by population.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct PointRange {
    /// For screen readers and as a tooltip; not drawn.
    pub title: String,
    /// What is to be seen, for those who do not see it. The estimates are added.
    pub description: String,
    /// The axis of the estimates.
    pub axis: Axis,
    /// What the intervals are: `95% CI`.
    pub interval: String,
    /// Decimals of the estimates beside the plot; nothing for 3.
    pub decimals: Option<usize>,
    /// A value to compare with, as a line: 1 for a ratio.
    pub reference: Option<f64>,
    /// One marker and colour each. Rows come in the order in which the series first name them.
    pub series: Vec<RangeSeries>,
}

/// Estimates of one kind.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct RangeSeries {
    /// Its name in the legend.
    pub name: String,
    /// At most one for each row.
    pub estimates: Vec<Estimate>,
}

/// An estimate with its interval.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Estimate {
    /// The row's label.
    pub row: String,
    /// The estimate, in the axis's unit; drawn where it is finite.
    pub value: f64,
    /// Lower and upper end.
    pub interval: Option<(f64, f64)>,
}

impl Estimate {
    /// `0.316 (0.284–0.349)`
    fn text(&self, decimals: usize, language: Language) -> String {
        let value = language.fixed(self.value, decimals);
        let write = |end| language.fixed(end, decimals);
        match self.interval {
            Some(interval) => format!("{value} ({})", language.ends(interval, write)),
            None => value,
        }
    }
}

/// The layout of rows: each has a line for every series.
struct Rows<'a> {
    names: Vec<&'a str>,
    line: f64,
    height: f64,
}

impl PointRange {
    fn rows(&self) -> Rows<'_> {
        let mut names: Vec<&str> = Vec::new();
        for estimate in self.estimates() {
            if !names.contains(&estimate.row.as_str()) {
                names.push(&estimate.row);
            }
        }
        let line = if self.series.len() > 1 { 16.0 } else { 18.0 };
        Rows { names, line, height: line * self.series.len() as f64 + 12.0 }
    }

    fn text(&self, estimate: &Estimate, language: Language) -> String {
        estimate.text(self.decimals.unwrap_or(3), language)
    }

    fn estimates(&self) -> impl Iterator<Item = &Estimate> {
        self.series.iter().flat_map(|series| &series.estimates)
    }

    pub(super) fn draw(&self, format: Format, language: Language) -> Drawing {
        let width = format.width();
        let rows = self.rows();
        let widest = |texts: &mut dyn Iterator<Item = f64>| texts.fold(0.0, f64::max);
        let left = widest(&mut rows.names.iter().map(|name| text_width(name, LABEL))) + 12.0;
        let left = left.clamp(24.0, width * 0.45).ceil();
        let numbers = match format {
            Format::Wide => {
                widest(&mut self.estimates().map(|estimate| text_width(&self.text(estimate, language), TICK)))
                    + 24.0
            }
            Format::Narrow => 0.0,
        };
        let right = (width - 16.0 - numbers).floor();
        let names: Vec<&str> = self.series.iter().map(|series| series.name.as_str()).collect();
        let legend = Legend::new(&names, Key::Marker, left, width - 16.0, 2.0);
        let heading = if numbers > 0.0 { 20.0 } else { 0.0 };
        let top = legend.height + 8.0 + heading;
        let panel = Panel { left, top, right, bottom: top + rows.height * rows.names.len().max(1) as f64 };
        let interval_ends =
            |estimate: &Estimate| estimate.interval.into_iter().flat_map(|(low, high)| [low, high]);
        let values = self
            .estimates()
            .flat_map(|estimate| [estimate.value].into_iter().chain(interval_ends(estimate)))
            .chain(self.reference);
        let scale =
            self.axis.domain(values, most_ticks(right - left, 70.0)).in_language(language).place(left, right);

        let mut elements = background(&panel, &scale, &rows);
        let reference = self.reference.and_then(|value| scale.at(value));
        elements.extend(
            reference.map(|x| {
                segment((x, panel.top), (x, panel.bottom), &RULE, 1.0).with("stroke-dasharray", "4 3")
            }),
        );
        for (index, series) in self.series.iter().enumerate() {
            for estimate in &series.estimates {
                let Some(row) = rows.names.iter().position(|name| *name == estimate.row) else { continue };
                let y = panel.top + rows.height * row as f64 + 6.0 + rows.line * (index as f64 + 0.5);
                elements.extend(draw_estimate(index, estimate, y, &scale));
                if numbers > 0.0 {
                    elements.push(text(
                        (width - 16.0, y + 4.0),
                        TICK,
                        Anchor::End,
                        &INK,
                        &self.text(estimate, language),
                    ));
                }
            }
        }
        if numbers > 0.0 {
            let heading = match self.estimates().any(|estimate| estimate.interval.is_some()) {
                true => format!("{} ({})", self.axis.title, self.interval),
                false => self.axis.title.clone(),
            };
            elements.push(text((width - 16.0, panel.top - 8.0), TICK, Anchor::End, &QUIET, &heading));
        }
        elements.extend(frame::horizontal_axis(&panel, &scale, &self.axis.title));
        elements.extend(legend.elements);
        Drawing { height: panel.bottom + frame::BELOW, elements }
    }

    /// The description and every estimate.
    pub(super) fn describe(&self, language: Language) -> String {
        let mut text = self.description.trim().to_owned();
        for series in &self.series {
            for estimate in &series.estimates {
                let value = self.text(estimate, language);
                match series.name.is_empty() {
                    true => text.push_str(&format!(" {}: {value}.", estimate.row)),
                    false => text.push_str(&format!(" {}, {}: {value}.", estimate.row, series.name)),
                }
            }
        }
        text
    }
}

/// Lines at the ticks, the labels of rows and thin rules between them.
fn background(panel: &Panel, scale: &Scale, rows: &Rows<'_>) -> Vec<Element> {
    let lines: String = scale
        .ticks()
        .map(|(x, _)| format!("M{} {}V{}", coordinate(x), coordinate(panel.top), coordinate(panel.bottom)))
        .collect();
    let mut elements = vec![stroked(Element::new("path").with("d", lines), &GRID, 1.0)];
    for (row, name) in rows.names.iter().enumerate() {
        let top = panel.top + rows.height * row as f64;
        let middle = (0.0, top + rows.height / 2.0 + 4.0);
        elements.push(text(middle, LABEL, Anchor::Start, &INK, &fitted(name, LABEL, panel.left - 8.0)));
        elements.push(segment((0.0, top), (panel.right, top), &GRID, 1.0));
    }
    elements
}

fn draw_estimate(series: usize, estimate: &Estimate, y: f64, scale: &Scale) -> Vec<Element> {
    let Some(x) = scale.at(estimate.value) else { return Vec::new() };
    let ends = estimate.interval.and_then(|(low, high)| scale.at(low).zip(scale.at(high)));
    let whisker = ends.map(|(low, high)| segment((low, y), (high, y), hue(series), 1.8));
    whisker.into_iter().chain([marker(series, (x, y), hue(series))]).collect()
}

use super::frame::{self, Panel, left_margin, most_ticks};
use super::legend::{Key, Legend};
use super::marks::MarkLabels;
use super::shapes::{
    Anchor, LABEL, TICK, coordinate, filled, haloed, marker, path_data, segment, stroked, text,
};
use super::{Drawing, Format};
use crate::language::{Language, Plots};
use crate::markup::Element;
use crate::palette::{INK, QUIET, RULE, dash, hue};
use crate::scale::{Axis, Scale};
use crate::text_width::text_width;

/// Lines over a common horizontal axis.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct LinePlot {
    /// For screen readers and as a tooltip; not drawn.
    pub title: String,
    /// What is to be seen, for those who do not see it. A summary of each series is added.
    pub description: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The lines. Seven colours and six dash patterns: up to 42 can be told apart, six easily.
    pub series: Vec<Series>,
    /// Vertical lines with a label: the chosen lambda.
    pub marks: Vec<Mark>,
    /// Horizontal lines with a label: a tolerance.
    pub levels: Vec<Level>,
    /// A second horizontal axis above: the active variants at each lambda.
    pub top: Option<TopAxis>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// The points in their order along the line. One that has no place (not finite, or not above 0 on a logarithmic axis)
    /// breaks the line.
    pub points: Vec<Point>,
}

/// A point of a line.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Point {
    /// Horizontal, in the axis's unit.
    pub x: f64,
    /// Vertical, in the axis's unit.
    pub y: f64,
    /// Lower and upper end of the band at this point.
    pub band: Option<(f64, f64)>,
}

/// A vertical line; every point of a series at its `x` gets a marker.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Mark {
    /// Where.
    pub x: f64,
    /// What it says above the line.
    pub label: String,
}

/// A horizontal line.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Level {
    /// Where.
    pub y: f64,
    /// What it says at its right end.
    pub label: String,
}

/// Labels above the panel at some of the given places, as many as fit.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct TopAxis {
    /// What the labels are.
    pub title: String,
    /// Places on the horizontal axis and their labels.
    pub labels: Vec<(f64, String)>,
}

impl LinePlot {
    pub(super) fn draw(&self, format: Format, language: Language) -> Drawing {
        let width = format.width();
        let panel_height = if format == Format::Wide { 270.0 } else { 230.0 };
        let bands = |point: &Point| point.band.into_iter().flat_map(|(low, high)| [low, high]);
        let y_values = self.points().flat_map(|point| [point.y].into_iter().chain(bands(point)));
        let y_values = y_values.chain(self.levels.iter().map(|level| level.y));
        let y = self.y.domain(y_values, most_ticks(panel_height, 36.0)).in_language(language);
        let left = left_margin(y.ticks.iter().map(|tick| tick.1.as_str()));
        let right = width - 16.0;
        let x_values = self.points().map(|point| point.x).chain(self.marks.iter().map(|mark| mark.x));
        let x =
            self.x.domain(x_values, most_ticks(right - left, 62.0)).in_language(language).place(left, right);

        let names: Vec<&str> = self.series.iter().map(|series| series.name.as_str()).collect();
        let legend = Legend::new(&names, Key::Line, left, right, 2.0);
        let top = legend.height + 10.0 + if self.top.is_some() { 34.0 } else { 0.0 };
        let panel = Panel { left, top, right, bottom: top + panel_height };
        let marks = MarkLabels::new(&self.marks, &x, left, right);
        let level_label = if self.levels.is_empty() { 0.0 } else { 14.0 };
        let y = y.place(panel.bottom, panel.top + marks.headroom().max(level_label));

        let mut elements = frame::vertical_axis(&panel, &y, &self.y.title);
        elements
            .extend(self.series.iter().enumerate().filter_map(|(index, series)| band(index, series, &x, &y)));
        elements.extend(self.levels.iter().flat_map(|level| level.draw(&panel, &y)));
        elements.extend(marks.draw(&panel));
        elements.extend(self.series.iter().enumerate().map(|(index, series)| line(index, series, &x, &y)));
        elements.extend(self.marked_points(&x, &y));
        elements.extend(frame::horizontal_axis(&panel, &x, &self.x.title));
        elements.extend(self.top.iter().flat_map(|top| top.draw(&panel, &x)));
        elements.extend(legend.elements);
        Drawing { height: panel.bottom + frame::BELOW, elements }
    }

    fn points(&self) -> impl Iterator<Item = &Point> {
        self.series.iter().flat_map(|series| &series.points)
    }

    fn marked_points(&self, x: &Scale, y: &Scale) -> Vec<Element> {
        let mut markers = Vec::new();
        for (index, series) in self.series.iter().enumerate() {
            for point in &series.points {
                let place = x.at(point.x).zip(y.at(point.y));
                if let (Some(place), true) = (place, self.marks.iter().any(|mark| mark.x == point.x)) {
                    markers.push(marker(index, place, hue(index)));
                }
            }
        }
        markers
    }

    /// The description, and what a look at the lines would tell: where each begins, ends and is highest.
    pub(super) fn describe(&self, language: Language) -> String {
        let mut text = self.description.trim().to_owned();
        for series in &self.series {
            let seen = || series.points.iter().filter(|point| point.x.is_finite() && point.y.is_finite());
            let (Some(first), Some(last)) = (seen().next(), seen().next_back()) else { continue };
            let Some(highest) = seen().max_by(|a, b| a.y.total_cmp(&b.y)) else { continue };
            let [x0, y0, x1, y1, x2, y2] = [first.x, first.y, last.x, last.y, highest.x, highest.y]
                .map(|value| language.significant(value, 3));
            let values = [
                ("name", (&series.name).into()),
                ("n", seen().count().into()),
                ("x0", (&x0).into()),
                ("y0", (&y0).into()),
                ("x1", (&x1).into()),
                ("y1", (&y1).into()),
                ("x2", (&x2).into()),
                ("y2", (&y2).into()),
            ];
            text.push(' ');
            text.push_str(&language.fill(Plots::Line, &values));
        }
        for mark in &self.marks {
            let at = language.significant(mark.x, 3);
            let values = [("label", (&mark.label).into()), ("x", (&at).into())];
            text.push(' ');
            text.push_str(&language.fill(Plots::Mark, &values));
        }
        text
    }
}

fn line(index: usize, series: &Series, x: &Scale, y: &Scale) -> Element {
    let places = series.points.iter().map(|point| x.at(point.x).zip(y.at(point.y)));
    stroked(Element::new("path").with("d", path_data(places)), hue(index), 2.0)
        .with("stroke-dasharray", dash(index))
        .with("stroke-linejoin", "round")
        .with("stroke-linecap", if index == 0 { "round" } else { "butt" })
}

/// The area between the lower and the upper ends; points without a band end it.
fn band(index: usize, series: &Series, x: &Scale, y: &Scale) -> Option<Element> {
    let mut data = String::new();
    let placed = |point: &Point| {
        let (low, high) = point.band?;
        Some((x.at(point.x)?, y.at(low)?, y.at(high)?))
    };
    let places: Vec<Option<(f64, f64, f64)>> = series.points.iter().map(placed).collect();
    for run in places.split(Option::is_none) {
        let corners = || run.iter().flatten();
        let there = corners().map(|&(x, _, high)| (x, high));
        let back = corners().rev().map(|&(x, low, _)| (x, low));
        let outline = path_data(there.chain(back).map(Some));
        if run.len() > 1 {
            data.push_str(&outline);
            data.push('z');
        }
    }
    let area = Element::new("path").with("d", &data).with("fill-opacity", 0.16);
    (!data.is_empty()).then(|| filled(area, hue(index)))
}

impl Level {
    fn draw(&self, panel: &Panel, y: &Scale) -> Vec<Element> {
        let Some(at) = y.at(self.y) else { return Vec::new() };
        vec![
            segment((panel.left, at), (panel.right, at), &RULE, 1.0).with("stroke-dasharray", "4 3"),
            haloed((panel.right - 2.0, at - 6.0), LABEL, Anchor::End, &self.label),
        ]
    }
}

impl TopAxis {
    fn draw(&self, panel: &Panel, x: &Scale) -> Vec<Element> {
        let mut places: Vec<(f64, &str)> =
            self.labels.iter().filter_map(|(value, label)| Some((x.at(*value)?, label.as_str()))).collect();
        places.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut elements = vec![segment((panel.left, panel.top), (panel.right, panel.top), &RULE, 1.0)];
        let mut free_from = panel.left - 6.0;
        for (at, label) in places {
            let half = text_width(label, TICK) / 2.0;
            if at - half < free_from || at + half > panel.right + 12.0 {
                continue;
            }
            elements.push(text((at, panel.top - 8.0), TICK, Anchor::Middle, &QUIET, label));
            let tick = format!("M{} {}v-5", coordinate(at), coordinate(panel.top));
            elements.push(stroked(Element::new("path").with("d", tick), &RULE, 1.0));
            free_from = at + half + 26.0;
        }
        elements.push(text((panel.centre(), panel.top - 26.0), LABEL, Anchor::Middle, &INK, &self.title));
        elements
    }
}

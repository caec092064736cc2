use super::frame::{self, Panel, left_margin, most_ticks};
use super::legend::{Key, Legend};
use super::shapes::{Anchor, LABEL, marker, path_data, segment, stroked, text};
use super::{Drawing, Format, grid};
use crate::language::{Language, Plots};
use crate::markup::Element;
use crate::palette::{INK, RULE, hue};
use crate::scale::{Axis, Domain, Scale};
use crate::text_width::fitted;

/// At most so many panels side by side.
const COLUMNS: usize = 3;
/// Between the points of series that share a place, in pixels.
const DODGE: f64 = 6.0;

/// Points with intervals, in panels that share their axes: reliability by population.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct PanelPlot {
    /// For screen readers and as a tooltip; not drawn.
    pub title: String,
    /// What is to be seen, for those who do not see it. The points are added.
    pub description: String,
    /// The horizontal axis of every panel.
    pub x: Axis,
    /// The vertical axis of every panel.
    pub y: Axis,
    /// The panels.
    pub panels: Vec<PlotPanel>,
    /// Draws the line on which both axes have the same value, and gives them the same range.
    pub diagonal: bool,
    /// A value to compare with, as a horizontal line.
    pub level: Option<f64>,
}

/// One panel of a [`PanelPlot`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct PlotPanel {
    /// Its heading; empty for none.
    pub name: String,
    /// Its series. One that has the same name as a series of another panel looks the same.
    pub series: Vec<PanelSeries>,
}

/// Points that belong together, joined by a thin line.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct PanelSeries {
    /// Its name in the legend.
    pub name: String,
    /// The points in their order along the line.
    pub points: Vec<PanelPoint>,
}

/// A point, with an interval of its vertical value.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct PanelPoint {
    /// Horizontal, in the axis's unit.
    pub x: f64,
    /// Vertical, in the axis's unit.
    pub y: f64,
    /// Lower and upper end of the interval.
    pub interval: Option<(f64, f64)>,
}

/// What all panels share.
struct Frame<'a> {
    names: Vec<&'a str>,
    x: Domain,
    y: Domain,
    width: f64,
    height: f64,
}

impl PanelPlot {
    /// Names of the series, in the order in which they first come.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for series in self.panels.iter().flat_map(|panel| &panel.series) {
            if !names.contains(&series.name.as_str()) {
                names.push(&series.name);
            }
        }
        names
    }

    fn points(&self) -> impl Iterator<Item = &PanelPoint> {
        self.panels.iter().flat_map(|panel| &panel.series).flat_map(|series| &series.points)
    }

    /// The horizontal and the vertical range.
    fn domains(&self, width: f64, height: f64, language: Language) -> (Domain, Domain) {
        let ends = |point: &PanelPoint| point.interval.into_iter().flat_map(|(low, high)| [low, high]);
        let y = || self.points().flat_map(|point| [point.y].into_iter().chain(ends(point))).chain(self.level);
        let x = || self.points().map(|point| point.x);
        let (across, up) = (most_ticks(width, 62.0), most_ticks(height, 36.0));
        let (x, y) = match self.diagonal {
            true => (self.x.domain(x().chain(y()), across), self.y.domain(y().chain(x()), up)),
            false => (self.x.domain(x(), across), self.y.domain(y(), up)),
        };
        (x.in_language(language), y.in_language(language))
    }

    pub(super) fn draw(&self, format: Format, language: Language) -> Drawing {
        let (columns, width) = grid::columns(self.panels.len(), COLUMNS, format);
        let height = match (columns, self.diagonal) {
            (1, true) => 260.0,
            (1, false) => 240.0,
            (_, true) => 170.0,
            _ => 150.0,
        };
        // A square panel: beside a line of equal values, equal lengths.
        let width = if self.diagonal && columns == 1 { width.min(360.0) } else { width };
        let (x, y) = self.domains(width - 60.0, height, language);
        let frame = Frame { names: self.names(), x, y, width, height };
        let legend = Legend::new(&frame.names, Key::Marker, 30.0, format.width() - 16.0, 2.0);
        let panels = self.panels.iter().map(|panel| self.panel(panel, &frame)).collect();
        let top = if legend.height > 0.0 { legend.height + 8.0 } else { 0.0 };
        let mut drawing = grid::arrange(panels, columns, width, top);
        drawing.elements.extend(legend.elements);
        drawing
    }

    fn panel(&self, panel: &PlotPanel, frame: &Frame<'_>) -> Drawing {
        let left = left_margin(frame.y.ticks.iter().map(|tick| tick.1.as_str()));
        let top = if panel.name.is_empty() { 10.0 } else { 28.0 };
        let place = Panel { left, top, right: frame.width - 12.0, bottom: top + frame.height };
        let x = frame.x.clone().place(left + 6.0, place.right - 6.0);
        let y = frame.y.clone().place(place.bottom, place.top);
        let mut elements = frame::vertical_axis(&place, &y, &self.y.title);
        if !panel.name.is_empty() {
            let name = fitted(&panel.name, LABEL, place.right - left);
            elements.push(text((left, 16.0), LABEL, Anchor::Start, &INK, &name).with("font-weight", 600));
        }
        elements.extend(self.guides(&place, frame, (&x, &y)));
        for series in &panel.series {
            let index = frame.names.iter().position(|name| *name == series.name).unwrap_or(0);
            // Where the series share their places, intervals would cover one another.
            let shift = match self.diagonal {
                true => 0.0,
                false => (index as f64 - (frame.names.len() as f64 - 1.0) / 2.0) * DODGE,
            };
            elements.extend(draw_series(index, series, shift, (&x, &y)));
        }
        elements.extend(frame::horizontal_axis(&place, &x, &self.x.title));
        Drawing { height: place.bottom + frame::BELOW, elements }
    }

    /// The lines to compare with.
    fn guides(&self, place: &Panel, frame: &Frame<'_>, (x, y): (&Scale, &Scale)) -> Vec<Element> {
        let dashed = |from, to| segment(from, to, &RULE, 1.0).with("stroke-dasharray", "4 3");
        let level = self.level.and_then(|level| y.at(level));
        let level = level.map(|at| dashed((place.left, at), (place.right, at)));
        let low = frame.x.low.max(frame.y.low);
        let high = frame.x.high.min(frame.y.high);
        let end = |value: f64| x.at(value).zip(y.at(value));
        let diagonal = if self.diagonal { end(low).zip(end(high)) } else { None };
        level.into_iter().chain(diagonal.map(|(from, to)| dashed(from, to))).collect()
    }

    /// The description and every point.
    pub(super) fn describe(&self, language: Language) -> String {
        let mut text = self.description.trim().to_owned();
        for panel in &self.panels {
            for series in &panel.series {
                let point = |point: &PanelPoint| {
                    let (x, y) = (language.significant(point.x, 3), language.significant(point.y, 3));
                    language.fill(Plots::PanelPoint, &[("x", (&x).into()), ("y", (&y).into())])
                };
                let values: Vec<String> = series.points.iter().map(point).collect();
                let names = [panel.name.as_str(), series.name.as_str()];
                let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
                text.push_str(&format!(" {}: {}.", names.join(", "), values.join("; ")));
            }
        }
        text
    }
}

fn draw_series(index: usize, series: &PanelSeries, shift: f64, (x, y): (&Scale, &Scale)) -> Vec<Element> {
    let place = |point: &PanelPoint| Some((x.at(point.x)? + shift, y.at(point.y)?));
    let line =
        stroked(Element::new("path").with("d", path_data(series.points.iter().map(place))), hue(index), 1.2)
            .with("stroke-linejoin", "round")
            .with("stroke-opacity", 0.7);
    let whisker = |point: &PanelPoint| {
        let (low, high) = point.interval?;
        let at = place(point)?.0;
        Some(segment((at, y.at(low)?), (at, y.at(high)?), hue(index), 1.6))
    };
    let whiskers = series.points.iter().filter_map(whisker);
    let markers = series.points.iter().filter_map(|point| Some(marker(index, place(point)?, hue(index))));
    [line].into_iter().chain(whiskers).chain(markers).collect()
}

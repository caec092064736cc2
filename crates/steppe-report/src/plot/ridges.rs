use super::frame::{self, Panel, most_ticks};
use super::shapes::{Anchor, LABEL, TICK, coordinate, filled, path_data, segment, stroked, text};
use super::{Drawing, Format, grid};
use crate::language::{Language, Plots};
use crate::markup::Element;
use crate::palette::{GRID, INK, QUIET, RULE, hue};
use crate::scale::{Axis, Scale};
use crate::text_width::{fitted, text_width};

/// Height of a row, in pixels.
const ROW: f64 = 44.0;

/// Distributions of some groups below one another, in columns: before and after.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Ridges {
    /// For screen readers and as a tooltip; not drawn.
    pub title: String,
    /// What is to be seen, for those who do not see it. Mean and standard deviation of each distribution are added.
    pub description: String,
    /// The groups, one row and colour each.
    pub rows: Vec<String>,
    /// The columns.
    pub columns: Vec<RidgeColumn>,
}

/// A column of distributions over one axis.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct RidgeColumn {
    /// Its heading.
    pub name: String,
    /// The axis.
    pub axis: Axis,
    /// One for each row, where there is one.
    pub ridges: Vec<Option<Ridge>>,
    /// A value to compare with, as a line: the mean of the reference.
    pub reference: Option<f64>,
}

/// One distribution.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Ridge {
    /// Value and density, by ascending value.
    pub points: Vec<(f64, f64)>,
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
}

impl Ridges {
    pub(super) fn draw(&self, format: Format, language: Language) -> Drawing {
        let (columns, width) = grid::columns(self.columns.len(), 2, format);
        let labels = self.rows.iter().map(|name| text_width(name, LABEL)).fold(0.0, f64::max) + 14.0;
        let labels = labels.clamp(30.0, width * 0.35).ceil();
        let panels = self.columns.iter().map(|column| self.column(column, labels, width, language)).collect();
        grid::arrange(panels, columns, width, 0.0)
    }

    fn column(&self, column: &RidgeColumn, left: f64, width: f64, language: Language) -> Drawing {
        let top = 30.0;
        let place =
            Panel { left, top, right: width - 12.0, bottom: top + ROW * self.rows.len().max(1) as f64 };
        let ridges = || column.ridges.iter().flatten();
        let values = ridges().flat_map(|ridge| &ridge.points).map(|point| point.0).chain(column.reference);
        let x = column.axis.domain(values, most_ticks(place.right - left, 52.0));
        let x = x.in_language(language).place(left, place.right);
        let finite = |density: &f64| density.is_finite();
        let highest = ridges().flat_map(|ridge| &ridge.points).map(|point| point.1).filter(finite);
        let highest = highest.fold(f64::MIN_POSITIVE, f64::max);

        let lines: String = x
            .ticks()
            .map(|(x, _)| format!("M{} {}V{}", coordinate(x), coordinate(top), coordinate(place.bottom)))
            .collect();
        let mut elements = vec![
            text((left, 16.0), LABEL, Anchor::Start, &INK, &fitted(&column.name, LABEL, place.right - left))
                .with("font-weight", 600),
            stroked(Element::new("path").with("d", lines), &GRID, 1.0),
        ];
        let reference = column.reference.and_then(|value| x.at(value));
        elements
            .extend(reference.map(|at| {
                segment((at, top), (at, place.bottom), &RULE, 1.0).with("stroke-dasharray", "4 3")
            }));
        for (row, name) in self.rows.iter().enumerate() {
            let base = top + ROW * (row + 1) as f64;
            let name = fitted(name, LABEL, left - 10.0);
            elements.push(text((0.0, base - 6.0), LABEL, Anchor::Start, &INK, &name));
            elements.push(segment((0.0, base), (place.right, base), &GRID, 1.0));
            if let Some(ridge) = column.ridges.get(row).and_then(Option::as_ref) {
                elements.extend(ridge.draw(row, base, highest, &x));
                elements.extend(ridge.mean_mark(base, &x));
            } else {
                elements.push(text((place.centre(), base - 6.0), TICK, Anchor::Middle, &QUIET, "–"));
            }
        }
        elements.extend(frame::horizontal_axis(&place, &x, &column.axis.title));
        Drawing { height: place.bottom + frame::BELOW, elements }
    }

    /// The description, and mean and spread of each distribution.
    pub(super) fn describe(&self, language: Language) -> String {
        let mut text = self.description.trim().to_owned();
        for column in &self.columns {
            for (name, ridge) in self.rows.iter().zip(&column.ridges) {
                let Some(ridge) = ridge else { continue };
                let (mean, sd) = (language.fixed(ridge.mean, 2), language.fixed(ridge.sd, 2));
                let values = [
                    ("column", (&column.name).into()),
                    ("name", name.into()),
                    ("mean", (&mean).into()),
                    ("sd", (&sd).into()),
                ];
                text.push(' ');
                text.push_str(&language.fill(Plots::Ridge, &values));
            }
        }
        text
    }
}

impl Ridge {
    /// The area under the density, and its outline.
    fn draw(&self, row: usize, base: f64, highest: f64, x: &Scale) -> Vec<Element> {
        let place = |&(value, density): &(f64, f64)| {
            let share = if density.is_finite() { (density / highest).clamp(0.0, 1.0) } else { 0.0 };
            Some((x.at(value)?, base - share * (ROW - 8.0)))
        };
        let places: Vec<(f64, f64)> = self.points.iter().filter_map(place).collect();
        let (Some(first), Some(last)) = (places.first(), places.last()) else { return Vec::new() };
        let corners = [(first.0, base)].into_iter().chain(places.iter().copied()).chain([(last.0, base)]);
        let area = path_data(corners.map(Some)) + "z";
        let outline = path_data(places.iter().copied().map(Some));
        vec![
            filled(Element::new("path").with("d", area).with("fill-opacity", 0.22), hue(row)),
            stroked(Element::new("path").with("d", outline), hue(row), 1.6).with("stroke-linejoin", "round"),
        ]
    }

    /// A short line at the mean.
    fn mean_mark(&self, base: f64, x: &Scale) -> Option<Element> {
        let at = x.at(self.mean)?;
        Some(segment((at, base), (at, base - 11.0), &INK, 1.6))
    }
}

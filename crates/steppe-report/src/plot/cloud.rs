use super::frame::{self, Panel, left_margin, most_ticks};
use super::legend::{Key, Legend};
use super::shapes::{Anchor, TICK, coordinate, haloed, marker, stroked};
use super::{Drawing, Format, grid};
use crate::language::{Language, Plots};
use crate::markup::Element;
use crate::palette::hue;
use crate::scale::{Axis, Scale};
use crate::text_width::text_width;

/// At most so many panels side by side.
const COLUMNS: usize = 2;
/// Groups with so few points have markers, which are seen alone.
const FEW: usize = 25;

/// Many points of some groups, in panels: principal components of a cohort.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Cloud {
    /// For screen readers and as a tooltip; not drawn.
    pub title: String,
    /// What is to be seen, for those who do not see it. Size and centre of each group are added.
    pub description: String,
    /// The groups; those after others are drawn over them.
    pub groups: Vec<CloudGroup>,
    /// The panels: two axes each.
    pub panels: Vec<CloudPanel>,
}

/// A group of points.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct CloudGroup {
    /// Its name, for those who do not see the plot.
    pub name: String,
    /// What is written beside its points and in the legend. Groups with the same label have the same colour.
    pub label: String,
    /// Whether its points are larger and stronger than those of others.
    pub emphasised: bool,
}

/// Two axes and the points between them.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct CloudPanel {
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// Points for each group, as many as there are groups; those that are not finite are not drawn.
    pub points: Vec<Vec<(f64, f64)>>,
}

impl Cloud {
    pub(super) fn draw(&self, format: Format, language: Language) -> Drawing {
        let (columns, width) = grid::columns(self.panels.len(), COLUMNS, format);
        let names = self.labels();
        let legend = Legend::new(&names, Key::Marker, 30.0, format.width() - 16.0, 2.0);
        let panels = self.panels.iter().map(|panel| self.panel(panel, columns, width, language)).collect();
        let mut drawing = grid::arrange(panels, columns, width, legend.height + 4.0);
        drawing.elements.extend(legend.elements);
        drawing
    }

    /// The labels in the order in which they first come.
    fn labels(&self) -> Vec<&str> {
        let mut labels: Vec<&str> = Vec::new();
        for group in &self.groups {
            if !labels.contains(&group.label.as_str()) {
                labels.push(&group.label);
            }
        }
        labels
    }

    fn panel(&self, panel: &CloudPanel, columns: usize, width: f64, language: Language) -> Drawing {
        let height = if columns > 1 || width < 400.0 { 280.0 } else { 400.0 };
        let points = || panel.points.iter().flatten();
        let y = panel.y.domain(points().map(|point| point.1), most_ticks(height, 40.0)).in_language(language);
        let left = left_margin(y.ticks.iter().map(|tick| tick.1.as_str()));
        let place = Panel { left, top: 10.0, right: width - 12.0, bottom: 10.0 + height };
        let x = panel.x.domain(points().map(|point| point.0), most_ticks(place.right - left, 62.0));
        let x = x.in_language(language).place(left + 4.0, place.right - 4.0);
        let y = y.place(place.bottom - 4.0, place.top + 4.0);
        let mut elements = frame::vertical_axis(&place, &y, &panel.y.title);
        let labels = self.labels();
        for (group, points) in self.groups.iter().zip(&panel.points) {
            let index = labels.iter().position(|label| *label == group.label).unwrap_or(0);
            elements.extend(draw_group(index, group, points, (&x, &y)));
        }
        elements.extend(self.written(panel, &place, (&x, &y)));
        elements.extend(frame::horizontal_axis(&place, &x, &panel.x.title));
        Drawing { height: place.bottom + frame::BELOW, elements }
    }

    /// The labels at the middles of their groups, each once in a panel, moved up or down where they would cover one another; one that finds no place
    /// is in the legend only.
    fn written(&self, panel: &CloudPanel, place: &Panel, (x, y): (&Scale, &Scale)) -> Vec<Element> {
        let mut taken: Vec<(f64, f64, f64)> = Vec::new();
        let mut elements = Vec::new();
        let mut written: Vec<&str> = Vec::new();
        for (group, points) in self.groups.iter().zip(&panel.points) {
            let Some((at, height)) = middle(points).and_then(|(a, b)| x.at(a).zip(y.at(b))) else { continue };
            let half = text_width(&group.label, TICK) / 2.0 + 3.0;
            let at = at.min(place.right - half).max(place.left + half);
            if half * 2.0 > place.right - place.left || written.contains(&group.label.as_str()) {
                continue;
            }
            let is_free = |height: f64| {
                let inside = height > place.top + 12.0 && height < place.bottom - 4.0;
                inside
                    && taken.iter().all(|&(other, other_half, other_height)| {
                        (other - at).abs() > half + other_half || (other_height - height).abs() > 14.0
                    })
            };
            let heights =
                (0..7).flat_map(|step| [-1.0, 1.0].map(|side| height + side * f64::from(step) * 7.5));
            if let Some(height) = heights.map(|height| height + 4.0).find(|&height| is_free(height)) {
                taken.push((at, half, height));
                elements.push(haloed((at, height), TICK, Anchor::Middle, &group.label));
                written.push(&group.label);
            }
        }
        elements
    }

    /// The description, and size and centre of each group.
    pub(super) fn describe(&self, language: Language) -> String {
        let mut text = self.description.trim().to_owned();
        for panel in &self.panels {
            text.push_str(&format!(" {}, {}.", panel.x.title, panel.y.title));
            for (group, points) in self.groups.iter().zip(&panel.points) {
                let Some((x, y)) = middle(points) else { continue };
                let (x, y) = (language.significant(x, 3), language.significant(y, 3));
                let values = [
                    ("name", (&group.name).into()),
                    ("n", points.len().into()),
                    ("x", (&x).into()),
                    ("y", (&y).into()),
                ];
                text.push(' ');
                text.push_str(&language.fill(Plots::Group, &values));
            }
        }
        text
    }
}

/// Median of each coordinate.
fn middle(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let median = |mut values: Vec<f64>| {
        values.retain(|value| value.is_finite());
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    median(points.iter().map(|point| point.0).collect())
        .zip(median(points.iter().map(|point| point.1).collect()))
}

/// All points of a group as one path: a point is a line of no length with a round end. Thousands of circles would make the
/// page ten times as large.
fn draw_group(
    index: usize,
    group: &CloudGroup,
    points: &[(f64, f64)],
    (x, y): (&Scale, &Scale),
) -> Vec<Element> {
    let places = points.iter().filter_map(|point| x.at(point.0).zip(y.at(point.1)));
    if points.len() <= FEW {
        return places.map(|place| marker(index, place, hue(index))).collect();
    }
    let data: String = places.map(|(x, y)| format!("M{} {}h0", coordinate(x), coordinate(y))).collect();
    let (size, opacity) = if group.emphasised { (3.4, 0.75) } else { (2.4, 0.4) };
    let dots = stroked(Element::new("path").with("d", data), hue(index), size)
        .with("stroke-linecap", "round")
        .with("stroke-opacity", opacity);
    vec![dots]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_knows_no_outliers() {
        assert_eq!(middle(&[(1.0, 5.0), (2.0, 5.0), (1e9, 6.0), (f64::NAN, f64::NAN)]), Some((2.0, 5.0)));
        assert_eq!(middle(&[(f64::NAN, 1.0)]), None);
    }
}

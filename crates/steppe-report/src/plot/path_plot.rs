use super::frame::{self, Panel, left_margin, most_ticks};
use super::line_plot::Mark;
use super::marks::MarkLabels;
use super::shapes::{Anchor, TICK, path_data, segment, stroked, text};
use super::spread::spread;
use super::{Drawing, Format};
use crate::language::{Language, Plots};
use crate::markup::Element;
use crate::palette::{FAINT, INK, RULE, Shade, dash_of_labelled, hue};
use crate::scale::{Axis, Scale};
use crate::text_width::{fitted, text_width};

/// At most so many lines are drawn: more can not be told apart and only make the file large.
const DRAWN: usize = 200;
/// Distance between labels, in pixels.
const LABEL_GAP: f64 = 14.5;

/// Many thin lines over a common horizontal axis: the coefficients of a path of penalised fits.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct PathPlot {
    /// For screen readers and as a tooltip; not drawn.
    pub title: String,
    /// What is to be seen, for those who do not see it. The labelled lines' ends are added.
    pub description: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The lines in any order. The 200 most important are drawn, and the first dozen of them labelled.
    pub paths: Vec<Path>,
    /// Vertical lines with a label.
    pub marks: Vec<Mark>,
}

/// One line of a [`PathPlot`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Path {
    /// Its label.
    pub name: String,
    /// Places along the line, in the axes' units.
    pub points: Vec<(f64, f64)>,
    /// What decides whether it is drawn and labelled; larger comes first. Usually the absolute effect at the chosen lambda.
    pub importance: f64,
}

impl PathPlot {
    /// Lines that are not drawn because there are more important ones.
    pub fn left_out(&self) -> usize {
        self.paths.len().saturating_sub(DRAWN)
    }

    /// The lines that are drawn, the most important first.
    fn drawn(&self) -> Vec<&Path> {
        let mut paths: Vec<&Path> = self.paths.iter().collect();
        let rank = |path: &Path| if path.importance.is_nan() { f64::NEG_INFINITY } else { path.importance };
        paths.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
        paths.truncate(DRAWN);
        paths
    }

    fn labelled(format: Format) -> usize {
        if format == Format::Wide { 12 } else { 6 }
    }

    pub(super) fn draw(&self, format: Format, language: Language) -> Drawing {
        let width = format.width();
        let panel_height = if format == Format::Wide { 330.0 } else { 250.0 };
        let paths = self.drawn();
        let labelled = Self::labelled(format).min(paths.len());
        let places = || paths.iter().flat_map(|path| &path.points);
        let y = self
            .y
            .domain(places().map(|place| place.1), most_ticks(panel_height, 40.0))
            .in_language(language);
        let left = left_margin(y.ticks.iter().map(|tick| tick.1.as_str()));
        let widest = paths[..labelled].iter().map(|path| text_width(&path.name, TICK)).fold(0.0, f64::max);
        let right = width - (widest + 26.0).clamp(16.0, width / 3.0);
        let x_values = places().map(|place| place.0).chain(self.marks.iter().map(|mark| mark.x));
        let x =
            self.x.domain(x_values, most_ticks(right - left, 62.0)).in_language(language).place(left, right);
        let panel = Panel { left, top: 10.0, right, bottom: 10.0 + panel_height };
        let marks = MarkLabels::new(&self.marks, &x, left, right);
        let y = y.place(panel.bottom, panel.top + marks.headroom());

        let mut elements = frame::vertical_axis(&panel, &y, &self.y.title);
        elements.extend(y.at(0.0).map(|zero| segment((left, zero), (right, zero), &RULE, 1.0)));
        let line = |path: &Path, shade: &Shade, width| line(path, shade, width, &x, &y);
        elements.extend(paths[labelled..].iter().rev().map(|path| line(path, &FAINT, 0.7)));
        elements.extend(marks.draw(&panel));
        let strong = paths[..labelled].iter().enumerate();
        elements.extend(strong.rev().map(|(index, path)| {
            line(path, hue(index), 1.6).with("stroke-dasharray", dash_of_labelled(index))
        }));
        elements.extend(end_labels(&paths[..labelled], &panel, width - 2.0, (&x, &y)));
        elements.extend(frame::horizontal_axis(&panel, &x, &self.x.title));
        Drawing { height: panel.bottom + frame::BELOW, elements }
    }

    /// The description, how many lines there are, and where the labelled ones end.
    pub(super) fn describe(&self, language: Language) -> String {
        let drawn = self.drawn();
        let counts = [("n", drawn.len().into()), ("left", self.left_out().into())];
        let key = if self.left_out() == 0 { Plots::Paths } else { Plots::PathsOfMore };
        let mut text = format!("{} {}", self.description.trim(), language.fill(key, &counts));
        for path in drawn.iter().take(Self::labelled(Format::Wide)) {
            if let Some((_, y)) = path.points.last() {
                let end = language.significant(*y, 3);
                text.push(' ');
                text.push_str(
                    &language.fill(Plots::PathEnd, &[("name", (&path.name).into()), ("y", (&end).into())]),
                );
            }
        }
        text
    }
}

fn line(path: &Path, shade: &Shade, width: f64, x: &Scale, y: &Scale) -> Element {
    let places = turns(&path.points).map(|(at, value)| x.at(at).zip(y.at(value)));
    let element = Element::new("path")
        .with("d", path_data(places))
        .with("stroke-linejoin", "round")
        .child(Element::of_text("title", &path.name));
    let class = format!("s-{} hover", shade.class);
    element.class(class).with("fill", "none").with("stroke", shade.light).with("stroke-width", width)
}

/// The points without those inside a run of equal values, which change nothing: most of a coefficient's path is 0.
fn turns(points: &[(f64, f64)]) -> impl Iterator<Item = (f64, f64)> {
    let inside = |index: usize| {
        let neighbours =
            index.checked_sub(1).and_then(|before| Some((points.get(before)?, points.get(index + 1)?)));
        neighbours.is_some_and(|(before, after)| before.1 == points[index].1 && after.1 == points[index].1)
    };
    (0..points.len()).filter(move |&index| !inside(index)).map(|index| points[index])
}

/// Names between the panel and the right edge at the height where the lines end, moved apart, each with a leader to its line.
fn end_labels(paths: &[&Path], panel: &Panel, edge: f64, (x, y): (&Scale, &Scale)) -> Vec<Element> {
    let end = |path: &Path| {
        let (at, value) = path.points.iter().rev().find_map(|&(at, value)| x.at(at).zip(y.at(value)))?;
        Some((at, value))
    };
    let mut ends: Vec<(usize, &Path, (f64, f64))> =
        paths.iter().enumerate().filter_map(|(index, path)| Some((index, *path, end(path)?))).collect();
    ends.sort_by(|a, b| a.2.1.total_cmp(&b.2.1));
    let wanted: Vec<f64> = ends.iter().map(|(_, _, (_, height))| *height).collect();
    let heights = spread(&wanted, LABEL_GAP, panel.top + 6.0, panel.bottom - 4.0);
    let leader = |index: usize, (x, y): (f64, f64), height: f64| {
        let corner = panel.right + 4.0;
        let points = [(x, y), (corner, y), (corner + 9.0, height), (corner + 13.0, height)];
        stroked(Element::new("path").with("d", path_data(points.map(Some))), hue(index), 1.0)
    };
    ends.iter()
        .zip(heights)
        .flat_map(|(&(index, path, place), height)| {
            let at = (panel.right + 20.0, height + 4.0);
            [
                leader(index, place, height),
                text(at, TICK, Anchor::Start, &INK, &fitted(&path.name, TICK, edge - at.0)),
            ]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_equal_values_shrink_to_their_ends() {
        let points = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 2.0].iter().enumerate().map(|(x, &y)| (x as f64, y));
        let points: Vec<(f64, f64)> = points.collect();
        let kept: Vec<f64> = turns(&points).map(|point| point.0).collect();
        assert_eq!(kept, [0.0, 3.0, 4.0, 5.0, 6.0]);
    }

    #[test]
    fn the_important_are_drawn() {
        let path = |rank: usize| Path { name: rank.to_string(), importance: rank as f64, ..Path::default() };
        let mut plot = PathPlot { paths: (0..250).map(path).collect(), ..PathPlot::default() };
        plot.paths.push(Path { importance: f64::NAN, ..Path::default() });
        assert_eq!(plot.left_out(), 51);
        let drawn = plot.drawn();
        assert_eq!((drawn.len(), drawn[0].name.as_str(), drawn[199].name.as_str()), (200, "249", "50"));
    }
}

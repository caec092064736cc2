use super::frame::{self, Panel, most_ticks};
use super::shapes::{Anchor, LABEL, TICK, coordinate, filled, segment, stroked, text};
use super::{Drawing, Format};
use crate::language::{Language, Plots};
use crate::markup::Element;
use crate::palette::{GRID, INK, QUIET, RULE, hue};
use crate::scale::{Axis, Scale};
use crate::text_width::{fitted, text_width};

const ROW: f64 = 22.0;
const BAR: f64 = 13.0;

/// Steps from one value to another, each a bar that begins where the one before ends.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Waterfall {
    /// For screen readers and as a tooltip; not drawn.
    pub title: String,
    /// What is to be seen, for those who do not see it. The steps are added.
    pub description: String,
    /// The axis.
    pub axis: Axis,
    /// Name and value of where it begins.
    pub start: (String, f64),
    /// The steps in their order.
    pub steps: Vec<Step>,
    /// The name of where it ends: the sum of all.
    pub end: String,
    /// What the numbers beside the bars are.
    pub change: String,
}

/// One step of a [`Waterfall`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// How far it goes, up or down; one that is not finite counts as 0.
    pub change: f64,
}

/// A row as it is drawn.
struct Row<'a> {
    name: &'a str,
    from: f64,
    to: f64,
    /// Nothing for the rows of the beginning and the end.
    change: Option<f64>,
}

impl Waterfall {
    fn rows(&self) -> Vec<Row<'_>> {
        let mut at = self.start.1;
        let mut rows = vec![Row { name: &self.start.0, from: at, to: at, change: None }];
        for step in &self.steps {
            let change = if step.change.is_finite() { step.change } else { 0.0 };
            rows.push(Row { name: &step.name, from: at, to: at + change, change: Some(change) });
            at += change;
        }
        rows.push(Row { name: &self.end, from: at, to: at, change: None });
        rows
    }

    pub(super) fn draw(&self, format: Format, language: Language) -> Drawing {
        let width = format.width();
        let rows = self.rows();
        let widest = |texts: &mut dyn Iterator<Item = f64>| texts.fold(0.0, f64::max);
        let numbers = widest(&mut rows.iter().map(|row| text_width(&row.text(language), TICK))).ceil() + 14.0;
        let numbers = numbers.max(text_width(&self.change, TICK).min(width * 0.25) + 14.0);
        let left = widest(&mut rows.iter().map(|row| text_width(row.name, LABEL))) + 12.0;
        let left = left.clamp(24.0, width * 0.36).ceil();
        let panel =
            Panel { left, top: 24.0, right: width - numbers - 8.0, bottom: 24.0 + ROW * rows.len() as f64 };
        let values = rows.iter().flat_map(|row| [row.from, row.to]);
        let scale = self.axis.domain(values, most_ticks(panel.right - left, 70.0));
        let scale = scale.in_language(language).place(left, panel.right);
        let lines: String = scale
            .ticks()
            .map(|(x, _)| {
                format!("M{} {}V{}", coordinate(x), coordinate(panel.top), coordinate(panel.bottom))
            })
            .collect();
        let heading = fitted(&self.change, TICK, width * 0.25);
        let mut elements = vec![
            stroked(Element::new("path").with("d", lines), &GRID, 1.0),
            text((width - 4.0, panel.top - 8.0), TICK, Anchor::End, &QUIET, &heading),
        ];
        for (index, row) in rows.iter().enumerate() {
            let middle = panel.top + ROW * (index as f64 + 0.5);
            let name = fitted(row.name, LABEL, left - 10.0);
            elements.push(text((0.0, middle + 4.0), LABEL, Anchor::Start, &INK, &name));
            elements.extend(row.draw(middle, index + 1 < rows.len(), &scale));
            let number = row.text(language);
            elements.push(text((width - 4.0, middle + 4.0), TICK, Anchor::End, &INK, &number));
        }
        elements.extend(frame::horizontal_axis(&panel, &scale, &self.axis.title));
        Drawing { height: panel.bottom + frame::BELOW, elements }
    }

    /// The description, both ends and every step.
    pub(super) fn describe(&self, language: Language) -> String {
        let rows = self.rows();
        let finish = rows.last().map_or(self.start.1, |row| row.to);
        let (begin, finish) = (language.fixed(self.start.1, 3), language.fixed(finish, 3));
        let ends = [
            ("start", (&self.start.0).into()),
            ("begin", (&begin).into()),
            ("end", (&self.end).into()),
            ("finish", (&finish).into()),
        ];
        let mut text = format!("{} {}", self.description.trim(), language.fill(Plots::Steps, &ends));
        for row in rows.iter().filter(|row| row.change.is_some()) {
            text.push_str(&format!(" {}: {}.", row.name, row.text(language)));
        }
        text
    }
}

impl Row<'_> {
    /// The change with its sign, or the value at an end.
    fn text(&self, language: Language) -> String {
        match self.change {
            Some(change) if change > 0.0 => format!("+{}", language.fixed(change, 3)),
            Some(change) => language.fixed(change, 3),
            None => language.fixed(self.to, 3),
        }
    }

    /// The bar, and a thin line down to the next one.
    fn draw(&self, middle: f64, joined: bool, scale: &Scale) -> Vec<Element> {
        let Some((from, to)) = scale.at(self.from).zip(scale.at(self.to)) else { return Vec::new() };
        let link = joined.then(|| segment((to, middle), (to, middle + ROW), &RULE, 1.0));
        let bar = match self.change {
            Some(change) => {
                let shade = if change < 0.0 { hue(0) } else { hue(1) };
                let rect = Element::new("rect")
                    .with("x", coordinate(from.min(to)))
                    .with("y", coordinate(middle - BAR / 2.0))
                    .with("width", coordinate((to - from).abs().max(0.8)))
                    .with("height", BAR);
                filled(rect, shade)
            }
            None => segment((to, middle - BAR / 2.0 - 1.0), (to, middle + BAR / 2.0 + 1.0), &INK, 2.4),
        };
        link.into_iter().chain([bar]).collect()
    }
}

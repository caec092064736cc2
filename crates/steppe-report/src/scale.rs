mod linear;
mod log;
mod ranks;
mod step;

use crate::language::Language;

/// How values are laid along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AxisKind {
    /// Equal differences have equal lengths.
    #[default]
    Linear,
    /// Equal ratios have equal lengths. Values of 0 and below have no place and are left out.
    Log10,
    /// Equal differences have equal lengths, every whole number has a tick, and the axis ends half a step beyond the data: for
    /// ranks. Of more than 20 steps only some have ticks, as on a linear axis.
    Ranks,
}

/// An axis of a plot. Its range comes from the data.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Axis {
    /// What is measured, with its unit in parentheses: `Time (s)`.
    pub title: String,
    /// Linear or logarithmic.
    pub kind: AxisKind,
    /// Whether values fall from left to right, or from bottom to top.
    pub descending: bool,
    /// A value that the axis shows even where no data are near it: 0 for a share.
    pub including: Option<f64>,
}

impl Axis {
    /// A linear axis.
    pub fn linear(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// A logarithmic axis.
    pub fn log10(title: impl Into<String>) -> Self {
        Self { title: title.into(), kind: AxisKind::Log10, ..Self::default() }
    }

    /// An axis of ranks.
    pub fn ranks(title: impl Into<String>) -> Self {
        Self { title: title.into(), kind: AxisKind::Ranks, ..Self::default() }
    }

    /// With values that fall along the axis.
    #[must_use]
    pub fn descending(self) -> Self {
        Self { descending: true, ..self }
    }

    /// That shows a value in any case.
    #[must_use]
    pub fn including(self, value: f64) -> Self {
        Self { including: Some(value), ..self }
    }

    /// Range and ticks for the data; at least 3 and at most `most` ticks, which is 6 to 9.
    pub(crate) fn domain(&self, values: impl Iterator<Item = f64>, most: usize) -> Domain {
        let (low, high) = values
            .chain(self.including)
            .filter(|&value| has_place(self.kind, value))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let most = most.clamp(6, 9);
        let domain = match self.kind {
            AxisKind::Linear => linear::domain(low, high, most),
            AxisKind::Log10 => log::domain(low, high, most),
            AxisKind::Ranks => ranks::domain(low, high, most),
        };
        Domain { descending: self.descending, ..domain }
    }
}

/// Whether a value can be shown on an axis. Magnitudes near the end of what floating point holds can not: differences and
/// ratios of them overflow.
fn has_place(kind: AxisKind, value: f64) -> bool {
    match kind {
        AxisKind::Linear | AxisKind::Ranks => value.abs() < 1e300,
        AxisKind::Log10 => (1e-300..1e300).contains(&value),
    }
}

/// The range of an axis and its ticks, before it has a place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Domain {
    pub(crate) kind: AxisKind,
    pub(crate) descending: bool,
    /// Ends of the axis, in the data's unit.
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// Values and their labels, ascending.
    pub(crate) ticks: Vec<(f64, String)>,
}

impl Domain {
    /// With the labels of its ticks in a language.
    pub(crate) fn in_language(mut self, language: Language) -> Self {
        for (_, label) in &mut self.ticks {
            *label = language.number(label);
        }
        self
    }

    /// Lays the axis between two coordinates in pixels: where it begins (left or bottom) and where it ends.
    pub(crate) fn place(self, begin: f64, end: f64) -> Scale {
        let (at_low, at_high) = if self.descending { (end, begin) } else { (begin, end) };
        Scale { domain: self, at_low, at_high }
    }
}

/// An axis that has its place.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    domain: Domain,
    at_low: f64,
    at_high: f64,
}

impl Scale {
    /// The coordinate of a value; nothing where it has no place on the axis.
    pub(crate) fn at(&self, value: f64) -> Option<f64> {
        if !has_place(self.domain.kind, value) {
            return None;
        }
        let Domain { kind, low, high, .. } = self.domain;
        let share = match kind {
            AxisKind::Linear | AxisKind::Ranks => (value - low) / (high - low),
            AxisKind::Log10 => (value.ln() - low.ln()) / (high.ln() - low.ln()),
        };
        Some(self.at_low + share * (self.at_high - self.at_low))
    }

    /// Coordinates and labels of the ticks.
    pub(crate) fn ticks(&self) -> impl Iterator<Item = (f64, &str)> {
        self.domain.ticks.iter().filter_map(|(value, label)| Some((self.at(*value)?, label.as_str())))
    }
}

use super::PersonReport;
use crate::language::{Language, Person};
use crate::plot::{LinePlot, Mark, Plot, Point, Series, Step, Waterfall};
use crate::scale::Axis;

/// At most so many variants have a bar of their own.
pub(super) const BARS: usize = 15;

impl PersonReport {
    /// The density of the score in the population, with this person's place.
    pub(super) fn place_plot(&self, language: Language) -> Option<Plot> {
        let density = self.distribution.as_ref().filter(|density| !density.points.is_empty())?;
        let raw = self.raw.filter(|raw| raw.is_finite())?;
        let points = density.points.iter().map(|&(x, y)| Point { x, y, band: Some((0.0, y)) }).collect();
        Some(Plot::Lines(LinePlot {
            title: language.say(Person::PlaceTitle),
            description: language.say(Person::PlaceDescription),
            x: Axis::linear(language.text(Person::ScoreAxis)),
            y: Axis::linear(language.text(Person::Density)).including(0.0),
            series: vec![Series { name: self.population.clone(), points }],
            marks: vec![Mark { x: raw, label: language.say(Person::ThisOne) }],
            ..LinePlot::default()
        }))
    }

    /// Bars from the expectation to the score.
    pub(super) fn steps_plot(&self, language: Language) -> Option<Plot> {
        if self.variants.is_empty() {
            return None;
        }
        let expected = self.expected.filter(|expected| expected.is_finite());
        let shown = self.variants.iter().take(BARS);
        let step =
            |variant: &super::PersonVariant| Step { name: variant.name.clone(), change: variant.change };
        let other = self.other_change().map(|change| {
            let beyond: f64 = self.variants.iter().skip(BARS).map(|variant| variant.change).sum();
            Step { name: language.say(Person::OtherVariants), change: change + beyond }
        });
        Some(Plot::Waterfalls(Waterfall {
            title: language.say(Person::StepsTitle),
            description: language.say(Person::StepsDescription),
            axis: Axis::linear(language.text(Person::ScoreAxis)),
            start: (language.say(Person::Expectation), expected.unwrap_or(0.0)),
            steps: shown.map(step).chain(other).collect(),
            end: language.say(Person::ThisOne),
            change: language.say(Person::Change),
        }))
    }

    /// The changes of the variants that are not listed.
    pub(super) fn other_change(&self) -> Option<f64> {
        let listed: f64 = self.variants.iter().map(|variant| variant.change).sum();
        let total = self.raw.zip(self.expected).map(|(raw, expected)| raw - expected);
        self.other_change.or_else(|| total.map(|total| total - listed)).filter(|change| change.is_finite())
    }
}

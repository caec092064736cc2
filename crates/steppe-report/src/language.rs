mod calibration;
mod catalogue;
mod common;
mod findings;
mod names;
mod person;
mod plots;
mod standard;

pub(crate) use calibration::Calibration;
pub(crate) use catalogue::Message;
pub(crate) use common::Common;
pub(crate) use findings::Findings;
pub(crate) use names::Names;
pub(crate) use person::Person;
pub(crate) use plots::Plots;
pub(crate) use standard::Standard;

use crate::number;

/// The language of a page: of its words and of its numbers. Names that come with the data stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// English, with a decimal point.
    #[default]
    English,
    /// Kazakh in Cyrillic letters, with a decimal comma.
    Kazakh,
    /// Russian, with a decimal comma.
    Russian,
}

/// What takes the place of a name in a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    /// Goes in as it is.
    Text(&'a str),
    /// Goes in with its noun in the right form, where the message gives forms.
    Count(u64),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Value<'_> {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<usize> for Value<'_> {
    fn from(count: usize) -> Self {
        Self::Count(count as u64)
    }
}

impl Language {
    /// All languages.
    pub const ALL: [Self; 3] = [Self::English, Self::Kazakh, Self::Russian];

    /// The code of BCP 47: `en`, `kk`, `ru`.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Kazakh => "kk",
            Self::Russian => "ru",
        }
    }

    /// The language of a code of BCP 47; nothing where it is none of ours.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// A message without places.
    pub(crate) fn text(self, message: impl Message) -> &'static str {
        let [english, kazakh, russian] = message.texts();
        match self {
            Self::English => english,
            Self::Kazakh => kazakh,
            Self::Russian => russian,
        }
    }

    /// The same as a string of its own.
    pub(crate) fn say(self, message: impl Message) -> String {
        self.text(message).to_owned()
    }

    /// A message with its places filled.
    pub(crate) fn fill(self, message: impl Message, values: &[(&str, Value<'_>)]) -> String {
        catalogue::fill(self, self.text(message), values)
    }

    /// The form of a noun after a count: English has 2, Kazakh 1, Russian 3 (CLDR's cardinal rules for integers).
    fn noun_form(self, count: u64) -> usize {
        match self {
            Self::English => usize::from(count != 1),
            Self::Kazakh => 0,
            Self::Russian => match (count % 10, count % 100) {
                (_, 11..=14) => 2,
                (1, _) => 0,
                (2..=4, _) => 1,
                _ => 2,
            },
        }
    }

    /// Forms of a noun that the language needs.
    #[cfg(test)]
    fn noun_forms(self) -> usize {
        match self {
            Self::English => 2,
            Self::Kazakh => 1,
            Self::Russian => 3,
        }
    }

    /// A number written in English form, in this language's: comma for point and a space that does not break for comma.
    pub(crate) fn number(self, english: &str) -> String {
        let character = |character| match character {
            ',' => '\u{a0}',
            '.' => ',',
            other => other,
        };
        match self {
            Self::English => english.to_owned(),
            Self::Kazakh | Self::Russian => english.chars().map(character).collect(),
        }
    }

    pub(crate) fn count(self, value: u64) -> String {
        self.number(&number::count(value))
    }

    pub(crate) fn fixed(self, value: f64, decimals: usize) -> String {
        self.number(&number::fixed(value, decimals))
    }

    pub(crate) fn significant(self, value: f64, digits: usize) -> String {
        self.number(&number::significant(value, digits))
    }

    /// A share of 1 in per cent.
    pub(crate) fn percent(self, share: f64, decimals: usize) -> String {
        if !share.is_finite() {
            return number::NONE.to_owned();
        }
        let digits = self.fixed(share * 100.0, decimals);
        match self {
            Self::English => format!("{digits}%"),
            Self::Kazakh | Self::Russian => format!("{digits}\u{a0}%"),
        }
    }

    /// The ends of an interval between parentheses or in a column. A dash beside a minus sign can not be read, nor a comma
    /// between decimal commas.
    pub(crate) fn ends(self, (low, high): (f64, f64), write: impl Fn(f64) -> String) -> String {
        match self {
            Self::English if low < 0.0 => format!("{} to {}", write(low), write(high)),
            Self::English => format!("{}–{}", write(low), write(high)),
            Self::Kazakh | Self::Russian => format!("{}; {}", write(low), write(high)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_each_language() {
        let texts = Language::ALL.map(|language| language.fixed(-12_345.678, 2));
        assert_eq!(texts, ["−12,345.68", "−12\u{a0}345,68", "−12\u{a0}345,68"]);
        assert_eq!(
            Language::ALL.map(|language| language.percent(0.1234, 1)),
            ["12.3%", "12,3\u{a0}%", "12,3\u{a0}%"]
        );
        let ends = Language::ALL.map(|language| language.ends((-0.5, 1.0), |value| language.fixed(value, 1)));
        assert_eq!(ends, ["−0.5 to 1.0", "−0,5; 1,0", "−0,5; 1,0"]);
        assert_eq!(Language::Kazakh.significant(2.5e-7, 2), "2,5×10⁻⁷");
        assert_eq!(Language::Russian.percent(f64::NAN, 1), "–");
    }

    #[test]
    fn russian_nouns_have_three_forms() {
        let forms =
            [0, 1, 2, 4, 5, 11, 12, 21, 22, 25, 101, 111, 114].map(|n| Language::Russian.noun_form(n));
        assert_eq!(forms, [2, 0, 1, 1, 2, 2, 2, 0, 1, 2, 0, 2, 2]);
    }

    #[test]
    fn codes_come_back() {
        for language in Language::ALL {
            assert_eq!(Language::from_code(language.code()), Some(language));
        }
        assert_eq!(Language::from_code("de"), None);
    }
}

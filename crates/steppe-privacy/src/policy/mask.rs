//! What is shown in place of a column's values.

use serde::Deserialize;

/// What is shown of a column, whoever may see its class; later ones show less.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mask {
    /// The lower end of the value's step of this width.
    Width(f64),
    /// The year of a date.
    Year,
    /// The first year of a date's decade.
    Decade,
    /// A keyed hash: equal values stay equal.
    Hash,
    /// Nothing.
    Hidden,
}

impl Mask {
    /// The stricter of two masks of one column. Of two widths the larger.
    pub fn stricter(self, other: Self) -> Self {
        match (self, other) {
            (Self::Width(one), Self::Width(two)) => Self::Width(one.max(two)),
            _ if self.rank() >= other.rank() => self,
            _ => other,
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Width(_) => 0,
            Self::Year => 1,
            Self::Decade => 2,
            Self::Hash => 3,
            Self::Hidden => 4,
        }
    }

    /// What is shown of a text, or of a number or date as text. A value that the mask does not fit (no number for a
    /// width, no date that begins with a year of four digits) is not shown. `key` is the gateway's secret: without it
    /// a hash of few possible values would be no mask.
    pub fn apply(self, value: &str, key: &[u8; 32]) -> Option<String> {
        match self {
            Self::Width(_) => value
                .trim()
                .parse()
                .ok()
                .and_then(|number| self.apply_number(number))
                .map(|low| low.to_string()),
            Self::Year => year(value).map(|year| format!("{year:04}")),
            Self::Decade => year(value).map(|year| format!("{:04}", year - year % 10)),
            Self::Hash => Some(blake3::keyed_hash(key, value.as_bytes()).to_hex().as_str()[..32].to_owned()),
            Self::Hidden => None,
        }
    }

    /// What is shown of a number by a mask that shows numbers: the lower end of its step. Others show none.
    pub fn apply_number(self, value: f64) -> Option<f64> {
        match self {
            Self::Width(width) if value.is_finite() => Some((value / width).floor() * width),
            _ => None,
        }
    }
}

/// The year that a date begins with: four digits, and then no fifth.
fn year(value: &str) -> Option<u32> {
    let value = value.trim();
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 4 { value[..4].parse().ok() } else { None }
}

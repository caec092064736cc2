//! Columns of one kind, and how they enter a design.

use super::Join;

/// The values of a column; `None` where missing. No number is NaN or infinite.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Numbers.
    Quantitative(Vec<Option<f64>>),
    /// Whether the sample is a case.
    Binary(Vec<Option<bool>>),
    /// Indices into `levels`.
    Categorical {
        /// The categories that occur: in order of their numbers where all are numbers, else of their bytes.
        levels: Vec<String>,
        /// One index per sample.
        codes: Vec<Option<u32>>,
    },
}

/// A named column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its values, one per row of the file, or per sample of the cohort after [`Self::joined`].
    pub values: Values,
    /// How many values are missing.
    pub missing: u64,
    /// How many of these because they are the missing code; 0 of a case/control trait is not counted here.
    pub missing_code: u64,
}

/// A covariate as a column of numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// The covariate's name, with `=level` behind it where it is a category.
    pub name: String,
    /// One number per sample.
    pub values: Vec<Option<f64>>,
}

impl Column {
    /// How many values there are, missing ones included.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Quantitative(values) => values.len(),
            Values::Binary(values) => values.len(),
            Values::Categorical { codes, .. } => codes.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The column in the order of the cohort's samples; a sample that the file does not have is missing. Categories
    /// that no sample of the cohort has are dropped.
    #[must_use]
    pub fn joined(&self, join: &Join) -> Self {
        let values = match &self.values {
            Values::Quantitative(values) => Values::Quantitative(join.take(values)),
            Values::Binary(values) => Values::Binary(join.take(values)),
            Values::Categorical { levels, codes } => used_levels(levels, join.take(codes)),
        };
        let mut column =
            Self { name: self.name.clone(), values, missing: 0, missing_code: self.missing_code };
        column.missing = column.is_present().filter(|present| !present).count() as u64;
        column
    }

    /// Whether each value is there.
    pub fn is_present(&self) -> Box<dyn Iterator<Item = bool> + '_> {
        match &self.values {
            Values::Quantitative(values) => Box::new(values.iter().map(Option::is_some)),
            Values::Binary(values) => Box::new(values.iter().map(Option::is_some)),
            Values::Categorical { codes, .. } => Box::new(codes.iter().map(Option::is_some)),
        }
    }

    /// The column as covariates: itself, 0 and 1 of a binary one, and of categories an indicator of each but the
    /// first, which is the reference.
    pub fn design(&self) -> Vec<Design> {
        let one = |values| vec![Design { name: self.name.clone(), values }];
        match &self.values {
            Values::Quantitative(values) => one(values.clone()),
            Values::Binary(values) => one(indicator(values, |&case| case)),
            Values::Categorical { levels, codes } => (1..)
                .zip(levels.iter().skip(1))
                .map(|(level, name)| Design {
                    name: format!("{}={name}", self.name),
                    values: indicator(codes, |&code| code == level),
                })
                .collect(),
        }
    }
}

fn indicator<T>(values: &[Option<T>], of: impl Fn(&T) -> bool) -> Vec<Option<f64>> {
    values.iter().map(|value| value.as_ref().map(|value| f64::from(u8::from(of(value))))).collect()
}

/// Drops the levels that no code names, and renumbers.
fn used_levels(levels: &[String], mut codes: Vec<Option<u32>>) -> Values {
    let mut used = vec![false; levels.len()];
    for code in codes.iter().flatten() {
        used[*code as usize] = true;
    }
    let mut next = 0;
    let renumbered: Vec<u32> = used
        .iter()
        .map(|&used| {
            next += u32::from(used);
            next.saturating_sub(1)
        })
        .collect();
    for code in codes.iter_mut().flatten() {
        *code = renumbered[*code as usize];
    }
    let levels = levels.iter().zip(used).filter(|(_, used)| *used).map(|(level, _)| level.clone()).collect();
    Values::Categorical { levels, codes }
}

//! Text columns to typed ones.

use std::collections::BTreeMap;

use super::{
    BinaryCoding, Column, Kind, PhenotypeOptions, Role, SampleTable, TextColumn, Values,
    numbers::{Cell, broken, cell, is_missing},
};
use crate::{FormatError, Malformed};

/// The text that means missing among categories, beside `NA`.
const NO_CATEGORY: &str = "NONE";

/// Reads one column as `kind`.
pub(super) fn typed(
    table: &SampleTable,
    column: &TextColumn,
    kind: Kind,
    options: &PhenotypeOptions,
) -> Result<Column, FormatError> {
    let reading = Reading { table, column, missing_code: options.missing_code };
    match kind {
        Kind::Categorical => reading.categories(),
        Kind::Quantitative => reading.numbers().map(|numbers| reading.quantitative(&numbers)),
        Kind::Binary(coding) => reading.binary(&reading.numbers()?, coding),
        Kind::Detect if reading.is_categorical()? => reading.categories(),
        Kind::Detect => {
            let numbers = reading.numbers()?;
            match reading.detected_coding(&numbers, options)? {
                Some(coding) => reading.binary(&numbers, coding),
                None => Ok(reading.quantitative(&numbers)),
            }
        }
    }
}

/// A number, missing, or the missing code.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Number {
    Value(f64),
    Missing,
    Code,
}

struct Reading<'a> {
    table: &'a SampleTable,
    column: &'a TextColumn,
    missing_code: f64,
}

impl Reading<'_> {
    /// Says where a value stands.
    fn at(&self, malformed: Malformed, row: usize) -> FormatError {
        malformed.line(self.table.samples.line[row]).field(&self.column.name).into()
    }

    fn refuse(&self, row: usize, problem: &str, remedy: &str) -> FormatError {
        let malformed = Malformed::new(&self.table.path, problem, remedy);
        self.at(malformed.value(self.column.values.get(row)), row)
    }

    /// Whether the values are words; refuses a column of words and numbers.
    fn is_categorical(&self) -> Result<bool, FormatError> {
        let cells = || self.column.values.iter().map(cell).enumerate();
        let word = cells().find(|(_, cell)| *cell == Cell::Word);
        let number = cells().find(|(_, cell)| matches!(cell, Cell::Number(_) | Cell::Broken));
        let (Some((word, _)), Some((number, found))) = (word, number) else { return Ok(word.is_some()) };
        let (later, earlier) = (word.max(number), word.min(number));
        if found == Cell::Broken {
            return Err(self.at(broken(&self.table.path, self.column.values.get(number)), number));
        }
        let (this, that) = if later == word { ("no number", "a number") } else { ("a number", "none") };
        let problem = format!("the value is {this}, and the one on line {} is {that}", {
            self.table.samples.line[earlier]
        });
        let remedy = "write numbers or categories throughout, and NA where there is no value";
        Err(self.refuse(later, &problem, remedy))
    }

    /// The values as numbers.
    fn numbers(&self) -> Result<Vec<Number>, FormatError> {
        let number = |(row, text): (usize, &str)| match cell(text) {
            Cell::Missing => Ok(Number::Missing),
            Cell::Number(value) if value == self.missing_code => Ok(Number::Code),
            Cell::Number(value) => Ok(Number::Value(value)),
            Cell::Word | Cell::Broken => Err(self.at(broken(&self.table.path, text), row)),
        };
        self.column.values.iter().enumerate().map(number).collect()
    }

    /// The coding of a case/control trait; `None` where the numbers are no such trait.
    fn detected_coding(
        &self,
        numbers: &[Number],
        options: &PhenotypeOptions,
    ) -> Result<Option<BinaryCoding>, FormatError> {
        if options.role == Role::Covariate {
            return Ok(None);
        }
        let has = |wanted: f64| numbers.contains(&Number::Value(wanted));
        let only = |allowed: &[f64]| {
            numbers.iter().all(|number| !matches!(number, Number::Value(value) if !allowed.contains(value)))
        };
        match options.coding {
            BinaryCoding::ZeroOne => Ok(only(&[0.0, 1.0]).then_some(BinaryCoding::ZeroOne)),
            BinaryCoding::OneTwo if !only(&[0.0, 1.0, 2.0]) => Ok(None),
            BinaryCoding::OneTwo if has(0.0) && !has(2.0) => {
                let problem = "all values are 0 or 1: as case/control codes these are missing and control";
                let remedy = "give --1 where 0 is a control and 1 a case, or recode them as 1 and 2";
                Err(Malformed::new(&self.table.path, problem, remedy).field(&self.column.name).into())
            }
            BinaryCoding::OneTwo => Ok(Some(BinaryCoding::OneTwo)),
        }
    }

    fn quantitative(&self, numbers: &[Number]) -> Column {
        let value = |number: &Number| match number {
            Number::Value(value) => Some(*value),
            Number::Missing | Number::Code => None,
        };
        self.finish(Values::Quantitative(numbers.iter().map(value).collect()), numbers)
    }

    fn binary(&self, numbers: &[Number], coding: BinaryCoding) -> Result<Column, FormatError> {
        let case = |(row, number): (usize, &Number)| {
            match (number, coding) {
            (Number::Missing | Number::Code, _) => Ok(None),
            (Number::Value(1.0), BinaryCoding::OneTwo) | (Number::Value(0.0), BinaryCoding::ZeroOne) => {
                Ok(Some(false))
            }
            (Number::Value(2.0), BinaryCoding::OneTwo) | (Number::Value(1.0), BinaryCoding::ZeroOne) => {
                Ok(Some(true))
            }
            (Number::Value(0.0), BinaryCoding::OneTwo) => Ok(None),
            (Number::Value(_), BinaryCoding::OneTwo) => Err(self.refuse(
                row,
                "a case/control trait has values 1 and 2, and this is another",
                "write 1 for controls, 2 for cases and NA where it is missing; give --1 where the codes are 0 and 1",
            )),
            (Number::Value(_), BinaryCoding::ZeroOne) => Err(self.refuse(
                row,
                "a case/control trait has values 0 and 1, and this is another",
                "write 0 for controls, 1 for cases and NA where it is missing; leave out --1 where the codes are 1 and 2",
            )),
        }
        };
        let cases = numbers.iter().enumerate().map(case).collect::<Result<Vec<_>, _>>()?;
        Ok(self.finish(Values::Binary(cases), numbers))
    }

    /// The values as categories. A number that is the missing code would be a category of its own: it is missing, as
    /// the number is.
    fn categories(&self) -> Result<Column, FormatError> {
        let mut numbers = Vec::with_capacity(self.column.values.len());
        let mut found: BTreeMap<&str, u32> = BTreeMap::new();
        for (row, text) in self.column.values.iter().enumerate() {
            let is_code = matches!(cell(text), Cell::Number(value) if value == self.missing_code);
            if text == "." {
                let remedy = "write NA or NONE where there is no category";
                return Err(self.refuse(row, "this is no category", remedy));
            }
            numbers.push(match () {
                () if is_missing(text) || text == NO_CATEGORY => Number::Missing,
                () if is_code => Number::Code,
                () => {
                    found.insert(text, 0);
                    Number::Value(0.0)
                }
            });
        }
        let mut levels: Vec<&str> = found.keys().copied().collect();
        let value = |level: &str| level.parse::<f64>().ok().filter(|value| value.is_finite());
        if levels.iter().all(|level| value(level).is_some()) {
            levels.sort_by(|one, other| {
                f64::total_cmp(&value(one).unwrap_or(0.0), &value(other).unwrap_or(0.0))
            });
        }
        for (code, level) in (0..).zip(&levels) {
            found.insert(level, code);
        }
        let coded = self.column.values.iter().zip(&numbers);
        let codes = coded.map(|(text, number)| {
            matches!(number, Number::Value(_)).then(|| found.get(text).copied()).flatten()
        });
        let codes = codes.collect();
        let levels = levels.into_iter().map(str::to_owned).collect();
        Ok(self.finish(Values::Categorical { levels, codes }, &numbers))
    }

    fn finish(&self, values: Values, numbers: &[Number]) -> Column {
        let missing_code = numbers.iter().filter(|number| **number == Number::Code).count() as u64;
        let mut column = Column { name: self.column.name.clone(), values, missing: 0, missing_code };
        column.missing = column.is_present().filter(|present| !present).count() as u64;
        column
    }
}

use std::{fmt, path::Path, str::FromStr};

use steppe_genome::EffectType;

use crate::{FormatError, Malformed};

/// The command-line option that says which columns to use; error messages name it as the remedy.
pub const COLUMNS_OPTION: &str = "--score-columns";

/// The command-line option that says whether a table's first line names its columns.
pub const HEADER_OPTION: &str = "--score-header";

/// How to read a scoring file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// What kind of file it is.
    pub format: ScoringFormat,
    /// The effect type of rows that do not say theirs; additive unless set.
    pub default_effect: EffectType,
}

/// The kinds of scoring files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ScoringFormat {
    /// Told from the column names; what is not clear is refused.
    #[default]
    Auto,
    /// The PGS Catalog's column names, and no others, have a meaning.
    PgsCatalog,
    /// A table whose columns the user names.
    Table(TableColumns),
}

/// Which columns of a table hold what, as plink2's `--score FILE i j k` and `--score-col-nums` say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableColumns {
    /// The variant id.
    pub id: Option<ColumnRef>,
    /// The chromosome.
    pub chromosome: Option<ColumnRef>,
    /// The position.
    pub position: Option<ColumnRef>,
    /// The effect allele.
    pub effect_allele: ColumnRef,
    /// The other allele.
    pub other_allele: Option<ColumnRef>,
    /// The weights, one column per score.
    pub weights: Vec<ColumnRef>,
    /// What the first line is.
    pub header: TableHeader,
}

/// A column by its 1-based number or by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnRef {
    /// The 1-based number.
    Number(usize),
    /// The name in the first line.
    Name(String),
}

/// What the first line of a table is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TableHeader {
    /// Column names, which also name the scores (plink2's `header-read`).
    #[default]
    Read,
    /// Skipped; scores are named SCORE1, SCORE2, … (plink2's `header`).
    Skip,
    /// A row like the others.
    None,
}

impl TableColumns {
    /// Columns by 1-based number as `--score FILE i j k` gives them, with a first line that names them.
    pub fn numbered(id: usize, effect_allele: usize, weights: &[usize]) -> Self {
        Self {
            id: Some(ColumnRef::Number(id)),
            chromosome: None,
            position: None,
            effect_allele: ColumnRef::Number(effect_allele),
            other_allele: None,
            weights: weights.iter().map(|&number| ColumnRef::Number(number)).collect(),
            header: TableHeader::Read,
        }
    }
}

/// Most columns that a range may name.
const MOST_COLUMNS: usize = 1 << 20;

impl FromStr for TableColumns {
    type Err = FormatError;

    /// Reads `ID,ALLELE,WEIGHT[,WEIGHT…]`, each a name, a 1-based number or (weights) a range `3-7`; or the same with
    /// keys: `chr=CHR,pos=BP,effect=A1,other=A2,weight=BETA` and `id=SNP`, where several weights repeat `weight=`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        if parts.iter().any(|part| part.is_empty()) {
            return Err(bad_columns(text, "an empty column name"));
        }
        if parts.iter().all(|part| key_and_value(part).is_some()) {
            keyed(text, &parts)
        } else {
            in_order(text, &parts)
        }
    }
}

impl fmt::Display for TableColumns {
    /// With keys, as [`FromStr`] reads it; the kind of the first line is said apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let optional = [("id", &self.id), ("chr", &self.chromosome), ("pos", &self.position)];
        for (key, column) in optional {
            if let Some(column) = column {
                write!(f, "{key}={column},")?;
            }
        }
        write!(f, "effect={}", self.effect_allele)?;
        if let Some(column) = &self.other_allele {
            write!(f, ",other={column}")?;
        }
        self.weights.iter().try_for_each(|column| write!(f, ",weight={column}"))
    }
}

fn in_order(text: &str, parts: &[&str]) -> Result<TableColumns, FormatError> {
    let [id, effect_allele, weights @ ..] = parts else {
        return Err(bad_columns(text, "fewer than three columns"));
    };
    let mut columns = Vec::new();
    for weight in weights {
        push_columns(text, weight, &mut columns)?;
    }
    finish(
        text,
        TableColumns {
            id: Some(column(text, id)?),
            chromosome: None,
            position: None,
            effect_allele: column(text, effect_allele)?,
            other_allele: None,
            weights: columns,
            header: TableHeader::Read,
        },
    )
}

fn keyed(text: &str, parts: &[&str]) -> Result<TableColumns, FormatError> {
    let (mut id, mut chromosome, mut position, mut effect, mut other) = (None, None, None, None, None);
    let mut weights = Vec::new();
    for (key, value) in parts.iter().filter_map(|part| key_and_value(part)) {
        let slot = match key {
            "id" => &mut id,
            "chr" => &mut chromosome,
            "pos" => &mut position,
            "effect" => &mut effect,
            "other" => &mut other,
            _ => {
                push_columns(text, value, &mut weights)?;
                continue;
            }
        };
        if slot.replace(column(text, value)?).is_some() {
            return Err(bad_columns(text, "a column that is given twice"));
        }
    }
    let Some(effect_allele) = effect else {
        return Err(bad_columns(text, "no effect= column"));
    };
    if id.is_none() && (chromosome.is_none() || position.is_none()) {
        return Err(bad_columns(text, "neither id= nor chr= and pos="));
    }
    let header = TableHeader::Read;
    finish(
        text,
        TableColumns { id, chromosome, position, effect_allele, other_allele: other, weights, header },
    )
}

fn finish(text: &str, columns: TableColumns) -> Result<TableColumns, FormatError> {
    if columns.weights.is_empty() {
        return Err(bad_columns(text, "no weight column"));
    }
    Ok(columns)
}

/// Splits `key=value` where the key is one of ours.
fn key_and_value(part: &str) -> Option<(&str, &str)> {
    let (key, value) = part.split_once('=')?;
    (["id", "chr", "pos", "effect", "other", "weight"].contains(&key) && !value.is_empty())
        .then_some((key, value))
}

fn column(text: &str, part: &str) -> Result<ColumnRef, FormatError> {
    match part.parse::<usize>() {
        Ok(0) => Err(bad_columns(text, "a column number 0 (numbers start at 1)")),
        Ok(number) => Ok(ColumnRef::Number(number)),
        Err(_) => Ok(ColumnRef::Name(part.to_owned())),
    }
}

/// One column, or all of a range `3-7`.
fn push_columns(text: &str, part: &str, columns: &mut Vec<ColumnRef>) -> Result<(), FormatError> {
    let range =
        part.split_once('-').and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
    let Some((first, last)): Option<(usize, usize)> = range else {
        columns.push(column(text, part)?);
        return Ok(());
    };
    if first == 0 || last < first || last - first >= MOST_COLUMNS {
        return Err(bad_columns(text, "a range that runs backwards, starts at 0 or is too long"));
    }
    columns.extend((first..=last).map(ColumnRef::Number));
    Ok(())
}

fn bad_columns(text: &str, problem: &str) -> FormatError {
    let remedy = "give ID,ALLELE,WEIGHT[,WEIGHT…] by name or 1-based number (3-7 is a range), or keys such as \
                  chr=CHR,pos=BP,effect=A1,other=A2,weight=BETA";
    Malformed::new(Path::new(COLUMNS_OPTION), problem, remedy).value(text).into()
}

impl fmt::Display for ColumnRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl FromStr for TableHeader {
    type Err = FormatError;

    /// Reads `read`, `skip` and `none`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "read" => Ok(Self::Read),
            "skip" => Ok(Self::Skip),
            "none" => Ok(Self::None),
            _ => {
                let remedy = "give read (names of columns and scores), skip or none";
                Err(Malformed::new(Path::new(HEADER_OPTION), "unknown kind of first line", remedy)
                    .value(text)
                    .into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_names_and_ranges() {
        let columns: TableColumns =
            "1,A1,3-5,7".parse().unwrap_or_else(|_| TableColumns::numbered(9, 9, &[]));
        assert_eq!(columns.id, Some(ColumnRef::Number(1)));
        assert_eq!(columns.effect_allele, ColumnRef::Name("A1".into()));
        assert_eq!(columns.weights, [3, 4, 5, 7].map(ColumnRef::Number));
    }

    #[test]
    fn keys() {
        let columns = "chr=c,pos=p,effect=A1,other=A2,weight=x,weight=y".parse::<TableColumns>();
        assert!(columns.is_ok_and(|columns| columns.id.is_none()
            && columns.position == Some(ColumnRef::Name("p".into()))
            && columns.weights.len() == 2));
    }

    #[test]
    fn what_is_written_reads_back() {
        for text in
            ["1,A1,3-5,7", "chr=c,pos=p,effect=A1,other=A2,weight=x,weight=y", "id=rs,effect=2,weight=9"]
        {
            let columns = text.parse::<TableColumns>().expect("columns");
            assert_eq!(columns.to_string().parse::<TableColumns>().ok(), Some(columns), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in
            ["", "1,2", "1,,3", "0,1,2", "1,2,7-3", "1,2,1-99999999", "effect=A,weight=3", "id=1,effect=2"]
        {
            assert!(text.parse::<TableColumns>().is_err(), "{text}");
        }
    }
}

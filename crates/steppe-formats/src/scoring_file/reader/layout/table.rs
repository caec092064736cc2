//! Tables whose columns the user names, as plink2's `--score FILE i j k` and `--score-col-nums` do.

use super::{COLUMNS_OPTION, HEADER_OPTION, Layout, Names, naming};
use crate::{
    FormatError,
    scoring_file::{
        ColumnRef, TableColumns, TableHeader,
        reader::{
            columns::{Naming, Role},
            fields::Separator,
        },
    },
};

/// The layout that the user's columns give.
pub(super) fn layout(
    header: &Names<'_>,
    separator: Separator,
    columns: &TableColumns,
) -> Result<Layout, FormatError> {
    let numbered = |(index, _): (usize, &String)| format!("column {}", index + 1);
    let names = match columns.header {
        TableHeader::None => header.names.iter().enumerate().map(numbered).collect(),
        TableHeader::Read | TableHeader::Skip => header.names.clone(),
    };
    let mut layout = Layout::new(separator, names);
    for (role, column) in [
        (Role::Id, columns.id.as_ref()),
        (Role::Chromosome, columns.chromosome.as_ref()),
        (Role::Position, columns.position.as_ref()),
        (Role::EffectAllele, Some(&columns.effect_allele)),
        (Role::OtherAllele, columns.other_allele.as_ref()),
    ] {
        if let Some(column) = column {
            layout.set(role, find(header, columns.header, column)?);
        }
    }
    for weight in &columns.weights {
        let column = find(header, columns.header, weight)?;
        layout.weights.push(column);
    }
    refuse_shared(header, &layout)?;
    if columns.header == TableHeader::Read {
        refuse_numbers_as_names(header, &layout)?;
    }
    layout.scores = scores(&layout, columns.header);
    Ok(layout)
}

fn find(header: &Names<'_>, kind: TableHeader, column: &ColumnRef) -> Result<usize, FormatError> {
    let found = match column {
        ColumnRef::Number(number) => number.checked_sub(1).filter(|&index| index < header.names.len()),
        ColumnRef::Name(_) if kind == TableHeader::None => {
            let remedy = format!("give column numbers, or drop {HEADER_OPTION} none");
            return Err(header
                .refuse("a table without column names has no such column", remedy)
                .field(column.to_string())
                .into());
        }
        ColumnRef::Name(name) => {
            let mut at = (0..header.names.len()).filter(|&index| header.names[index] == *name);
            match (at.next(), at.next()) {
                (Some(_), Some(_)) => {
                    let remedy = format!("give its number with {COLUMNS_OPTION}");
                    return Err(header.refuse("several columns have this name", remedy).field(name).into());
                }
                (found, _) => found,
            }
        }
    };
    found.ok_or_else(|| {
        let remedy = format!("give one of the {} columns with {COLUMNS_OPTION}", header.names.len());
        let problem = "there is no such column";
        header.refuse(problem, remedy).field(column.to_string()).value(&header.names.join(" ")).into()
    })
}

/// One column can not be two things.
fn refuse_shared(header: &Names<'_>, layout: &Layout) -> Result<(), FormatError> {
    let placed = layout.places.iter().flatten().copied();
    let mut columns: Vec<usize> = placed.chain(layout.weights.iter().copied()).collect();
    columns.sort_unstable();
    match columns.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            let remedy = format!("name each column once in {COLUMNS_OPTION}");
            Err(header
                .refuse("the column is named for two purposes", remedy)
                .field(layout.name(pair[0]))
                .into())
        }
        None => Ok(()),
    }
}

/// A first line whose weight columns are all numbers is a row, and reading it as names would lose it.
fn refuse_numbers_as_names(header: &Names<'_>, layout: &Layout) -> Result<(), FormatError> {
    if layout.weights.iter().all(|&column| layout.name(column).parse::<f64>().is_ok()) {
        let remedy = format!("say {HEADER_OPTION} none");
        let found = header.names.join(" ");
        return Err(header.refuse("the first line is a row, not column names", remedy).value(&found).into());
    }
    Ok(())
}

/// Scores are named after their columns; a single one whose column has a general name, after the file.
fn scores(layout: &Layout, header: TableHeader) -> Vec<Option<String>> {
    let general =
        |name: &str| matches!(naming(name), Naming::Exact(_) | Naming::Alias(_) | Naming::Statistic);
    match (layout.weights.as_slice(), header) {
        ([only], TableHeader::Read) if !general(layout.name(*only)) => {
            vec![Some(layout.name(*only).to_owned())]
        }
        ([_], _) => vec![None],
        (several, TableHeader::Read) => several.iter().map(|&at| Some(layout.name(at).to_owned())).collect(),
        (several, _) => (1..=several.len()).map(|number| Some(format!("SCORE{number}"))).collect(),
    }
}

//! Files whose column names say what the columns hold: the PGS Catalog's, and those of other tools where clear.

use super::{COLUMNS_OPTION, Layout, Names, Tally, naming, note_unknown};
use crate::{
    FormatError, NoteKind,
    scoring_file::reader::{
        columns::{Naming, Role},
        fields::{Fields, Separator},
    },
};

/// The layout of named columns; names of other tools count where `aliases` says so.
pub(super) fn layout(
    header: &Names<'_>,
    separator: Separator,
    first_row: Option<&str>,
    aliases: bool,
    tally: &mut Tally,
) -> Result<Layout, FormatError> {
    let mut layout = Layout::new(separator, header.names.clone());
    place_exact(header, &mut layout)?;
    let weight_is_exact = has_weight(&layout);
    if aliases {
        place_aliases(header, &mut layout, tally)?;
    }
    check_complete(header, &layout)?;
    let unknown: Vec<usize> = (0..header.names.len())
        .filter(|&column| match naming(&header.names[column]) {
            Naming::Unknown | Naming::Statistic => true,
            Naming::Alias(_) => !aliases,
            Naming::Exact(_) | Naming::Informative => false,
        })
        .collect();
    if !weight_is_exact {
        refuse_other_scores(header, &layout, &unknown, first_row)?;
    }
    for column in unknown {
        note_unknown(header, column, tally);
    }
    layout.scores = vec![None];
    Ok(layout)
}

fn place_exact(header: &Names<'_>, layout: &mut Layout) -> Result<(), FormatError> {
    for (column, name) in header.names.iter().enumerate() {
        let Naming::Exact(role) = naming(name) else { continue };
        if let Some(before) = layout.at(role) {
            let problem = format!("columns {} and {} say the same", before + 1, column + 1);
            return Err(header.refuse(problem, "keep one of them").field(name).into());
        }
        layout.set(role, column);
    }
    Ok(())
}

/// Names of other tools fill roles that are still open; where two compete, or one competes with the format's own
/// name for an allele, nobody can tell which is meant.
fn place_aliases(header: &Names<'_>, layout: &mut Layout, tally: &mut Tally) -> Result<(), FormatError> {
    let exact = layout.places;
    for (column, name) in header.names.iter().enumerate() {
        let Naming::Alias(role) = naming(name) else { continue };
        match (layout.at(role), exact[role as usize]) {
            (None, _) => {
                let scored = has_weight(layout);
                if role == Role::Weight && scored {
                    note_unknown(header, column, tally);
                } else {
                    layout.set(role, column);
                }
            }
            (Some(_), Some(_)) if !matches!(role, Role::EffectAllele | Role::OtherAllele) => {
                note_unknown(header, column, tally);
            }
            (Some(before), _) => {
                let problem = format!("it is not clear whether this or {} is meant", header.names[before]);
                let remedy = format!("say which columns to use with {COLUMNS_OPTION}");
                return Err(header.refuse(problem, remedy).field(name).into());
            }
        }
    }
    Ok(())
}

fn has_weight(layout: &Layout) -> bool {
    [Role::Weight, Role::Dosage0, Role::OddsRatio, Role::HazardRatio]
        .iter()
        .any(|&role| layout.at(role).is_some())
}

fn check_complete(header: &Names<'_>, layout: &Layout) -> Result<(), FormatError> {
    let missing = |what: &str, spelled: &str| {
        let remedy = format!("name it {spelled}, or say which columns to use with {COLUMNS_OPTION}");
        let found = header.names.join(" ");
        Err(header
            .refuse(format!("the column {what} is missing"), remedy)
            .field(spelled)
            .value(&found)
            .into())
    };
    if layout.at(Role::EffectAllele).is_none() {
        return missing("of the effect allele", "effect_allele");
    }
    let dosages = [Role::Dosage0, Role::Dosage1, Role::Dosage2];
    let has = dosages.iter().filter(|&&role| layout.at(role).is_some()).count();
    if has != 0 && has != dosages.len() {
        return missing(
            "of one of the three dosage weights",
            "dosage_0_weight, dosage_1_weight, dosage_2_weight",
        );
    }
    if !has_weight(layout) {
        return missing("of the weights", "effect_weight");
    }
    let at = |role| layout.at(role).is_some();
    let placed = at(Role::Chromosome) && at(Role::Position);
    let harmonised = at(Role::HarmonisedChromosome) && at(Role::HarmonisedPosition);
    if !placed && !harmonised && !at(Role::Id) && !at(Role::HarmonisedId) {
        return missing("of the variant", "rsID, or chr_name and chr_position");
    }
    Ok(())
}

/// A weight under another tool's name beside columns of numbers that we do not know: perhaps they are scores too.
fn refuse_other_scores(
    header: &Names<'_>,
    layout: &Layout,
    unknown: &[usize],
    first_row: Option<&str>,
) -> Result<(), FormatError> {
    let Some(row) = first_row else { return Ok(()) };
    let mut fields = Fields::default();
    fields.split(row, layout.separator);
    let score = unknown.iter().copied().find(|&column| {
        naming(&header.names[column]) == Naming::Unknown && fields.get(row, column).parse::<f64>().is_ok()
    });
    let (Some(column), Some(weight)) = (score, layout.at(Role::Weight)) else { return Ok(()) };
    let problem = format!("it is not clear whether this is a score as {} is", layout.name(weight));
    let remedy = format!("say which columns are weights with {COLUMNS_OPTION}");
    Err(header.refuse(problem, remedy).field(&header.names[column]).into())
}

/// Says that harmonised columns are there and not used.
pub(in crate::scoring_file::reader) fn note_unused_harmonisation(
    layout: &Layout,
    line: u64,
    tally: &mut Tally,
) {
    if let Some(column) = layout.at(Role::HarmonisedPosition) {
        let label = "harmonised columns are not used, as the header has no HmPOS_build and HmPOS_date";
        tally.add(NoteKind::UnknownField, label, line, layout.name(column));
    }
}

use steppe_genome::EffectType;

use super::{cells::Cells, weight::WeightForm};
use crate::{
    FormatError,
    scoring_file::{UnsupportedKind, reader::columns::Role},
};

/// Joins the entries of an interaction.
const INTERACTION: &str = "_x_";

/// Whether a flag is set; an empty cell is not set.
fn flag(cells: &Cells<'_>, role: Role) -> Result<bool, FormatError> {
    match cells.get(role) {
        "" | "False" | "FALSE" | "false" | "0" => Ok(false),
        "True" | "TRUE" | "true" | "1" => Ok(true),
        _ => Err(cells.bad(role, "neither true nor false", "write True or False, or leave it empty")),
    }
}

/// Why a row can not be scored; `None` for a row that can.
pub(super) fn unsupported_kind(cells: &Cells<'_>) -> Result<Option<UnsupportedKind>, FormatError> {
    for (role, kind) in Role::COMPLEX {
        if flag(cells, role)? {
            return Ok(Some(kind));
        }
    }
    let variant_type = cells.get(Role::VariantType);
    if !variant_type.is_empty() {
        let remedy = "give APOE_allele, CYP_allele, HLA_allele, HLA_AA or HLA_serotype, or leave it empty";
        let unknown = || cells.bad(Role::VariantType, "unknown type of variant", remedy);
        return UnsupportedKind::from_variant_type(variant_type).ok_or_else(unknown).map(Some);
    }
    let joined = |role| {
        let text: &str = cells.get(role);
        memchr::memchr(b'_', text.as_bytes()).is_some() && text.contains(INTERACTION)
    };
    Ok([Role::EffectAllele, Role::Id].into_iter().any(joined).then_some(UnsupportedKind::Interaction))
}

/// How the weight of a row acts.
pub(super) fn effect_type(
    cells: &Cells<'_>,
    form: WeightForm,
    default: EffectType,
) -> Result<EffectType, FormatError> {
    let flagged = match (flag(cells, Role::Dominant)?, flag(cells, Role::Recessive)?) {
        (true, true) => {
            let remedy = "set is_dominant or is_recessive, not both";
            return Err(cells.bad(Role::Recessive, "the row is both dominant and recessive", remedy));
        }
        (true, false) => Some(EffectType::Dominant),
        (false, true) => Some(EffectType::Recessive),
        (false, false) => named(cells)?,
    };
    let WeightForm::Dosage(_) = form else { return Ok(flagged.unwrap_or(default)) };
    match flagged {
        None => Ok(EffectType::Dosage),
        Some(flagged) => {
            let role = if flagged == EffectType::Recessive { Role::Recessive } else { Role::Dominant };
            let problem = "dosage weights say how the alleles act, and the row says it otherwise too";
            Err(cells.bad(role, problem, "give effect_weight, or unset is_dominant and is_recessive"))
        }
    }
}

/// The column `effect_type` of files that pgscatalog-format wrote.
fn named(cells: &Cells<'_>) -> Result<Option<EffectType>, FormatError> {
    match cells.get(Role::EffectType) {
        "" => Ok(None),
        "additive" => Ok(Some(EffectType::Additive)),
        "dominant" => Ok(Some(EffectType::Dominant)),
        "recessive" => Ok(Some(EffectType::Recessive)),
        _ => Err(cells.bad(Role::EffectType, "unknown effect type", "give additive, dominant or recessive")),
    }
}

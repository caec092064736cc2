//! A ledger as it is written: the sets. Atoms and echelon form follow from them.

use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};

use super::{Ledger, Limits, packed::Packed};
use crate::PrivacyError;

/// Of this form.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
pub(super) struct Saved {
    version: u32,
    minimum_cell: u64,
    limits: Limits,
    known: Packed,
    answered: Vec<Packed>,
}

impl From<Ledger> for Saved {
    fn from(ledger: Ledger) -> Self {
        let Ledger { minimum_cell, limits, known, state, .. } = ledger;
        let answered = state.answered.iter().map(|set| Packed(RoaringBitmap::clone(set))).collect();
        Self { version: VERSION, minimum_cell, limits, known: Packed(known), answered }
    }
}

impl TryFrom<Saved> for Ledger {
    type Error = PrivacyError;

    fn try_from(saved: Saved) -> Result<Self, PrivacyError> {
        let fault =
            |problem: String| PrivacyError::Ledger { problem, remedy: "bring back a copy of its file" };
        let Saved { version, minimum_cell, limits, known: Packed(known), answered } = saved;
        if version != VERSION {
            return Err(fault(format!("it is of version {version}, and this program reads {VERSION}")));
        }
        let nobody = RoaringBitmap::new();
        let mut ledger = Self::new(&nobody, minimum_cell, limits)?;
        ledger.show(&known);
        for (at, Packed(set)) in answered.iter().enumerate() {
            if set.is_empty() || !set.is_subset(&known) {
                return Err(fault(format!("set {} is of nobody, or of people it does not know", at + 1)));
            }
            ledger.state.insert(set);
            if ledger.state.answered.len() != at + 1 {
                return Err(fault(format!("set {} follows from those before", at + 1)));
            }
        }
        Ok(ledger)
    }
}

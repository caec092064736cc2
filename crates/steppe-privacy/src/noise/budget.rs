//! What a user has spent.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use super::{Epsilon, Question};

/// What a user has spent of a cohort's budget, and on what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    day: u32,
    spent: Epsilon,
    answered: BTreeSet<Question>,
}

/// A day's budget does not suffice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetSpent {
    /// What the answer costs.
    pub cost: Epsilon,
    /// What is left today.
    pub left: Epsilon,
    /// The day on which it is enough; `None` is never.
    pub returns: Option<u32>,
}

impl fmt::Display for BudgetSpent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cost, left) = (self.cost.value(), self.left.value());
        write!(f, "the answer costs a privacy loss of {cost}, and {left} is left today; ")?;
        match self.returns {
            Some(_) => {
                f.write_str("ask again tomorrow, or ask what was answered before, which costs nothing")
            }
            None => f.write_str("it is more than a whole day's, so ask for a less exact answer"),
        }
    }
}

impl std::error::Error for BudgetSpent {}

impl Budget {
    /// Spends what an answer costs, or nothing if the user has had it. Days are counted from any day; one before the
    /// last is taken for the last, so that a clock that is set back brings nothing back. Save the budget before the
    /// answer leaves.
    ///
    /// # Errors
    /// It does not suffice; nothing is spent then.
    pub fn spend(
        &mut self,
        question: Question,
        cost: Epsilon,
        per_day: Epsilon,
        day: u32,
    ) -> Result<(), BudgetSpent> {
        if self.answered.contains(&question) {
            return Ok(());
        }
        let today = day.max(self.day);
        let spent = if today > self.day { 0 } else { self.spent.0 };
        let left = per_day.0.saturating_sub(spent);
        if cost.0 > left {
            let returns = (cost <= per_day).then_some(today.saturating_add(1));
            return Err(BudgetSpent { cost, left: Epsilon(left), returns });
        }
        self.day = today;
        self.spent = Epsilon(spent + cost.0);
        self.answered.insert(question);
        Ok(())
    }

    /// What is left of a day's budget.
    pub fn left(&self, per_day: Epsilon, day: u32) -> Epsilon {
        let spent = if day > self.day { 0 } else { self.spent.0 };
        Epsilon(per_day.0.saturating_sub(spent))
    }
}

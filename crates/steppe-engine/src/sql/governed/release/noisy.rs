//! Counts with noise, where a cohort is protected by differential privacy and not by the ledger.

use std::{
    collections::BTreeSet,
    time::{SystemTime, UNIX_EPOCH},
};

use roaring::RoaringBitmap;
use steppe_privacy::noise::{Budget, Epsilon, Question, Statistic};

use super::{
    decision::{Group, Outcome, Refused, check},
    node::{Shape, Tells},
};
use crate::{EngineError, sql::governed::guard::Guard};

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

/// Blurs the counts of a statement and takes what that costs from the day's budget: the cost of a query for each of its
/// different aggregates. Groups whose blurred count is below the minimum cell are left out, since that a group is there
/// at all tells of somebody.
pub(super) fn decide(
    shape: &Shape,
    groups: &[Group],
    guard: &Guard,
    budget: &mut Budget,
    (per_day, per_query): (Epsilon, Epsilon),
) -> Result<Outcome, Refused> {
    check(shape, groups)?;
    if shape.items.iter().any(|item| item.tells != Tells::Count) {
        return Err(EngineError::refused(
            format!("cohort {} is answered with noise, and only counts are", guard.cohort),
            "ask for counts, of groups by percentile_band or of wide bands of a value",
        )
        .into());
    }
    let counted = std::iter::once(shape.base).chain(shape.items.iter().map(|item| item.set));
    let histograms: Vec<Histogram> =
        counted.map(|set| Histogram::new(guard, groups, set, per_query)).collect::<Result<_, _>>()?;
    // All or nothing: an answer that is not given costs nothing.
    let mut spent = budget.clone();
    let today = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / DAY);
    for histogram in &histograms {
        spent.spend(histogram.question, per_query, per_day, today as u32).map_err(|spent| {
            Refused::Spent(EngineError::refused(
                spent.to_string(),
                "ask again then, or what was asked before",
            ))
        })?;
    }
    *budget = spent;
    let mut noisy = histograms
        .iter()
        .map(|histogram| guard.noise.histogram(histogram.question, per_query, &histogram.counts));
    let people = noisy.next().unwrap_or_default();
    let kept: Vec<bool> =
        people.iter().map(|people| shape.keys.is_empty() || *people >= guard.minimum_cell()).collect();
    // How many groups are left out is not told: it would count those of one person.
    Ok(Outcome { kept, suppressed: 0, withheld: BTreeSet::new(), noisy: noisy.collect() })
}

/// The counts of one aggregate over all groups.
struct Histogram {
    question: Question,
    counts: Vec<u64>,
}

impl Histogram {
    fn new(guard: &Guard, groups: &[Group], set: usize, epsilon: Epsilon) -> Result<Self, EngineError> {
        let mut people = RoaringBitmap::new();
        let mut bins = Vec::with_capacity(groups.len());
        for group in groups {
            let of_group = &group.sets[set].people;
            if !people.is_disjoint(of_group) {
                return Err(EngineError::refused(
                    "a person is in several groups, and noise is for one of them",
                    "choose one score of one run by WHERE",
                ));
            }
            people |= of_group;
            // Who is in a bin is part of the question: the same noise on other counts would tell their difference.
            let mut hasher = blake3::Hasher::new();
            for person in of_group {
                hasher.update(&person.to_le_bytes());
            }
            bins.push(format!("{:?} {}", group.key, hasher.finalize().to_hex()));
        }
        let statistic = Statistic::Histogram { column: "group", bins: &bins };
        let question = Question::new(&guard.cohort, "people", &people, &statistic, epsilon);
        let counts = groups.iter().map(|group| group.sets[set].people.len()).collect();
        Ok(Self { question, counts })
    }
}

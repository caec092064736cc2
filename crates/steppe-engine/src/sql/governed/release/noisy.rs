//! Counts and means with noise, where a cohort is protected by differential privacy and not by the ledger.

use std::{
    collections::BTreeSet,
    time::{SystemTime, UNIX_EPOCH},
};

use roaring::RoaringBitmap;
use steppe_privacy::noise::{Budget, Epsilon, Question, Statistic};

use super::{
    decision::{Group, Noisy, Outcome, Refused, check},
    node::{NoisyMean, Shape, Tells},
};
use crate::{EngineError, sql::governed::guard::Guard};

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

/// Blurs the counts and means of a statement and takes what that costs from the day's budget: the cost of a query for each
/// of its different aggregates. Groups whose blurred count is below the minimum cell are left out, since that a group is
/// there at all tells of somebody.
pub(super) fn decide(
    shape: &Shape,
    groups: &[Group],
    guard: &Guard,
    budget: &mut Budget,
    (per_day, per_query): (Epsilon, Epsilon),
) -> Result<Outcome, Refused> {
    check(shape, groups)?;
    if shape.items.iter().any(|item| item.tells != Tells::Count && item.mean.is_none()) {
        let bounded: Vec<&str> = guard.rules.bounds.keys().map(String::as_str).collect();
        let means = match bounded.join(", ") {
            none if none.is_empty() => "no column has bounds in the policy for its mean".to_owned(),
            columns => format!("means are told of {columns}"),
        };
        return Err(EngineError::refused(
            format!("cohort {} is answered with noise, and only counts and means are; {means}", guard.cohort),
            "ask for counts, of groups by percentile_band or of wide bands of a value",
        )
        .into());
    }
    let base = Blurred::new(guard, groups, (shape.base, None), per_query)?;
    let items =
        shape.items.iter().map(|item| Blurred::new(guard, groups, (item.set, item.mean.as_ref()), per_query));
    let items = items.collect::<Result<Vec<_>, _>>()?;
    // All or nothing: an answer that is not given costs nothing.
    let mut spent = budget.clone();
    let today = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / DAY);
    for blurred in std::iter::once(&base).chain(&items) {
        spent.spend(blurred.question, per_query, per_day, today as u32).map_err(|spent| {
            Refused::Spent(EngineError::refused(
                spent.to_string(),
                "ask again then, or what was asked before",
            ))
        })?;
    }
    *budget = spent;
    let counts = |blurred: &Blurred<'_>| {
        let counts: Vec<u64> = blurred.groups.iter().map(|group| group.count).collect();
        guard.noise.histogram(blurred.question, per_query, &counts)
    };
    let kept =
        counts(&base).iter().map(|people| shape.keys.is_empty() || *people >= guard.minimum_cell()).collect();
    let noisy = items.iter().map(|item| match item.mean {
        None => Noisy::Counts(counts(item)),
        Some(mean) => {
            Noisy::Means(item.groups.iter().map(|group| group.mean(guard, mean, per_query)).collect())
        }
    });
    // How many groups are left out is not told: it would count those of one person.
    Ok(Outcome { kept, suppressed: 0, withheld: BTreeSet::new(), noisy: noisy.collect() })
}

/// One aggregate over all groups. Nobody is in two of them, so that its noise is for one of them.
struct Blurred<'a> {
    question: Question,
    groups: Vec<Blurring>,
    mean: Option<&'a NoisyMean>,
}

/// One group of an aggregate.
struct Blurring {
    /// The question about it alone.
    question: Question,
    count: u64,
    sum: i64,
}

impl Blurring {
    fn mean(&self, guard: &Guard, mean: &NoisyMean, epsilon: Epsilon) -> f64 {
        guard.noise.mean(self.question, epsilon, (self.sum, self.count), mean.bounds)
    }
}

impl<'a> Blurred<'a> {
    fn new(
        guard: &Guard,
        groups: &[Group],
        (set, mean): (usize, Option<&'a NoisyMean>),
        epsilon: Epsilon,
    ) -> Result<Self, EngineError> {
        let mut people = RoaringBitmap::new();
        let (mut bins, mut blurrings) = (Vec::with_capacity(groups.len()), Vec::with_capacity(groups.len()));
        for group in groups {
            let of_group = &group.sets[set].people;
            if !people.is_disjoint(of_group) {
                return Err(EngineError::refused(
                    "a person is in several groups, and noise is for one of them",
                    "choose one score of one run by WHERE",
                ));
            }
            people |= of_group;
            let sum = mean.map_or(0, |mean| group.sums[mean.sum]);
            // Who is in a bin, and the sum of their values, is part of the question: the same noise on other numbers would
            // tell their difference.
            let mut hasher = blake3::Hasher::new();
            for person in of_group {
                hasher.update(&person.to_le_bytes());
            }
            let data = format!("{} {sum}", hasher.finalize().to_hex());
            let statistic = match mean {
                Some(mean) => Statistic::Mean { column: &mean.column, bounds: mean.bounds },
                None => Statistic::Count,
            };
            let question = Question::new(&guard.cohort, &data, of_group, &statistic, epsilon);
            blurrings.push(Blurring { question, count: of_group.len(), sum });
            bins.push(format!("{:?} {data}", group.key));
        }
        let column = mean.map_or_else(|| "group".to_owned(), |mean| format!("mean of {}", mean.column));
        let statistic = Statistic::Histogram { column: &column, bins: &bins };
        let question = Question::new(&guard.cohort, "people", &people, &statistic, epsilon);
        Ok(Self { question, groups: blurrings, mean })
    }
}

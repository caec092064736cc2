//! Who is evaluated together.

use std::collections::BTreeMap;

use steppe_stats::metrics::SortedScores;

use super::{EvaluationInput, EvaluationOptions, GroupSummary, Grouping, Warning};

/// People that are evaluated together.
pub(super) struct Group {
    pub(super) grouping: Grouping,
    pub(super) label: String,
    pub(super) members: Vec<u32>,
    pub(super) prevalence: Option<f64>,
    /// Warnings about how the grouping came about, kept by its first group.
    pub(super) warnings: Vec<Warning>,
}

impl Group {
    fn new(grouping: Grouping, label: String, members: Vec<u32>, prevalence: Option<f64>) -> Self {
        Self { grouping, label, members, prevalence, warnings: Vec::new() }
    }
}

/// The groups, in the order of the result.
pub(super) fn groups(input: &EvaluationInput<'_>, options: &EvaluationOptions) -> Vec<Group> {
    let mut groups = Vec::new();
    if options.pooled || (input.population.is_none() && input.distance.is_none()) {
        let everyone = (0..input.outcome.len() as u32).collect();
        groups.push(Group::new(Grouping::All, "all".to_owned(), everyone, options.prevalence));
    }
    groups.extend(input.population.map(|labels| populations(labels, options)).unwrap_or_default());
    if options.distance_bins > 0 {
        groups.extend(input.distance.map(|distance| bins(input, distance, options)).unwrap_or_default());
    }
    groups
}

fn populations(labels: &[Option<String>], options: &EvaluationOptions) -> Vec<Group> {
    let mut members = BTreeMap::<&str, Vec<u32>>::new();
    let mut without = 0;
    for (person, label) in labels.iter().enumerate() {
        match label {
            Some(label) => members.entry(label).or_default().push(person as u32),
            None => without += 1,
        }
    }
    let mut groups: Vec<Group> = members
        .into_iter()
        .map(|(label, members)| {
            let prevalence = options.population_prevalence.get(label).copied().or(options.prevalence);
            Group::new(Grouping::Population, label.to_owned(), members, prevalence)
        })
        .collect();
    note(&mut groups, without, |people| Warning::NoPopulation { people });
    groups
}

/// Bins of equal counts among the people whose outcome is known; equal distances stay together.
fn bins(input: &EvaluationInput<'_>, distance: &[f64], options: &EvaluationOptions) -> Vec<Group> {
    let with_outcome = |person: &usize| input.outcome.value(*person).is_finite();
    let known: Vec<usize> = (0..distance.len()).filter(|person| distance[*person].is_finite()).collect();
    let judged: Vec<f64> =
        known.iter().copied().filter(with_outcome).map(|person| distance[person]).collect();
    let shares: Vec<f64> =
        (1..options.distance_bins).map(|bin| bin as f64 / options.distance_bins as f64).collect();
    let edges = SortedScores::new(&judged).map(|sorted| sorted.quantiles(&vec![1.0; judged.len()], &shares));
    let edges = edges.unwrap_or_default();
    let mut members = vec![Vec::new(); options.distance_bins];
    for person in &known {
        members[edges.partition_point(|edge| *edge < distance[*person])].push(*person as u32);
    }
    let mut groups: Vec<Group> = members
        .into_iter()
        .enumerate()
        .filter(|(_, members)| !members.is_empty())
        .map(|(bin, members)| {
            let label = format!("distance {} of {}", bin + 1, options.distance_bins);
            Group::new(Grouping::Distance, label, members, options.prevalence)
        })
        .collect();
    note(&mut groups, distance.len() - known.len(), |people| Warning::NoDistance { people });
    groups
}

fn note(groups: &mut [Group], people: usize, warning: impl Fn(usize) -> Warning) {
    if let (Some(first), true) = (groups.first_mut(), people > 0) {
        first.warnings.push(warning(people));
    }
}

/// Names given prevalences that no population took.
pub(super) fn warn_of_unused_prevalences(
    groups: &[GroupSummary],
    options: &EvaluationOptions,
    warnings: &mut Vec<Warning>,
) {
    let taken =
        |name: &str| groups.iter().any(|group| group.grouping == Grouping::Population && group.group == name);
    let unused = options.population_prevalence.keys().filter(|name| !taken(name));
    warnings.extend(unused.map(|name| Warning::UnusedPrevalence { population: name.clone() }));
}

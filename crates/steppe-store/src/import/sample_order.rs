use std::collections::HashMap;

use steppe_formats::plink1::{FamRecord, Fileset};

use crate::StoreError;

/// Examples that a message names.
const EXAMPLES: usize = 3;

/// How the samples of a fileset are brought into the order of the first one.
pub(super) struct SampleOrder {
    /// Matrix sample `i` is sample `sources[i]` of the fileset.
    pub(super) sources: Vec<u32>,
    /// How many samples are elsewhere.
    pub(super) moved: u64,
}

impl SampleOrder {
    /// `None` where the order is the same.
    ///
    /// # Errors
    /// The filesets do not have the same samples, or disagree on a sample's sex or parents.
    pub(super) fn between(first: &Fileset, other: &Fileset) -> Result<Option<Self>, StoreError> {
        let (wanted, found) = (&first.fam.records, &other.fam.records);
        let places: HashMap<(&str, &str), u32> =
            (0u32..).zip(found).map(|(place, record)| (key(record), place)).collect();
        let sources: Vec<u32> =
            wanted.iter().filter_map(|record| places.get(&key(record)).copied()).collect();
        if sources.len() != wanted.len() || wanted.len() != found.len() {
            return Err(different(first, other));
        }
        for (record, &source) in wanted.iter().zip(&sources) {
            check_same(first, record, other, &found[source as usize])?;
        }
        let moved = (0u32..).zip(&sources).filter(|&(place, &source)| place != source).count() as u64;
        Ok((moved > 0).then_some(Self { sources, moved }))
    }
}

fn key(record: &FamRecord) -> (&str, &str) {
    (&record.family_id, &record.sample_id)
}

fn different(first: &Fileset, other: &Fileset) -> StoreError {
    let only = |here: &[FamRecord], there: &[FamRecord]| {
        let there: std::collections::HashSet<_> = there.iter().map(key).collect();
        let missing: Vec<_> = here.iter().map(key).filter(|id| !there.contains(id)).collect();
        let examples: Vec<_> =
            missing.iter().take(EXAMPLES).map(|(family, sample)| format!("{family} {sample}")).collect();
        (missing.len(), examples.join(", "))
    };
    let (wanted, found) = (&first.fam.records, &other.fam.records);
    let mut sides = Vec::new();
    for ((count, examples), path) in
        [(only(wanted, found), &first.paths.fam), (only(found, wanted), &other.paths.fam)]
    {
        if count > 0 {
            sides.push(format!("{count} are only in {} ({examples})", path.display()));
        }
    }
    StoreError::refused(
        format!(
            "{}: its samples are not those of {}: {}",
            other.paths.fam.display(),
            first.paths.fam.display(),
            sides.join("; ")
        ),
        "give filesets of the same people (plink2 --keep makes them so), or import them as different cohorts",
    )
}

fn check_same(first: &Fileset, one: &FamRecord, other: &Fileset, two: &FamRecord) -> Result<(), StoreError> {
    let parents = |record: &FamRecord| format!("{} {}", record.father_id, record.mother_id);
    let (what, here, there) = if one.sex != two.sex {
        ("sex", one.sex.to_string(), two.sex.to_string())
    } else if parents(one) != parents(two) {
        ("parents", parents(one), parents(two))
    } else {
        return Ok(());
    };
    Err(StoreError::refused(
        format!(
            "{}: the {what} of sample {} {} is {there}, and {here} in {}",
            other.paths.fam.display(),
            two.family_id,
            two.sample_id,
            first.paths.fam.display()
        ),
        "make the .fam files agree",
    ))
}

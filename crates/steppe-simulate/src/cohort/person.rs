use steppe_formats::plink1::FamRecord;
use steppe_genome::Sex;

use crate::{
    Ancestry, CohortSpec, Source,
    random::{Purpose, Stream},
};

/// One person.
pub(crate) struct Person {
    pub id: String,
    /// Index into the specification's populations.
    pub population: usize,
    pub sex: Sex,
    /// The expected share of the East.
    pub east: f64,
    /// Indices of father and mother, who have no parents themselves.
    pub parents: Option<[usize; 2]>,
}

/// Everybody in sample order: per population those without parents, then their children.
pub(crate) fn people(spec: &CohortSpec) -> Vec<Person> {
    let mut people = Vec::with_capacity(spec.samples());
    for (population, described) in spec.populations.iter().enumerate() {
        let first = people.len();
        let children = (f64::from(described.samples) * spec.children) as u32;
        for number in 0..described.samples {
            let mut random = Stream::new(spec.seed, Purpose::Shares, population as u64, u64::from(number));
            let id = format!("{}{:05}", described.name, number + 1);
            let east = east_share(described.ancestry, &mut random);
            let sex = if random.below(2) == 0 { Sex::Male } else { Sex::Female };
            let mut person = Person { id, population, sex, east, parents: None };
            if let Some(child) = number.checked_sub(described.samples - children) {
                person.parents = couple(&people[first..], child as usize)
                    .map(|couple| couple.map(|parent| first + parent));
            }
            if let Some([father, mother]) = person.parents {
                person.east = (people[father].east + people[mother].east) / 2.0;
            }
            people.push(person);
        }
    }
    people
}

fn east_share(ancestry: Ancestry, random: &mut Stream) -> f64 {
    match ancestry {
        Ancestry::Pure(Source::West) => 0.0,
        Ancestry::Pure(Source::East) => 1.0,
        Ancestry::Admixed { east, spread, .. } => (east + spread * random.normal()).clamp(0.0, 1.0),
    }
}

/// The couple of a number: father and mother. None where everybody is of one sex.
fn couple(people: &[Person], number: usize) -> Option<[usize; 2]> {
    let of_sex = |sex| {
        let wanted = |(_, person): &(usize, &Person)| person.sex == sex && person.parents.is_none();
        let count = people.iter().enumerate().filter(wanted).count();
        let turn = number.checked_rem(count)?;
        people.iter().enumerate().filter(wanted).nth(turn).map(|(index, _)| index)
    };
    Some([of_sex(Sex::Male)?, of_sex(Sex::Female)?])
}

/// The rows of the .fam.
pub(crate) fn fam(people: &[Person]) -> Vec<FamRecord> {
    let id_of =
        |parent: Option<usize>| parent.map_or_else(|| "0".to_owned(), |index| people[index].id.clone());
    people
        .iter()
        .map(|person| FamRecord {
            family_id: "0".to_owned(),
            sample_id: person.id.clone(),
            father_id: id_of(person.parents.map(|[father, _]| father)),
            mother_id: id_of(person.parents.map(|[_, mother]| mother)),
            sex: person.sex,
            phenotype: "-9".to_owned(),
        })
        .collect()
}

/// The table of everybody's population.
pub(crate) fn population_table(spec: &CohortSpec, people: &[Person]) -> String {
    let mut text = String::from("sample_id\tpopulation\teast_fraction\n");
    for Person { id, population, east, .. } in people {
        text.push_str(&format!("{id}\t{}\t{east:.4}\n", spec.populations[*population].name));
    }
    text
}

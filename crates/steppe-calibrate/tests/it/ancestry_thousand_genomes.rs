//! Populations of 500 people of the 1000 Genomes Project against pgscatalog-utils 2.0.4.

use std::collections::HashMap;
use std::path::Path;

use nalgebra::DMatrix;
use steppe_calibrate::ancestry::{
    DegreesOfFreedom, ForestOptions, HeldOutOptions, OutsideModel, PopulationShapes, Populations,
    RandomForest, held_out_distances,
};
use steppe_calibrate::pca::{PcaOptions, principal_components};
use steppe_calibrate::projection::{ProjectionMethod, SharedVariant, project};
use steppe_fit::GenotypeMatrix;

use super::genotypes::{Cohort, cohort, data, table};

/// Scores of FRAPOSA, which pgscatalog-utils was given, and the people's ids.
fn scores(path: &Path) -> (Vec<String>, DMatrix<f64>) {
    let rows = &table(path)[1..];
    let scores =
        DMatrix::from_fn(rows.len(), 10, |row, column| rows[row][column + 2].parse().expect("a score"));
    (rows.iter().map(|row| row[1].clone()).collect(), scores)
}

struct Cohorts {
    reference: (Vec<String>, DMatrix<f64>),
    target: (Vec<String>, DMatrix<f64>),
    super_population: HashMap<String, String>,
    related: Vec<String>,
}

fn cohorts() -> Option<Cohorts> {
    let folder = data()?.join("ancestry_bp1000g");
    let of_person = table(&folder.join("data/populations.tsv"));
    Some(Cohorts {
        reference: scores(&folder.join("expected/fraposa_dim10/ref.pcs")),
        target: scores(&folder.join("expected/fraposa_dim10/tgt.pcs")),
        super_population: of_person.into_iter().map(|row| (row[0].clone(), row[2].clone())).collect(),
        related: table(&folder.join("data/excl.txt")).into_iter().map(|row| row[0].clone()).collect(),
    })
}

impl Cohorts {
    fn populations(&self, but: Option<&str>) -> Populations {
        let label = |id: &String| {
            let label = self.super_population[id].as_str();
            (!self.related.contains(id) && Some(label) != but).then_some(label)
        };
        Populations::new(&self.reference.0.iter().map(label).collect::<Vec<_>>()).expect("labels")
    }
}

/// pgscatalog's own calls: its people were all called what they are, with confidence (the folder's README).
#[test]
fn calls_agree_with_pgscatalog() {
    let Some(cohorts) = cohorts() else { return };
    let populations = cohorts.populations(None);
    assert_eq!(
        populations.unlabelled(),
        cohorts.reference.0.iter().filter(|id| cohorts.related.contains(id)).count()
    );
    let forest =
        RandomForest::fit(&cohorts.reference.1, &populations, &ForestOptions::default()).expect("a forest");
    let calls = forest.similarity(&cohorts.target.1).expect("calls");
    let shapes = PopulationShapes::fit(&cohorts.reference.1, &populations, 5).expect("shapes");
    let distances = shapes.similarity(&cohorts.target.1, DegreesOfFreedom::OneLess).expect("calls");
    assert!(shapes.thin.is_empty() && shapes.borrowed.iter().all(|share| *share == 0.0));
    let (mut agree, mut confident, mut near) = (0, 0, 0);
    for (person, id) in cohorts.target.0.iter().enumerate() {
        let truth = &cohorts.super_population[id];
        let call = &calls.names[calls.most_similar[person] as usize];
        confident += usize::from(!calls.low_confidence[person]);
        agree += usize::from(call == truth && !calls.low_confidence[person]);
        near += usize::from(&distances.names[distances.most_similar[person] as usize] == truth);
        assert!((calls.probabilities.row(person).sum() - 1.0).abs() < 1e-12);
    }
    eprintln!("{agree} of {confident} confident calls agree; by distance {near} of 500");
    assert!(confident >= 495 && agree as f64 >= 0.99 * confident as f64, "{agree} of {confident}");
    assert!(near >= 490, "{near}");
}

/// A forest can be kept and read again, and depends on its seed alone.
#[test]
fn a_forest_is_kept() {
    let Some(cohorts) = cohorts() else { return };
    let populations = cohorts.populations(None);
    let options = ForestOptions { trees: 20, ..ForestOptions::default() };
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| RandomForest::fit(&cohorts.reference.1, &populations, &options).expect("a forest"))
    };
    let forest = on(1);
    assert_eq!(forest, on(3));
    let text = serde_json::to_string(&forest).expect("written");
    let read: RandomForest = serde_json::from_str(&text).expect("read");
    let (a, b) = (read.similarity(&cohorts.target.1), forest.similarity(&cohorts.target.1));
    assert_eq!(a.expect("calls"), b.expect("calls"));
    let other = ForestOptions { seed: 33, ..options };
    assert_ne!(forest, RandomForest::fit(&cohorts.reference.1, &populations, &other).expect("a forest"));
}

/// Real people: of those like the reference about 1 in 100 is flagged; with East Asians absent, they are.
#[test]
fn people_outside_the_reference() {
    let Some(cohorts) = cohorts() else { return };
    let Some(data) = data() else { return };
    let folder = data.join("ancestry_bp1000g/data");
    let absent = |id: &str| cohorts.super_population[id] == "EAS";
    let reference: Cohort =
        cohort(&folder.join("ref"), |id| !absent(id) && !cohorts.related.contains(&id.to_owned()));
    let target = cohort(&folder.join("tgt"), |_| true);
    // Every fourth variant is enough, and four times as fast.
    let some: Vec<u32> = (0..reference.matrix.variants() as u32).step_by(4).collect();
    let matrix = super::genotypes::Packed::new(reference.matrix.select(&some).expect("columns"));
    let labels: Vec<Option<&str>> =
        reference.samples.iter().map(|id| Some(cohorts.super_population[id].as_str())).collect();
    let populations = Populations::new(&labels).expect("labels");
    let components = 6;
    let options = PcaOptions { components, kept: 4 * components, ..PcaOptions::default() };
    let pca = principal_components(&matrix, None, &options).expect("components");
    let shared: Vec<SharedVariant> =
        (0..).zip(&some).map(|(model, at)| SharedVariant { model, matrix: *at, flipped: false }).collect();
    let projected =
        project(&pca.model, &target.matrix, &shared, ProjectionMethod::Oadp, None).expect("projected");
    let shapes = PopulationShapes::fit(&pca.scores, &populations, components).expect("shapes");
    let options = HeldOutOptions { components, ..HeldOutOptions::default() };
    let (held_out, _) = held_out_distances(&matrix, &populations, &pca, &options).expect("held out");
    assert!(held_out.iter().all(Option::is_some));
    let model = OutsideModel::new(shapes, held_out.into_iter().flatten().collect());
    let verdict = model.judge(&projected.scores, 0.01).expect("judged");
    let share = |of: bool| {
        let here = target.samples.iter().zip(&verdict.flagged).filter(|(id, _)| absent(id) == of);
        let flags: Vec<bool> = here.map(|(_, flag)| *flag).collect();
        flags.iter().filter(|flag| **flag).count() as f64 / flags.len() as f64
    };
    eprintln!("flagged: {:.4} of those like the reference, {:.4} of East Asians", share(false), share(true));
    // 400 people: five of them are 1.25 %, and chance alone may bring ten.
    assert!(share(false) <= 0.025, "{}", share(false));
    assert!(share(true) >= 0.99, "{}", share(true));
}

//! The simulated cohort: its Kazakh-like people, who are a mixture of two populations of the reference, are absent from it.

use std::collections::HashMap;

use steppe_calibrate::CalibrateError;
use steppe_calibrate::ancestry::{
    Admixture, DegreesOfFreedom, FrequencyAdmixture, HeldOutOptions, OutsideModel, PopulationShapes,
    Populations, held_out_distances,
};
use steppe_calibrate::pca::{
    Pca, PcaOptions, PruneOptions, SelectionOptions, principal_components, prune, select,
};
use steppe_calibrate::projection::{ProjectionMethod, SharedVariant, project};
use steppe_fit::GenotypeMatrix;

use super::genotypes::{Packed, cohort, correlation, data, table};

/// No fold follows once enough people were held out, and those of the first one lie where they did.
fn one_fold_is_enough(matrix: &Packed, populations: &Populations, pca: &Pca) {
    let all = HeldOutOptions { components: 4, ..HeldOutOptions::default() };
    let (five, _) = held_out_distances(matrix, populations, pca, &all).expect("held out");
    let first = HeldOutOptions { enough: 100, ..all };
    let (one, passes) = held_out_distances(matrix, populations, pca, &first).expect("held out");
    assert!(five.iter().all(Option::is_some) && passes.adjoint <= 6, "{passes:?}");
    assert_eq!(one.iter().flatten().count(), 120);
    assert!(one.iter().zip(&five).all(|(one, five)| one.is_none() || one == five));
}

#[test]
fn a_mixture_is_outside_and_measured() {
    let Some(data) = data() else { return };
    let people: HashMap<String, Vec<String>> =
        table(&data.join("simulated/samples.tsv")).into_iter().map(|row| (row[1].clone(), row)).collect();
    let geno = data.join("simulated/geno");
    let reference = cohort(&geno, |id| people[id][3] == "ref" && people[id][2] != "KAZ");
    let target = cohort(&geno, |id| people[id][3] == "test");
    // Proportions of Hardy and Weinberg do not hold over several populations: variants that tell them apart would go.
    let filters = SelectionOptions { least_hardy_weinberg_p: 0.0, ..SelectionOptions::default() };
    let selected = select(reference.matrix.counts(), &reference.places, &filters).expect("selected");
    let options = PruneOptions { most_r2: 0.5, ..PruneOptions::default() };
    let pruned =
        prune(&reference.matrix, None, &selected.variants, &reference.places, &options).expect("pruned");
    let matrix = Packed::new(reference.matrix.select(&pruned.kept).expect("columns"));
    let labels: Vec<Option<&str>> = reference.samples.iter().map(|id| Some(people[id][2].as_str())).collect();
    let populations = Populations::new(&labels).expect("labels");
    let components = 4;
    let options = PcaOptions { components, kept: 16, ..PcaOptions::default() };
    let pca = principal_components(&matrix, None, &options).expect("components");
    let shared: Vec<SharedVariant> = (0..)
        .zip(&pruned.kept)
        .map(|(model, at)| SharedVariant { model, matrix: *at, flipped: false })
        .collect();
    let projected =
        project(&pca.model, &target.matrix, &shared, ProjectionMethod::Oadp, None).expect("projected");
    let shapes = PopulationShapes::fit(&pca.scores, &populations, components).expect("shapes");

    let options = HeldOutOptions { components, ..HeldOutOptions::default() };
    let (held_out, passes) = held_out_distances(&matrix, &populations, &pca, &options).expect("held out");
    let outside = OutsideModel::new(shapes.clone(), held_out.into_iter().flatten().collect());
    let verdict = outside.judge(&projected.scores, 0.01).expect("judged");
    assert!(!verdict.too_few_held_out && passes.adjoint <= 5 * 6, "{passes:?}");
    one_fold_is_enough(&matrix, &populations, &pca);
    let is_kaz = |place: &usize| people[&target.samples[*place]][2] == "KAZ";
    let (kaz, others): (Vec<usize>, Vec<usize>) = (0..target.samples.len()).partition(is_kaz);
    let share =
        |of: &[usize]| of.iter().filter(|place| verdict.flagged[**place]).count() as f64 / of.len() as f64;
    eprintln!(
        "flagged: KAZ {:.4}, others {:.4}; {} variants",
        share(&kaz),
        share(&others),
        pruned.kept.len()
    );
    // This genome is 36 centimorgans long: a fifth of the bench cohort's, where all are flagged.
    assert!(share(&kaz) >= 0.9, "{}", share(&kaz));
    // 600 people were held out, 1,300 are judged: both by chance.
    assert!(share(&others) <= 0.02, "{}", share(&others));

    let mixtures =
        Admixture::new(&shapes).expect("mixtures").proportions(&projected.scores).expect("proportions");
    assert_eq!(mixtures.names, ["AFR", "EAS", "EUR"]);
    let found: Vec<f64> = kaz.iter().map(|place| mixtures.proportions[(*place, 1)]).collect();
    let truth: Vec<f64> =
        kaz.iter().map(|place| people[&target.samples[*place]][6].parse().expect("a share")).collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    eprintln!(
        "East: mean {:.4}, truth {:.4}, correlation {:.3}, standard error {:.3}",
        mean(&found),
        mean(&truth),
        correlation(&found, &truth),
        mixtures.standard_errors[1]
    );
    assert!((mean(&found) - mean(&truth)).abs() < 0.02);
    // What a person has of East differs from what was expected by chance: with 36 centimorgans of genome by a lot.
    assert!(correlation(&found, &truth) > 0.25);
    for person in 0..target.samples.len() {
        let row = mixtures.proportions.row(person);
        assert!((row.sum() - 1.0).abs() < 1e-12 && row.iter().all(|share| *share >= 0.0));
    }
    // People of the reference's populations are themselves, to within the error that is stated.
    let own = |name: &str| mixtures.names.iter().position(|other| other == name).expect("a population");
    let errors: Vec<f64> = others
        .iter()
        .map(|place| {
            let population = own(&people[&target.samples[*place]][2]);
            (1.0 - mixtures.proportions[(*place, population)]) / mixtures.standard_errors[population]
        })
        .collect();
    let far = errors.iter().filter(|error| **error > 3.0).count() as f64 / errors.len() as f64;
    assert!(far < 0.02, "{far}");

    let frequencies = FrequencyAdmixture::fit(&reference.matrix, &populations).expect("frequencies");
    let all: Vec<SharedVariant> = (0..reference.matrix.variants() as u32)
        .map(|at| SharedVariant { model: at, matrix: at, flipped: false })
        .collect();
    let by_frequency = frequencies.proportions(&target.matrix, &all).expect("proportions");
    let better: Vec<f64> = kaz.iter().map(|place| by_frequency.proportions[(*place, 1)]).collect();
    eprintln!(
        "by frequencies: mean {:.4}, correlation {:.3}, standard error {:.3}",
        mean(&better),
        correlation(&better, &truth),
        by_frequency.standard_errors[1]
    );
    assert!((mean(&better) - mean(&truth)).abs() < 0.02);
    assert!(correlation(&better, &found) > 0.8);
    assert!(by_frequency.standard_errors[1] < mixtures.standard_errors[1]);
    for (ours, name) in [(0, "AFR"), (1, "EAS"), (2, "EUR")] {
        let here: Vec<f64> = others
            .iter()
            .filter(|place| people[&target.samples[**place]][2] == name)
            .map(|place| by_frequency.proportions[(*place, ours)])
            .collect();
        assert!(mean(&here) > 0.95, "{name} {}", mean(&here));
    }

    let similarity = shapes.similarity(&projected.scores, DegreesOfFreedom::Components).expect("similarity");
    assert!(others.iter().all(|place| {
        similarity.names[similarity.most_similar[*place] as usize] == people[&target.samples[*place]][2]
    }));
    let few = HeldOutOptions { folds: 301, ..options };
    let refused = held_out_distances(&matrix, &populations, &pca, &few);
    assert!(matches!(refused, Err(CalibrateError::Folds { people: 600, folds: 301 })));
}

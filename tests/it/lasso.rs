//! `steppe fit` from the outside: its weights are applied unchanged, and it may be killed at any moment.

use std::{collections::HashMap, path::Path, time::Instant};

use steppe_tests::{FitData, fit_digests, steppe};

use crate::{
    interrupted::{MOMENTS, Moments},
    sets::new_folder,
};

/// The columns of a table with a header, by name.
fn columns(path: &Path) -> HashMap<String, Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut lines = text.lines().map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>());
    let names = lines.next().expect("a header");
    let rows: Vec<Vec<String>> = lines.collect();
    let column = |at: usize| rows.iter().map(|row| row[at].clone()).collect();
    names.into_iter().enumerate().map(|(at, name)| (name, column(at))).collect()
}

fn squared_correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let sum = |x: &[f64], mx: f64, y: &[f64], my: f64| -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum()
    };
    sum(a, mean_a, b, mean_b).powi(2) / (sum(a, mean_a, a, mean_a) * sum(b, mean_b, b, mean_b))
}

#[test]
fn the_weights_score_as_the_fit_says() {
    let place = new_folder();
    // No missing calls: a fit imputes them from its training samples, a score from the cohort's founders.
    let data = FitData::simulate(place.path(), 0.0);
    let at = |name: &str| place.path().join(name);
    steppe(["import", "--build", "GRCh38", "--bfile"]).arg(&data.prefix).arg("--out").arg(at("cohort")).ok();
    let cohort = at("cohort").display().to_string();
    // One population, so that intercepts of populations are not part of the prediction.
    let phenotypes = columns(&data.phenotypes());
    let kazakhs = |row: usize| phenotypes["population"][row] == "KAZ";
    let ids = &phenotypes["IID"];
    let keep: String =
        (0..ids.len()).filter(|row| kazakhs(*row)).map(|row| format!("{}\n", ids[row])).collect();
    std::fs::write(at("keep"), keep).expect("a list");
    let fit = steppe(["fit", "lasso", "--cohort", &cohort, "--trait", "QT", "--split", "split", "--pheno"]);
    let shown = fit.arg(data.phenotypes()).arg("--keep").arg(at("keep")).arg("--out").arg(at("fit")).ok();
    assert!(shown.stdout.contains("QT") && shown.stdout.contains("r2"), "{}", shown.stdout);
    let weights = at("fit").join("QT.score.txt");
    steppe(["score", "--ambiguous", "keep", "--cohort", &cohort])
        .args(["--score"])
        .arg(&weights)
        .arg("--out")
        .arg(at("scores"))
        .ok();
    let scores = columns(&at("scores").join("scores.sscore"));
    let sum = scores.keys().find(|name| name.ends_with("_SUM") && name.starts_with("QT")).expect("a sum");
    let by_id: HashMap<&String, f64> = scores["#IID"]
        .iter()
        .zip(&scores[sum])
        .map(|(id, value)| (id, value.parse().expect("a number")))
        .collect();
    let metrics = columns(&at("fit").join("metrics.tsv"));
    let said = (0..metrics["split"].len())
        .find(|row| metrics["split"][*row] == "test" && metrics["population"][*row] == "ALL")
        .map(|row| metrics["value"][row].parse::<f64>().expect("a number"))
        .expect("a metric of the test samples");
    let tested: Vec<usize> =
        (0..ids.len()).filter(|row| kazakhs(*row) && phenotypes["split"][*row] == "test").collect();
    let observed: Vec<f64> =
        tested.iter().map(|row| phenotypes["QT"][*row].parse().expect("a number")).collect();
    let predicted: Vec<f64> = tested.iter().map(|row| by_id[&ids[*row]]).collect();
    let found = squared_correlation(&observed, &predicted);
    assert!((found - said).abs() < 1e-9, "R² of the scores is {found}, the fit says {said}");
    assert!(said > 0.0, "the score predicts nothing");
    for picture in ["QT.html", "QT.validation.svg", "QT.certificate.svg"] {
        let text = std::fs::read_to_string(at("fit").join(picture)).expect("a page or plot");
        assert!(text.contains("<svg"), "{picture}: {}", &text[..200.min(text.len())]);
    }
    let again = steppe(["fit", "lasso", "--cohort", &cohort, "--trait", "QT", "--split", "split", "--pheno"]);
    let again = again.arg(data.phenotypes()).arg("--keep").arg(at("keep")).arg("--out").arg(at("fit")).ok();
    assert!(again.stderr.contains("there already"), "{}", again.stderr);
}

#[test]
fn killed_at_any_moment_it_ends_in_the_same_bits() {
    let place = new_folder();
    let data = FitData::simulate(place.path(), 0.01);
    let cohort = place.path().join("cohort");
    steppe(["import", "--build", "GRCh38", "--bfile"]).arg(&data.prefix).arg("--out").arg(&cohort).ok();
    let cohort = cohort.display().to_string();
    let fit = |out: &Path| data.fit(steppe(["--quiet"]), &cohort).arg("--out").arg(out);
    let whole = place.path().join("whole");
    let began = Instant::now();
    fit(&whole).ok();
    let mut moments = Moments::of(began.elapsed(), 2 * MOMENTS);
    let expected = fit_digests(&whole).expect("a whole fit");
    let (mut fits, mut resumed) = (0, 0);
    while moments.is_due() {
        fits += 1;
        let out = place.path().join(format!("fit-{fits}"));
        // Killed twice: what the second run goes on from is killed too.
        for _ in 0..2 {
            moments.kill(fit(&out).into_command());
        }
        let again = data.fit(steppe::<&str>([]), &cohort).arg("--out").arg(&out).ok();
        resumed += u32::from(again.stderr.contains("going on from the checkpoint"));
        assert_eq!(fit_digests(&out).expect("a whole fit"), expected, "fit {fits} of {MOMENTS}");
        let beside: Vec<_> = std::fs::read_dir(place.path())
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .filter(|name| name.starts_with('.'))
            .collect();
        assert!(beside.is_empty(), "left behind: {beside:?}");
    }
    moments.finish();
    assert!(resumed >= 2, "only {resumed} runs went on from a checkpoint");
}

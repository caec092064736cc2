//! `steppe fit ridge` over a real store against dense arithmetic, and its weights through steppe's own scoring.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use steppe_engine::{
    PassProgress, SilentProgress,
    output::{ScoreRequest, score},
    score::{MatchSettings, MissingPolicy, ScoreOptions},
};
use steppe_fit::{
    MemoryMatrix, PackedColumns,
    ridge::{RidgeControl, RidgeData, RidgeFamily, RidgeFit, RidgeOptions, RidgeTrait, fit_ridge},
};
use steppe_fitjob::{CovariateOptions, RidgeJobOptions, RidgeReport, RidgeValidation, ridge_cohort};
use steppe_formats::scoring_file::ReadOptions;
use steppe_genome::{
    Chromosome,
    matching::{Ambiguous, MatchOptions},
};
use steppe_kernels::Level;
use steppe_store::Location;

use super::{
    ridge_support::{BLOCK, COVARIATE, SAMPLES, Scene, dense, loco},
    stored::{Passes, Steps, Stored},
    support::{file, hashes, names},
};

fn near(found: f64, wanted: f64, tolerance: f64, what: &str) {
    assert!((found - wanted).abs() <= tolerance, "{what}: {found} {wanted}");
}

/// The solver on a matrix in memory; it is tested against dense arithmetic in its own crate.
fn in_memory(scene: &Scene) -> RidgeFit {
    let mut columns = PackedColumns::new(SAMPLES);
    for variant in scene.used() {
        columns.push_codes(scene.fileset.codes[variant].iter().copied());
    }
    let chromosomes: Vec<u32> = scene.used().into_iter().map(|at| scene.chromosome(at)).collect();
    let families = [RidgeFamily::Gaussian, RidgeFamily::Gaussian, RidgeFamily::Binomial];
    let traits: Vec<RidgeTrait> = scene
        .traits
        .iter()
        .zip(families)
        .map(|(values, family)| RidgeTrait { values: values.clone(), family })
        .collect();
    let data = RidgeData {
        chromosomes: &chromosomes,
        covariates: &scene.covariates,
        traits: &traits,
        validation: &scene.validation(),
    };
    let options = RidgeOptions { block_size: BLOCK, ..RidgeOptions::default() };
    let matrix = MemoryMatrix::new(columns, &[true; SAMPLES]);
    fit_ridge(&matrix, &data, &options, &RidgeControl::default()).expect("fitted")
}

/// The score of each sample by steppe's own scoring of the cohort.
fn scores(scene: &Scene, scoring_file: &Path, out: &Path) -> Vec<f64> {
    let request = ScoreRequest {
        cohort: scene.stored.cohort.clone(),
        out: Location::local(out),
        overwrite: false,
        sscore: true,
        scratch: None,
        options: ScoreOptions {
            matching: MatchSettings {
                scores: vec![scoring_file.display().to_string()],
                read: ReadOptions::default(),
                rules: MatchOptions { ambiguous: Ambiguous::Keep, ..MatchOptions::default() },
                min_overlap: 1.0,
                accept_unknown_build: false,
            },
            missing: MissingPolicy::Mean,
            frequency_file: None,
            keep: None,
            remove: None,
            copied_inputs: false,
            memory: 1 << 30,
            level: Level::best(),
            threads: 2,
        },
    };
    let progress: Arc<dyn PassProgress> = Arc::new(SilentProgress);
    score(&request, &scene.stored.engine(), &progress).expect("scored");
    let text = std::fs::read_to_string(out.join("scores.sscore")).expect("scores");
    let mut lines = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let header = lines.next().expect("a header");
    let column = header
        .iter()
        .position(|name| name.ends_with("_SUM") && !name.ends_with("DOSAGE_SUM"))
        .expect("a sum");
    lines.map(|cells| cells[column].parse().expect("a number")).collect()
}

#[test]
fn predictions_and_weights_are_those_of_dense_arithmetic() {
    let scene = Scene::new();
    let out = scene.path("step1");
    let mut steps = Steps::default();
    let report = scene.stored.ridge(&scene.options, &out, &mut steps).expect("the job runs");
    let memory = in_memory(&scene);
    let [variants, blocks] = [scene.used().len(), memory.blocks];
    assert_eq!(steps.stages, [("fitting blocks", blocks as u64), ("stacking traits", 3)]);
    for (at, name) in ["qt", "qm", "cc"].into_iter().enumerate() {
        let record = &report.record.traits[at];
        let fit = memory.traits[at].as_ref().expect("fitted");
        assert_eq!((record.name.as_str(), record.problem.as_deref()), (name, None));
        let missing = scene.traits[at].iter().filter(|value| value.is_nan()).count() as u64;
        assert_eq!((record.samples, record.missing), (SAMPLES as u64 - missing, missing));
        let (ids, rows) = loco(&out.join(format!("{name}_{}.loco", at + 1)));
        let wanted: Vec<String> = scene.fileset.fam.iter().map(|of| format!("0_{}", of.sample_id)).collect();
        assert_eq!(ids, wanted);
        let numbers: Vec<u32> = rows.iter().map(|(chromosome, _)| *chromosome).collect();
        assert_eq!(numbers, (1..=23).collect::<Vec<_>>());
        let by_hand = (name != "cc").then(|| dense(&scene, &scene.traits[at]));
        for (chromosome, row) in &rows {
            let place = memory.chromosomes.iter().position(|of| of == chromosome);
            for (sample, found) in row.iter().enumerate() {
                let Some(found) = found else {
                    assert!(name == "cc" && scene.traits[at][sample].is_nan());
                    continue;
                };
                assert!(name != "cc" || !scene.traits[at][sample].is_nan());
                let own = place.map_or(&fit.prediction, |place| &fit.loco[place]);
                near(*found, own[sample], 1e-9, name);
                if let (Some(by_hand), Some(place)) = (&by_hand, place) {
                    near(*found, by_hand.loco[(sample, place)], 1e-7, name);
                }
            }
        }
        assert_eq!(record.share, Some(scene.options.level1_shares[fit.chosen]));
        if let Some(by_hand) = &by_hand {
            assert_eq!(fit.chosen, by_hand.chosen);
            let found = metrics(&out, name);
            for (row, loss) in found.iter().zip(&by_hand.losses) {
                near(row["mean_squared_error"].parse().expect("a number"), *loss, 1e-8, name);
            }
        }
        // Weights, intercept and covariates are the portable prediction, of the same cohort scored as any other.
        let scoring_file = out.join(record.score.as_ref().expect("weights"));
        let scores = scores(&scene, &scoring_file, &scene.path(&format!("scores-{name}")));
        let genotypes = scene.genotypes();
        for (sample, score) in scores.iter().enumerate() {
            let weighted: f64 =
                fit.weights.iter().enumerate().map(|(v, weight)| weight * genotypes[(sample, v)]).sum();
            near(*score, weighted, 1e-8, "a score");
            if let Some(by_hand) = &by_hand {
                let effects = &record.covariate_effects;
                let fixed =
                    effects[0] * scene.covariates[0][sample] + effects[1] * scene.covariates[1][sample];
                let all = score + fixed + record.intercept.expect("an intercept");
                near(all, by_hand.portable[sample], 1e-7, "the portable prediction");
            }
        }
        assert_eq!(record.variants, variants as u64 - 1);
    }
    check_record(&scene, &report, &out);
}

fn check_record(scene: &Scene, report: &RidgeReport, out: &Path) {
    let record = &report.record;
    let left_out = &record.variants.left_out;
    let on_x = 90 - 3 * 90_u64.div_ceil(4);
    assert_eq!(left_out["not_on_an_autosome"], on_x);
    assert_eq!((left_out["monomorphic"], left_out["too_many_missing_calls"]), (1, 1));
    assert_eq!(left_out["explained_by_covariates"], 1);
    assert_eq!(record.variants.used, scene.used().len() as u64 - 1);
    let dropped = std::fs::read_to_string(out.join("dropped_variants.tsv")).expect("a table");
    let of = &scene.fileset.bim[COVARIATE];
    assert_eq!(
        dropped,
        format!("chromosome\tposition\tid\treason\n2\t{}\t{}\texplained_by_covariates\n", of.position, of.id)
    );
    let problems: Vec<Option<&str>> = record.traits.iter().map(|of| of.problem.as_deref()).collect();
    assert_eq!(problems[..3], [None; 3]);
    assert_eq!(problems[3], Some("the trait has one value only in the training samples; leave it out"));
    assert_eq!(problems[4], Some("its values are categories; leave it out, or recode it as numbers"));
    let list = std::fs::read_to_string(out.join("pred.list")).expect("a list");
    let line = |(at, name): (usize, &str)| {
        let file = std::path::absolute(out).expect("a path").join(format!("{name}_{}.loco", at + 1));
        format!("{name} {}\n", file.display())
    };
    assert_eq!(list, ["qt", "qm", "cc"].into_iter().enumerate().map(line).collect::<String>());
    let hashes = hashes(out);
    assert_eq!(record.outputs.len() + 1, hashes.len());
    assert!(record.outputs.iter().all(|output| hashes[&output.name] == output.blake3));
    assert!(names(scene.folder.path()).iter().all(|name| !name.starts_with('.')));
}

/// The rows of `metrics.tsv` of a trait.
fn metrics(out: &Path, name: &str) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(out.join("metrics.tsv")).expect("a table");
    let mut lines = text.lines().map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>());
    let header = lines.next().expect("a header");
    lines
        .map(|cells| header.iter().cloned().zip(cells).collect())
        .filter(|row: &BTreeMap<_, _>| row["trait"] == name)
        .collect()
}

#[test]
fn the_metrics_have_every_penalty_and_the_chosen_one() {
    let scene = Scene::new();
    let out = scene.path("step1");
    let options = RidgeJobOptions { validation: RidgeValidation::LeaveOneOut, ..scene.options.clone() };
    let record = scene.stored.ridge(&options, &out, &mut ()).expect("the job runs").record;
    for of in &record.traits[..3] {
        let rows = metrics(&out, &of.name);
        let shares: Vec<f64> = rows.iter().map(|row| row["share"].parse().expect("a share")).collect();
        assert_eq!(shares, options.level1_shares);
        let chosen: Vec<_> = rows.iter().filter(|row| row["chosen"] == "1").collect();
        assert_eq!(chosen.len(), 1);
        let number = |column: &str| chosen[0][column].parse::<f64>().ok();
        assert_eq!(number("r_squared"), of.r_squared);
        assert!(of.r_squared.expect("a number") > 0.05, "{:?}", of.r_squared);
        let counted = if of.family == "binomial" { of.samples } else { of.samples + of.missing };
        assert_eq!(number("n"), Some(counted as f64));
        match of.mean_log_loss {
            Some(loss) => {
                near(
                    number("log_likelihood").expect("a number"),
                    -loss * counted as f64,
                    1e-9,
                    "log-likelihood",
                );
                assert!(loss < 2_f64.ln());
            }
            None => assert_eq!(chosen[0]["log_likelihood"], "NA"),
        }
    }
}

#[test]
fn a_chromosome_in_two_places_is_refused_before_any_pass() {
    let scene = Scene::new();
    let folder = scene.path("again");
    std::fs::create_dir(&folder).expect("a folder");
    let (stored, fileset) = Stored::random(&folder, SAMPLES, 90, &[1, 2, 1].map(Chromosome::Autosome));
    let passes = Arc::new(Passes::default());
    let run = |options: &RidgeJobOptions| {
        let progress: Arc<dyn PassProgress> = Arc::<Passes>::clone(&passes);
        let job = stored.job(options.clone(), &folder.join("step1"));
        ridge_cohort(&job, &stored.engine(), &progress, &mut ())
    };
    let error = run(&scene.options).expect_err("it is refused").to_string();
    assert!(error.starts_with("chromosome 1 comes again at variant 61, after others"), "{error}");
    assert_eq!(passes.names(), ["reading phenotypes"]);
    // Without the second place there is nothing to refuse.
    let listed: String = fileset.bim[..60].iter().map(|of| format!("{}\n", of.id)).collect();
    let mut options = scene.options.clone();
    options.input.extract = Some(file(&folder, "extract.txt", &listed));
    options.input.copied_inputs = true;
    run(&options).expect("the job runs");
    // A result that came from elsewhere goes elsewhere: regenie's list has names alone.
    let list = std::fs::read_to_string(folder.join("step1/pred.list")).expect("a list");
    assert_eq!(list, "qt qt_1.loco\nqm qm_2.loco\ncc cc_3.loco\n");
}

#[test]
fn bad_input_is_refused_before_any_pass() {
    let scene = Scene::new();
    let out = scene.path("step1");
    let with = |change: &dyn Fn(&mut RidgeJobOptions)| {
        let mut options = scene.options.clone();
        change(&mut options);
        let mut steps = Steps::default();
        let error = scene.stored.ridge(&options, &out, &mut steps).expect_err("it is refused").to_string();
        assert!(steps.stages.is_empty() && !out.exists(), "{error}");
        error.replace(&format!("{}/", scene.folder.path().display()), "")
    };
    let message = with(&|options| options.block_size = 0);
    assert_eq!(message, "the block size is out of range; give a number 1 or more, usually 1000");
    let message = with(&|options| options.validation = RidgeValidation::Folds(1));
    assert_eq!(message, "the number of folds is out of range; give a number 2 or more");
    let message = with(&|options| options.validation = RidgeValidation::Folds(SAMPLES + 1));
    assert_eq!(
        message,
        "211 folds of 210 samples: one of them would have none; use fewer folds, or leave each sample out alone"
    );
    for bad in [vec![], vec![0.0], vec![0.5, 1.0], vec![f64::NAN]] {
        let message = with(&|options| options.level1_shares = bad.clone());
        assert!(message.starts_with("a share of variance of level 1 is out of range; give"), "{message}");
    }
    let message = with(&|options| options.input.phenotypes.traits = vec!["qtt".to_owned()]);
    assert!(message.contains("no column of this name (found \"qtt\"); did you mean qt"), "{message}");
    let message = with(&|options| options.input.phenotypes.traits = vec!["flat".to_owned()]);
    assert_eq!(message, "trait 'flat': the trait has one value only in the training samples; leave it out");
    let strangers = file(scene.folder.path(), "strangers.tsv", "#FID\tIID\ty\n9\tx\t1.5\n9\tz\t2.5\n");
    let message = with(&|options| options.input.phenotypes.file = strangers.clone());
    assert!(message.contains("none of the 2 rows means a sample of the cohort"), "{message}");
    let message = with(&|options| {
        options.input.covariates = Some(CovariateOptions {
            file: options.input.phenotypes.file.clone(),
            names: vec!["qt".to_owned(), "age".to_owned()],
            categorical: Vec::new(),
        });
    });
    assert!(message.contains("age"), "{message}");
    let few: String = ["S1", "S2", "S3"].map(|id| format!("0 {id}\n")).concat();
    let keep = file(scene.folder.path(), "keep.txt", &few);
    let message = with(&|options| {
        options.input.keep = Some(keep.clone());
        options.validation = RidgeValidation::LeaveOneOut;
    });
    assert_eq!(
        message,
        "3 training samples for 2 covariates and the intercept are too few; use fewer covariates"
    );
    let blank = scene.path("a folder/step1");
    let error = scene.stored.ridge(&scene.options, &blank, &mut ()).expect_err("refused").to_string();
    assert!(error.contains("a folder with blanks in its name"), "{error}");
    std::fs::create_dir(&out).expect("a folder");
    file(&out, "mine.txt", "mine");
    let error = scene.stored.ridge(&scene.options, &out, &mut ()).expect_err("occupied").to_string();
    assert!(error.contains("it exists and is not a result of steppe"), "{error}");
}

//! `steppe assoc` over a real store against plink2's tables; `steppe-fit/tests/expected/assoc/make.sh` made them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use steppe_engine::EngineError;
use steppe_fitjob::{
    AssociationOptions, CovariateOptions, Family, Firth, FitError, InputOptions, TestedAllele,
};
use steppe_formats::plink1::FilesetPaths;
use steppe_genome::Chromosome;

use super::{
    stored::{Steps, Stored},
    support::{file, hashes, names},
};

fn expected() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../steppe-fit/tests/expected/assoc")
}

fn small(folder: &Path) -> Stored {
    Stored::import(FilesetPaths::from_prefix(&expected().join("small")), &folder.join("cohort"))
}

fn options() -> AssociationOptions {
    let mut input = InputOptions::new(expected().join("small.pheno"));
    input.covariates = Some(CovariateOptions {
        file: expected().join("small.covar"),
        names: Vec::new(),
        categorical: Vec::new(),
    });
    AssociationOptions::new(input)
}

type Row = BTreeMap<String, String>;

/// The header, and cells by column name.
fn table(path: &Path) -> (String, Vec<Row>) {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut lines = text.lines();
    let header = lines.next().expect("a header").to_owned();
    let names: Vec<&str> = header.split('\t').collect();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        assert_eq!(cells.len(), names.len(), "{line}");
        names.iter().zip(cells).map(|(name, cell)| ((*name).to_owned(), cell.to_owned())).collect()
    };
    let rows = lines.map(row).collect();
    (header, rows)
}

fn number(cell: &str) -> f64 {
    cell.parse().unwrap_or_else(|_| panic!("no number: {cell}"))
}

/// Compares two tables. All cells but estimates must be the same text. Gives the number of estimates, how many have a
/// number that is printed otherwise, and the largest distances of effect, standard error and statistic, in standard
/// errors, of plain regressions and of Firth's.
fn compare(ours: &Path, theirs: &Path) -> (usize, usize, f64, f64) {
    let all_firth = theirs.extension().is_some_and(|extension| extension == "firth");
    let ((header, ours), (their_header, theirs)) = (table(ours), table(theirs));
    // The expected tables were made without TEST, which is plink2's default and always ADD here.
    assert_eq!(header.replace("\tTEST", ""), their_header);
    assert!(ours.iter().all(|row| row["TEST"] == "ADD"));
    assert_eq!(ours.len(), theirs.len());
    let (mut estimates, mut otherwise, mut worst) = (0, 0, [0_f64; 2]);
    for (own, row) in ours.iter().zip(&theirs) {
        let estimated = ["BETA", "SE", "T_STAT", "Z_STAT", "P"];
        let exact = |row: &Row| -> Vec<(String, String)> {
            let is_exact = |(name, _): &(&String, &String)| !estimated.contains(&name.as_str());
            row.iter()
                .filter(|(name, _)| *name != "TEST")
                .filter(is_exact)
                .map(|(name, cell)| (name.clone(), cell.clone()))
                .collect()
        };
        assert_eq!(exact(own), exact(row), "{}", row["ID"]);
        let has = |row: &Row| estimated.map(|name| row.get(name).is_some_and(|cell| cell != "NA"));
        assert_eq!(has(own), has(row), "{}", row["ID"]);
        if row["BETA"] == "NA" {
            continue;
        }
        estimates += 1;
        otherwise += usize::from(estimated.iter().any(|name| own.get(*name) != row.get(*name)));
        let statistic = if row.contains_key("T_STAT") { "T_STAT" } else { "Z_STAT" };
        let apart = |name: &str| (number(&own[name]) - number(&row[name])).abs();
        let se = number(&row["SE"]);
        // Both are printed with six digits: a unit of the last one is the rounding of both.
        let rounding = |name: &str| 1e-5 * number(&row[name]).abs();
        let far = [
            (apart("BETA") - rounding("BETA")) / se,
            (apart("SE") - rounding("SE")) / se,
            apart(statistic) - rounding(statistic),
        ];
        let firth = all_firth || row.get("FIRTH?").is_some_and(|cell| cell == "Y");
        let worst = &mut worst[usize::from(firth)];
        *worst = far.into_iter().fold(*worst, f64::max);
    }
    (estimates, otherwise, worst[0], worst[1])
}

#[test]
fn tables_are_those_of_plink2() {
    let folder = tempfile::tempdir().expect("a folder");
    let stored = small(folder.path());
    let runs = [
        ("default", "glm.logistic.hybrid", Firth::Fallback, TestedAllele::Minor),
        ("counted", "glm.logistic.hybrid", Firth::Fallback, TestedAllele::Counted),
        ("no-firth", "glm.logistic", Firth::Never, TestedAllele::Minor),
        ("firth", "glm.firth", Firth::Always, TestedAllele::Minor),
    ];
    for (run, suffix, firth, tested) in runs {
        let out = folder.path().join(run);
        let options = AssociationOptions { firth, tested, ..options() };
        let report = stored.associate(&options, &out, &mut ()).expect("the job runs");
        for of in &report.record.traits {
            let (quantitative, name) = (of.family == "gaussian", &of.name);
            let suffix = if quantitative { "glm.linear" } else { suffix };
            let theirs = expected().join(format!("{run}.{name}.{suffix}"));
            let own = of.file.as_ref().expect("a table");
            assert_eq!(*own, format!("assoc.{name}.{suffix}"));
            if quantitative && !theirs.exists() {
                continue;
            }
            let (estimates, otherwise, worst, worst_firth) = compare(&out.join(own), &theirs);
            println!(
                "{run} {name}: {estimates} estimates, {otherwise} printed otherwise, {worst:.1e} {worst_firth:.1e}"
            );
            assert_eq!((of.variants, of.estimates), (320, estimates as u64));
            assert_eq!(of.without_estimate.values().sum::<u64>(), 320 - estimates as u64);
            assert!(estimates > 200);
            if quantitative {
                // A number on the border of two is rounded to either.
                assert!(otherwise <= 3, "{run} {name}");
                assert!(worst <= 1e-12);
            } else {
                // As in steppe-fit's tests: what plink2's single precision leaves.
                assert!(worst < 2e-5 && worst_firth < 1e-3, "{run} {name}");
            }
            let dropped: Vec<&str> = of.dropped_covariates.iter().map(|of| of.name.as_str()).collect();
            assert!(dropped.contains(&"FLAT") && !of.covariates.contains(&"FLAT".to_owned()), "{dropped:?}");
        }
        assert_eq!(report.record.traits.len(), 6);
        let record = &report.record;
        assert_eq!(record.outputs.len() + 1, names(&out).len());
        let hashes = hashes(&out);
        assert!(record.outputs.iter().all(|output| hashes[&output.name] == output.blake3));
        assert_eq!((record.variants.used, record.cohort.variants), (320, 320));
    }
    assert!(names(folder.path()).iter().all(|name| !name.starts_with('.')));
}

#[test]
fn the_same_command_finds_its_result_and_another_does_not_replace_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut stored = small(folder.path());
    let out = folder.path().join("gwas");
    let first = stored.associate(&options(), &out, &mut ()).expect("the job runs");
    let again = stored.associate(&options(), &out, &mut ()).expect("it is found");
    assert!(!first.reused && again.reused);
    assert_eq!(again.record, first.record);
    let other = AssociationOptions { firth: Firth::Never, ..options() };
    let error = stored.associate(&other, &out, &mut ()).expect_err("occupied").to_string();
    assert!(error.contains("a result of other inputs or parameters") && error.contains("--overwrite"));
    // Any number of threads writes the same files.
    stored.threads = 1;
    let one = folder.path().join("one");
    stored.associate(&options(), &one, &mut ()).expect("the job runs");
    let tables = |folder: &Path| {
        let mut all = hashes(folder);
        all.remove("run.json");
        all
    };
    assert_eq!(tables(&one), tables(&out));
    let mine = folder.path().join("mine");
    std::fs::create_dir(&mine).expect("a folder");
    file(&mine, "notes.txt", "mine");
    let error = stored.associate(&options(), &mine, &mut ()).expect_err("occupied").to_string();
    assert!(error.contains("it exists and is not a result of steppe"), "{error}");
}

#[test]
fn a_stopped_job_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let stored = small(folder.path());
    let out = folder.path().join("gwas");
    for calls in [1, 3] {
        let mut steps = Steps::stopping_after(calls);
        let error = stored.associate(&options(), &out, &mut steps).expect_err("cancelled");
        assert!(matches!(error, EngineError::Fit(FitError::Cancelled)), "{error}");
        assert_eq!(names(folder.path()), ["cohort"]);
    }
    let mut steps = Steps::default();
    stored.associate(&options(), &out, &mut steps).expect("the job runs");
    assert_eq!(steps.stages, [("testing variants", 6 * 320)]);
    assert_eq!(names(folder.path()), ["cohort", "gwas"]);
}

#[test]
fn what_is_left_out_is_counted_with_its_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let chromosomes = [Chromosome::Autosome(1), Chromosome::Autosome(2), Chromosome::X];
    let (stored, fileset) = Stored::random(folder.path(), 150, 60, &chromosomes);
    let ids: Vec<(&str, &str)> =
        fileset.fam.iter().map(|of| (of.family_id.as_str(), of.sample_id.as_str())).collect();
    let rows: String = ids
        .iter()
        .enumerate()
        .skip(10)
        .map(|(at, (family, sample))| {
            let good = if at % 5 == 0 { "NA".to_owned() } else { (at * 7919 % 101).to_string() };
            format!("{family}\t{sample}\t{good}\t5\t{}\tNA\n", ["red", "blue"][at % 2])
        })
        .collect();
    let pheno = file(folder.path(), "pheno.tsv", &format!("#FID\tIID\tgood\tflat\tcolour\tempty\n{rows}"));
    let mut input = InputOptions::new(pheno);
    let remove: String = ids[..5].iter().map(|(family, sample)| format!("{family} {sample}\n")).collect();
    input.remove = Some(file(folder.path(), "remove.txt", &remove));
    let listed: String = fileset.bim.iter().step_by(2).map(|of| format!("{}\n", of.id)).collect();
    input.extract = Some(file(folder.path(), "extract.txt", &listed));
    let options = AssociationOptions::new(input);
    let mut steps = Steps::default();
    let out = folder.path().join("gwas");
    let record = stored.associate(&options, &out, &mut steps).expect("the job runs").record;
    assert_eq!(record.samples.left_out["removed"], 5);
    assert_eq!(record.samples.left_out["no_row_of_phenotypes"], 5);
    assert_eq!(record.samples.used, 140);
    let traits = &record.traits;
    assert_eq!((traits[0].samples, traits[0].missing, traits[0].problem.as_deref()), (112, 5 + 28, None));
    let problems: Vec<&str> = traits[1..].iter().filter_map(|of| of.problem.as_deref()).collect();
    assert_eq!(
        problems,
        [
            "all samples have the same value; leave it out",
            "its values are categories; leave it out, or recode it as numbers",
            "no sample has the trait and all covariates; check sample ids and missing codes",
        ]
    );
    assert!(problems.iter().all(|problem| record.notices.iter().any(|notice| notice.ends_with(problem))));
    assert_eq!(steps.notices, record.notices);
    assert_eq!(names(&out), ["assoc.good.glm.linear", "run.json"]);
    let left_out = &record.variants.left_out;
    assert_eq!(left_out["not_on_an_autosome"], 20);
    assert_eq!(left_out["not_on_extract_list"], 20);
    assert_eq!(record.variants.used, 20);
    let (_, rows) = table(&out.join("assoc.good.glm.linear"));
    let found: Vec<&str> = rows.iter().map(|row| row["ID"].as_str()).collect();
    let wanted: Vec<&str> = fileset.bim[..40].iter().step_by(2).map(|of| of.id.as_str()).collect();
    assert_eq!(found, wanted);
}

#[test]
fn bad_input_is_refused_before_any_pass() {
    let folder = tempfile::tempdir().expect("a folder");
    let stored = small(folder.path());
    let out = folder.path().join("gwas");
    let refusal = |options: &AssociationOptions| {
        let mut steps = Steps::default();
        let error = stored.associate(options, &out, &mut steps).expect_err("it is refused").to_string();
        assert!(steps.stages.is_empty() && !out.exists(), "{error}");
        error.replace(&format!("{}/", folder.path().display()), "")
    };
    let with = |change: &dyn Fn(&mut AssociationOptions)| {
        let mut options = options();
        change(&mut options);
        refusal(&options)
    };
    let message = with(&|options| options.input.phenotypes.traits = vec!["Q9".to_owned()]);
    assert!(message.contains("the file has no column of this name (found \"Q9\")"), "{message}");
    let pheno = |text: &str| file(folder.path(), "pheno.tsv", text);
    let strangers = pheno("#IID\ty\nx1\t1.5\nx2\t2.5\nx3\t0.5\n");
    let message = with(&|options| options.input.phenotypes.file = strangers.clone());
    assert!(message.contains("none of the 3 rows means a sample of the cohort"), "{message}");
    let rows: String = (0..240).map(|at| format!("s{at}\t4.5\n")).collect();
    let flat = pheno(&format!("#IID\ty\n{rows}"));
    let message = with(&|options| options.input.phenotypes.file = flat.clone());
    assert_eq!(message, "trait 'y': all samples have the same value; leave it out");
    let message = with(&|options| {
        options.input.phenotypes.family = Family::Cox { time: "Q1".into(), event: "B1".into() };
    });
    assert_eq!(
        message,
        "times to an event are fitted by the lasso alone; give the family auto, gaussian or binomial"
    );
    let message = with(&|options| options.input.min_frequency = 0.7);
    assert_eq!(message, "the least allele frequency is out of range; give a number from 0 to below 0.5");
    let message = with(&|options| options.prefix = "a/b".to_owned());
    assert!(message.starts_with("tables can not be named \"a/b\"; give a prefix"), "{message}");
    let covar = file(folder.path(), "covar.tsv", "#IID\tPC1\ns0\tNA\ns1\tNA\n");
    let message = with(&|options| {
        options.input.covariates =
            Some(CovariateOptions { file: covar.clone(), names: Vec::new(), categorical: Vec::new() });
    });
    assert!(message.starts_with("none of the 240 samples takes part: "), "{message}");
    assert!(message.contains("missing covariate") && message.contains("no row of covariates"), "{message}");
    let none = file(folder.path(), "extract.txt", "nothing\n");
    let mut options = options();
    options.input.extract = Some(none);
    let error = stored.associate(&options, &out, &mut ()).expect_err("no variant").to_string();
    assert!(error.starts_with("none of the 320 variants takes part: 320 not on extract list;"), "{error}");
    assert!(!out.exists());
}

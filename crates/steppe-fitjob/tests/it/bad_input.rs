//! Wrong inputs, each with its message, before any pass.

use std::path::Path;

use steppe_fitjob::{
    CovariateOptions, Family, FitOptions, PopulationOptions, PopulationWeights, SampleColumn, SamplePlan,
    SplitOption,
};
use steppe_formats::phenotype::BinaryCoding;
use steppe_store::SampleTable;

use super::support::{Cohort, file, small_cohort};

const SAMPLES: usize = 60;

/// A phenotype file with one column by a function of the sample's number.
fn pheno(folder: &Path, header: &str, row: impl Fn(usize) -> String) -> std::path::PathBuf {
    let rows: String = (0..SAMPLES).map(|s| format!("f{s}\ts{s}\t{}\n", row(s))).collect();
    file(folder, "pheno.tsv", &format!("#FID\tIID\t{header}\n{rows}"))
}

fn quantitative(folder: &Path) -> FitOptions {
    FitOptions::new(pheno(folder, "height\tldl", |s| format!("{}\t{}.5", s * 7919 % 101, s * 31 % 57)))
}

fn refusal(options: &FitOptions, samples: &SampleTable) -> String {
    SamplePlan::read(options, samples).expect_err("it is refused").to_string()
}

struct Lab {
    folder: tempfile::TempDir,
    cohort: Cohort,
    options: FitOptions,
}

impl Lab {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = quantitative(folder.path());
        Self { cohort: small_cohort(SAMPLES, 20, 1).0, folder, options }
    }

    fn message(&self) -> String {
        refusal(&self.options, &self.cohort.samples)
    }

    /// The message, less the folder's name.
    fn expect(&self, expected: &str) {
        let found = self.message().replace(&format!("{}/", self.folder.path().display()), "");
        assert_eq!(found, expected);
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn column(&self, name: &str) -> SampleColumn {
        SampleColumn { file: self.folder.path().join("labels.tsv"), column: name.to_owned() }
    }

    /// A file of labels with one column.
    fn labels(&self, header: &str, label: impl Fn(usize) -> String) -> SampleColumn {
        let rows: String = (0..SAMPLES).map(|s| format!("f{s}\ts{s}\t{}\n", label(s))).collect();
        file(self.path(), "labels.tsv", &format!("#FID\tIID\t{header}\n{rows}"));
        self.column(header)
    }
}

#[test]
fn traits_and_rows() {
    let mut lab = Lab::new();
    lab.options.input.phenotypes.traits = vec!["hieght".to_owned()];
    lab.expect("pheno.tsv: the file has no column of this name (found \"hieght\"); did you mean height?");
    lab.options.input.phenotypes.traits = vec!["height".to_owned(), "height".to_owned()];
    assert!(lab.message().contains("asked for twice"));
    lab.options.input.phenotypes.traits.clear();
    let text = std::fs::read_to_string(lab.path().join("pheno.tsv")).expect("a text");
    file(lab.path(), "pheno.tsv", &format!("{text}f3\ts3\t1\t2\n"));
    lab.expect("pheno.tsv:62: sample id: the sample is also on line 5; keep one row per sample");
    file(lab.path(), "pheno.tsv", &text.replace("\ts", "\tother"));
    assert!(lab.message().contains("none of the 60 rows means a sample of the cohort"), "{}", lab.message());
    file(lab.path(), "pheno.tsv", &text.replacen("f4\ts4\t", "f4\ts4\tx", 1));
    assert!(lab.message().contains("pheno.tsv:6: height: "), "{}", lab.message());
}

#[test]
fn values_of_traits() {
    let mut lab = Lab::new();
    lab.options.input.phenotypes.file = pheno(lab.path(), "y", |_| "3".to_owned());
    lab.expect("trait 'y': constant over its 48 training samples; leave it out");
    lab.options.input.phenotypes.file = pheno(lab.path(), "y", |_| "NA".to_owned());
    assert_eq!(
        lab.message(),
        "none of the 60 samples takes part: 60 missing phenotype; check that all files have the cohort's ids, missing \
         codes, and the columns that were meant"
    );
    lab.options.input.phenotypes.file = pheno(lab.path(), "y", |s| ["red", "blue"][s % 2].to_owned());
    lab.options.input.phenotypes.traits = vec!["y".to_owned()];
    lab.expect("trait 'y': its values are categories; recode it as numbers, or fit another");
    // A binary trait with three values.
    lab.options.input.phenotypes.family = Family::Binomial;
    lab.options.input.phenotypes.file = pheno(lab.path(), "y", |s| (1 + s % 3).to_string());
    assert!(lab.message().contains("a case/control trait has values 1 and 2"), "{}", lab.message());
    lab.options.input.phenotypes.file = pheno(lab.path(), "y", |_| "1".to_owned());
    lab.expect("trait 'y': no case over its 48 training samples; leave it out");
    lab.options.input.phenotypes.family = Family::Auto;
    lab.options.input.phenotypes.file = pheno(lab.path(), "y", |s| (s % 2).to_string());
    assert!(lab.message().contains("all values are 0 or 1"), "{}", lab.message());
    lab.options.input.phenotypes.coding = BinaryCoding::ZeroOne;
    assert!(SamplePlan::read(&lab.options, &lab.cohort.samples).is_ok());
}

#[test]
fn families() {
    let mut lab = Lab::new();
    let message = "poisson".parse::<Family>().expect_err("unknown").to_string();
    assert_eq!(message, "family \"poisson\" is not known; give auto, gaussian, binomial or cox:TIME,EVENT");
    assert!("cox".parse::<Family>().expect_err("columns").to_string().contains("write cox:TIME,EVENT"));
    let cox = "cox:time,died".parse::<Family>().expect("known");
    assert_eq!(cox, Family::Cox { time: "time".to_owned(), event: "died".to_owned() });
    lab.options.input.phenotypes.family = cox;
    lab.options.input.phenotypes.file = pheno(lab.path(), "time\tdied", |s| format!("{}\t0", 1 + s));
    lab.expect("trait 'died': no event over its 48 training samples; leave it out");
    lab.options.input.phenotypes.traits = vec!["died".to_owned()];
    assert!(lab.message().contains("leave out the traits' names"));
    lab.options.input.phenotypes.traits.clear();
    lab.options.input.phenotypes.file = pheno(lab.path(), "time\tdied", |s| format!("{s}\t1"));
    assert!(lab.message().contains("pheno.tsv:2: time: the time is not above 0"), "{}", lab.message());
}

#[test]
fn splits() {
    let mut lab = Lab::new();
    let split = lab.labels("split", |s| ["train", "Validation", "ref"][s % 3].to_owned());
    lab.options.split = SplitOption::Column(split);
    lab.expect(
        "labels.tsv:4: split: the split has a value other than train, valid and test (found \"ref\"); write NA for samples \
         that take no part, or leave them out with --keep or --remove",
    );
    // With those left out it is a split.
    let remove: String = (0..SAMPLES).filter(|s| s % 3 == 2).map(|s| format!("f{s} s{s}\n")).collect();
    lab.options.input.remove = Some(file(lab.path(), "remove.txt", &format!("{remove}nobody nobody\n")));
    let plan = SamplePlan::read(&lab.options, &lab.cohort.samples).expect("a plan");
    assert_eq!((plan.counts.used, plan.counts.left_out["removed"]), (40, 20));
    assert_eq!(plan.notices, ["1 entries of the keep and remove lists name nobody in the cohort"]);
    lab.labels("split", |s| ["TRAINING", "test", "NA"][s % 3].to_owned());
    lab.options.input.remove = None;
    let message = lab.message();
    assert_eq!(
        message,
        "none of the 2 traits can be fitted; the first: trait 'height': no sample validates it, so that no lambda can be \
         chosen; mark some samples valid, or draw them by a fraction or folds"
    );
    lab.options.split = SplitOption::Fraction(1.0);
    lab.expect("the share of validation samples is out of range; give a number between 0 and 1");
    lab.options.split = SplitOption::Folds(1);
    lab.expect("the number of folds is out of range; give a number 2 or more");
    lab.options.split = SplitOption::Folds(5);
    lab.options.input.phenotypes.file = pheno(lab.path(), "y", |s| (1 + u8::from(s < 3)).to_string());
    lab.expect("trait 'y': 3 cases and 57 controls are too few for 5 folds; use fewer folds");
}

#[test]
fn covariates() {
    let mut lab = Lab::new();
    let many =
        |s: usize| (0..55).map(|c| (s * (c + 3) * 7907 % 97).to_string()).collect::<Vec<_>>().join("\t");
    let header: Vec<String> = (0..55).map(|c| format!("PC{c}")).collect();
    let rows: String = (0..SAMPLES).map(|s| format!("f{s}\ts{s}\t{}\n", many(s))).collect();
    let covar = file(lab.path(), "covar.tsv", &format!("#FID\tIID\t{}\n{rows}", header.join("\t")));
    let mut covariates = CovariateOptions { file: covar.clone(), names: Vec::new(), categorical: Vec::new() };
    lab.options.input.covariates = Some(covariates.clone());
    lab.options.input.phenotypes.traits = vec!["height".to_owned()];
    lab.expect(
        "trait 'height': 48 training samples are too few for 55 covariates and an intercept; use fewer covariates",
    );
    covariates.names = vec!["PC1".to_owned()];
    covariates.categorical = vec!["PC2".to_owned()];
    lab.options.input.covariates = Some(covariates.clone());
    lab.expect("covar.tsv: \"PC2\" is to be a category and is no covariate; the covariates are PC1");
    covariates.categorical.clear();
    lab.options.input.covariates = Some(covariates);
    file(lab.path(), "covar.tsv", "#FID\tIID\tPC1\nf1\ts1\t2\nf2\ts2\tNA\nf3\ts3\tinf\n");
    assert!(lab.message().contains("covar.tsv:4: PC1: this is no finite number"), "{}", lab.message());
    file(lab.path(), "covar.tsv", "#FID\tIID\tPC1\nf1\ts1\tNA\nf2\ts2\tNA\nf3\ts3\tnan\n");
    assert!(
        lab.message()
            .starts_with("none of the 60 samples takes part: 3 missing covariate, 57 no row of covariates;"),
        "{}",
        lab.message()
    );
    // Complete cases are what is left, counted.
    let rows: String = (0..SAMPLES)
        .map(|s| format!("f{s}\ts{s}\t{}\n", if s % 4 == 0 { "NA".to_owned() } else { s.to_string() }))
        .collect();
    file(lab.path(), "covar.tsv", &format!("#FID\tIID\tPC1\n{rows}"));
    let plan = SamplePlan::read(&lab.options, &lab.cohort.samples).expect("a plan");
    assert_eq!((plan.counts.used, plan.counts.left_out["missing_covariate"]), (45, 15));
    lab.options.input.covariates = Some(CovariateOptions {
        file: lab.options.input.phenotypes.file.clone(),
        names: Vec::new(),
        categorical: Vec::new(),
    });
    lab.options.input.phenotypes.traits.clear();
    lab.expect("pheno.tsv: it has both traits and covariates, and neither are named; name the traits, the covariates, or both");
}

#[test]
fn weights_and_populations() {
    let mut lab = Lab::new();
    lab.options.weights = Some(lab.labels("w", |s| if s == 4 { "-1".to_owned() } else { "1".to_owned() }));
    lab.expect(
        "labels.tsv:6: w: this is no sample weight (found \"-1\"); give a number of 0 or more, or NA to leave the sample out",
    );
    lab.options.weights = Some(lab.labels("w", |_| "0".to_owned()));
    lab.options.input.phenotypes.traits = vec!["ldl".to_owned()];
    lab.expect(
        "trait 'ldl': no sample trains it: of 60 that take part 0 have no value and 60 have weight 0; check its missing \
         codes, the split and the weights",
    );
    lab.options.weights = None;
    let population = |column, weights, specific| Some(PopulationOptions { column, weights, specific });
    let column = lab.labels("pop", |s| ["EUR", "KAZ"][s % 2].to_owned());
    let named = PopulationWeights::Named(vec![("EAS".to_owned(), 2.0)]);
    lab.options.population = population(column.clone(), named, None);
    lab.expect("population weights: no sample that takes part is of population \"EAS\"; the populations are EUR, KAZ");
    lab.options.population = population(column, PopulationWeights::Unchanged, Some(0.0));
    lab.expect("the penalty factor of effects by population is out of range; give a number above 0");
    let column = lab.labels("pop", |_| "KAZ".to_owned());
    lab.options.population = population(column, PopulationWeights::Unchanged, Some(1.0));
    lab.expect("effects by population need two populations, and all samples are KAZ; fit one effect for all");
    let column = lab.labels("pop", |s| ["ALL", "KAZ"][s % 2].to_owned());
    lab.options.population = population(column, PopulationWeights::Equal, None);
    lab.expect("a population is named ALL, which stands for all populations in the tables; rename it");
    // A population that only tests has an intercept of its own and no effects.
    lab.labels("pop", |s| ["EUR", "KAZ"][s % 2].to_owned());
    let text = std::fs::read_to_string(lab.path().join("labels.tsv")).expect("a text");
    let split = |line: (usize, &str)| match (line.0, line.1.ends_with("KAZ")) {
        (0, _) => "split".to_owned(),
        (_, true) => "test".to_owned(),
        (row, false) => ["valid", "train"][usize::from(row % 3 > 0)].to_owned(),
    };
    let both: String =
        text.lines().enumerate().map(|line| format!("{}\t{}\n", line.1, split(line))).collect();
    file(lab.path(), "labels.tsv", &both);
    lab.options.split = SplitOption::Column(lab.column("split"));
    lab.options.population = population(lab.column("pop"), PopulationWeights::Equal, Some(1.0));
    lab.expect(
        "trait 'ldl': population KAZ has no training samples; leave its samples out, or fit one effect for all",
    );
    lab.options.population = population(lab.column("pop"), PopulationWeights::Equal, None);
    let plan = SamplePlan::read(&lab.options, &lab.cohort.samples).expect("a plan");
    assert_eq!(
        plan.notices,
        [
            "trait 'ldl': population KAZ has no training samples",
            "trait 'ldl': population KAZ has no validation samples"
        ]
    );
}

#[test]
fn names_that_collide() {
    let mut lab = Lab::new();
    lab.options.input.phenotypes.file = pheno(lab.path(), "a/b\tA:b", |s| format!("{s}\t{}", s * 3 % 7));
    lab.expect(
        "trait \"A:b\" and trait \"a/b\" would both be written to A_b.score.txt; rename one of them, with letters, digits, \
         _, . and - alone",
    );
}

#[test]
fn lists_of_variants() {
    let mut lab = Lab::new();
    lab.options.penalty_factors = Some(file(lab.path(), "factors.tsv", "ID factor\nrs1 1\nrs2 -0.5\n"));
    lab.expect(
        "factors.tsv:3: factor: this is no penalty factor (found \"-0.5\"); give a variant id and a factor of 0 (not \
         penalised) or more per line",
    );
    lab.options.penalty_factors = None;
    lab.options.input.extract = Some(file(lab.path(), "extract.txt", "rs999\n"));
    let of_matrix = |options: &FitOptions| {
        let plan = SamplePlan::read(options, &lab.cohort.samples).expect("a plan");
        let matrix = lab.cohort.matrix(&plan);
        plan.variants(&matrix, &lab.cohort.variants)
    };
    assert_eq!(
        of_matrix(&lab.options).expect_err("refused").to_string(),
        "none of the 20 variants takes part: 20 not on extract list; check the lists' ids, or allow rarer variants or more \
         missing calls"
    );
    let mut options = lab.options.clone();
    options.input.extract = None;
    let all_free: String = (0..20).map(|v| format!("rs{v} 0\n")).collect();
    options.penalty_factors = Some(file(lab.path(), "factors.tsv", &all_free));
    assert!(of_matrix(&options).expect_err("refused").to_string().contains("nothing is penalised"));
    options.penalty_factors = Some(file(lab.path(), "factors.tsv", "rs3 0\nrs4 2.5\nrs77 1\n"));
    options.input.exclude = Some(file(lab.path(), "exclude.txt", "rs0 rs1\n"));
    let plan = of_matrix(&options).expect("a plan");
    assert_eq!(
        (plan.counts.used, plan.counts.with_penalty_factor, plan.counts.left_out["excluded"]),
        (18, 2, 2)
    );
    assert_eq!(plan.penalty_factors[..5], [f64::INFINITY, f64::INFINITY, 1.0, 0.0, 2.5]);
}

#[test]
fn variants_that_say_nothing() {
    let mut lab = Lab::new();
    lab.cohort.variants.0[0].chromosome = steppe_genome::Chromosome::X;
    lab.cohort.variants.0[1].position = 0;
    lab.cohort.variants.0[1].id = ".".to_owned();
    let mut columns = steppe_fit::PackedColumns::new(SAMPLES);
    for variant in 0..20 {
        let code = |sample: usize| match variant {
            2 => 1,
            3 if sample < 9 => 3,
            4 => u8::from(sample.is_multiple_of(20)),
            _ => (sample % 3) as u8,
        };
        columns.push_codes((0..SAMPLES).map(code).collect::<Vec<_>>());
    }
    lab.cohort.columns = columns;
    lab.options.input.min_frequency = 0.2;
    let plan = SamplePlan::read(&lab.options, &lab.cohort.samples).expect("a plan");
    let variants = plan.variants(&lab.cohort.matrix(&plan), &lab.cohort.variants).expect("a plan");
    for reason in
        ["not_on_an_autosome", "no_id_and_no_position", "monomorphic", "too_many_missing_calls", "rare"]
    {
        assert_eq!(variants.counts.left_out.get(reason), Some(&1), "{reason}: {:?}", variants.counts);
    }
    assert_eq!(variants.counts.used, 15);
}

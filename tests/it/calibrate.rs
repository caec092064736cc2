//! `steppe calibrate` as a command: a reference of three simulated populations, and the Kazakh-like one as the own cohort.

use std::{collections::HashMap, fmt::Write as _, path::PathBuf};

use steppe_tests::{Call, Run, Table, data_folder, steppe};

use crate::sets::Imported;

/// The simulated cohort with its ancestry, and a score that the test makes.
pub(crate) struct Calibrated {
    pub(crate) imported: Imported,
    pub(crate) data: PathBuf,
}

impl Calibrated {
    pub(crate) fn new() -> Option<Self> {
        data_folder("simulated").map(Self::of)
    }

    /// The same from a folder with the simulated cohort's files.
    pub(crate) fn of(data: PathBuf) -> Self {
        let made = Self { imported: Imported::of(&data.join("geno"), "GRCh38"), data };
        let people = Table::read(&made.data.join("samples.tsv"), '\t');
        let list = |of: &dyn Fn(&str, &str) -> bool| {
            let (population, split) = (people.column("pop"), people.column("split"));
            let rows = people.rows.iter().filter(|row| of(&row[population], &row[split]));
            rows.map(|row| format!("{}\t{}\n", row[0], row[1])).collect::<String>()
        };
        let write =
            |name: &str, text: String| std::fs::write(made.imported.path(name), text).expect("a file");
        write("reference.txt", list(&|population, split| population != "KAZ" && split == "ref"));
        write("cohort.txt", list(&|_, split| split == "valid" || split == "test"));
        write("learn.txt", list(&|_, split| split == "valid"));
        write("scores.tsv", made.scores(&people));
        made.pca().ok();
        made.ancestry("cohort.txt", "ancestry").ok();
        made
    }

    /// Half trait, half noise, and shifted in Kazakhs, as scores that were trained elsewhere are.
    fn scores(&self, people: &Table) -> String {
        let traits = Table::read(&self.data.join("pheno.tsv"), '\t');
        let (quantity, case) = (traits.numbers("QT"), traits.numbers("CC"));
        let mut text = String::from("#FID\tIID\tone\ttwo\n");
        for (at, row) in people.rows.iter().enumerate() {
            let noise = |step: usize| ((at * step) % 1009) as f64 / 504.5 - 1.0;
            let shift = if row[people.column("pop")] == "KAZ" { 1.5 } else { 0.0 };
            let one = 0.6 * (case[at] - 1.0) + 0.3 * quantity[at] + noise(37) + shift;
            let two = 0.5 * quantity[at] + 1.5 * noise(53) - shift;
            writeln!(text, "{}\t{}\t{one}\t{two}", row[0], row[1]).expect("text");
        }
        text
    }

    fn pca(&self) -> Call {
        let population = format!("{}:pop", self.data.join("samples.tsv").display());
        let window = ["--indep-pairwise", "1000", "50", "0.2", "--pcs", "4"];
        let call =
            steppe(["pca", "--cohort"]).arg(self.imported.cohort()).args(["--population", &population]);
        call.args(window)
            .arg("--keep")
            .arg(self.imported.path("reference.txt"))
            .arg("--out")
            .arg(self.imported.path("pca"))
    }

    /// The ancestry of the people of a list.
    pub(crate) fn ancestry(&self, list: &str, out: &str) -> Call {
        steppe(["ancestry", "--cohort"])
            .arg(self.imported.cohort())
            .arg("--reference")
            .arg(self.imported.path("pca"))
            .arg("--keep")
            .arg(self.imported.path(list))
            .arg("--out")
            .arg(self.imported.path(out))
    }

    fn calibrate(&self, options: &[&str], out: &str) -> Run {
        self.calibrate_scores("scores.tsv", options, out)
    }

    /// Calibrates scores that are in a file or folder of the test.
    pub(crate) fn calibrate_scores(&self, scores: &str, options: &[&str], out: &str) -> Run {
        self.calibrate_people("ancestry", scores, options, out)
    }

    /// The same of the people of an ancestry.
    pub(crate) fn calibrate_people(&self, ancestry: &str, scores: &str, options: &[&str], out: &str) -> Run {
        let mut call = steppe(["calibrate"]);
        for (option, file) in [
            ("--reference", "pca"),
            ("--reference-scores", scores),
            ("--ancestry", ancestry),
            ("--scores", scores),
            ("--out", out),
        ] {
            call = call.arg(option).arg(self.imported.path(file));
        }
        call.args(options).run()
    }

    fn with_disease(&self, options: &[&str], out: &str) -> Run {
        self.with_disease_by("scores.tsv", options, out)
    }

    /// The same with the phenotype of some people.
    pub(crate) fn with_disease_by(&self, scores: &str, options: &[&str], out: &str) -> Run {
        let population = self.populations();
        let traits = self.data.join("pheno.tsv").display().to_string();
        let learn = self.imported.path("learn.txt").display().to_string();
        let all = [
            "--population",
            &population,
            "--target",
            "KAZ",
            "--pheno",
            &traits,
            "--trait",
            "CC",
            "--learn",
            &learn,
        ];
        self.calibrate_scores(scores, &[&all[..], options].concat(), out)
    }

    /// The column of everyone's population.
    pub(crate) fn populations(&self) -> String {
        format!("{}:pop", self.data.join("samples.tsv").display())
    }

    pub(crate) fn table(&self, name: &str) -> Table {
        Table::read(&self.imported.path(name), '\t')
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn a_cohort_that_the_reference_lacks_gets_adjusted_scores_and_calibrated_risks() {
    let Some(made) = Calibrated::new() else { return };
    let run = made.with_disease(&[], "model").expect_status(0);
    assert!(run.stdout.contains("KAZ") && run.stdout.contains("calibrated"), "{}", run.stdout);
    let people = made.table("model/calibrated.tsv");
    let case: HashMap<String, bool> =
        made.table_of_traits().rows.iter().map(|row| (row[1].clone(), row[3] == "2")).collect();
    let learnt: Vec<String> = std::fs::read_to_string(made.imported.path("learn.txt"))
        .expect("a list")
        .lines()
        .filter_map(|line| line.split('\t').nth(1).map(str::to_owned))
        .collect();
    let [score, population] = ["score", "population"].map(|name| people.column(name));
    let those: Vec<&Vec<String>> = people
        .rows
        .iter()
        .filter(|row| row[score] == "one" && row[population] == "KAZ" && !learnt.contains(&row[1]))
        .collect();
    assert_eq!(those.len(), 400, "everyone is there");
    let numbers = |name: &str| -> Vec<f64> {
        let column = people.column(name);
        those.iter().map(|row| row[column].parse().expect("a number")).collect()
    };
    let adjusted = numbers("adjusted");
    let sd = (mean(&adjusted.iter().map(|z| z * z).collect::<Vec<_>>()) - mean(&adjusted).powi(2)).sqrt();
    assert!(mean(&adjusted).abs() < 0.15 && (0.85..1.15).contains(&sd), "{} {sd}", mean(&adjusted));
    // Other tools take the shift for high scores.
    assert!(mean(&numbers("z_norm2")) > 0.8, "{}", mean(&numbers("z_norm2")));
    let expected = mean(&numbers("risk"));
    let observed = those.iter().filter(|row| case[&row[1]]).count() as f64 / those.len() as f64;
    assert!((expected / observed - 1.0).abs() < 0.35, "{expected} {observed}");
    let (low, risk, high) = (numbers("risk_low"), numbers("risk"), numbers("risk_high"));
    assert!(low.iter().zip(&risk).zip(&high).all(|((low, risk), high)| low < risk && risk < high));
    for language in ["en", "kk", "ru"] {
        let page = std::fs::read_to_string(made.imported.path(&format!("model/report.{language}.html")));
        let page = page.expect("a report");
        assert!(page.contains("KAZ") && page.contains(&format!("lang=\"{language}\"")), "{language}");
    }
    let again = made.with_disease(&[], "model").expect_status(0);
    assert!(again.stderr.contains("there already"), "{}", again.stderr);
}

impl Calibrated {
    fn table_of_traits(&self) -> Table {
        Table::read(&self.data.join("pheno.tsv"), '\t')
    }
}

#[test]
fn without_phenotypes_scores_are_adjusted_and_stacked_with_them() {
    let Some(made) = Calibrated::new() else { return };
    made.calibrate(&["--score-name", "one"], "adjusted").expect_status(0);
    let people = made.table("adjusted/calibrated.tsv");
    let (risk, adjusted) = (people.column("risk"), people.column("adjusted"));
    assert!(people.rows.iter().all(|row| row[risk] == "NA" && row[adjusted] != "NA"));
    for name in ["adjusted", "z_norm1", "z_norm2", "z_most_similar", "percentile_most_similar"] {
        let errors = people.numbers(&format!("{name}_error"));
        assert!(errors.iter().all(|error| 0.0 < *error && *error < 20.0), "{name} has an error everywhere");
    }
    let run = made.with_disease(&["--combine", "--trained-on", "2000", "1000"], "stacked").expect_status(0);
    assert!(run.stdout.contains("stacked"), "{}", run.stdout);
    let names = made.table("stacked/calibrated.tsv");
    let score = names.column("score");
    assert!(names.rows.iter().any(|row| row[score] == "stacked"));
}

/// Yearly incidence and mortality from 40 to 60 and from 60 to 80.
const RATES: &str = "age,incidence,mortality\n40,0.002,0.001\n60,0.008,0.01\n80,,\n";

/// The risk of an average person from 40 to 80 under these rates, by steps of a day.
fn average_risk() -> f64 {
    let (mut free, mut risk) = (1.0, 0.0);
    for day in 0..40 * 365 {
        let (incidence, mortality) = if day < 20 * 365 { (0.002, 0.001) } else { (0.008, 0.01) };
        risk += free * incidence / 365.0;
        free *= 1.0 - (incidence + mortality) / 365.0;
    }
    risk
}

#[test]
fn absolute_risks_are_of_the_own_cohort_and_average_to_its_rates() {
    let Some(made) = Calibrated::new() else { return };
    let rates = made.imported.path("rates.csv");
    std::fs::write(&rates, RATES).expect("rates");
    let rates = rates.to_str().expect("a path");
    made.with_disease(&["--rates", rates, "--score-name", "one"], "absolute").expect_status(0);
    let people = made.table("absolute/calibrated.tsv");
    let of = |row: &[String], name: &str| row[people.column(name)].parse::<f64>().ok();
    let (mut found, mut others) = (Vec::new(), 0);
    for row in &people.rows {
        if row[people.column("population")] != "KAZ" {
            assert!(["age_from", "absolute_risk"].iter().all(|name| of(row, name).is_none()));
            others += 1;
            continue;
        }
        let [low, risk, high] = ["absolute_risk_low", "absolute_risk", "absolute_risk_high"]
            .map(|name| of(row, name).expect("a number"));
        assert!(0.0 < low && low <= risk && risk <= high && high < 1.0, "{low} {risk} {high}");
        assert_eq!((of(row, "age_from"), of(row, "age_to")), (Some(40.0), Some(80.0)));
        found.push((of(row, "risk").expect("a risk"), risk));
    }
    assert!(others > 100 && found.len() > 100);
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert!(
        found.windows(2).all(|pair| pair[0].1 <= pair[1].1 + 1e-12),
        "the order of risks is that of absolute risks"
    );
    let mean = mean(&found.iter().map(|pair| pair.1).collect::<Vec<f64>>());
    // Somewhat less than the average person's: those at high risk fall ill early.
    let ratio = mean / average_risk();
    assert!(0.85 < ratio && ratio <= 1.0, "{ratio}");
}

#[test]
fn ages_and_years_say_what_absolute_risks_are_for() {
    let Some(made) = Calibrated::new() else { return };
    let (rates, ages) = (made.imported.path("rates.csv"), made.imported.path("ages.tsv"));
    std::fs::write(&rates, RATES).expect("rates");
    let samples = Table::read(&made.data.join("samples.tsv"), '\t');
    let age = |at: usize| match at % 4 {
        0 => "NA".to_owned(),
        1 => "75.5".to_owned(),
        _ => format!("{}", 41 + at % 20),
    };
    let rows =
        samples.rows.iter().enumerate().map(|(at, row)| format!("{}\t{}\t{}\n", row[0], row[1], age(at)));
    std::fs::write(&ages, format!("#FID\tIID\tage\n{}", rows.collect::<String>())).expect("ages");
    let (rates, ages) = (rates.display().to_string(), format!("{}:age", ages.display()));
    let options = ["--score-name", "one", "--rates", &rates, "--age", &ages, "--years", "10"];
    let run = made.with_disease(&options, "ten").expect_status(0);
    assert!(run.stderr.contains("have no age") && run.stderr.contains("does not cover"), "{}", run.stderr);
    let people = made.table("ten/calibrated.tsv");
    let of = |row: &[String], name: &str| row[people.column(name)].parse::<f64>().ok();
    let with: Vec<_> =
        people.rows.iter().filter_map(|row| of(row, "age_from").zip(of(row, "age_to"))).collect();
    assert!(
        with.len() > 50 && with.iter().all(|(from, to)| (41.0..=60.0).contains(from) && *to == from + 10.0)
    );
    std::fs::write(made.imported.path("bad.csv"), RATES.replace("60,0.008", "60,many")).expect("rates");
    std::fs::write(made.imported.path("down.csv"), RATES.replace("80", "50")).expect("rates");
    let (bad, down) = (made.imported.path("bad.csv"), made.imported.path("down.csv"));
    let (bad, down) = (bad.display().to_string(), down.display().to_string());
    for (options, said) in [
        (&["--rates", bad.as_str()][..], "the incidence is no number"),
        (&["--rates", down.as_str()], "above the one before"),
        (&["--age", ages.as_str()], "--rates"),
        (&["--rates", rates.as_str(), "--years", "0"], "above 0"),
    ] {
        let refused = made.with_disease(options, "no").expect_status(2);
        assert!(refused.stderr.contains(said), "{options:?}: {}", refused.stderr);
    }
}

#[test]
fn the_page_has_transfer_and_deciles_and_the_tables_are_in_sql() {
    let Some(made) = Calibrated::new() else { return };
    made.with_disease(&["--score-name", "one", "--trained-in", "EUR"], "eur").expect_status(0);
    let page = std::fs::read_to_string(made.imported.path("eur/report.en.html")).expect("a page");
    assert!(
        page.contains("from the middle of EUR in the reference") && page.contains("There is nothing to draw")
    );
    let plot = |name: &str| std::fs::read_to_string(made.imported.path(&format!("eur/report.{name}.svg")));
    // 152 cases are enough for two bins of distance, and in no population for tenths: the page says so.
    assert!(plot("transfer").expect("a plot").contains("<title"));
    assert!(plot("deciles").is_err() && page.contains("cases: 41 of 50"));
    let refused = made.with_disease(&["--trained-in", "SAS"], "no").expect_status(2);
    assert!(refused.stderr.contains("choose among AFR, EAS, EUR"), "{}", refused.stderr);
    let population = format!("{}:pop", made.data.join("samples.tsv").display());
    let evaluation = made.imported.path("evaluation");
    steppe(["evaluate", "--scores"])
        .arg(made.imported.path("scores.tsv"))
        .arg("--pheno")
        .arg(made.data.join("pheno.tsv"))
        .args([
            "--trait",
            "CC",
            "--population",
            &population,
            "--resamples",
            "20",
            "--permutations",
            "0",
            "--out",
        ])
        .arg(&evaluation)
        .ok();
    let ask = |query: &str| {
        steppe(["sql", "--format", "csv", "--result"])
            .arg(made.imported.path("eur"))
            .arg("--result")
            .arg(&evaluation)
            .arg(query)
            .ok()
            .stdout
    };
    let people = made.table("eur/calibrated.tsv").rows.len();
    assert_eq!(ask("SELECT count(*) AS n FROM calibrated").trim(), format!("n\n{people}"));
    let tenths = "SELECT count(*) AS n FROM deciles WHERE group_name = 'EUR' AND model = 'one'";
    assert_eq!(ask(tenths).trim(), "n\n10");
    let best = "SELECT model FROM metrics WHERE metric = 'auc' AND group_name = 'all' AND versus IS NULL \
                AND interval_method = 'delong' ORDER BY estimate DESC LIMIT 1";
    assert_eq!(ask(best).trim(), "model\none");
}

#[test]
fn wrong_inputs_are_refused() {
    let Some(made) = Calibrated::new() else { return };
    for (options, said) in [
        (&["--score-name", "three"][..], "choose among one, two"),
        (&["--pcs", "9"], "the reference has 4"),
        (&["--prevalence", "0.1"], "needs phenotypes"),
        (&["--combine"], "needs phenotypes"),
        (&["--target", "KAZ", "--population", "nowhere"], "--population"),
    ] {
        let run = made.calibrate(options, "no").expect_status(2);
        assert!(run.stderr.contains(said), "{options:?}: {}", run.stderr);
    }
    let nobody = made.with_disease(&["--combine", "--trained-on", "7"], "no").expect_status(2);
    assert!(nobody.stderr.contains("a number for each score"), "{}", nobody.stderr);
    let swapped = steppe(["calibrate", "--reference"])
        .arg(made.imported.path("ancestry"))
        .arg("--reference-scores")
        .arg(made.imported.path("scores.tsv"))
        .arg("--ancestry")
        .arg(made.imported.path("pca"))
        .arg("--scores")
        .arg(made.imported.path("scores.tsv"))
        .arg("--out")
        .arg(made.imported.path("no"))
        .run()
        .expect_status(2);
    assert!(swapped.stderr.contains("steppe pca"), "{}", swapped.stderr);
    assert!(!made.imported.path("no").exists());
}

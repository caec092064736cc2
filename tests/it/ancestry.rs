//! `steppe pca` and `steppe ancestry` as commands, on the simulated populations: the Kazakh-like one is missing from the
//! reference.

use std::{collections::HashMap, fmt::Write as _, path::PathBuf};

use steppe_tests::{Run, Table, data_folder, steppe};

use crate::sets::{Imported, Part};

/// The simulated cohort, and lists of its people.
struct Simulated {
    imported: Imported,
    data: PathBuf,
}

impl Simulated {
    fn new() -> Option<Self> {
        let data = data_folder("simulated")?;
        let simulated = Self { imported: Imported::of(&data.join("geno"), "GRCh38"), data };
        let people = simulated.people();
        let of = |populations: &[&str], split: &str| {
            let mut list = String::new();
            for row in &people.rows {
                if populations.contains(&row[people.column("pop")].as_str())
                    && row[people.column("split")] == split
                {
                    writeln!(list, "{}\t{}", row[0], row[1]).expect("text");
                }
            }
            list
        };
        let write = |name: &str, text: String| {
            std::fs::write(simulated.imported.path(name), text).expect("a list");
        };
        write("reference.txt", of(&["EUR", "EAS", "AFR"], "ref"));
        write("europeans.txt", of(&["EUR"], "ref"));
        write("targets.txt", of(&["EUR", "EAS", "AFR", "KAZ"], "test"));
        Some(simulated)
    }

    fn people(&self) -> Table {
        Table::read(&self.data.join("samples.tsv"), '\t')
    }

    fn pca(&self, options: &[&str], out: &str) -> Run {
        let population = format!("{}:pop", self.data.join("samples.tsv").display());
        steppe(["pca", "--cohort"])
            .arg(self.imported.cohort())
            .arg("--keep")
            .arg(self.imported.path("reference.txt"))
            .args(if options.contains(&"unlabelled") {
                vec![]
            } else {
                vec!["--population".to_owned(), population]
            })
            .args(options.iter().filter(|option| **option != "unlabelled"))
            .arg("--out")
            .arg(self.imported.path(out))
            .run()
    }

    fn ancestry(&self, reference: &str, options: &[&str], out: &str) -> Run {
        steppe(["ancestry", "--cohort"])
            .arg(self.imported.cohort())
            .arg("--reference")
            .arg(self.imported.path(reference))
            .args(options)
            .arg("--out")
            .arg(self.imported.path(out))
            .run()
    }

    fn table(&self, name: &str) -> Table {
        Table::read(&self.imported.path(name), '\t')
    }
}

#[test]
fn people_of_a_population_that_the_reference_lacks_are_flagged_and_nobody_is_left_out() {
    let Some(simulated) = Simulated::new() else { return };
    let found =
        simulated.pca(&["--pcs", "4", "--maf", "0.01", "--indep-pairwise", "1000", "50", "0.2"], "pca");
    let found = found.expect_status(0);
    assert!(found.stdout.contains("PC4") && found.stdout.contains("600 people"), "{}", found.stdout);
    let targets = simulated.imported.path("targets.txt");
    let keep = ["--keep", targets.to_str().expect("a path")];
    simulated.ancestry("pca", &keep, "ancestry").expect_status(0);
    let (people, ancestry) = (simulated.people(), simulated.table("ancestry/ancestry.tsv"));
    assert_eq!(ancestry.rows.len(), 1700, "nobody is left out");
    let truth: HashMap<&str, (&str, &str)> = people
        .rows
        .iter()
        .map(|row| {
            (row[1].as_str(), (row[people.column("pop")].as_str(), row[people.column("east")].as_str()))
        })
        .collect();
    let (outside, similar) = (ancestry.column("outside"), ancestry.column("most_similar"));
    let of = |population: &str| {
        ancestry.rows.iter().filter(|row| truth[row[1].as_str()].0 == population).collect::<Vec<_>>()
    };
    for population in ["EUR", "EAS", "AFR"] {
        let rows = of(population);
        let right = rows.iter().filter(|row| row[similar] == population).count();
        assert!(right * 100 >= rows.len() * 99, "{population}: {right} of {}", rows.len());
        let flagged = rows.iter().filter(|row| row[outside] == "1").count();
        assert!(flagged * 100 <= rows.len() * 4, "{population}: {flagged} of {} flagged", rows.len());
    }
    let kazakh = of("KAZ");
    let flagged = kazakh.iter().filter(|row| row[outside] == "1").count();
    assert!(flagged * 100 >= kazakh.len() * 90, "{flagged} of {} flagged", kazakh.len());
    let admixture = ancestry.column("admixture_EAS");
    // The file has each person's expected fraction; on three short chromosomes a person's own differs much from it.
    let errors: Vec<f64> = kazakh
        .iter()
        .map(|row| {
            let east: f64 = truth[row[1].as_str()].1.parse().expect("a fraction");
            row[admixture].parse::<f64>().expect("a proportion") - east
        })
        .collect();
    let bias = errors.iter().sum::<f64>() / errors.len() as f64;
    let root_mean_square =
        (errors.iter().map(|error| error * error).sum::<f64>() / errors.len() as f64).sqrt();
    assert!(bias.abs() < 0.04 && root_mean_square < 0.18, "{bias} {root_mean_square}");
    one_person_alone(&simulated, &ancestry);
}

/// A cohort of one works, and says the same.
fn one_person_alone(simulated: &Simulated, all: &Table) {
    let first = &all.rows[0];
    let list = simulated.imported.path("one.txt");
    std::fs::write(&list, format!("{}\t{}\n", first[0], first[1])).expect("a list");
    simulated.ancestry("pca", &["--keep", list.to_str().expect("a path")], "one").expect_status(0);
    assert_eq!(simulated.table("one/ancestry.tsv").rows, std::slice::from_ref(first));
}

#[test]
fn references_that_can_not_serve_are_refused() {
    let Some(simulated) = Simulated::new() else { return };
    let narrow = ["--pcs", "3", "--indep-pairwise", "1000", "50", "0.2"];
    let few =
        simulated.pca(&["--maf", "0.49", "--indep-pairwise", "1000", "50", "0.001"], "few").expect_status(2);
    assert!(few.stderr.contains("at least 200 are needed"), "{}", few.stderr);
    assert!(!simulated.imported.path("few").exists());
    simulated.pca(&[&narrow[..], &["unlabelled"]].concat(), "unlabelled").expect_status(0);
    // The same list in another role is another job.
    let other = steppe(["pca", "--cohort"])
        .arg(simulated.imported.cohort())
        .arg("--unrelated")
        .arg(simulated.imported.path("reference.txt"))
        .args(narrow)
        .arg("--out")
        .arg(simulated.imported.path("unlabelled"))
        .run()
        .expect_status(2);
    assert!(other.stderr.contains("other inputs or parameters"), "{}", other.stderr);
    let refused = simulated.ancestry("unlabelled", &[], "no").expect_status(2);
    assert!(refused.stderr.contains("--population"), "{}", refused.stderr);
    let nothing = simulated.ancestry("reference.txt", &[], "no").expect_status(2);
    assert!(nothing.stderr.contains("steppe pca"), "{}", nothing.stderr);
    let window = simulated.pca(&["--indep-pairwise", "500kb", "5", "0.2"], "no").expect_status(2);
    assert!(window.stderr.contains("kilobases"), "{}", window.stderr);
    assert!(!simulated.imported.path("no").exists());
}

#[test]
fn a_reference_on_another_build_is_refused() {
    let Some(simulated) = Simulated::new() else { return };
    simulated.pca(&["--pcs", "3", "--indep-pairwise", "1000", "50", "0.2"], "pca").expect_status(0);
    let other = Imported::of(&simulated.data.join("geno"), "GRCh37");
    let refused = steppe(["ancestry", "--cohort"])
        .arg(other.cohort())
        .arg("--reference")
        .arg(simulated.imported.path("pca"))
        .arg("--out")
        .arg(other.path("no"))
        .run()
        .expect_status(2);
    assert!(refused.stderr.contains("GRCh38") && refused.stderr.contains("GRCh37"), "{}", refused.stderr);
}

#[test]
fn a_population_of_three_borrows_its_shape_and_one_alone_is_no_comparison() {
    let Some(simulated) = Simulated::new() else { return };
    let list = simulated.imported.path("reference.txt");
    let all = std::fs::read_to_string(&list).expect("a list");
    let (african, others): (Vec<&str>, Vec<&str>) = all.lines().partition(|line| line.contains("AFR"));
    std::fs::write(&list, [&african[..3], &others].concat().join("\n")).expect("a list");
    let narrow = ["--pcs", "4", "--indep-pairwise", "1000", "50", "0.2"];
    let small = simulated.pca(&narrow, "small").expect_status(0);
    for said in ["AFR has 3 people, fewer than components", "below 1000 they are rough"] {
        assert!(small.stderr.contains(said), "{}", small.stderr);
    }
    let targets = simulated.imported.path("targets.txt");
    let keep = ["--keep", targets.to_str().expect("a path")];
    let placed = simulated.ancestry("small", &keep, "of-small").expect_status(0);
    assert!(placed.stderr.contains("below 1000"), "{}", placed.stderr);
    assert_eq!(simulated.table("of-small/ancestry.tsv").rows.len(), 1700);
    std::fs::copy(simulated.imported.path("europeans.txt"), &list).expect("a list");
    let single = simulated.pca(&narrow, "single").expect_status(0);
    assert!(single.stderr.contains("all are of population EUR"), "{}", single.stderr);
    let refused = simulated.ancestry("single", &keep, "no").expect_status(2);
    assert!(refused.stderr.contains("populations in the reference: 1"), "{}", refused.stderr);
    assert!(!simulated.imported.path("no").exists());
}

#[test]
fn a_cohort_that_shares_too_few_variants_is_refused_with_their_number() {
    let Some(simulated) = Simulated::new() else { return };
    simulated.pca(&["--pcs", "3", "--indep-pairwise", "1000", "50", "0.2"], "pca").expect_status(0);
    let (source, people) = (simulated.data.join("geno"), (0..50).collect::<Vec<_>>());
    let part = Part { source: &source, people: &people, variants: 0..2000, missing: &[] }.import("GRCh38");
    let refused = steppe(["ancestry", "--cohort"])
        .arg(part.cohort())
        .arg("--reference")
        .arg(simulated.imported.path("pca"))
        .arg("--out")
        .arg(part.path("no"))
        .run()
        .expect_status(2);
    assert!(
        refused.stderr.contains("variants of the principal components are in the target, 200 are needed"),
        "{}",
        refused.stderr
    );
    assert!(!part.path("no").exists());
}

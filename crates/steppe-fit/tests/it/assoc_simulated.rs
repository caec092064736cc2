//! On the simulated cohort: tested allele, counts and separation against the `.glm` files that lie beside it; and, where
//! plink2 is installed, every number against a run of it with covariates that are known (the files' own are not).

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    process::Command,
    time::Instant,
};

use steppe_fit::assoc::{AssocOptions, Firth, TraitKind};

use super::{
    assoc_plink2::compare,
    assoc_support::{
        Cohort, NamedColumn, TraitColumn, associate, cases, cohort, columns, data, glm, table, units,
    },
};

fn population(simulated: &Path, name: &str) -> Cohort {
    let keep = table(&simulated.join(format!("keep.{name}.train.txt")));
    let keep: HashSet<String> = keep.into_iter().map(|row| row[1].clone()).collect();
    cohort(&simulated.join("geno"), |sample| keep.contains(sample))
}

fn traits(simulated: &Path, cohort: &Cohort) -> Vec<TraitColumn> {
    let kinds = [TraitKind::Quantitative, TraitKind::Binary];
    let columns = columns(&simulated.join("pheno.tsv"), cohort).into_iter().zip(kinds);
    columns
        .map(|((name, values), kind)| {
            (name, kind, if kind == TraitKind::Binary { cases(&values) } else { values })
        })
        .collect()
}

fn options() -> AssocOptions {
    AssocOptions { firth: Firth::Never, ..AssocOptions::default() }
}

#[test]
fn alleles_counts_and_separation_equal_the_published_files() {
    let Some(data) = data() else { return };
    let simulated = data.join("simulated");
    let mut compared = 0;
    for name in ["EUR", "EAS", "AFR", "KAZ"] {
        let cohort = population(&simulated, name);
        let covariates = columns(&simulated.join("covar.tsv"), &cohort);
        let (results, _) = associate(&cohort.matrix, &traits(&simulated, &cohort), &covariates, options());
        let place: HashMap<&str, usize> =
            cohort.variants.iter().enumerate().map(|(place, id)| (id.as_str(), place)).collect();
        for (results, file) in results.iter().zip(["QT.glm.linear", "CC.glm.logistic"]) {
            for row in glm(&simulated.join(format!("gwas/{name}.{file}"))) {
                let (id, ours) = (&row["ID"], &results[place[row["ID"].as_str()]]);
                assert_eq!(ours.tests_counted, row["A1"] == row["ALT"], "A1 of {id}");
                assert_eq!(ours.samples.to_string(), row["OBS_CT"], "OBS_CT of {id}");
                assert_eq!(units(ours.frequency, &row["A1_FREQ"]), 0.0, "A1_FREQ of {id}");
                assert_eq!(ours.outcome.is_err(), row["P"] == "NA", "{id} in {name} {file}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 2 * (5941 + 5256 + 3906 + 6067));
}

fn plink2(arguments: &[&str]) -> bool {
    Command::new("plink2").args(arguments).output().is_ok_and(|output| output.status.success())
}

#[test]
fn every_number_equals_a_run_of_plink2() {
    let Some(data) = data() else { return };
    if !plink2(&["--version"]) {
        eprintln!("skipped: plink2 is not installed");
        return;
    }
    let simulated = data.join("simulated");
    for name in ["EUR", "KAZ"] {
        let folder = std::env::temp_dir().join(format!("steppe-assoc-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = |file: &str| folder.join(file).to_string_lossy().into_owned();
        let shared = |file: &str| simulated.join(file).to_string_lossy().into_owned();
        let keep = shared(&format!("keep.{name}.train.txt"));
        let base = ["--bfile", &shared("geno"), "--keep", &keep, "--threads", "1"];
        assert!(plink2(&[&base[..], &["--maf", "0.05", "--pca", "10", "--out", &path("pca")]].concat()));
        let cohort = population(&simulated, name);
        let mut covariates = columns(&simulated.join("covar.tsv"), &cohort);
        covariates.extend(columns(&folder.join("pca.eigenvec"), &cohort));
        write_covariates(&folder.join("covar.tsv"), &cohort, &covariates);
        let glm_columns = "cols=chrom,pos,ref,alt,a1freq,nobs,beta,se,tz,p,err";
        let run = ["--pheno", &shared("pheno.tsv"), "--covar", &path("covar.tsv"), "--out", &path("out")];
        let how = ["--covar-variance-standardize", "--glm", "hide-covar", "no-firth", glm_columns];
        assert!(plink2(&[&base[..], &run, &how].concat()));
        for ((trait_name, kind, values), suffix) in
            traits(&simulated, &cohort).into_iter().zip(["linear", "logistic"])
        {
            let started = Instant::now();
            let one = [(trait_name.clone(), kind, values)];
            let (results, _) = associate(&cohort.matrix, &one, &covariates, options());
            let seconds = started.elapsed().as_secs_f64();
            let agreement =
                compare(&results[0], &glm(&folder.join(format!("out.{trait_name}.glm.{suffix}"))));
            eprintln!("{name} {trait_name}: {agreement}, {seconds:.2} s");
            assert_eq!(agreement.rows, 9000);
            match kind {
                TraitKind::Quantitative => assert!(agreement.differ.is_empty(), "{:?}", agreement.differ),
                // plink2 fits binary traits in single precision.
                TraitKind::Binary => assert!(agreement.worst < 1e-4),
            }
        }
        std::fs::remove_dir_all(&folder).expect("the folder goes");
    }
}

fn write_covariates(path: &Path, cohort: &Cohort, covariates: &[NamedColumn]) {
    let names: Vec<&str> = covariates.iter().map(|(name, _)| name.as_str()).collect();
    let mut text = format!("#IID\t{}\n", names.join("\t"));
    for (place, sample) in cohort.samples.iter().enumerate() {
        let cells: Vec<String> = covariates.iter().map(|(_, values)| values[place].to_string()).collect();
        text += &format!("{sample}\t{}\n", cells.join("\t"));
    }
    std::fs::write(path, text).expect("covariates");
}

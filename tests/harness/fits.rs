//! Fits of made-up cohorts.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{Call, steppe};

/// PLINK files and phenotypes of a made-up cohort.
#[derive(Debug, Clone)]
pub struct FitData {
    /// The prefix of the files.
    pub prefix: PathBuf,
}

impl FitData {
    /// Makes some people of three populations, with this share of missing calls.
    pub fn simulate(folder: &Path, missing: f64) -> Self {
        let prefix = folder.join("people");
        let people = ["--population", "EUR=400", "--population", "EAS=150", "--population", "KAZ=150"];
        let missing = missing.to_string();
        steppe(["simulate", "--variants", "3000", "--missing-rate", &missing])
            .args(people)
            .arg("--out")
            .arg(&prefix)
            .ok();
        Self { prefix }
    }

    /// The phenotype file.
    pub fn phenotypes(&self) -> PathBuf {
        self.prefix.with_extension("pheno.tsv")
    }

    /// Adds a fit of both traits to a command line, all but the place of its result.
    pub fn fit(&self, call: Call, cohort: &str) -> Call {
        let call = call.args(["fit", "lasso", "--cohort", cohort, "--pheno"]).arg(self.phenotypes());
        call.args(["--trait", "QT,CC", "--split", "split", "--population", "population", "--refit"]).args([
            "--no-early-stopping",
            "--lambdas",
            "30",
            "--lambda-min-ratio",
            "0.05",
        ])
    }
}

impl FitData {
    /// Adds a block ridge of both traits to a command line, all but the place of its result.
    pub fn ridge(&self, call: Call, cohort: &str) -> Call {
        let call = call.args(["fit", "ridge", "--cohort", cohort, "--pheno"]).arg(self.phenotypes());
        call.args(["--trait", "QT,CC", "--folds", "3", "--block-size", "40"])
    }

    /// Adds an association of both traits to a command line, all but the place of its result.
    pub fn assoc(&self, call: Call, cohort: &str) -> Call {
        let call = call.args(["assoc", "--cohort", cohort, "--pheno"]).arg(self.phenotypes());
        call.args(["--trait", "QT,CC"])
    }

    /// Adds principal components to a command line, all but the place of their result.
    pub fn pca(&self, call: Call, cohort: &str) -> Call {
        let column = format!("{}:population", self.phenotypes().display());
        let call = call.args(["pca", "--cohort", cohort, "--population", &column]);
        call.args(["--pcs", "2", "--angle", "0.1", "--held-out-folds", "2"]).args([
            "--indep-pairwise",
            "200",
            "20",
            "0.5",
        ])
    }

    /// Adds an ancestry by the components in the folder `pca-local` beside the files, all but the place of its result.
    pub fn ancestry(&self, call: Call, cohort: &str) -> Call {
        let reference = self.prefix.with_file_name("pca-local");
        call.args(["ancestry", "--cohort", cohort, "--reference"]).arg(reference)
    }
}

/// The hashes of a fit's files, but for those that say how long it took, and where it is.
///
/// # Errors
/// A folder that can not be read.
pub fn fit_digests(folder: &Path) -> Result<BTreeMap<String, String>, String> {
    let unreadable = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut digests = BTreeMap::new();
    for file in std::fs::read_dir(folder).map_err(unreadable)? {
        let file = file.map_err(unreadable)?;
        let name = file.file_name().to_string_lossy().into_owned();
        if !["run.json", "pred.list"].contains(&name.as_str()) && !name.ends_with(".html") {
            let content = std::fs::read(file.path()).map_err(unreadable)?;
            digests.insert(name, blake3::hash(&content).to_hex().to_string());
        }
    }
    let found = |name: &String| {
        name.ends_with(".score.txt")
            || name.contains(".glm.")
            || ["reference.cbor", "ancestry.tsv"].contains(&name.as_str())
    };
    if digests.keys().any(found) {
        Ok(digests)
    } else {
        Err(format!("{}: no weights, tests or ancestries among {:?}", folder.display(), digests.keys()))
    }
}

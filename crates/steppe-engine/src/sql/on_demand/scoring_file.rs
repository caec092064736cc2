//! Which file of a folder is the scoring file of a score.

use steppe_formats::scoring_file::scoring_file_stem;
use steppe_genome::GenomeBuild;

use crate::EngineError;

/// What stands before the build in the names of the PGS Catalog's harmonised files.
const HARMONISED: &str = "_hmPOS_";

/// The scoring file of a score among the names of a folder's files: the one that is harmonised to the cohort's build, or else
/// the one that is called as the score is, or else the only one whose name goes on after the score's with `_`.
pub(super) fn choose<'n>(
    score: &str,
    build: GenomeBuild,
    names: impl Iterator<Item = &'n str>,
) -> Result<&'n str, EngineError> {
    let of_cohort = format!("{HARMONISED}{build}");
    // From the best: one step is left for the next only where it is empty.
    let mut steps: [Vec<&str>; 4] = Default::default();
    for name in names.filter(|name| !name.contains('/')) {
        let Some(rest) = scoring_file_stem(name).and_then(|stem| stem.strip_prefix(score)) else { continue };
        let step = match rest {
            rest if rest == of_cohort => 0,
            "" => 1,
            rest if rest.starts_with(HARMONISED) => 3,
            rest if rest.starts_with('_') => 2,
            _ => continue,
        };
        steps[step].push(name);
    }
    let [.., of_other_builds] = &steps;
    match steps[..3].iter().find(|names| !names.is_empty()).map(Vec::as_slice) {
        Some(&[name]) => Ok(name),
        Some(names) => Err(EngineError::refused(
            format!("score {score:?} could be {}", names.join(" or ")),
            "ask for a file by its name without extensions, or leave one of them in the folder",
        )),
        None => Err(missing(score, build, of_other_builds)),
    }
}

fn missing(score: &str, build: GenomeBuild, of_other_builds: &[&str]) -> EngineError {
    match of_other_builds {
        [] => EngineError::refused(
            format!("no run has score {score:?}, and there is no scoring file of it"),
            format!("put {score}.txt.gz into the folder of scoring files"),
        ),
        [other, ..] => EngineError::refused(
            format!("the scoring file of {score:?} is {other}, and the cohort is in {build}"),
            format!(
                "put {score}{HARMONISED}{build}.txt.gz of the PGS Catalog into the folder of scoring files"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'n>(score: &str, names: &[&'n str]) -> Result<&'n str, String> {
        choose(score, GenomeBuild::Grch38, names.iter().copied()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_file_of_the_cohorts_build_goes_before_the_others() {
        let catalog = ["PGS000018.txt.gz", "PGS000018_hmPOS_GRCh37.txt.gz", "PGS000018_hmPOS_GRCh38.txt.gz"];
        assert_eq!(of("PGS000018", &catalog), Ok(catalog[2]));
        assert_eq!(of("PGS000018", &catalog[..2]), Ok(catalog[0]));
        assert_eq!(of("PGS000018_hmPOS_GRCh37", &catalog), Ok(catalog[1]));
        assert_eq!(of("height", &["height.tsv", "height_2019.txt"]), Ok("height.tsv"));
        assert_eq!(
            of("height", &["height_2019.txt.zst", "heights.txt", "height.bed"]),
            Ok("height_2019.txt.zst")
        );
    }

    #[test]
    fn what_is_missing_or_not_alone_is_said() {
        for (score, names, told) in [
            ("height", &["height_2019.txt", "height_2021.txt"][..], "height_2019.txt or height_2021.txt"),
            ("height", &["height.txt", "height.tsv.gz"], "height.txt or height.tsv.gz"),
            (
                "height",
                &["heights.txt", "a/height.txt", ".height.txt", "height"],
                "there is no scoring file of it",
            ),
            ("P1", &["P1_hmPOS_GRCh37.txt.gz"], "is P1_hmPOS_GRCh37.txt.gz, and the cohort is in GRCh38"),
        ] {
            let error = of(score, names).expect_err(score);
            assert!(error.contains(told) && error.contains("; "), "{error}");
        }
    }
}

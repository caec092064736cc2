//! The calibration of a scoring job: its model, and what it takes to know of the people.

use steppe_engine::output::RUN_FILE;
use steppe_fitjob::{ApplyOptions, CALIBRATION_FILE};

use super::{
    submission::refuse,
    trait_inputs::{Stager, optional, sample_column},
};
use crate::{
    ServerError,
    wire::job::{Calibration, InputFile},
};

/// Every file that comes with it.
pub(super) fn files(calibration: &mut Calibration) -> Vec<&mut InputFile> {
    let Calibration { model, record, population, covariates, .. } = calibration;
    let column = population.as_mut().and_then(|column| column.file.as_mut());
    [model.as_mut(), record.as_mut(), column, covariates.as_mut()].into_iter().flatten().collect()
}

/// The calibration, with files where `stage` brings them.
pub(super) fn options(calibration: &Calibration, stage: &Stager<'_>) -> Result<ApplyOptions, ServerError> {
    let population = calibration.population.as_ref();
    let target = Some(&calibration.target).filter(|name| !name.is_empty());
    if target.is_some() && population.is_some() {
        let problem = "a column of populations and one population for all are given";
        return Err(refuse("calibration", problem, "give population or target"));
    }
    Ok(ApplyOptions {
        calibration: model(calibration, stage)?,
        population: population.map(|column| sample_column("population", column, stage)).transpose()?,
        target: target.cloned(),
        covariates: optional(stage, "covariates", calibration.covariates.as_ref())?,
    })
}

/// The folder or the file of the model.
fn model(calibration: &Calibration, stage: &Stager<'_>) -> Result<String, ServerError> {
    match (&calibration.model, &calibration.record, calibration.url.as_str()) {
        (Some(model), None, "") => Ok(stage("calibration", model)?.display().to_string()),
        (Some(model), Some(record), "") => {
            for (file, name) in [(model, CALIBRATION_FILE), (record, RUN_FILE)] {
                if file.name != name {
                    let problem = format!("{:?} is not {name} of the result of a calibration", file.name);
                    return Err(refuse(
                        "calibration",
                        problem,
                        "give both files that steppe calibrate wrote",
                    ));
                }
            }
            // One folder, as the result was.
            let file = stage("calibration", model)?;
            stage("calibration", record)?;
            Ok(file.parent().unwrap_or(&file).display().to_string())
        }
        (None, None, url) if !url.is_empty() => Ok(url.to_owned()),
        _ => {
            let problem = "there is not one model";
            Err(refuse("calibration", problem, "give model, model with record, or url"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use steppe_fitjob::SampleColumn;

    use super::*;
    use crate::wire::job::SampleColumn as WireColumn;

    fn file(name: &str) -> Option<InputFile> {
        Some(InputFile { name: name.to_owned(), source: None })
    }

    fn staged(calibration: &Calibration) -> Result<ApplyOptions, ServerError> {
        options(calibration, &|used_as, file| Ok(Path::new("/job").join(used_as).join(&file.name)))
    }

    #[test]
    fn a_model_is_a_file_a_folder_or_a_place() {
        let alone = Calibration { model: file("mine.cbor"), ..Calibration::default() };
        let found = staged(&alone).expect("options");
        assert_eq!(found.calibration, "/job/calibration/mine.cbor");
        assert_eq!((found.population, found.target, found.covariates), (None, None, None));
        let (model, record) = (file(CALIBRATION_FILE), file(RUN_FILE));
        let folder = Calibration { model, record, ..Calibration::default() };
        assert_eq!(staged(&folder).expect("options").calibration, "/job/calibration");
        let place = Calibration { url: "s3://bucket/model".to_owned(), ..Calibration::default() };
        assert_eq!(staged(&place).expect("options").calibration, "s3://bucket/model");
    }

    #[test]
    fn every_field_counts() {
        let population = Some(WireColumn { file: file("panel.tsv"), column: "Pop".to_owned() });
        let mut calibration = Calibration {
            model: file(CALIBRATION_FILE),
            record: file(RUN_FILE),
            population,
            covariates: file("ages.tsv"),
            ..Calibration::default()
        };
        let found = staged(&calibration).expect("options");
        let file = PathBuf::from("/job/population/panel.tsv");
        assert_eq!(found.population, Some(SampleColumn { file, column: "Pop".to_owned() }));
        assert_eq!(found.covariates.as_deref(), Some(Path::new("/job/covariates/ages.tsv")));
        let names: Vec<String> = files(&mut calibration).iter().map(|file| file.name.clone()).collect();
        assert_eq!(names, [CALIBRATION_FILE, RUN_FILE, "panel.tsv", "ages.tsv"]);
        let (population, target) = (None, "KAZ".to_owned());
        let found = staged(&Calibration { population, target, ..calibration }).expect("options");
        assert_eq!(found.target.as_deref(), Some("KAZ"));
    }

    #[test]
    fn what_can_not_be_is_refused_without_files() {
        let sound = || Calibration { model: file("m"), ..Calibration::default() };
        let refused = |calibration: &Calibration| staged(calibration).expect_err("it is refused").to_string();
        assert!(refused(&Calibration::default()).contains("there is not one model"));
        let url = "s3://bucket/model".to_owned();
        assert!(refused(&Calibration { url, ..sound() }).contains("there is not one model"));
        let record = file(RUN_FILE);
        assert!(refused(&Calibration { record, ..sound() }).contains("is not model.cbor"));
        let column = WireColumn { file: None, column: "Pop".to_owned() };
        let population = Some(column);
        let both = Calibration { population, target: "KAZ".to_owned(), ..sound() };
        assert!(refused(&both).contains("one population for all"));
        let without = Calibration { target: String::new(), ..both };
        assert!(refused(&without).contains("there is no file with the column"));
        staged(&sound()).expect("a sound calibration");
    }
}

//! A submitted calibration: it reads results of others, and not everybody may.

use std::sync::Arc;

use steppe_engine::output::{RUN_FILE, unseal};
use steppe_fitjob::CALIBRATION_SEMANTICS;
use url::Url;

use super::{
    super::{Core, blocking, calibrate_job, cohort_job::Holds},
    allowed_cohort, keep, location, state_of,
};
use crate::{ServerError, identity::roles::Principal, wire::job::CalibrateJob};

/// Checks a calibration; gives it with all files in the store, and its arithmetic's version and the states of what it
/// reads elsewhere.
pub(super) async fn check(
    core: &Arc<Core>,
    principal: &Principal,
    mut job: CalibrateJob,
) -> Result<(CalibrateJob, String), ServerError> {
    if !job.out.is_empty() {
        job.out = core.allowed.check_as("out", &job.out)?.to_string();
    }
    for file in calibrate_job::files(&mut job) {
        keep(core, file).await?;
    }
    calibrate_job::check(&job)?;
    let mut states = vec![CALIBRATION_SEMANTICS.to_string()];
    if !job.reference_cohort.is_empty() {
        let cohort = allowed_cohort(core, principal, "reference_cohort", &job.reference_cohort)?;
        job.reference_cohort = cohort.to_string();
        states.push(state_of(cohort, Holds::Cohort).await?);
    }
    for (field, url) in calibrate_job::places(&mut job) {
        let place = core.allowed.check_as(field, url)?;
        *url = place.to_string();
        if ["ancestry", "scores"].contains(&field) {
            refuse_others_people(principal, &place).await?;
        }
        states.push(state_of(place, Holds::Result(RUN_FILE)).await?);
    }
    Ok((job, states.join(" ")))
}

/// Refuses the result of a cohort that the token does not include, where values of its people come back.
async fn refuse_others_people(principal: &Principal, place: &Url) -> Result<(), ServerError> {
    /// What a record says of the cohort.
    #[derive(serde::Deserialize)]
    struct Made {
        cohort: Whose,
    }
    #[derive(serde::Deserialize)]
    struct Whose {
        location: String,
    }
    let record = location(place)?.child(RUN_FILE);
    let content = blocking(move || Ok(record.read()?)).await?;
    match unseal::<Made>(&content) {
        Ok(made) if !principal.may_use_cohort(&made.cohort.location) => Err(ServerError::CohortDenied),
        // A record that can not be read makes the job fail, and says why.
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;
    use steppe_engine::output::seal;

    use super::*;
    use crate::identity::roles::Role;

    #[tokio::test]
    async fn results_of_cohorts_that_a_token_leaves_out_are_denied() {
        let folder = tempfile::tempdir().expect("a folder");
        let record = seal(&json!({"kind": "score", "cohort": {"location": "s3://bucket/theirs"}}));
        std::fs::write(folder.path().join(RUN_FILE), record.expect("a record")).expect("a file");
        let place = Url::from_file_path(folder.path()).expect("a URL");
        let limited_to = |cohorts: Option<&[&str]>| Principal {
            subject: "somebody".to_owned(),
            roles: BTreeSet::from([Role::Submit]),
            named: BTreeSet::from(["submit".to_owned()]),
            cohorts: cohorts.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
        };
        let ask = async |cohorts: Option<&[&str]>| refuse_others_people(&limited_to(cohorts), &place).await;
        assert!(ask(None).await.is_ok());
        assert!(ask(Some(&["s3://bucket/theirs"])).await.is_ok());
        assert!(matches!(ask(Some(&["s3://bucket/ours"])).await, Err(ServerError::CohortDenied)));
        std::fs::remove_file(folder.path().join(RUN_FILE)).expect("a file");
        assert!(ask(None).await.is_err(), "there is no result");
    }
}

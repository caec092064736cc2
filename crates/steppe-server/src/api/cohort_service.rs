//! `steppe.cohort.v1.CohortService`.

use std::sync::Arc;

use steppe_store::{Cohort, Location};
use tonic::{Request, Response, Status};

use super::{gate::Gate, job_service::principal};
use crate::{
    ServerError,
    coordinator::{Core, blocking},
    identity::roles::Action,
    wire::cohort::{
        CohortEntry, DescribeRequest, DescribeResponse, ListRequest, ListResponse,
        cohort_service_server::CohortService,
    },
};

/// Cohorts on a page, where the client does not say, and at most.
const PAGE: [usize; 2] = [100, 1000];

/// See the module.
pub(super) struct Cohorts {
    pub(super) core: Arc<Core>,
    pub(super) gate: Arc<Gate>,
}

#[tonic::async_trait]
impl CohortService for Cohorts {
    async fn list(&self, request: Request<ListRequest>) -> Result<Response<ListResponse>, Status> {
        let principal = principal(&request)?;
        self.gate.admit(&principal, Action::ListCohorts, "cohorts", None).await?;
        let request = request.into_inner();
        let size = match request.page_size as usize {
            0 => PAGE[0],
            size => size.min(PAGE[1]),
        };
        let catalog = self.core.catalog.clone();
        let mut entries = blocking(move || catalog.list()).await?;
        entries
            .retain(|entry| principal.may_use_cohort(&entry.location) && entry.location > request.page_token);
        let more = entries.len() > size;
        entries.truncate(size);
        let next = entries.last().filter(|_| more).map(|entry| entry.location.clone());
        let entry = |entry: crate::api::catalog::CatalogEntry| CohortEntry {
            location: entry.location,
            digest: entry.digest,
        };
        Ok(Response::new(ListResponse {
            cohorts: entries.into_iter().map(entry).collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }

    async fn describe(
        &self,
        request: Request<DescribeRequest>,
    ) -> Result<Response<DescribeResponse>, Status> {
        let principal = principal(&request)?;
        let asked = &request.get_ref().location;
        let allowed = self.core.allowed.check_as("location", asked).and_then(|url| {
            if principal.may_use_cohort(url.as_str()) { Ok(url) } else { Err(ServerError::CohortDenied) }
        });
        let url = match allowed {
            Ok(url) => url,
            Err(error) => {
                let denied = self.gate.deny(&principal, Action::ListCohorts, "a cohort", error).await?;
                return Err(denied.into());
            }
        };
        self.gate.admit(&principal, Action::ListCohorts, url.as_str(), None).await?;
        let location = url.to_string();
        let cohort = blocking(move || Ok(Cohort::open(&Location::parse(url.as_str())?)?)).await?;
        let manifest = cohort.manifest();
        let genome_build = manifest.genome_build().map_err(ServerError::from)?.to_string();
        Ok(Response::new(DescribeResponse {
            location,
            digest: cohort.digest().to_owned(),
            genome_build,
            samples: u64::from(manifest.samples),
            founders: u64::from(manifest.founders),
            variants: u64::from(manifest.variants),
            blocks: manifest.blocks.len() as u64,
            stored_bytes: manifest.stored_bytes(),
        }))
    }
}

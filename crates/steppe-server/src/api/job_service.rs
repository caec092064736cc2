//! `steppe.job.v1.JobService`.

use std::{pin::Pin, sync::Arc};

use futures::{Stream, StreamExt};
use steppe_store::Location;
use tonic::{Request, Response, Status, Streaming};

use super::{
    convert,
    gate::Gate,
    inputs::{Upload, check_hash},
    watch,
};
use crate::{
    ServerError,
    coordinator::{Core, Results, blocking, now, results_of, submit},
    identity::roles::{Action, Principal},
    jobs::{Filter, Job, JobId},
    wire::job::{
        CancelRequest, CancelResponse, DownloadRequest, DownloadResponse, GetRequest, GetResponse,
        ListRequest, ListResponse, ResultFile, ResultsRequest, ResultsResponse, SubmitRequest,
        SubmitResponse, UploadRequest, UploadResponse, WatchRequest, WatchResponse,
        job_service_server::JobService,
    },
};

/// Bytes of a part of a download.
const PART: usize = 1 << 20;
/// Jobs on a page, where the client does not say.
const PAGE: u64 = 100;
/// The fewest digits of a job's id that stand for it.
const FEWEST_DIGITS: usize = 4;

/// See the module.
pub(super) struct Jobs {
    pub(super) core: Arc<Core>,
    pub(super) gate: Arc<Gate>,
}

/// Who calls; the layer around all services has put it there.
pub(super) fn principal<T>(request: &Request<T>) -> Result<Principal, Status> {
    let known = request.extensions().get::<Principal>().cloned();
    known.ok_or_else(|| Status::unauthenticated("the call was not authenticated"))
}

type Answer<T> = Result<Response<T>, Status>;
type Parts<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl Jobs {
    /// Finds a job by the beginning of its id, and lets the caller do something with it.
    async fn find(&self, principal: &Principal, action: Action, id: &str) -> Result<Job, ServerError> {
        let digits =
            id.len() >= FEWEST_DIGITS && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let found =
            if digits { self.core.log.find_by_prefix(&id.to_ascii_lowercase()).await? } else { Vec::new() };
        let job = match found.as_slice() {
            [only] => self.core.log.get(only).await?,
            [] => {
                self.gate.admit(principal, action, "unknown", Some(&principal.subject)).await?;
                return Err(ServerError::JobNotFound { id: id.chars().take(64).collect() });
            }
            _ => {
                self.gate.admit(principal, action, "ambiguous", Some(&principal.subject)).await?;
                return Err(ServerError::JobAmbiguous { id: id.to_owned() });
            }
        };
        self.gate.admit(principal, action, job.id.as_str(), Some(&job.submitter)).await?;
        Ok(job)
    }

    async fn results_of(&self, principal: &Principal, id: &str) -> Result<(JobId, Results), ServerError> {
        let job = self.find(principal, Action::ReadResults, id).await?;
        let results = results_of(&job).await?;
        Ok((job.id, results))
    }
}

#[tonic::async_trait]
impl JobService for Jobs {
    async fn upload(&self, request: Request<Streaming<UploadRequest>>) -> Answer<UploadResponse> {
        let principal = principal(&request)?;
        let mut parts = request.into_inner();
        let first = parts.message().await?.unwrap_or_default();
        let expected = check_hash(&first.blake3)?;
        self.gate.admit(&principal, Action::SubmitJob, expected, None).await?;
        if let Some(size_bytes) = self.core.inputs.size(expected).await? {
            return Ok(Response::new(UploadResponse { blake3: first.blake3, size_bytes, existed: true }));
        }
        let mut upload = Upload::begin(expected, &self.core.scratch).await?;
        upload.add(&first.content).await?;
        while let Some(part) = parts.message().await? {
            upload.add(&part.content).await?;
        }
        let (size_bytes, new) = upload.end(&self.core.inputs).await?;
        Ok(Response::new(UploadResponse { blake3: first.blake3, size_bytes, existed: !new }))
    }

    async fn submit(&self, request: Request<SubmitRequest>) -> Answer<SubmitResponse> {
        let principal = principal(&request)?;
        self.gate.admit(&principal, Action::SubmitJob, "a job", None).await?;
        let submitted = match submit(&self.core, &principal, request.into_inner()).await {
            Err(error @ (ServerError::CohortDenied | ServerError::LocationRefused { .. })) => {
                return Err(self
                    .gate
                    .deny(&principal, Action::SubmitJob, "its locations", error)
                    .await?
                    .into());
            }
            submitted => submitted?,
        };
        let existed = matches!(submitted, crate::jobs::Submitted::Existing(_));
        Ok(Response::new(SubmitResponse { job: Some(convert::job(submitted.job())), existed }))
    }

    async fn get(&self, request: Request<GetRequest>) -> Answer<GetResponse> {
        let principal = principal(&request)?;
        let job = self.find(&principal, Action::ReadJob, &request.get_ref().id).await?;
        let events = self.core.log.events(&job.id).await?;
        let events = events.iter().map(convert::event).collect();
        Ok(Response::new(GetResponse { job: Some(convert::job(&job)), events }))
    }

    async fn list(&self, request: Request<ListRequest>) -> Answer<ListResponse> {
        let principal = principal(&request)?;
        let request = request.into_inner();
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        let mut filter = Filter {
            states: convert::states(&request.states)?,
            kind: given(request.kind),
            submitter: given(request.submitter),
            before: None,
            limit: if request.page_size == 0 { PAGE } else { u64::from(request.page_size) },
        };
        if !request.page_token.is_empty() {
            let before = request.page_token.parse();
            filter.before =
                Some(before.map_err(|_| Status::invalid_argument("page_token: it is of no list"))?);
        }
        // Who may see only their own jobs is shown these.
        if filter.submitter.is_none() && !principal.sees_all_jobs() {
            filter.submitter = Some(principal.subject.clone());
        }
        self.gate.admit(&principal, Action::ListJobs, "jobs", filter.submitter.as_deref()).await?;
        let page = self.core.log.list(&filter).await?;
        Ok(Response::new(ListResponse {
            jobs: page.jobs.iter().map(convert::job).collect(),
            next_page_token: page.next.map(|next| next.to_string()).unwrap_or_default(),
        }))
    }

    type WatchStream = Parts<WatchResponse>;

    async fn watch(&self, request: Request<WatchRequest>) -> Answer<Self::WatchStream> {
        let principal = principal(&request)?;
        let job = self.find(&principal, Action::ReadJob, &request.get_ref().id).await?;
        Ok(Response::new(Box::pin(watch::watch(Arc::clone(&self.core), job.id))))
    }

    async fn cancel(&self, request: Request<CancelRequest>) -> Answer<CancelResponse> {
        let principal = principal(&request)?;
        let job = self.find(&principal, Action::CancelJob, &request.get_ref().id).await?;
        let job = self.core.log.request_cancel(&job.id, &principal.subject, now()).await?;
        self.core.stop_job(&job.id);
        self.core.notify();
        Ok(Response::new(CancelResponse { job: Some(convert::job(&job)) }))
    }

    async fn results(&self, request: Request<ResultsRequest>) -> Answer<ResultsResponse> {
        let principal = principal(&request)?;
        let (id, results) = self.results_of(&principal, &request.get_ref().id).await?;
        let file = |(name, size_bytes, blake3)| ResultFile { name, size_bytes, blake3 };
        Ok(Response::new(ResultsResponse {
            id: id.to_string(),
            location: results.location.to_string(),
            files: results.files.into_iter().map(file).collect(),
            record: results.record,
        }))
    }

    type DownloadStream = Parts<DownloadResponse>;

    async fn download(&self, request: Request<DownloadRequest>) -> Answer<Self::DownloadStream> {
        let principal = principal(&request)?;
        let DownloadRequest { id, name } = request.into_inner();
        let (_, results) = self.results_of(&principal, &id).await?;
        let file = results.files.into_iter().find(|(known, ..)| *known == name);
        let Some((name, bytes, _)) = file else {
            return Err(ServerError::FileUnknown { name: name.chars().take(200).collect() }.into());
        };
        Ok(Response::new(parts(results.location.child(&name), bytes).boxed()))
    }
}

/// The bytes of a file, part by part.
fn parts(file: Location, bytes: u64) -> impl Stream<Item = Result<DownloadResponse, Status>> + Send {
    futures::stream::unfold(0, move |offset| {
        let file = file.clone();
        async move {
            let length = usize::try_from(bytes - offset).unwrap_or(PART).min(PART);
            if length == 0 {
                return None;
            }
            let read = blocking(move || Ok(file.read_range(offset, length)?)).await;
            let part = read.map(|content| DownloadResponse { content: content.into() }).map_err(Status::from);
            let next = if part.is_ok() { offset + length as u64 } else { bytes };
            Some((part, next))
        }
    })
}

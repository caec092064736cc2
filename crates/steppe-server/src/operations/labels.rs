//! The words that label metrics. A label is made of words that are in the program, so that no text from outside can
//! become one; the only exception is a checked [`WorkerName`](super::WorkerName).

use prometheus_client::encoding::{EncodeLabel, LabelEncoder};
use steppe_store::{StoreOperation, StoreOutcome};
use tonic::Code;

use crate::{audit::Outcome, jobs::JobState};

/// A key and one of its few values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Label {
    key: &'static str,
    value: &'static str,
}

impl Label {
    pub(super) const fn new(key: &'static str, value: &'static str) -> Self {
        Self { key, value }
    }
}

impl EncodeLabel for Label {
    fn encode(&self, encoder: LabelEncoder<'_>) -> Result<(), std::fmt::Error> {
        (self.key, self.value).encode(encoder)
    }
}

/// An enum whose values are the values of a label.
macro_rules! words {
    ($(#[$about:meta])* $vis:vis $name:ident as $key:literal: $($(#[$what:meta])* $variant:ident = $word:literal,)+) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        $vis enum $name {
            $($(#[$what])* $variant,)+
        }

        impl $name {
            /// Every value.
            $vis const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in the label.
            $vis const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl From<$name> for Label {
            fn from(value: $name) -> Self {
                Self::new($key, value.name())
            }
        }
    };
}

words! {
    /// Where a tile is.
    pub(super) TileState as "state":
    /// Waiting for a slot.
    Pending = "pending",
    /// On a worker.
    Running = "running",
    /// Its partial result is in the store.
    Committed = "committed",
}

words! {
    /// Why an attempt at a tile begins.
    pub AttemptReason as "reason":
    /// Nobody has tried it yet.
    First = "first",
    /// The attempt before ended with an error.
    Failed = "failed",
    /// The worker of the attempt before has gone.
    WorkerLost = "worker_lost",
    /// The attempt before made no progress.
    Stuck = "stuck",
}

words! {
    /// Which way bytes go between this process and the object store.
    pub ByteDirection as "direction":
    /// From the store.
    Read = "read",
    /// To the store.
    Written = "written",
}

words! {
    /// Where the cache found something.
    pub CacheOutcome as "outcome":
    /// In memory.
    Memory = "memory",
    /// On the local disk.
    Disk = "disk",
    /// Nowhere: it is read from the store.
    Miss = "miss",
}

words! {
    /// What a client calls.
    pub ApiMethod as "method":
    /// Bring an input file.
    JobUpload = "job_upload",
    /// Submit a job.
    JobSubmit = "job_submit",
    /// Read a job.
    JobGet = "job_get",
    /// List jobs.
    JobList = "job_list",
    /// Follow a job until it ends.
    JobWatch = "job_watch",
    /// Stop a job.
    JobCancel = "job_cancel",
    /// Read a job's results.
    JobResults = "job_results",
    /// Fetch a file that a job has made.
    JobDownload = "job_download",
    /// List cohorts.
    CohortList = "cohort_list",
    /// Read about a cohort.
    CohortDescribe = "cohort_describe",
    /// Read about the cluster.
    ClusterDescribe = "cluster_describe",
    /// Anything else: health, reflection, what does not exist.
    Other = "other",
}

impl ApiMethod {
    /// The method of a request's path, `/steppe.job.v1.JobService/Submit`.
    pub fn of_path(path: &str) -> Self {
        match path.trim_start_matches('/') {
            "steppe.job.v1.JobService/Upload" => Self::JobUpload,
            "steppe.job.v1.JobService/Submit" => Self::JobSubmit,
            "steppe.job.v1.JobService/Get" => Self::JobGet,
            "steppe.job.v1.JobService/List" => Self::JobList,
            "steppe.job.v1.JobService/Watch" => Self::JobWatch,
            "steppe.job.v1.JobService/Cancel" => Self::JobCancel,
            "steppe.job.v1.JobService/Results" => Self::JobResults,
            "steppe.job.v1.JobService/Download" => Self::JobDownload,
            "steppe.cohort.v1.CohortService/List" => Self::CohortList,
            "steppe.cohort.v1.CohortService/Describe" => Self::CohortDescribe,
            "steppe.cluster.v1.ClusterService/Describe" => Self::ClusterDescribe,
            _ => Self::Other,
        }
    }
}

impl From<StoreOperation> for Label {
    fn from(operation: StoreOperation) -> Self {
        Self::new("operation", operation.name())
    }
}

impl From<StoreOutcome> for Label {
    fn from(outcome: StoreOutcome) -> Self {
        Self::new("outcome", outcome.name())
    }
}

impl From<JobState> for Label {
    fn from(state: JobState) -> Self {
        Self::new("state", state.name())
    }
}

impl From<Outcome> for Label {
    fn from(decision: Outcome) -> Self {
        let word = match decision {
            Outcome::Allow => "allow",
            Outcome::Deny => "deny",
            Outcome::Note => "note",
        };
        Self::new("decision", word)
    }
}

impl From<Code> for Label {
    fn from(code: Code) -> Self {
        let word = match code {
            Code::Ok => "ok",
            Code::Cancelled => "cancelled",
            Code::Unknown => "unknown",
            Code::InvalidArgument => "invalid_argument",
            Code::DeadlineExceeded => "deadline_exceeded",
            Code::NotFound => "not_found",
            Code::AlreadyExists => "already_exists",
            Code::PermissionDenied => "permission_denied",
            Code::ResourceExhausted => "resource_exhausted",
            Code::FailedPrecondition => "failed_precondition",
            Code::Aborted => "aborted",
            Code::OutOfRange => "out_of_range",
            Code::Unimplemented => "unimplemented",
            Code::Internal => "internal",
            Code::Unavailable => "unavailable",
            Code::DataLoss => "data_loss",
            Code::Unauthenticated => "unauthenticated",
        };
        Self::new("code", word)
    }
}

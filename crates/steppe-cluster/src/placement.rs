//! Which worker computes which partition of a pass: the one that has its tiles cached.
//!
//! A pass cuts a cohort into the same partitions every time, and its job's name says which cohort. Name, partition
//! and worker are hashed together, and the worker with the highest hash is the partition's own (rendezvous hashing):
//! over many passes tiles stay where they are, and a worker that comes or goes moves its own share alone. The hash
//! goes by the worker's name, which a restart does not change.
//!
//! A free worker first gets partitions of its own. When none of these is left and others wait for busy workers, it
//! waits for 200 ms once and then helps, at once each time, the worker with the longest queue: so a pass of
//! unequal shares loses a fifth of a second, while workers that are done at nearly the same time keep their tiles.
//! Workers that are gone own nothing.

mod shares;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Instant,
};

use ballista_core::{
    JobId,
    execution_plans::{RangeShuffleReaderExec, ShuffleReaderExec},
    serde::{
        protobuf::{
            AvailableVcores, UpdateTaskStatusParams, job_status::Status, scheduler_grpc_server::SchedulerGrpc,
        },
        scheduler::TaskKey,
    },
};
use ballista_scheduler::{
    cluster::{BoundTask, ClusterStateEvent, ClusterStateEventStream, DistributionPolicy},
    state::{
        execution_graph::{TaskDescription, create_task_info},
        execution_stage::RunningStage,
        task_manager::JobInfoCache,
    },
};
use datafusion::physical_plan::ExecutionPlan;
use futures::StreamExt;
use tokio::sync::mpsc;

use shares::{Idle, PATIENCE, Patience, helping_work, own_work};

/// Keeps partitions on the workers that have their tiles cached.
///
/// Tasks have one partition each, as our sessions ask for. It is the scheduler's `task_distribution`, and is attached
/// to the scheduler's events and to the scheduler itself as soon as that runs; until then nobody waits.
#[derive(Debug)]
pub struct Placement {
    /// The lasting name of a worker, from the id that it has registered with.
    name_of: fn(&str) -> &str,
    state: Mutex<State>,
    /// Whom to tell that a worker has begun to wait. Without anybody nobody waits: tasks are only given out when
    /// something happens, and then nothing may.
    waiting: OnceLock<mpsc::UnboundedSender<String>>,
}

#[derive(Debug, Default)]
struct State {
    /// The ids of registered workers, by name.
    members: BTreeMap<String, String>,
    idle: Idle,
}

/// What one round of giving out tasks knows.
struct Round {
    members: BTreeSet<String>,
    ids: BTreeMap<String, String>,
    free: BTreeMap<String, u32>,
    bound: Vec<BoundTask>,
}

impl Placement {
    /// A placement by the names that `name_of` finds in the ids of workers.
    pub fn new(name_of: fn(&str) -> &str) -> Arc<Self> {
        Arc::new(Self { name_of, state: Mutex::default(), waiting: OnceLock::new() })
    }

    /// Follows who registers and leaves, and has tasks given out again when a worker has waited long enough. Once,
    /// within a tokio runtime.
    pub fn attach<S: SchedulerGrpc>(self: &Arc<Self>, mut events: ClusterStateEventStream, server: S) {
        let (sender, mut waiting) = mpsc::unbounded_channel();
        if self.waiting.set(sender).is_err() {
            return;
        }
        let placement = Arc::clone(self);
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                placement.note(&event);
            }
        });
        let server = Arc::new(server);
        tokio::spawn(async move {
            while let Some(worker) = waiting.recv().await {
                let server = Arc::clone(&server);
                tokio::spawn(async move {
                    tokio::time::sleep(PATIENCE).await;
                    // News of no task: all that the scheduler does is to give out tasks again.
                    let news = UpdateTaskStatusParams { executor_id: worker, task_status: Vec::new() };
                    if let Err(error) = server.update_task_status(tonic::Request::new(news)).await {
                        tracing::warn!(%error, "the scheduler does not give out tasks");
                    }
                });
            }
        });
    }

    fn note(&self, event: &ClusterStateEvent) {
        let mut state = self.state();
        match event {
            ClusterStateEvent::RegisteredExecutor { executor_id } => {
                state.members.insert((self.name_of)(executor_id).to_owned(), executor_id.clone());
            }
            ClusterStateEvent::RemovedExecutor { executor_id } => {
                let name = (self.name_of)(executor_id);
                // An earlier life of a worker that is back is no loss.
                if state.members.get(name) == Some(executor_id) {
                    state.members.remove(name);
                    state.idle.forget(name);
                }
            }
        }
    }

    /// What is known at the start of a round: who is there, and who is free.
    fn round(&self, budgets: &[&mut AvailableVcores]) -> Round {
        let mut state = self.state();
        let mut round = Round {
            members: BTreeSet::new(),
            ids: BTreeMap::new(),
            free: BTreeMap::new(),
            bound: Vec::new(),
        };
        for budget in budgets {
            let name = (self.name_of)(&budget.executor_id).to_owned();
            state.members.insert(name.clone(), budget.executor_id.clone());
            round.ids.insert(name.clone(), budget.executor_id.clone());
            round.free.insert(name, budget.vcores);
        }
        round.members.extend(state.members.keys().cloned());
        round
    }

    /// Takes workers that are still to be patient from a round.
    fn hold_back(&self, round: &mut Round, now: Instant) {
        let Some(waiting) = self.waiting.get() else { return };
        let mut state = self.state();
        for (name, slots) in round.free.iter_mut().filter(|(_, slots)| **slots > 0) {
            let patience = state.idle.patience(name, now);
            if let (Patience::Begins, Some(id)) = (patience, round.ids.get(name)) {
                let _ = waiting.send(id.clone());
            }
            if patience != Patience::Ended {
                *slots = 0;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives out tasks of all jobs by a rule; whether partitions are left over.
    async fn sweep(&self, round: &mut Round, jobs: &HashMap<JobId, JobInfoCache>, helping: bool) -> bool {
        let mut left_over = false;
        for (job, info) in jobs {
            if !matches!(info.status, Some(Status::Running(_))) {
                continue;
            }
            let mut graph = info.execution_graph.write().await;
            let (session, pass) = (graph.session_id().to_owned(), graph.job_name().to_owned());
            let mut seen = Vec::new();
            while let Some(stage) = graph.fetch_running_stage(&seen) {
                seen.push(stage.stage_id);
                place_stage(round, stage, (&session, job, &pass), helping);
                left_over |= stage.available_tasks() > 0;
            }
        }
        left_over
    }
}

#[async_trait::async_trait]
impl DistributionPolicy for Placement {
    async fn bind_tasks(
        &self,
        budgets: Vec<&mut AvailableVcores>,
        running_jobs: Arc<HashMap<JobId, JobInfoCache>>,
    ) -> datafusion::error::Result<Vec<BoundTask>> {
        let mut round = self.round(&budgets);
        let left_over = self.sweep(&mut round, &running_jobs, false).await;
        {
            let mut state = self.state();
            for (id, _) in &round.bound {
                state.idle.forget((self.name_of)(id));
            }
            if !left_over {
                state.idle.forget_all();
            }
        }
        if left_over {
            self.hold_back(&mut round, Instant::now());
            self.sweep(&mut round, &running_jobs, true).await;
        }
        for budget in budgets {
            let of_worker = round.bound.iter().filter(|(id, _)| *id == budget.executor_id);
            let taken: u32 = of_worker.map(|(_, task)| task.vcores_consumed).sum();
            budget.vcores = budget.vcores.saturating_sub(taken);
        }
        Ok(round.bound)
    }

    fn name(&self) -> &str {
        "tile placement"
    }
}

/// Gives out partitions of a stage. One that merges all its input is a single task, and goes to whom it suits.
fn place_stage(
    round: &mut Round,
    stage: &mut RunningStage,
    (session, job, pass): (&str, &JobId, &str),
    helping: bool,
) {
    let pending = stage.pending.next_slice(usize::MAX);
    let rule = if helping { helping_work } else { own_work };
    let merges = merges_input(&stage.plan);
    let wanted = if merges { &pending[..pending.len().min(1)] } else { &pending[..] };
    let given = rule(pass, wanted, &round.members, &mut round.free);
    if merges && let Some(id) = given.first().and_then(|(_, worker)| round.ids.get(worker)) {
        round.bound.push(bind(stage, session, job, id, pending));
        return;
    }
    let taken: BTreeSet<usize> = given.iter().map(|(partition, _)| *partition).collect();
    stage.pending.reschedule(pending.into_iter().filter(|partition| !taken.contains(partition)));
    for (partition, worker) in given {
        if let Some(id) = round.ids.get(&worker) {
            round.bound.push(bind(stage, session, job, id, vec![partition]));
        }
    }
}

/// Whether a stage's plan brings all partitions together: then its input may not be cut into tasks.
fn merges_input(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let mut node = plan;
    while let [child] = node.children()[..] {
        let boundary = child.downcast_ref::<ShuffleReaderExec>().is_some()
            || child.downcast_ref::<RangeShuffleReaderExec>().is_some();
        if boundary {
            return false;
        }
        if child.properties().output_partitioning().partition_count() == 1 {
            return true;
        }
        node = child;
    }
    false
}

/// Makes a task of partitions for a worker, as Ballista's own policies do.
fn bind(
    stage: &mut RunningStage,
    session: &str,
    job: &JobId,
    worker: &str,
    partitions: Vec<usize>,
) -> BoundTask {
    let task_id = stage.task_infos.len();
    let failures = partitions.iter().filter_map(|&partition| stage.task_failure_numbers.get(partition));
    let task_attempt = failures.copied().max().unwrap_or(0);
    let mut info = create_task_info(worker.to_owned(), task_id);
    info.global_input_partition_ids.clone_from(&partitions);
    info.vcores_consumed = 1;
    stage.task_infos.push(info);
    let task = TaskDescription {
        session_id: session.to_owned(),
        key: TaskKey { job_id: job.clone(), stage_id: stage.stage_id, task_id },
        stage_attempt_num: stage.stage_attempt_num,
        task_attempt,
        global_input_partition_ids: partitions,
        vcores_consumed: 1,
        plan: Arc::clone(&stage.plan),
        session_config: Arc::clone(&stage.session_config),
    };
    (worker.to_owned(), task)
}

//! The other process: what it does, and how it is started.

use std::{
    collections::HashMap,
    env,
    process::Stdio,
    time::{Duration, Instant},
};

use steppe_server::settings::LogFormat;
use steppe_server::{
    jobs::JobId,
    operations::{
        AttemptReason,
        telemetry::{Service, TelemetrySettings, job_span, job_trace, start, tile_failed, tile_span},
    },
};
use tokio::process::Command;

pub(super) const JOB: &str = "0123456789abcdeffedcba98765432100011223344556677ffffffffffffffff";
pub(super) const TRACE: &str = "0123456789abcdeffedcba9876543210";

/// Settings go from process to process in these.
const PART: &str = "STEPPE_TEST_PART";
const COLLECTOR: &str = "STEPPE_TEST_COLLECTOR";
const PARENT: &str = "STEPPE_TEST_PARENT";

/// What a process wrote.
pub(super) struct Written {
    /// What it told the test.
    pub(super) told: HashMap<String, String>,
    /// Its log lines.
    pub(super) log: Vec<String>,
}

/// Starts a process and waits for its end.
pub(super) async fn process(part: &str, collector: Option<&str>, parent: Option<&str>) -> Written {
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.args(["--exact", "it::operations::telemetry::child::other_process", "--ignored", "--nocapture"]);
    command.env(PART, part).env("OTEL_BSP_SCHEDULE_DELAY", "50").stdin(Stdio::null()).kill_on_drop(true);
    for (name, value) in [(COLLECTOR, collector), (PARENT, parent)] {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    let output = tokio::time::timeout(Duration::from_secs(60), command.output()).await.expect("in time");
    let output = output.expect("a process");
    let (told, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}{log}");
    let told = told.lines().filter_map(|line| line.strip_prefix("told ")?.split_once('='));
    Written {
        told: told.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        log: log.lines().map(str::to_owned).collect(),
    }
}

fn tell(key: &str, value: impl std::fmt::Display) {
    println!("\ntold {key}={value}");
}

fn settings(service: Service, log: &str, format: LogFormat) -> TelemetrySettings {
    let instance = format!("{}-7", service.name());
    TelemetrySettings { service, instance, log: log.to_owned(), format, traces: env::var(COLLECTOR).ok() }
}

fn job() -> JobId {
    JOB.parse().expect("an id")
}

#[test]
#[ignore = "the other process of the tests of telemetry; does nothing on its own"]
fn other_process() {
    match env::var(PART).as_deref() {
        Ok("coordinator") => coordinator(),
        Ok("worker") => worker(),
        Ok("lines") => lines(LogFormat::Json),
        Ok("text") => lines(LogFormat::Text),
        Ok("unreachable") => unreachable(),
        Ok(other) => panic!("no part {other}"),
        Err(_) => {}
    }
}

/// Works on a job, and tells where workers go on. Nothing runs asynchronous code here.
fn coordinator() {
    let guard = start(&settings(Service::Coordinator, "warn", LogFormat::Text)).expect("telemetry");
    let trace = job_trace(&job());
    let span = job_span(&trace);
    tell("parent", trace.traceparent(&span));
    span.in_scope(|| tracing::info!(target: "steppe_test", tiles = 3, "the job is planned"));
    // A library's span, which is not ours to send.
    drop(tracing::info_span!(target: "h2", "frame").entered());
    drop(span);
    drop(guard);
}

/// Works on tiles, within a runtime of one thread, which the drop of the guard blocks.
#[tokio::main(flavor = "current_thread")]
async fn worker() {
    let guard = start(&settings(Service::Worker, "off", LogFormat::Json)).expect("telemetry");
    let trace = job_trace(&job()).below(&env::var(PARENT).expect("a parent"));
    for tile in 0..3 {
        let span = tile_span(&trace, tile, 1);
        assert!(trace.traceparent(&span).starts_with(&format!("00-{TRACE}-")));
        if tile == 1 {
            tile_failed(&span, AttemptReason::Failed);
        }
    }
    drop(tile_span(&trace, 1, 2));
    drop(guard);
}

fn lines(format: LogFormat) {
    let log = "debug,quiet=off";
    let guard = start(&settings(Service::Worker, log, format)).expect("telemetry");
    let again = start(&settings(Service::Worker, log, format));
    tell("again", again.expect_err("one is enough"));
    let span = tile_span(&job_trace(&job()), 4, 2);
    span.in_scope(|| tracing::warn!(bytes = 17, "a \"line\""));
    tracing::trace!("too fine");
    tracing::error!(target: "quiet", "not asked for");
    drop(guard);
}

/// Many spans that no collector takes.
fn unreachable() {
    let guard = start(&settings(Service::Worker, "info", LogFormat::Text)).expect("telemetry");
    let trace = job_trace(&job());
    let mut slowest = Duration::ZERO;
    let begin = Instant::now();
    for tile in 0..20_000 {
        let one = Instant::now();
        drop(tile_span(&trace, tile, 1).entered());
        slowest = slowest.max(one.elapsed());
    }
    tell("all", begin.elapsed().as_millis());
    tell("slowest", slowest.as_millis());
    // Time for several batches, each of which fails.
    for tile in 0..40 {
        std::thread::sleep(Duration::from_millis(50));
        drop(tile_span(&trace, tile, 2));
    }
    let end = Instant::now();
    drop(guard);
    tell("end", end.elapsed().as_millis());
}

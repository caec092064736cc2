//! The figures that are worked out when somebody asks for them.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeGaugeValue, EncodeMetric, MetricEncoder},
    metrics::{MetricType, gauge::ConstGauge},
    registry::Unit,
};

use super::{
    process::{self, Process},
    workers::{OTHERS, Workers},
};

#[derive(Debug)]
pub(super) struct AtScrape {
    pub(super) workers: Arc<Workers>,
    pub(super) oldest_queued: Arc<Mutex<Option<SystemTime>>>,
    pub(super) process: Process,
}

impl Collector for AtScrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.queue(&mut encoder)?;
        self.workers(&mut encoder)?;
        self.process(&mut encoder)
    }
}

impl AtScrape {
    fn queue(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let oldest = *self.oldest_queued.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back makes no negative age.
        let age = oldest.and_then(|since| since.elapsed().ok()).unwrap_or(Duration::ZERO);
        let help = "Time that the oldest queued job has waited, 0 if none is queued.";
        value(gauge(encoder, "steppe_queue_age", help, Some(&Unit::Seconds))?, age.as_secs_f64())
    }

    fn workers(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let ages = self.workers.ages(Instant::now());
        let help = "Workers that are waited for.";
        value(
            gauge(encoder, "steppe_workers", help, None)?,
            u64::try_from(ages.workers).unwrap_or(u64::MAX),
        )?;
        let help =
            "Time since a worker was heard of; other stands for the longest of all beyond the first 1024.";
        let mut family = gauge(encoder, "steppe_worker_heartbeat_age", help, Some(&Unit::Seconds))?;
        for (worker, age) in &ages.named {
            value(family.encode_family(&[("worker", worker.as_str())])?, age.as_secs_f64())?;
        }
        match ages.others {
            Some(age) => value(family.encode_family(&[("worker", OTHERS)])?, age.as_secs_f64()),
            None => Ok(()),
        }
    }

    /// Under the names that everybody uses.
    fn process(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "When this process began, in Unix time.";
        let started = gauge(encoder, "process_start_time", help, Some(&Unit::Seconds))?;
        value(started, self.process.started())?;
        let Some(resident) = process::resident_bytes() else {
            return Ok(());
        };
        let help = "Resident memory of this process.";
        value(gauge(encoder, "process_resident_memory", help, Some(&Unit::Bytes))?, resident)
    }
}

fn gauge<'a>(
    encoder: &'a mut DescriptorEncoder<'_>,
    name: &'static str,
    help: &'static str,
    unit: Option<&'a Unit>,
) -> Result<MetricEncoder<'a>, fmt::Error> {
    encoder.encode_descriptor(name, help, unit, MetricType::Gauge)
}

fn value(encoder: MetricEncoder<'_>, value: impl EncodeGaugeValue) -> fmt::Result {
    ConstGauge::new(value).encode(encoder)
}

//! The figures and their text.

mod figures;
mod names;
mod workers;

use steppe_server::operations::Metrics;

use super::open_metrics::{self, Exposition};

fn scrape(metrics: &Metrics) -> Exposition {
    open_metrics::read(&metrics.render().expect("text"))
}

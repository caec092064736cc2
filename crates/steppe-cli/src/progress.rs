//! Progress bars on standard error; nothing is drawn when no person watches.

mod fit;
mod import;
mod slot;
mod stages;
mod steps;

use std::fmt;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

pub(crate) use fit::FitBar;
pub(crate) use import::ImportBar;
pub(crate) use stages::StageBar;
pub(crate) use steps::StepBar;

use crate::{console::Console, render};

/// What a bar counts, after its rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Genotypes, or another count: `21.3 G genotypes/s`.
    Counted(&'static str),
    /// Bytes: `812 MiB/s`.
    Bytes,
}

impl Unit {
    fn rate(self, per_second: f64) -> String {
        match self {
            Self::Counted(name) => format!("{} {name}/s", render::quantity(per_second)),
            Self::Bytes => format!("{}/s", render::bytes(per_second as u64)),
        }
    }
}

fn target(console: Console) -> ProgressDrawTarget {
    if console.shows_progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() }
}

/// A bar of `total` units with the share done, the rate and the time left; a spinner where the total is not known.
fn bar(console: Console, total: u64, unit: Unit, name: String) -> ProgressBar {
    let (bar, template) = if total == 0 {
        (ProgressBar::with_draw_target(None, target(console)), "{spinner} {msg} {elapsed}")
    } else {
        let template = "{msg}  {bar:28}  {percent:>3} %  {rate}  {eta} left";
        (ProgressBar::with_draw_target(Some(total), target(console)), template)
    };
    let rate = move |state: &ProgressState, out: &mut dyn fmt::Write| {
        // The bar redraws; a rate that could not be written is no loss.
        let _ = out.write_str(&unit.rate(state.per_sec()));
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = bar.with_style(style.with_key("rate", rate)).with_message(name);
    if console.shows_progress() {
        bar.enable_steady_tick(std::time::Duration::from_millis(120));
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates() {
        assert_eq!(Unit::Counted("genotypes").rate(21.3e9), "21.3 G genotypes/s");
        assert_eq!(Unit::Bytes.rate(f64::from(1 << 20) * 812.0), "812 MiB/s");
    }
}

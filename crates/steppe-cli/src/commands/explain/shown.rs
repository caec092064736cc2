//! One person's score on the screen.

use steppe_fitjob::{ExplainedPerson, ExplainedVariant, MissingPart};

use crate::render::{self, Align};

/// The score, what it means, the variants that move it most, and what was missing.
pub(super) fn text(found: &ExplainedPerson, top: usize) -> String {
    let mut text = head(found);
    text.push('\n');
    text.push_str(&variants(found, top));
    text.push('\n');
    if let Some(rest) = rest(found, top) {
        text.push_str(&rest);
    }
    text.push_str(&missing(found));
    text
}

fn head(found: &ExplainedPerson) -> String {
    let mut lines = vec![
        format!("score {}: {}", found.score, number(found.raw)),
        format!(
            "expected at the frequencies of {}: {} (the score is {} from it)",
            found.frequencies_of,
            number(found.expected),
            signed(found.raw - found.expected)
        ),
    ];
    if let Some((calibrated, outside)) = &found.calibrated {
        if let Some(of) = calibrated.smooth {
            lines.push(format!(
                "expected by the calibration at this ancestry: {}; adjusted {} ± {:.2}, percentile {:.1}",
                number(of.expected),
                signed(of.z.value),
                of.z.standard_error,
                of.percentile
            ));
        }
        if let Some(risk) = calibrated.risk {
            lines.push(format!(
                "risk {} (90 % interval {} to {})",
                render::percent(risk.probability),
                render::percent(risk.low),
                render::percent(risk.high)
            ));
        }
        if let Some(of) = calibrated.interval {
            lines.push(format!(
                "trait {} (90 % interval {} to {})",
                number(of.mean),
                number(of.low),
                number(of.high)
            ));
        }
        if let Some(of) = calibrated.accuracy {
            lines.push(format!("expected accuracy at this genetic distance: R2 {:.3}", of.r2.value));
        }
        if *outside {
            lines.push("this person lies outside of all populations of the reference".to_owned());
        } else if calibrated.extrapolated {
            lines.push("the adjustment is extrapolated: nobody like this person taught it".to_owned());
        }
    }
    lines.join("\n") + "\n"
}

fn variants(found: &ExplainedPerson, top: usize) -> String {
    let columns = [
        ("variant", Align::Left),
        ("genotype", Align::Left),
        ("effect", Align::Left),
        ("weight", Align::Right),
        ("frequency", Align::Right),
        ("change", Align::Right),
        ("share", Align::Right),
    ];
    let row = |of: &ExplainedVariant| {
        vec![
            of.name.clone(),
            of.genotype.clone(),
            of.effect_allele.clone(),
            format!("{:.4}", of.weight),
            of.frequency.map_or_else(|| "-".to_owned(), |frequency| format!("{frequency:.3}")),
            signed(of.change()),
            render::percent(found.share(of)),
        ]
    };
    render::table(columns, found.variants.iter().take(top).map(row))
}

/// What the variants that are not shown add up to.
fn rest(found: &ExplainedPerson, top: usize) -> Option<String> {
    let others = found.variants.get(top..).filter(|others| !others.is_empty())?;
    let sum: f64 = others.iter().map(ExplainedVariant::change).sum();
    let count = render::count(others.len() as u64);
    Some(format!("{count} other variants change it by {} together\n", signed(sum)))
}

fn missing(found: &ExplainedPerson) -> String {
    let mut text: String = found.missing.iter().map(of_part).collect();
    if found.unsupported > 0 {
        text.push_str(&format!(
            "{} rows of the scoring file are of kinds that are not scored\n",
            render::count(found.unsupported)
        ));
    }
    if found.missing.iter().all(|part| !part.not_called) {
        text.push_str("every call of this person was read\n");
    }
    text
}

fn of_part(part: &MissingPart) -> String {
    let (rows, share) = (render::count(part.rows), render::percent(part.variance_share));
    let (low, high) = part.score_between;
    let what = match part.not_called {
        true => "calls of this person are missing and count as expected",
        false => "rows of the scoring file do not count in this cohort",
    };
    let percentiles = part
        .percentile_between
        .map_or_else(String::new, |(low, high)| format!(", the percentile {low:.1} to {high:.1}"));
    format!(
        "{rows} {what} ({share} of the score's variance): were they known the score could be {} to {}{percentiles}\n",
        number(low),
        number(high)
    )
}

fn number(value: f64) -> String {
    format!("{value:.4}")
}

fn signed(value: f64) -> String {
    format!("{value:+.4}")
}

use steppe_engine::output::{ScoreReport, ScoreSummary};
use steppe_store::Location;

use crate::{
    console::Console,
    exit::Outcome,
    render::{self, Align},
};

/// A line per score: how much of it the cohort has, and what became of it.
pub(super) fn table(report: &ScoreReport) -> String {
    let columns = [
        ("score", Align::Left),
        ("rows", Align::Right),
        ("matched", Align::Right),
        ("by rows", Align::Right),
        ("by variance", Align::Right),
        ("status", Align::Left),
    ];
    render::table(columns, report.scores.iter().map(row))
}

fn row(score: &ScoreSummary) -> Vec<String> {
    vec![
        score.name.clone(),
        render::count(score.rows),
        render::count(score.matched),
        render::percent(score.by_rows),
        render::percent(score.by_variance),
        if score.skipped.is_some() { "skipped".to_owned() } else { "ok".to_owned() },
    ]
}

/// What a reader of the table must know besides: why scores were skipped, what is not scored, who was not found.
pub(super) fn notes(report: &ScoreReport, console: Console) {
    for score in &report.scores {
        if let Some(reason) = &score.skipped {
            console.note(&format!("skipped {}: {reason}", score.name));
        }
        if score.unsupported_rows > 0 {
            console.note(&format!(
                "{}: {} of kinds that are not scored ({} of Σ|weight|)",
                score.name,
                render::things(score.unsupported_rows, "row"),
                render::percent(score.unsupported_weight_share),
            ));
        }
    }
    report.notices.iter().for_each(|notice| console.note(notice));
    if report.unknown_selected > 0 {
        console.note(&format!(
            "--keep and --remove: {} for nobody in the cohort",
            render::things(report.unknown_selected, "line")
        ));
    }
}

/// Where the files are, and how to look at them.
pub(super) fn whereabouts(report: &ScoreReport, cohort: &Location, out: &Location, console: Console) {
    console.note(&format!("{out}: {}", report.files.join(", ")));
    let query = if report.files.iter().any(|file| file == "scores.parquet") {
        "SELECT score, count(*) AS people, avg(average) AS mean, stddev(average) AS sd FROM scores GROUP BY score"
    } else {
        "SELECT accession, status, reason, count(*) AS n FROM match_log GROUP BY accession, status, reason"
    };
    console.note(&format!("look at it:  steppe sql --cohort {cohort} --scores {out} \"{query}\""));
}

/// Whether any score was skipped.
pub(super) fn outcome(report: &ScoreReport) -> Outcome {
    if report.scores.iter().any(|score| score.skipped.is_some()) {
        Outcome::SomeSkipped
    } else {
        Outcome::Done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(name: &str, skipped: Option<&str>) -> ScoreSummary {
        ScoreSummary {
            name: name.to_owned(),
            file: format!("{name}.txt"),
            rows: 1200,
            matched: 900,
            by_rows: 0.75,
            by_weight: 0.7,
            by_variance: 0.812,
            skipped: skipped.map(str::to_owned),
            error_bound: 0.0,
            unsupported_rows: 0,
            unsupported_weight_share: 0.0,
            reasons: Vec::new(),
        }
    }

    fn report(scores: Vec<ScoreSummary>) -> ScoreReport {
        ScoreReport {
            reused: false,
            job: "0".repeat(64),
            cohort_digest: "0".repeat(64),
            samples: 10,
            samples_kept: 10,
            unknown_selected: 0,
            scores,
            files: vec!["scores.parquet".to_owned()],
            notices: Vec::new(),
        }
    }

    #[test]
    fn a_line_per_score() {
        let text = table(&report(vec![summary("PGS000018", None), summary("height", Some("too little"))]));
        let line = |name: &str| text.lines().find(|line| line.contains(name)).map(str::to_owned);
        assert!(line("PGS000018").is_some_and(|line| {
            ["1,200", "900", "75.0 %", "81.2 %", "ok"].iter().all(|part| line.contains(part))
        }));
        assert!(line("height").is_some_and(|line| line.contains("skipped")));
    }

    #[test]
    fn one_skipped_score_shows_in_the_outcome() {
        assert_eq!(outcome(&report(vec![summary("a", None)])), Outcome::Done);
        assert_eq!(outcome(&report(vec![summary("a", None), summary("b", Some("x"))])), Outcome::SomeSkipped);
    }
}

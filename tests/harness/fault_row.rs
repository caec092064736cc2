//! What came of the cases of one fault: a row of the table that a run shows, and a line of JSON in the file that
//! `STEPPE_FAULT_REPORT` names.

use std::{
    fmt::Write as _,
    fs::OpenOptions,
    io::Write as _,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde_json::json;

/// A row of the table of faults.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// What was done.
    pub(crate) fault: String,
    /// Cases that were tried, in which it was seen to happen, and that ended as they should.
    pub(crate) figures: [usize; 3],
    pub(crate) seed: u64,
    pub(crate) took: Duration,
    pub(crate) notes: Vec<String>,
}

impl Row {
    /// Shows the table of what has run so far, and adds the row to the report.
    pub(crate) fn publish(self) {
        self.write_down();
        static ROWS: Mutex<Vec<Row>> = Mutex::new(Vec::new());
        let mut rows = ROWS.lock().unwrap_or_else(PoisonError::into_inner);
        rows.push(self);
        let mut table = format!(
            "{:<44} {:>5} {:>5} {:>6}  {:>10} {:>7}",
            "fault", "cases", "fired", "passed", "seed", "seconds"
        );
        for Row { fault, figures: [cases, fired, passed], seed, took, .. } in rows.iter() {
            let seconds = took.as_secs_f64();
            let _ =
                write!(table, "\n{fault:<44} {cases:>5} {fired:>5} {passed:>6}  {seed:>10} {seconds:>7.1}");
        }
        say(&table);
    }

    fn write_down(&self) {
        let Ok(path) = std::env::var("STEPPE_FAULT_REPORT") else { return };
        let [cases, fired, passed] = self.figures;
        let line = json!({
            "fault": self.fault, "cases": cases, "fired": fired, "passed": passed, "seed": self.seed,
            "seconds": (self.took.as_secs_f64() * 10.0).round() / 10.0, "notes": self.notes,
        });
        let file = OpenOptions::new().create(true).append(true).open(&path);
        if let Err(error) = file.and_then(|mut file| writeln!(file, "{line}")) {
            say(&format!("{path}: {error}"));
        }
    }
}

/// Says something past the test runner, which keeps what passing tests print.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

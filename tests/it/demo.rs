//! The demo, from nothing to a report.

use std::fs;

use steppe_tests::{Table, steppe};

use crate::sets::new_folder;

#[test]
fn the_demo_ends_with_a_report_for_its_populations() {
    let place = new_folder();
    let out = place.path().join("tour");
    let run = steppe(["demo", "--threads", "2", "--out"]).arg(&out).ok();
    let page = out.join("calibrated/report.en.html");
    assert!(run.stderr.contains(&page.display().to_string()), "{}", run.stderr);
    for language in ["en", "kk", "ru"] {
        let page =
            fs::read_to_string(out.join(format!("calibrated/report.{language}.html"))).expect("a page");
        for population in ["EUR", "EAS", "KAZ"] {
            assert!(page.contains(population), "{language} {population}");
        }
        assert!(!page.contains("<script") && !page.contains("src="), "a page that loads nothing");
        assert!(fs::read(out.join("calibrated/report.deciles.svg")).is_ok());
        assert!(fs::read(out.join("calibrated/report.transfer.svg")).is_ok());
    }
    let ancestry = Table::read(&out.join("ancestry/ancestry.tsv"), '\t');
    let (outside, kazakh) = (ancestry.column("outside"), ancestry.column("IID"));
    let flagged = |kaz: bool| {
        let those = ancestry.rows.iter().filter(|row| row[kazakh].starts_with("KAZ") == kaz);
        let flags: Vec<f64> = those.map(|row| f64::from(u8::from(row[outside] == "1"))).collect();
        flags.iter().sum::<f64>() / flags.len() as f64
    };
    assert!(flagged(true) > 0.5 && flagged(false) < 0.05, "{} {}", flagged(true), flagged(false));
    let again = steppe(["demo", "--threads", "1", "--out"]).arg(&out).ok();
    assert_eq!(again.stderr.matches("there already").count(), 4, "{}", again.stderr);
    let sql = steppe(["sql", "--format", "csv", "--result"]).arg(out.join("calibrated"));
    let sql = sql.arg("SELECT population, count(*) AS n FROM calibrated GROUP BY population ORDER BY 1").ok();
    assert_eq!(sql.stdout.trim(), "population,n\nEAS,1000\nEUR,1500\nKAZ,1500");
}

//! Roles that see rows, and what they see of them.

use std::collections::BTreeSet;

use super::scene::{POLICY, Person, Scene, write_phenotypes};

fn is_seen(person: Person) -> bool {
    person.has_consent() && person.site() != "east"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_researcher_sees_rows_of_their_sites_with_pseudonyms_and_masks() {
    let scene = Scene::new(200, |_| true, POLICY).await;
    let told = scene.ask("researcher", "SELECT * FROM phenotypes").await.expect("rows");
    let expected = (0..200).map(Person).filter(|person| is_seen(*person)).count();
    assert_eq!(told.rows().len(), expected);
    let schema = told.batches[0].schema();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["sample_key", "t2d", "age", "days", "bmi", "site", "consent", "name"]);
    let ids: BTreeSet<String> = (0..200).map(|person| Person(person).id()).collect();
    for row in told.rows() {
        let fields: Vec<&str> = row.split('|').collect();
        assert!(fields[0].len() == 26 && !ids.contains(fields[0]), "{row}");
        assert_eq!(fields[7].len(), 32, "a hash: {row}");
        assert!(fields[5] != "east" && fields[6] == "yes", "{row}");
    }
    let joined = "SELECT s.sum, s.percentile, p.age FROM scores s JOIN phenotypes p USING (sample_key) \
                  WHERE s.score = 'PGS1' AND s.run = 'first' ORDER BY s.percentile DESC LIMIT 3";
    assert_eq!(scene.ask("researcher", joined).await.expect("rows").rows().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subquery_for_each_row_has_that_rows_answer() {
    let scene = Scene::new(60, |_| true, POLICY).await;
    let told = async |sql: &str| {
        let mut rows = scene.ask("researcher", sql).await.expect(sql).rows();
        rows.sort();
        rows
    };
    let each = told("SELECT run, (SELECT count(*) FROM scores s WHERE s.run = r.run) FROM runs r").await;
    let joined = "SELECT r.run, count(s.run) FROM runs r LEFT JOIN scores s ON s.run = r.run GROUP BY r.run";
    assert_eq!(each, told(joined).await);
    assert!(each.iter().any(|row| !row.ends_with("|0")), "{each:?}");
    // Several rows are not one value.
    assert!(scene.ask("researcher", "SELECT (SELECT age FROM phenotypes)").await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rounded_score_is_a_z_to_one_decimal_and_a_band() {
    let scene = Scene::new(200, |_| true, POLICY).await;
    let sql = "SELECT * FROM scores WHERE score = 'PGS1' AND run = 'first'";
    let told = scene.ask("steward", sql).await.expect("rows");
    let schema = told.batches[0].schema();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["sample_key", "run", "score", "z", "percentile_band", "population_percentile_band"]);
    for row in told.rows() {
        let z: f64 = row.split('|').nth(3).expect("a z").parse().expect("a number");
        assert!((z * 10.0 - (z * 10.0).round()).abs() < 1e-9, "{row}");
    }
    // What is seen in groups is still seen in groups.
    assert!(scene.ask("steward", "SELECT age FROM phenotypes").await.is_err());
    let both = "SELECT s.percentile_band, avg(p.age) FROM scores s JOIN phenotypes p USING (sample_key) \
                WHERE s.score = 'PGS1' AND s.run = 'first' GROUP BY s.percentile_band";
    assert!(scene.ask("steward", both).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scores_of_few_variants_are_not_seen_by_row() {
    let scene = Scene::new(60, |_| true, POLICY).await;
    for role in ["researcher", "steward"] {
        let rows = scene.ask(role, "SELECT DISTINCT score FROM scores").await.expect("rows").rows();
        assert_eq!(rows, ["PGS1", "PGS2"], "{role}");
    }
    // In groups they are seen where no group is of fewer than twenty people.
    let sql = "SELECT score, count(*) FROM scores WHERE run = 'first' GROUP BY score";
    assert_eq!(scene.ask("analyst", sql).await.expect("groups").rows().len(), 2);
    let scene = Scene::new(60, |_| true, &POLICY.replace("minimum_cell = 5", "minimum_cell = 20")).await;
    assert_eq!(scene.ask("analyst", sql).await.expect("groups").rows().len(), 3);
}

/// Other tables that have the same numbers show no more of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calibrated_scores_of_few_or_unknown_variants_are_not_seen_by_row() {
    let scene = Scene::new(60, |_| true, POLICY).await;
    let told = scene.ask("researcher", "SELECT DISTINCT score FROM calibrated_scores").await.expect("rows");
    assert_eq!(told.rows(), ["PGS1"]);
    let sql = "SELECT count(*) FROM calibrated_scores WHERE score = 'SMALL' OR score = 'UNCOUNTED'";
    assert_eq!(scene.ask("researcher", sql).await.expect("a count").number(), 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_expression_is_evaluated_on_a_row_that_is_not_there() {
    let scene = Scene::new(200, |_| true, POLICY).await;
    let hidden = (0..200).map(Person).find(|person| !is_seen(*person)).expect("somebody hidden");
    let shown = (0..200).map(Person).find(|person| is_seen(*person)).expect("somebody seen");
    let probe = |person: Person| {
        format!("SELECT count(*) FROM phenotypes WHERE 1 / (days - {}) > 5", 10_000 + person.0)
    };
    assert!(scene.ask("researcher", &probe(hidden)).await.is_ok());
    assert!(scene.ask("researcher", &probe(shown)).await.is_err(), "the probe works");
    let cast = "SELECT count(CAST(site AS INT)) FROM phenotypes WHERE site = 'east'";
    assert_eq!(scene.ask("researcher", cast).await.expect("nobody").number(), 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statistics_do_not_count_those_who_are_not_there() {
    let scene = Scene::new(200, |_| true, POLICY).await;
    let expected = (0..200).map(Person).filter(|person| is_seen(*person)).count() as f64;
    for table in ["samples", "phenotypes", "sample_ancestry"] {
        let sql = format!("SELECT count(*) FROM {table}");
        assert_eq!(scene.ask("researcher", &sql).await.expect("a count").number(), expected, "{table}");
    }
    let most = (0..200).map(Person).filter(|person| is_seen(*person)).map(|person| 10_000 + person.0).max();
    let told = scene.ask("researcher", "SELECT max(days) FROM phenotypes").await.expect("a number").number();
    assert_eq!(Some(told as u64), most);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consent_withdrawn_is_gone_within_seconds() {
    let scene = Scene::new(200, |_| true, POLICY).await;
    let count = "SELECT count(*) FROM scores WHERE score = 'PGS1' AND run = 'first'";
    let before = scene.ask("researcher", count).await.expect("a count").number();
    let people: Vec<Person> = (0..200).map(Person).collect();
    let file = scene.folder.path().join("people.csv");
    write_phenotypes(&file, &people);
    let text = std::fs::read_to_string(&file).expect("a file");
    let withdrawn: Vec<String> = text
        .lines()
        .enumerate()
        .map(|(line, row)| if line % 4 == 1 { row.replace(",yes,", ",no,") } else { row.to_owned() })
        .collect();
    std::fs::write(&file, withdrawn.join("\n") + "\n").expect("a file");
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let after = scene.ask("researcher", count).await.expect("a count").number();
    let expected = people.iter().filter(|person| is_seen(**person) && person.0 % 4 != 0).count();
    assert_eq!(after, expected as f64);
    assert!(after < before);
    let rows = scene.ask("researcher", "SELECT count(*) FROM phenotypes").await.expect("a count").number();
    assert_eq!(rows, after);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_without_a_grant_sees_nothing_and_tables_that_are_not_granted_are_not_there() {
    let policy = "version = 1\nrevision = 1\n[cohort.\"bio\"]\nminimum_cell = 5\n[cohort.\"bio\".role.analyst]\nphenotypes = \"aggregates\"\n";
    let scene = Scene::new(60, |_| true, policy).await;
    let nobody = scene.ask("operator", "SELECT 1").await;
    assert!(nobody.is_err_and(|error| error.to_string().contains("shows somebody nothing")));
    let tables = scene
        .ask("analyst", "SELECT table_name FROM information_schema.tables")
        .await
        .expect("tables")
        .rows();
    assert!(!tables.iter().any(|name| name == "scores" || name == "sample_ancestry"), "{tables:?}");
    assert!(tables.iter().any(|name| name == "phenotypes"));
    assert!(scene.ask("analyst", "SELECT count(*) FROM scores").await.is_err());
    let columns = scene
        .ask("analyst", "SELECT column_name FROM information_schema.columns WHERE table_name = 'samples'")
        .await
        .expect("columns");
    assert!(!columns.rows().iter().any(|name| ["sample_id", "family_id", "father"].contains(&name.as_str())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_policy_holds_for_the_next_statement() {
    let scene = Scene::new(60, |_| true, POLICY).await;
    assert!(scene.ask("researcher", "SELECT age FROM phenotypes").await.is_ok());
    let stricter = POLICY
        .replace("revision = 1", "revision = 2")
        .replace("phenotypes = \"raw\"", "phenotypes = \"aggregates\"");
    assert!(
        scene.catalog.reload(&stricter.replace("revision = 2", "revision = 1")).is_err(),
        "no higher revision"
    );
    scene.catalog.reload(&stricter).expect("a policy");
    assert!(scene.ask("researcher", "SELECT age FROM phenotypes").await.is_err());
}

const EXPORTS: &str = r#"
version = 1
revision = 1
[cohort."bio"]
minimum_cell = 5
[cohort."bio".role.researcher]
scores = "raw"
phenotypes = "raw"
export_rows_per_day = 100
approvals = 0
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_leave_are_counted() {
    let scene = Scene::new(60, |_| true, EXPORTS).await;
    assert_eq!(scene.ask("researcher", "SELECT age FROM phenotypes").await.expect("rows").rows().len(), 60);
    let more = scene.ask("researcher", "SELECT age FROM phenotypes").await.expect_err("more than a hundred");
    assert!(more.to_string().contains("40 rows are left today"), "{more}");
    assert!(scene.ask("researcher", "SELECT age FROM phenotypes LIMIT 40").await.is_ok());
    assert!(scene.ask("researcher", "SELECT count(*) FROM phenotypes").await.is_err(), "none are left");
    assert!(scene.ask("researcher", "SELECT count(*) FROM runs").await.is_ok(), "no rows of persons");
    let packed = scene.ask("researcher", "SELECT string_agg(site, ',') FROM phenotypes").await;
    assert!(packed.is_err_and(|error| error.to_string().contains("makes one row of many")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_of_several_persons_counts_as_several() {
    let scene = Scene::new(10, |_| true, EXPORTS).await;
    let mut left = 100;
    for (sql, rows) in [
        ("SELECT age FROM phenotypes", 10),
        ("SELECT age, lag(age) OVER (ORDER BY age), lag(age, 2) OVER (ORDER BY age) FROM phenotypes", 30),
        ("SELECT max(age), min(age), count(*) FROM phenotypes", 2),
        ("SELECT a.age, b.age FROM phenotypes a CROSS JOIN phenotypes b LIMIT 7", 14),
        ("SELECT a.age, b.site FROM phenotypes a JOIN phenotypes b USING (sample_key)", 10),
        ("SELECT rank() OVER (ORDER BY age), age FROM phenotypes", 10),
        ("SELECT (SELECT max(age) FROM phenotypes), age FROM phenotypes LIMIT 2", 4),
        (
            "SELECT x || y FROM (SELECT site AS x, lag(site) OVER (ORDER BY age) AS y FROM phenotypes) LIMIT 4",
            8,
        ),
        ("SELECT age FROM phenotypes WHERE sample_key IN (SELECT sample_key FROM scores) LIMIT 3", 3),
    ] {
        let told = scene.ask("researcher", sql).await;
        assert!(told.is_ok(), "{sql}: {told:?}");
        left -= rows;
        // A row of more than there ever were is refused, and the refusal says how many are left.
        let columns: Vec<String> = (0..101).map(|at| format!("max(age + {at})")).collect();
        let more = scene.ask("researcher", &format!("SELECT {} FROM phenotypes", columns.join(", "))).await;
        let more = more.expect_err("more than there are").to_string();
        assert!(more.contains(&format!("{left} rows are left today")), "{sql}: {more}");
    }
    let recursive = "WITH RECURSIVE r AS (SELECT site AS s FROM phenotypes UNION ALL SELECT s || s FROM r WHERE length(s) < 99) \
                     SELECT * FROM r LIMIT 1";
    let refused = scene.ask("researcher", recursive).await.expect_err("it packs").to_string();
    assert!(refused.contains("recursive"), "{refused}");
}

const NOISY: &str = r#"
version = 1
revision = 1
[cohort."bio"]
minimum_cell = 5
protection = "differential-privacy"
epsilon_per_day = 1.0
epsilon_per_query = 0.25
[cohort."bio".role.analyst]
phenotypes = "aggregates"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_with_noise_are_the_same_for_everybody_and_cost() {
    let scene = Scene::new(900, |_| true, NOISY).await;
    let sql = "SELECT site, count(*) FROM phenotypes GROUP BY site";
    let first = scene.ask("analyst", sql).await.expect("an answer").rows();
    assert_eq!(first.len(), 3);
    let repeats = if std::env::var_os("STEPPE_FULL").is_some() { 1000 } else { 10 };
    for _ in 0..repeats {
        assert_eq!(scene.ask("analyst", sql).await.expect("an answer").rows(), first);
    }
    assert_eq!(scene.ask_with(("other", "analyst"), sql, Vec::new()).await.expect("an answer").rows(), first);
    let total: f64 =
        first.iter().map(|row| row.split('|').nth(1).expect("a count").parse::<f64>().expect("one")).sum();
    assert!((total - 900.0).abs() < 150.0, "{total}");
    let mean = scene.ask("analyst", "SELECT avg(age) FROM phenotypes").await.expect_err("without bounds");
    assert!(mean.to_string().contains("no column has bounds"), "{mean}");
    let mut answered = 0;
    for age in 41..60 {
        let sql = format!("SELECT count(*) FROM phenotypes WHERE age > {age}");
        answered += usize::from(scene.ask("analyst", &sql).await.is_ok());
    }
    assert_eq!(answered, 3, "a quarter each, and one was spent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn means_with_noise_are_of_bounded_values() {
    let policy =
        NOISY.replace("minimum_cell = 5", "minimum_cell = 5\nbounds = { bmi = [15, 45], t2d = [0, 1] }");
    let scene = Scene::new(900, |_| true, &policy).await;
    let sql = "SELECT avg(bmi), avg(t2d) FROM phenotypes";
    let told = scene.ask("analyst", sql).await.expect("an answer").rows();
    for (user, again) in [("analyst", sql), ("other", "SELECT avg(bmi) + 0, mean(t2d) FROM phenotypes")] {
        assert_eq!(
            scene.ask_with((user, "analyst"), again, Vec::new()).await.expect("the same").rows(),
            told
        );
    }
    let numbers: Vec<f64> = told[0].split('|').map(|number| number.parse().expect("a number")).collect();
    let seen: Vec<Person> = (0..900).map(Person).collect();
    let of_bmi: Vec<f64> =
        seen.iter().filter_map(|person| person.bmi()).map(|bmi| bmi.clamp(15.0, 45.0)).collect();
    let mean = of_bmi.iter().sum::<f64>() / of_bmi.len() as f64;
    let cases = seen.iter().filter(|person| person.is_case()).count() as f64 / 900.0;
    // Of the sum noise of scale 15 x 2 / 0.25, and of one half: a tenth and less of a point of 900 people.
    assert!((numbers[0] - mean).abs() < 1.5 && numbers[0] != mean, "{numbers:?} {mean}");
    assert!((numbers[1] - cases).abs() < 0.05 && numbers[1] != cases, "{numbers:?} {cases}");
    let other = scene.ask("analyst", "SELECT avg(age) FROM phenotypes").await.expect_err("no bounds");
    assert!(other.to_string().contains("means are told of bmi, t2d"), "{other}");
    // The people, and each of the means: a quarter each, so that one is left.
    assert!(scene.ask("analyst", "SELECT site, avg(t2d) FROM phenotypes GROUP BY site").await.is_err());
    let one = scene.ask("analyst", "SELECT count(*) FROM phenotypes WHERE age > 50").await;
    assert_eq!(one.expect("a quarter").rows().len(), 1);
}

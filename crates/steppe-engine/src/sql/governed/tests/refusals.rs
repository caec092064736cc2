//! Statements that an analyst is refused, each with the reason.

use super::scene::{POLICY, Person, Scene};
use crate::EngineError;

/// Statements with a part of the message.
const REFUSED: &[(&str, &str)] = &[
    // Rows of persons.
    ("SELECT * FROM scores", "rows of persons are not shown"),
    ("SELECT sum FROM scores WHERE score = 'PGS1'", "rows of persons are not shown"),
    ("SELECT 1 FROM phenotypes", "rows of persons are not shown"),
    ("SELECT s.z FROM scores s JOIN phenotypes p USING (sample_key)", "rows of persons are not shown"),
    ("SELECT DISTINCT age FROM phenotypes", "rows of persons are not shown"),
    ("SELECT count(*) FROM (SELECT DISTINCT age FROM phenotypes)", "DISTINCT can not be used"),
    ("SELECT age FROM phenotypes ORDER BY age LIMIT 1", "rows of persons are not shown"),
    ("SELECT age FROM phenotypes UNION ALL SELECT 1", "rows of persons are not shown"),
    ("SELECT row_number() OVER (ORDER BY age) FROM phenotypes", "rows of persons are not shown"),
    ("WITH p AS (SELECT * FROM phenotypes) SELECT age FROM p", "rows of persons are not shown"),
    (
        "SELECT * FROM variants WHERE position IN (SELECT age FROM phenotypes)",
        "rows of persons are not shown",
    ),
    (
        "SELECT * FROM variants v WHERE EXISTS (SELECT 1 FROM phenotypes p WHERE p.age = v.position)",
        "rows of persons",
    ),
    ("SELECT (SELECT age FROM phenotypes LIMIT 1)", "rows of persons are not shown"),
    ("SELECT count(*) FROM runs WHERE scores IN (SELECT age FROM phenotypes)", "no persons below"),
    // Operators below an aggregate.
    ("SELECT count(*) FROM (SELECT age FROM phenotypes LIMIT 20)", "LIMIT can not be used"),
    ("SELECT count(*) FROM (SELECT age FROM phenotypes ORDER BY age LIMIT 20)", "LIMIT can not be used"),
    (
        "SELECT avg(r) FROM (SELECT rank() OVER (ORDER BY age) r FROM phenotypes)",
        "a window function can not be used",
    ),
    (
        "SELECT count(*) FROM (SELECT age FROM phenotypes UNION ALL SELECT age FROM phenotypes)",
        "UNION can not be used",
    ),
    ("SELECT count(*) FROM phenotypes CROSS JOIN phenotypes q", "not joined by the key"),
    (
        "SELECT count(*) FROM phenotypes p, scores s WHERE p.sample_key = s.sample_key",
        "not joined by the key",
    ),
    ("SELECT count(*) FROM phenotypes p JOIN scores s ON p.age = s.percentile_band", "not joined by the key"),
    (
        "SELECT count(*) FROM phenotypes p JOIN scores s ON p.sample_key = p.sample_key",
        "not joined by the key",
    ),
    (
        "SELECT count(*) FROM phenotypes p JOIN scores s ON p.sample_key < s.sample_key",
        "not joined by the key",
    ),
    (
        "SELECT count(*) FROM phenotypes p RIGHT JOIN scores s USING (sample_key)",
        "can not be joined by Right JOIN",
    ),
    (
        "SELECT count(*) FROM phenotypes p FULL JOIN scores s USING (sample_key)",
        "can not be joined by Full JOIN",
    ),
    (
        "SELECT count(*) FROM phenotypes p JOIN (VALUES (57, 1)) v(age, w) ON p.age = v.age",
        "can not be joined with rows of persons",
    ),
    ("SELECT count(*) FROM phenotypes p CROSS JOIN runs", "can not be multiplied"),
    (
        "SELECT count(*) FROM phenotypes p JOIN (SELECT score, min(rows) r FROM score_sets GROUP BY score) v ON p.age = v.r",
        "can not be joined with rows of persons",
    ),
    (
        "SELECT count(*) FROM phenotypes p WHERE age > (SELECT avg(age) FROM phenotypes)",
        "a subquery can not decide",
    ),
    (
        "SELECT count(*) FROM phenotypes p WHERE age IN (SELECT rows FROM score_sets)",
        "a subquery can not decide",
    ),
    ("SELECT count(*) FROM phenotypes p WHERE EXISTS (SELECT 1 FROM runs)", "a subquery can not decide"),
    (
        "SELECT run, (SELECT count(*) FROM scores s WHERE s.run = r.run) FROM runs r",
        "for each row of another query",
    ),
    ("SELECT count(*) FROM phenotypes p, LATERAL (SELECT p.age) l", "rows of persons"),
    (
        "WITH RECURSIVE r AS (SELECT age FROM phenotypes UNION ALL SELECT age + 1 FROM r WHERE age < 99) SELECT count(*) FROM r",
        "recursive",
    ),
    // Who is chosen, and how groups are made.
    ("SELECT count(*) FROM scores WHERE sum > 1 AND score = 'PGS1'", "as fine as these"),
    ("SELECT count(*) FROM scores WHERE z > 1.5", "as fine as these"),
    ("SELECT count(*) FROM scores WHERE floor(z) = 1", "as fine as these"),
    ("SELECT sum, count(*) FROM scores GROUP BY sum", "as fine as these"),
    ("SELECT round(sum, 1), count(*) FROM scores GROUP BY round(sum, 1)", "as fine as these"),
    ("SELECT CASE WHEN z > 2 THEN 1 ELSE 0 END, count(*) FROM scores GROUP BY 1", "as fine as these"),
    ("SELECT count(*) FILTER (WHERE z > 2) FROM scores", "as fine as these"),
    ("SELECT count(*) FROM (SELECT z > 2 AS top FROM scores) WHERE top", "as fine as these"),
    ("SELECT count(*) FROM sample_ancestry WHERE squared_distance < 0.1", "as fine as these"),
    ("SELECT count(*) FROM phenotypes WHERE sample_key = 'abc'", "by their keys"),
    ("SELECT sample_key, count(*) FROM phenotypes GROUP BY sample_key", "by their keys"),
    ("SELECT count(*) FROM phenotypes WHERE sample_key LIKE 'a%'", "by their keys"),
    ("SELECT substr(sample_key, 1, 1), count(*) FROM phenotypes GROUP BY 1", "by their keys"),
    ("SELECT age, count(*) FROM phenotypes GROUP BY ROLLUP (age)", "GROUPING SETS"),
    ("SELECT age, site, count(*) FROM phenotypes GROUP BY GROUPING SETS ((age), (site))", "GROUPING SETS"),
    ("SELECT count(*) FROM phenotypes WHERE 1 / (age - 57) > 0", "division must not fail"),
    ("SELECT count(*) FROM phenotypes WHERE age / 0 > 0", "division must not fail"),
    ("SELECT count(*) FROM phenotypes WHERE age % days = 0", "division must not fail"),
    ("SELECT count(*) FROM phenotypes WHERE age * t2d > 50", "calculated with each other"),
    ("SELECT count(*) FROM phenotypes WHERE CAST(site AS INT) = 1", "may fail on somebody's value"),
    ("SELECT count(*) FROM phenotypes WHERE CAST(bmi AS SMALLINT) = 25", "may fail on somebody's value"),
    ("SELECT count(*) FROM phenotypes WHERE site ~ 'n.*'", "can not be used on rows of persons"),
    ("SELECT count(*) FROM phenotypes WHERE random() < 0.5", "random() can not be used"),
    ("SELECT count(*) FROM phenotypes WHERE sqrt(age - 57) > 0", "sqrt() can not be used"),
    ("SELECT count(*) FROM phenotypes WHERE md5(site) > 'a'", "md5() can not be used"),
    // What is aggregated.
    ("SELECT min(age) FROM phenotypes", "min() tells of single persons"),
    ("SELECT max(sum) FROM scores", "max() tells of single persons"),
    ("SELECT median(age) FROM phenotypes", "median() tells of single persons"),
    ("SELECT array_agg(age) FROM phenotypes", "array_agg() tells of single persons"),
    ("SELECT string_agg(site, ',') FROM phenotypes", "string_agg() tells of single persons"),
    ("SELECT first_value(age) FROM phenotypes", "first_value() tells of single persons"),
    ("SELECT last_value(age ORDER BY days) FROM phenotypes", "last_value() tells of single persons"),
    ("SELECT bit_xor(age) FROM phenotypes", "bit_xor() tells of single persons"),
    ("SELECT bool_or(age > 69) FROM phenotypes", "bool_or() tells of single persons"),
    (
        "SELECT approx_percentile_cont(0.5) WITHIN GROUP (ORDER BY age) FROM phenotypes",
        "tells of single persons",
    ),
    ("SELECT approx_distinct(age) FROM phenotypes", "tells of single persons"),
    ("SELECT count(DISTINCT age) FROM phenotypes", "how many values there are"),
    ("SELECT sum(DISTINCT age) FROM phenotypes", "tells of single persons"),
    ("SELECT sum(age * 1000) FROM phenotypes", "calculated from columns"),
    ("SELECT sum(z * z) FROM scores", "calculated with each other"),
    ("SELECT avg(CASE WHEN age > 60 THEN 1 ELSE 0 END) FROM phenotypes", "calculated from columns"),
    ("SELECT sum(CAST(age > 60 AS INT)) FROM phenotypes", "calculated from columns"),
    ("SELECT sum(TRY_CAST(bmi AS INT)) FROM phenotypes", "calculated from columns"),
    ("SELECT avg(CAST(sum AS INT)) FROM scores", "may fail on somebody's value"),
    ("SELECT sum(x) FROM (SELECT floor(bmi) AS x FROM phenotypes)", "calculated from columns"),
    ("SELECT sum(1) FROM phenotypes", "is of no column"),
    ("SELECT sum(r.rows) FROM scores s JOIN score_sets r ON r.score = s.score", "calculated from columns"),
    // A person must count once.
    ("SELECT count(*) FROM scores", "a person counts twice"),
    ("SELECT avg(sum) FROM scores WHERE score = 'PGS1'", "a person counts twice"),
    (
        "SELECT count(*) FROM phenotypes p JOIN score_sets s ON s.rows_excluded < p.age AND s.rows_excluded = p.age * 0",
        "a person counts twice",
    ),
    // Few people.
    ("SELECT count(*) FROM phenotypes WHERE days = {DAYS}", "could be about few people"),
    ("SELECT count(*) FROM phenotypes WHERE days BETWEEN 10000 AND 10003", "could be about few people"),
    ("SELECT avg(bmi) FROM phenotypes WHERE days < 10003", "could be about few people"),
    ("SELECT count(*) FROM phenotypes WHERE NOT (days = {DAYS})", "could be about few people"),
    ("SELECT count(*) FILTER (WHERE days = {DAYS}) FROM phenotypes", "could be about few people"),
    // What is not shown.
    ("SELECT name FROM phenotypes GROUP BY name HAVING postcode > 0", "postcode"),
    ("SELECT __steppe_person FROM phenotypes", "__steppe_person"),
    ("SELECT count(*) AS __steppe_set_0 FROM runs", "the name is ours"),
    ("SELECT count(*) FROM (SELECT age AS __steppe_condition_1 FROM phenotypes)", "the name is ours"),
];

/// Statements that are refused before they are planned, with what the rule says of their plans, whoever let them get there.
const MORE_THAN_READING: &[(&str, &str)] = &[
    ("EXPLAIN ANALYZE SELECT count(*) FROM phenotypes", "does more than read"),
    ("EXPLAIN FORMAT TREE SELECT count(*) FROM phenotypes", "one format"),
    ("CREATE TABLE t AS SELECT 1", "does more than read"),
    ("INSERT INTO runs SELECT * FROM runs", "does more than read"),
    ("COPY (SELECT 1) TO 'x.csv'", "does more than read"),
    ("SET datafusion.execution.batch_size = 1", "does more than read"),
    ("SELECT * FROM information_schema.df_settings", "is not shown"),
    ("SELECT count(*) FROM '/etc/passwd'", "not found"),
];

/// With the number of somebody who is seen.
fn filled(sql: &str) -> String {
    let seen = (0..120).map(Person).find(|person| person.has_consent()).expect("somebody");
    sql.replace("{DAYS}", &(10_000 + seen.0).to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_tells_of_single_persons_is_refused() {
    assert!(REFUSED.len() >= 60);
    let scene = Scene::new(120, |_| true, POLICY).await;
    let mut wrong = Vec::new();
    for (number, (sql, part)) in REFUSED.iter().enumerate() {
        // Everybody with a ledger of their own, so that each refusal is for its own reason.
        let (user, sql) = (format!("user {number}"), filled(sql));
        match scene.ask_with((&user, "analyst"), &sql, Vec::new()).await {
            Ok(told) => wrong.push(format!("answered: {sql}\n    {:?}", told.rows())),
            Err(error) if error.to_string().contains(part) => {}
            Err(error) => wrong.push(format!("{sql}\n    not {part:?} but: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), REFUSED.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_message_names_anybodys_value() {
    let scene = Scene::new(120, |_| true, POLICY).await;
    for (sql, _) in REFUSED.iter().filter(|(sql, _)| !sql.contains("{DAYS}") && !sql.contains("1000")) {
        if let Err(error) = scene.ask("analyst", sql).await {
            let text = error.to_string();
            let has_value = (0..120u64).any(|person| text.contains(&(10_000 + person).to_string()));
            assert!(!has_value && !text.contains(".csv") && !text.contains(".parquet"), "{sql}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_more_than_read_is_refused_twice() {
    let scene = Scene::new(120, |_| true, POLICY).await;
    let session = scene.session("somebody", "analyst").expect("a session");
    let state = session.context().expect("a context").state();
    for (sql, part) in MORE_THAN_READING {
        let error = scene.ask("analyst", sql).await.map(|told| told.rows()).expect_err(sql).to_string();
        assert!(error.contains("only reading is"), "{sql}: {error}");
        let planned = state.create_logical_plan(sql).await.map_err(EngineError::from);
        let error = planned.and_then(|plan| session.check(&plan)).expect_err(sql).to_string();
        assert!(error.contains(part), "{sql}: {error}");
    }
}

//! Statements that an analyst is answered by groups.

use std::collections::BTreeMap;

use super::scene::{POLICY, Person, Scene};

const PEOPLE: u64 = 1200;

/// Statements that must be answered.
const ANSWERED: &[&str] = &[
    "SELECT count(*) FROM phenotypes",
    "SELECT count(*), count(bmi), avg(bmi), stddev(bmi), avg(t2d) FROM phenotypes",
    "SELECT site, count(*) FROM phenotypes GROUP BY site ORDER BY 2 DESC LIMIT 1",
    "SELECT site, count(*) AS n FROM phenotypes GROUP BY site HAVING count(*) > 10",
    "SELECT run, score, avg(sum), stddev(sum), avg(z) FROM scores GROUP BY run, score",
    "SELECT count(*) FROM scores WHERE score = 'PGS1' AND run = 'first'",
    "SELECT percentile_band, count(*) FROM scores WHERE score = 'PGS1' AND run = 'first' GROUP BY percentile_band",
    "SELECT floor(percentile_band / 10) + 1 AS decile, avg(p.t2d) FROM scores s JOIN phenotypes p USING (sample_key) \
     WHERE score = 'PGS1' AND run = 'first' GROUP BY floor(percentile_band / 10) ORDER BY decile",
    "SELECT population, count(*), count(DISTINCT sample_key) FROM sample_ancestry GROUP BY population",
    "SELECT a.population, p.t2d, count(*) FROM phenotypes p JOIN sample_ancestry a USING (sample_key) GROUP BY a.population, p.t2d",
    "WITH p AS (SELECT sample_key, age FROM phenotypes WHERE age >= 50) SELECT age / 10, count(*) FROM p GROUP BY age / 10",
    "SELECT count(*) FROM (SELECT s.sample_key, p.age FROM samples s LEFT JOIN phenotypes p ON s.sample_key = p.sample_key) t",
    "SELECT corr(one.sum, two.sum) FROM scores one JOIN scores two ON one.sample_key = two.sample_key AND one.run = two.run \
     WHERE one.score = 'PGS1' AND two.score = 'PGS2' AND one.run = 'first'",
    "SELECT auc(s.sum, p.t2d), odds_ratio_per_sd(s.sum, p.t2d), liability_r2(s.sum, p.t2d, 0.08) \
     FROM scores s JOIN phenotypes p USING (sample_key) WHERE score = 'PGS1' AND run = 'first'",
    "SELECT CASE WHEN age < 55 THEN 'younger' ELSE 'older' END AS half, count(*) FROM phenotypes GROUP BY 1",
    "SELECT count(*) FILTER (WHERE t2d = 1), count(*) FILTER (WHERE t2d = 0 AND age > 50) FROM phenotypes",
    "SELECT sex, count(*) FROM samples GROUP BY sex",
    "SELECT avg(n) FROM (SELECT site, count(*) AS n FROM phenotypes GROUP BY site)",
    "SELECT site, n, rank() OVER (ORDER BY n) FROM (SELECT site, count(*) AS n FROM phenotypes GROUP BY site)",
    "SELECT site FROM phenotypes GROUP BY site UNION SELECT population FROM sample_ancestry GROUP BY population",
    "SELECT * FROM runs WHERE 10 < (SELECT count(*) FROM phenotypes)",
    "SELECT p.site, count(*) FROM phenotypes p JOIN (SELECT site, count(*) AS n FROM phenotypes GROUP BY site) g \
     ON p.site = g.site WHERE g.n > 10 GROUP BY p.site",
    "SELECT upper(site), count(*) FROM phenotypes WHERE site LIKE 'n%' OR site IN ('east', 'south') GROUP BY upper(site)",
    "SELECT regr_slope(bmi, age), regr_r2(bmi, age), covar_pop(bmi, age), var(age) FROM phenotypes",
    "SELECT sum(CAST(t2d AS DOUBLE)), count(*) FROM phenotypes WHERE bmi IS NOT NULL",
    "SELECT * FROM score_distribution",
    "SELECT * FROM percentile_bands WHERE run = 'first' AND score = 'PGS1'",
    "SELECT * FROM populations_of_people",
    "SELECT * FROM decile_prevalence('PGS1', 'phenotypes', 't2d')",
    "SELECT * FROM score_correlation('PGS1', 'PGS2')",
    "SELECT avg(\"PGS1\"), corr(\"PGS1\", \"PGS2\"), avg(\"SMALL_z\") FROM scores_wide('first')",
    "SELECT \"PGS1_band\" >= 90 AS top, avg(p.t2d) FROM scores_wide('first') w JOIN phenotypes p USING (sample_key) \
     GROUP BY \"PGS1_band\" >= 90",
    "SELECT * FROM cohorts",
    "SELECT * FROM decile_prevalence_by_population('PGS1', 'phenotypes', 't2d')",
    "SELECT * FROM top_band_prevalence('PGS1', 'phenotypes', 't2d')",
    "SELECT * FROM discrimination('phenotypes', 't2d')",
    "SELECT * FROM discrimination_by_population('PGS1', 'phenotypes', 't2d')",
    "SELECT * FROM trait_correlation('phenotypes', 'bmi')",
    "SELECT * FROM trait_by_decile('PGS1', 'phenotypes', 'bmi')",
    "SELECT * FROM top_overlap('PGS1', 'PGS2')",
    "SELECT * FROM change_between_runs('PGS1')",
    "SELECT * FROM band_moves_between_runs('PGS1')",
    "SELECT * FROM score_distribution_by_population",
    "SELECT * FROM percentile_bands_by_population('PGS1')",
    "SELECT * FROM people_by_sex",
    "SELECT * FROM match_rates",
    "SELECT * FROM missing_scores",
    "SELECT * FROM job_costs",
    "SELECT * FROM questions",
    "EXPLAIN SELECT count(*) FROM phenotypes",
    "SHOW TABLES",
    "SELECT table_name FROM information_schema.tables",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_are_answered() {
    let scene = Scene::new(PEOPLE, |_| true, POLICY).await;
    let mut wrong = Vec::new();
    for (number, sql) in ANSWERED.iter().enumerate() {
        let user = format!("user {number}");
        if let Err(error) = scene.ask_with((&user, "analyst"), sql, Vec::new()).await {
            wrong.push(format!("{sql}\n    {error}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), ANSWERED.len(), wrong.join("\n"));
}

fn seen() -> Vec<Person> {
    (0..PEOPLE).map(Person).filter(|person| person.has_consent()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_those_of_the_people_with_consent() {
    let scene = Scene::new(PEOPLE, |_| true, POLICY).await;
    let told = scene.ask("analyst", "SELECT count(*) FROM phenotypes").await.expect("an answer");
    assert_eq!(told.number(), seen().len() as f64);
    assert!(told.notices.is_empty());
    let sql = "SELECT avg(sum) FROM scores WHERE score = 'PGS2' AND run = 'first'";
    let mean = seen().iter().map(|person| person.score(1)).sum::<f64>() / seen().len() as f64;
    let told = scene.ask("analyst", sql).await.expect("an answer").number();
    assert!((told - mean).abs() <= 1e-5 * mean.abs(), "{told} {mean}");
    assert_ne!(told, mean, "to six digits");
    let sql = "SELECT site, count(*) FILTER (WHERE t2d = 1) FROM phenotypes GROUP BY site";
    let mut cases: BTreeMap<&str, u64> = BTreeMap::new();
    for person in seen() {
        *cases.entry(person.site()).or_default() += u64::from(person.is_case());
    }
    let expected: Vec<String> = cases.iter().map(|(site, cases)| format!("{site}|{cases}")).collect();
    assert_eq!(scene.ask("analyst", sql).await.expect("an answer").rows(), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_are_joined_by_numbers_but_for_who_may_not_be_there() {
    let scene = Scene::new(PEOPLE, |_| true, POLICY).await;
    let sql = |key: &str| {
        format!(
            "SELECT count(*) FROM samples a LEFT JOIN phenotypes b ON a.sample_key = b.sample_key AND b.site = 'north' \
             JOIN sample_ancestry c ON c.sample_key = {key}.sample_key"
        )
    };
    let north = seen().into_iter().filter(|person| person.site() == "north").count();
    for (key, people) in [("a", seen().len()), ("b", north)] {
        let told = scene.ask_with((key, "analyst"), &sql(key), Vec::new()).await.expect("an answer").number();
        assert_eq!(told, people as f64, "{key}");
        let plan =
            scene.ask("analyst", &format!("EXPLAIN {}", sql(key))).await.expect("a plan").rows().join("\n");
        let by_numbers = plan.matches(".__steppe_person = ").count();
        assert_eq!(by_numbers, if key == "a" { 2 } else { 1 }, "{plan}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn percentile_bands_have_a_twentieth_of_the_people_each() {
    let scene = Scene::new(PEOPLE, |_| true, POLICY).await;
    let sql = "SELECT percentile_band, count(*) FROM scores WHERE score = 'PGS1' AND run = 'first' \
               GROUP BY percentile_band";
    let rows = scene.ask("analyst", sql).await.expect("an answer").rows();
    assert_eq!(rows.len(), 20, "{rows:?}");
    let twentieth = seen().len() as f64 / 20.0;
    for row in &rows {
        let (band, people) = row.split_once('|').expect("two columns");
        assert_eq!(band.parse::<u64>().expect("a band") % 5, 0);
        let people: f64 = people.parse().expect("a count");
        assert!((people - twentieth).abs() <= 1.0, "{row}");
    }
    let sql = "SELECT a.population, s.population_percentile_band, count(*) FROM scores s \
               JOIN sample_ancestry a USING (sample_key) WHERE s.score = 'PGS1' AND s.run = 'first' \
               GROUP BY a.population, s.population_percentile_band";
    let rows = scene.ask_with(("other", "analyst"), sql, Vec::new()).await.expect("an answer").rows();
    assert_eq!(rows.len(), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_groups_are_left_out_with_others_and_counted() {
    let scene = Scene::new(PEOPLE, |_| true, POLICY).await;
    let sql = "SELECT age, count(*) FROM phenotypes WHERE site = 'north' AND t2d = 1 GROUP BY age";
    let told = scene.ask("analyst", sql).await.expect("an answer");
    let mut by_age: BTreeMap<u64, u64> = BTreeMap::new();
    for person in seen().into_iter().filter(|person| person.site() == "north" && person.is_case()) {
        *by_age.entry(person.age()).or_default() += 1;
    }
    assert!(by_age.values().any(|people| *people < 5), "the scene has small groups");
    for row in told.rows() {
        let (age, people) = row.split_once('|').expect("two columns");
        let people: u64 = people.parse().expect("a count");
        assert!(people >= 5 && by_age[&age.parse::<u64>().expect("an age")] == people, "{row}");
    }
    let left_out = by_age.len() - told.rows().len();
    assert!(told.notices.iter().any(|notice| notice.starts_with(&format!("{left_out} of {}", by_age.len()))));
    let record = scene.records.0.lock().expect("a lock").pop().expect("a record");
    assert_eq!((record.suppressed, record.refusal, record.cohort.as_str()), (left_out, None, "bio"));
    assert!(record.tables.contains("phenotypes"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn associations_need_ten_times_as_many_people() {
    let scene = Scene::new(PEOPLE, |_| true, POLICY).await;
    let sql = "SELECT corr(bmi, age), count(*) FROM phenotypes WHERE site = 'north' AND age = 50";
    let told = scene.ask("analyst", sql).await.expect("an answer");
    assert!(told.rows()[0].starts_with("null|"), "{:?}", told.rows());
    assert_eq!(told.notices.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_question_a_thousand_times_has_one_answer() {
    let scene = Scene::new(300, |_| true, POLICY).await;
    let sql = "SELECT site, count(*), avg(bmi) FROM phenotypes GROUP BY site";
    let first = scene.ask("analyst", sql).await.expect("an answer").rows();
    let repeats = if std::env::var_os("STEPPE_FULL").is_some() { 1000 } else { 30 };
    for _ in 0..repeats {
        assert_eq!(scene.ask("analyst", sql).await.expect("an answer").rows(), first);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_told_is_remembered_by_the_next_process_and_is_of_one_user() {
    let scene = Scene::new(PEOPLE, |_| true, POLICY).await;
    let wide = "SELECT count(*) FROM phenotypes WHERE days < 10500";
    let narrow = "SELECT count(*) FROM phenotypes WHERE days < 10498";
    assert!(scene.ask("analyst", wide).await.is_ok());
    assert!(scene.ask("analyst", narrow).await.is_err(), "differs by few");
    let records = std::sync::Arc::default();
    let catalog = Scene::open(scene.folder.path(), POLICY, &records).await.expect("a catalog");
    let again = Scene { catalog, records, folder: scene.folder };
    assert!(again.ask("analyst", narrow).await.is_err(), "after a restart");
    assert!(again.ask("analyst", wide).await.is_ok());
    assert!(again.ask_with(("another", "analyst"), narrow, Vec::new()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parameters_are_conditions_like_constants() {
    let scene = Scene::new(PEOPLE, |_| true, POLICY).await;
    let sql = "SELECT count(*) FROM phenotypes WHERE age > $1 AND site = $2";
    let values = vec![55_i64.into(), "north".into()];
    let told = scene.ask_with(("a", "analyst"), sql, values).await.expect("an answer").number();
    let expected = seen().into_iter().filter(|person| person.age() > 55 && person.site() == "north").count();
    assert_eq!(told, expected as f64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn explain_shows_no_files_numbers_or_people() {
    let scene = Scene::new(300, |_| true, POLICY).await;
    for role in ["analyst", "researcher"] {
        for verbose in ["", "VERBOSE"] {
            let sql = format!(
                "EXPLAIN {verbose} SELECT age, count(*) FROM phenotypes WHERE site = 'north' GROUP BY age"
            );
            let text = scene.ask(role, &sql).await.expect("a plan").rows().join("\n");
            assert!(
                !text.contains(".csv") && !text.contains("Rows=") && !text.contains("statistics"),
                "{text}"
            );
            assert!(!text.contains("physical_plan"), "{text}");
        }
    }
}

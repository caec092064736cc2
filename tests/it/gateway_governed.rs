//! A cohort under a policy, by both protocols: what each role sees, what is remembered of what they were told, and what
//! becomes of changes of the policy and of consent.

use std::{
    fs,
    time::{Duration, Instant},
};

use steppe_tests::{Gateway, GatewayOptions, POLICY, PostgresClient, PostgresError, wait_until};

use crate::flight_client::{FlightClient, texts};

/// What users are told of every refusal for the sake of few people.
const ABOUT_FEW: &str = "this answer, alone or with earlier ones, could be about few people";

fn governed() -> Gateway {
    Gateway::start(&GatewayOptions { policy: Some(POLICY.into()), ..GatewayOptions::default() })
}

/// The only number of an answer.
fn number(client: &mut PostgresClient, sql: &str) -> Result<i64, PostgresError> {
    let rows = client.simple(sql)?.rows;
    assert_eq!(rows.len(), 1, "{sql}: {rows:?}");
    Ok(rows[0][0].as_deref().and_then(|text| text.parse().ok()).expect("a number"))
}

fn is_about_few(error: &PostgresError) -> bool {
    error.code == "42501" && error.message == ABOUT_FEW && error.hint == "ask about larger or other groups"
}

#[tokio::test(flavor = "multi_thread")]
async fn an_analyst_sees_groups_of_enough_people_and_no_rows() {
    let gateway = governed();
    let mut postgres = gateway.connect("ada").expect("ada is let in");
    let flight = FlightClient::connect(&gateway, &gateway.token("ada")).await;
    let by_site = "SELECT site, count(*) AS n FROM people GROUP BY site ORDER BY site";
    let simple = postgres.simple(by_site).expect("groups");
    let sites: Vec<&str> = simple.rows.iter().filter_map(|row| row[0].as_deref()).collect();
    assert!(!sites.contains(&"island") && !sites.is_empty(), "{:?}", simple.rows);
    assert!(simple.notices.iter().any(|notice| notice.contains("are left out")), "{:?}", simple.notices);
    let extended = postgres.extended(by_site, &[]).expect("groups");
    assert_eq!((&extended.rows, &extended.notices), (&simple.rows, &simple.notices));
    assert_eq!(texts(&flight.query(by_site).await.expect("groups")), simple.rows);
    assert_eq!(flight.notices(by_site).await.expect("notices"), simple.notices);

    for rows in [
        "SELECT * FROM people LIMIT 5",
        "SELECT sample_key FROM people WHERE age = 50",
        "SELECT sample_key, sum FROM scores",
        "SELECT max(sum) FROM scores WHERE score = 'SCORE1'",
        "SELECT array_agg(age) FROM people",
        "SELECT age, row_number() OVER (ORDER BY age) FROM people",
        "SELECT a.age FROM people a JOIN people b ON a.age < b.age",
    ] {
        let error = postgres.simple(rows).expect_err(rows);
        assert!(error.code == "42501" && !error.hint.is_empty(), "{rows}: {error:?}");
        assert_eq!(postgres.extended(rows, &[]).expect_err(rows), error, "{rows}");
        assert!(flight.query(rows).await.is_err(), "{rows}");
        assert!(flight.sql.clone().prepare(rows.to_owned(), None).await.is_err(), "{rows}");
    }
    // Too few, by the text that does not say why, on every way.
    let few = "SELECT count(*) FROM people WHERE site = 'island'";
    assert!(is_about_few(&postgres.simple(few).expect_err("few people")));
    let error = postgres.extended("SELECT count(*) FROM people WHERE site = $1", &["island"]);
    assert!(is_about_few(&error.expect_err("few people")));
    assert!(flight.query(few).await.is_err_and(|error| error.to_string().contains(ABOUT_FEW)));
    // A plan says nothing of files or numbers of rows.
    let plan = postgres.simple("EXPLAIN SELECT count(*) FROM people").expect("a plan").rows;
    let plan = plan.into_iter().flatten().flatten().collect::<Vec<_>>().join("\n");
    assert!(plan.contains("Release") && !plan.contains("people.csv") && !plan.contains("Exec"), "{plan}");
    // Questions are answered as groups, too.
    let mean =
        postgres.simple("SELECT people FROM score_distribution WHERE score = 'SCORE1'").expect("a question");
    assert_eq!(mean.rows, [[Some("810".to_owned())]], "the tenth has not consented");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_was_told_counts_on_every_way_and_after_a_crash() {
    let gateway = governed();
    let two_sites = "SELECT count(*) FROM people WHERE site IN ('north', 'south')";
    // The same and three more people.
    let and_island = "SELECT count(*) FROM people WHERE site <> 'east'";
    let mut ada = gateway.connect("ada").expect("ada is let in");
    let people = number(&mut ada, two_sites).expect("a count");
    assert!(people > 500, "{people}");
    let flight = FlightClient::connect(&gateway, &gateway.token("ada")).await;
    let by_flight = flight.query(and_island).await;
    assert!(by_flight.is_err_and(|error| error.to_string().contains(ABOUT_FEW)));
    let mut again = gateway.connect("ada").expect("ada is let in");
    assert!(number(&mut again, and_island).as_ref().is_err_and(is_about_few));
    assert_eq!(number(&mut again, two_sites), Ok(people), "the same question has the same answer");
    // It is remembered by whoever comes after the process.
    let serving = gateway.serving().expect("a process");
    assert!(serving.kill());
    let mut after = gateway.connect("ada").expect("nobody is refused");
    assert_ne!(gateway.serving(), Some(serving));
    assert!(number(&mut after, and_island).as_ref().is_err_and(is_about_few));
    assert_eq!(number(&mut after, two_sites), Ok(people));
    // Who was told something else is told this, and then not what ada was.
    let mut eva = gateway.connect("eva").expect("eva is let in");
    assert_eq!(number(&mut eva, and_island), Ok(people + 3));
    let flight = FlightClient::connect(&gateway, &gateway.token("eva")).await;
    assert!(flight.query(two_sites).await.is_err_and(|error| error.to_string().contains(ABOUT_FEW)));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_decision_is_in_the_log_that_stewards_read() {
    let gateway = governed();
    let mut ada = gateway.connect("ada").expect("ada is let in");
    let counted = "SELECT count(*) FROM people p JOIN scores s ON s.sample_key = p.sample_key WHERE s.score = 'SCORE1' AND p.age >= 47";
    ada.simple(counted).expect("a count");
    ada.simple("SELECT count(*) FROM people WHERE site = 'island'").expect_err("few people");
    let flight = FlightClient::connect(&gateway, &gateway.token("ada")).await;
    flight.query("SELECT count(*) FROM people WHERE age >= 53").await.expect("a count");
    let lines = gateway.audit();
    let of = |action: &str, decision: &str| -> Vec<&serde_json::Value> {
        lines.iter().filter(|line| line["action"] == action && line["decision"] == decision).collect()
    };
    assert_eq!(of("policy_load", "allow").len(), 1);
    let released = of("sql_release", "allow");
    assert_eq!(released.len(), 2, "{lines:?}");
    assert!(released.iter().all(|line| line["actor"] == "ada"));
    assert_eq!(released[0]["object"], "cohort:bio tables:people,scores");
    assert_eq!(released[0]["reason"], "policy: 1, groups: 1, left out: 0");
    let refused = of("sql_release", "deny");
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0]["reason"], "policy: 1, groups: 1, left out: 1, refused: few");
    let text = fs::read_to_string(gateway.path("audit.jsonl")).expect("the log");
    for value in ["island", "SCORE1", ">= 47", ">= 53", "B00"] {
        assert!(!text.contains(value), "{value} is in the log");
    }
    for pair in lines.windows(2) {
        assert_eq!(pair[0]["hash"], pair[1]["previous"]);
    }

    let error = ada.simple("SELECT * FROM audit_log").expect_err("an analyst");
    assert_eq!(error.code, "42P01", "{error:?}");
    let mut steward = gateway.connect_as("sara", "steward").expect("sara is let in");
    let asked = "SELECT actor, count(*) FROM audit_log WHERE action = 'sql_release' AND decision = 'deny' GROUP BY actor";
    assert_eq!(
        steward.simple(asked).expect("the log").rows,
        [[Some("ada".to_owned()), Some("1".to_owned())]]
    );
    let times = steward.simple("SELECT min(time), max(line) FROM audit_log").expect("the log").rows;
    assert!(times[0][0].as_deref().is_some_and(|time| time.starts_with("20")), "{times:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_need_approval_leave_when_two_stewards_have_given_it() {
    let policy = POLICY.replace("approvals = 0", "approvals = 2");
    let gateway =
        Gateway::start(&GatewayOptions { policy: Some(policy.into()), ..GatewayOptions::default() });
    let rows = "SELECT sample_key, age FROM people WHERE site = 'north' AND age > 50";
    let mut rosa = gateway.connect_as("rosa", "researcher").expect("rosa is let in");
    for _ in 0..2 {
        let filed = rosa.simple(rows).expect_err("no approval");
        assert_eq!(filed.code, "42501");
        assert!(filed.message.contains("approval"), "{filed:?}");
    }
    // One steward by each protocol, and one request although it was asked twice.
    let mut sara = gateway.connect_as("sara", "steward").expect("sara is let in");
    let waiting = "SELECT number, requested_by, state FROM export_requests";
    let shown = |texts: &[&str]| texts.iter().map(|text| Some((*text).to_owned())).collect::<Vec<_>>();
    assert_eq!(sara.simple(waiting).expect("requests").rows, [shown(&["1", "rosa", "waiting"])]);
    let approve = "SELECT state, approved_by FROM approve_export(1)";
    assert_eq!(sara.extended(approve, &[]).expect("an approval").rows, [shown(&["waiting", "sara"])]);
    let own = rosa.simple(approve).expect_err("no steward");
    assert!(own.message.contains("only stewards decide"), "{own:?}");
    // What was decided outlives the process.
    assert!(gateway.serving().expect("a process").kill());
    gateway.connect_as("steve", "steward").expect("it serves again");
    let steve = FlightClient::connect(&gateway, &gateway.token_as("steve", "steward")).await;
    let approved = texts(&steve.query(approve).await.expect("an approval"));
    assert_eq!(approved, [shown(&["approved", "sara, steve"])]);
    let mut rosa = gateway.connect_as("rosa", "researcher").expect("rosa is let in");
    assert!(rosa.simple(rows).expect("rows").rows.len() > 100);
    rosa.simple(rows).expect_err("once");
    let decided: Vec<(String, String)> = gateway
        .audit()
        .iter()
        .filter(|line| line["action"] == "sql_export")
        .map(|line| (line["actor"].to_string(), line["decision"].to_string()))
        .collect();
    let quoted = |actor: &str, decision: &str| (format!("{actor:?}"), format!("{decision:?}"));
    assert_eq!(decided, [quoted("sara", "allow"), quoted("rosa", "deny"), quoted("steve", "allow")]);
}

#[test]
fn people_who_withdraw_are_gone_within_a_minute() {
    let gateway = governed();
    let mut rosa = gateway.connect_as("rosa", "researcher").expect("rosa is let in");
    let count = "SELECT count(*) FROM people";
    let before = number(&mut rosa, count).expect("a count");
    let rows = rosa.simple("SELECT sample_key, site FROM people").expect("rows").rows;
    assert_eq!(i64::try_from(rows.len()), Ok(before));
    assert!(rows.iter().all(|row| ["north", "south"].map(Some).contains(&row[1].as_deref())));
    // Whoever is the second of the file is of the south.
    let file = gateway.path("people.csv");
    let text = fs::read_to_string(&file).expect("a file");
    let person = text.lines().nth(2).expect("a person");
    assert!(person.contains(",yes,south,"), "{person}");
    fs::write(&file, text.replace(person, &person.replace(",yes,", ",no,"))).expect("a file");
    let began = Instant::now();
    let is_gone = || number(&mut rosa, count) == Ok(before - 1);
    assert!(wait_until(Duration::from_secs(60), is_gone), "{before}");
    println!("gone after {:?}", began.elapsed());
    let after = rosa.simple("SELECT sample_key, site FROM people").expect("rows").rows;
    assert_eq!(rows.iter().filter(|row| !after.contains(row)).count(), 1);
}

#[test]
fn a_policy_that_changes_is_in_force_while_sessions_last() {
    let gateway = governed();
    let mut ada = gateway.connect("ada").expect("ada is let in");
    let count = "SELECT count(*) FROM people WHERE age >= 50";
    assert!(number(&mut ada, count).is_ok());
    let file = gateway.path("policy.toml");
    let lines_of = |decision: &str| {
        let is_it =
            |line: &&serde_json::Value| line["action"] == "policy_load" && line["decision"] == decision;
        gateway.audit().iter().filter(is_it).count()
    };
    let patience = Duration::from_secs(30);
    // What is no policy, or has the same revision, is not taken.
    for bad in [
        POLICY.replace("minimum_cell", "minimum_sell"),
        POLICY.replace("minimum_cell = 5", "minimum_cell = 7"),
    ] {
        let refused = lines_of("deny");
        fs::write(&file, bad).expect("a file");
        assert!(wait_until(patience, || lines_of("deny") == refused + 1), "{}", gateway.log());
        assert!(number(&mut ada, count).is_ok());
    }
    let analyst = "[cohort.\"bio\".role.analyst]\nscores = \"aggregates\"\nphenotypes = \"aggregates\"";
    let next = POLICY
        .replace("revision = 1", "revision = 2")
        .replace(analyst, &analyst.replacen("phenotypes = \"aggregates\"", "phenotypes = \"nothing\"", 1));
    assert_ne!(next, POLICY.replace("revision = 1", "revision = 2"));
    fs::write(&file, next).expect("a file");
    assert!(wait_until(patience, || number(&mut ada, count).is_err_and(|error| error.code == "42P01")));
    assert!(ada.simple("SELECT run, count(*) FROM scores WHERE score = 'SCORE1' GROUP BY run").is_ok());
    assert_eq!((lines_of("allow"), lines_of("deny")), (2, 2));
    // Without the file the policy in force stays.
    let not_taken = || gateway.log().matches("the policy's file is not taken").count();
    let before = not_taken();
    fs::remove_file(&file).expect("a file");
    assert!(wait_until(patience, || not_taken() == before + 1), "{}", gateway.log());
    assert!(ada.simple("SELECT run, count(*) FROM scores WHERE score = 'SCORE1' GROUP BY run").is_ok());
}

#[test]
fn what_can_not_be_served_under_a_policy_ends_it_before_it_serves() {
    let policy =
        |text: &'static str| GatewayOptions { policy: Some(text.into()), ..GatewayOptions::default() };
    for (options, told) in [
        (policy("version = 1\nrevision = 1\nminimum = 5\n"), "policy.toml"),
        (policy(POLICY).flag("--sample-column=nobody"), "there is no column nobody"),
        (policy(POLICY).flag("--insecure-ungoverned"), "is set beside gateway.policy"),
        (
            GatewayOptions::default().flag("--policy=policy.toml"),
            "gateway.policy is set without gateway.state",
        ),
    ] {
        let mut gateway = Gateway::spawn(&options);
        let status = gateway.ended(Duration::from_secs(30));
        let log = gateway.log();
        assert!(status.is_some_and(|status| status != 0), "{told}: {status:?} {log}");
        assert!(log.contains(told) && !log.contains("starting it again"), "{told} is not in {log}");
    }
    // Nobody of whom the policy knows nothing comes in.
    let gateway = governed();
    let error = gateway.connect_as("otto", "operator").expect_err("an operator sees no person's data");
    assert!(error.severity == "FATAL" && error.message.contains("shows otto nothing"), "{error:?}");
}

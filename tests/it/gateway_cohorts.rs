//! Several cohorts of one gateway, each under its own rules.

use std::{fs, path::Path};

use steppe_tests::{Gateway, GatewayOptions, PostgresClient, PostgresError, TokenClaims, steppe};

const POLICY: &str = r#"version = 1
revision = 1
[cohort."bio"]
minimum_cell = 5
[cohort."bio".role.analyst]
phenotypes = "aggregates"
scores = "aggregates"
[cohort."bio".role.researcher]
phenotypes = "raw"
export_rows_per_day = 1000
approvals = 0
[cohort."registry"]
minimum_cell = 50
[cohort."registry".role.analyst]
phenotypes = "aggregates"
scores = "aggregates"
[cohort."registry".role.researcher]
phenotypes = "raw"
export_rows_per_day = 1000
approvals = 0
"#;

/// People of `bio`; `registry` has the first half of them.
const PEOPLE: usize = 400;

/// One set of genotypes as two cohorts, with a file of people and a result each.
fn write(folder: &Path) {
    let at = |name: &str| folder.join(name);
    let people = PEOPLE.to_string();
    let simulate = ["simulate", "--unlinked", "--variants", "200", "--scores", "1", "--samples", &people];
    steppe(simulate).arg("--out").arg(at("made")).ok();
    steppe(["import", "--build", "GRCh38", "--bfile"]).arg(at("made")).arg("--out").arg(at("cohort")).ok();
    let score = steppe(["score", "--cohort"]).arg(at("cohort")).arg("--score").arg(at("made.scores.txt"));
    score.arg("--out").arg(at("scores")).ok();
    let fam = fs::read_to_string(at("made.fam")).expect("samples");
    let rows = fam.lines().enumerate().map(|(n, line)| {
        let id = line.split_whitespace().nth(1).expect("an id");
        format!("{id},{}\n", if n % 20 == 7 { "island" } else { "mainland" })
    });
    let rows: Vec<String> = rows.collect();
    for (file, rows) in [("bio.csv", &rows[..]), ("registry.csv", &rows[..PEOPLE / 2])] {
        fs::write(at(file), "iid,place\n".to_owned() + &rows.concat()).expect("a file");
    }
    let [cohort, scores] = ["cohort", "scores"].map(|name| at(name).display().to_string());
    let cohorts = ["bio", "registry"].map(|name| {
        let people = at(&format!("{name}.csv")).display().to_string();
        format!(
            "[[cohort]]\nlocation = {cohort:?}\nname = {name:?}\nscores = [{scores:?}]\ntables = {{ people = {people:?} }}\n"
        )
    });
    fs::write(at("cohorts.toml"), cohorts.concat()).expect("a file");
    fs::write(at("policy.toml"), POLICY).expect("a policy");
}

fn rows(client: &mut PostgresClient, sql: &str) -> Result<Vec<String>, PostgresError> {
    let text = |row: &Vec<Option<String>>| {
        row.iter().map(|value| value.as_deref().unwrap_or("null")).collect::<Vec<_>>().join("|")
    };
    Ok(client.simple(sql)?.rows.iter().map(text).collect())
}

#[test]
fn each_cohort_has_its_own_tables_and_rules() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path());
    let options = GatewayOptions { is_given: true, ..GatewayOptions::default() };
    let flag = |name: &str, file: &str| format!("--{name}={}", folder.path().join(file).display());
    let options = options.flag(&flag("cohorts", "cohorts.toml")).flag(&flag("policy", "policy.toml"));
    let gateway = Gateway::start(&options);
    let mut ada = gateway.connect("ada").expect("ada is let in");
    let cohorts = "SELECT cohort, minimum_cell FROM cohorts ORDER BY cohort";
    assert_eq!(rows(&mut ada, cohorts), Ok(vec!["bio|5".to_owned(), "registry|50".to_owned()]));
    // The first one's tables need no schema, the other's do.
    let count = |table: &str, place: &str| format!("SELECT count(*) FROM {table} WHERE place = '{place}'");
    assert_eq!(rows(&mut ada, &count("people", "island")), Ok(vec!["20".to_owned()]));
    let all = |table: &str| format!("SELECT count(*) FROM {table}");
    assert_eq!(rows(&mut ada, &all("registry.people")), Ok(vec!["200".to_owned()]));
    // Of the one the island's people are enough, of the other too few.
    let few = rows(&mut ada, &count("registry.people", "island")).expect_err("few people");
    assert!(few.message.contains("could be about few people"), "{few:?}");
    let both = "SELECT count(*) FROM people a JOIN registry.people b USING (sample_key)";
    let refused = rows(&mut ada, both).expect_err("two cohorts");
    assert!(refused.message.contains("people of two cohorts"), "{refused:?}");
    let scores = "SELECT count(*) FROM registry.scores WHERE score = 'SCORE1'";
    assert_eq!(rows(&mut ada, scores), Ok(vec![PEOPLE.to_string()]));
    // Nobody is known by the same name in two cohorts.
    let mut rosa = gateway.connect_as("rosa", "researcher").expect("rosa is let in");
    let keys = |table: &str| format!("SELECT sample_key FROM {table} LIMIT 200");
    let of_bio = rows(&mut rosa, &keys("bio.people")).expect("rows");
    let of_registry = rows(&mut rosa, &keys("registry.people")).expect("rows");
    assert_eq!((of_bio.len(), of_registry.len()), (200, 200));
    assert!(of_bio.iter().all(|key| !of_registry.contains(key)));
    // A token for one cohort alone.
    let claims =
        TokenClaims { cohorts: Some(vec!["registry".to_owned()]), ..TokenClaims::of("eva", "analyst") };
    let token = gateway.issuer.token(&claims);
    let mut eva = PostgresClient::connect(gateway.postgres, "eva", Some(&token)).expect("eva is let in");
    assert_eq!(rows(&mut eva, cohorts), Ok(vec!["registry|50".to_owned()]));
    assert_eq!(rows(&mut eva, &all("people")), Ok(vec!["200".to_owned()]));
    assert!(rows(&mut eva, "SELECT count(*) FROM bio.people").is_err());
}

#[test]
fn what_is_no_file_of_cohorts_ends_it_before_it_serves() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("cohorts.toml");
    fs::write(folder.path().join("policy.toml"), POLICY).expect("a policy");
    let policy = format!("--policy={}", folder.path().join("policy.toml").display());
    let options = || GatewayOptions { is_given: true, ..GatewayOptions::default() };
    let with = |text: &str, further: &[&str]| {
        fs::write(&file, text).expect("a file");
        let options = options().flag(&format!("--cohorts={}", file.display()));
        let options = further.iter().fold(options, |options, flag| options.flag(flag));
        let mut gateway = Gateway::spawn(&options);
        let ended = gateway.ended(std::time::Duration::from_secs(30));
        (ended, gateway.log())
    };
    let cohort = "[[cohort]]\nlocation = \"nowhere\"\n";
    for (text, further, named) in [
        ("", vec![policy.as_str()], "there is no [[cohort]]"),
        ("[[cohort]]\nlocation = \"a\"\nscore = \"b\"\n", vec![&policy], "unknown field `score`"),
        (cohort, vec![&policy, "--cohort=a"], "gateway.cohorts is set beside gateway.cohort"),
        (cohort, vec!["--insecure-ungoverned"], "gateway.cohorts is set without gateway.policy"),
        (cohort, vec![&policy], "nowhere"),
    ] {
        let (ended, log) = with(text, &further);
        assert!(ended.is_some_and(|status| status != 0) && log.contains(named), "{named}: {ended:?} {log}");
    }
}

//! What an analyst makes of answers.

use super::scene::{POLICY, Person, Scene};

fn is_full() -> bool {
    std::env::var_os("STEPPE_FULL").is_some()
}

/// Windows of people that differ by one, as in the attack that got back nearly every label under a rule of 20 people.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sliding_windows_tell_no_labels() {
    const WINDOW: u64 = 20;
    let people: u64 = if is_full() { 2002 } else { 200 };
    let scene = Scene::new(people, |_| true, POLICY).await;
    let seen: Vec<Person> = (0..people).map(Person).filter(|person| person.has_consent()).collect();
    let mut cases_of: Vec<Option<f64>> = Vec::new();
    for start in 0..people - WINDOW {
        let (low, high) = (10_000 + start, 10_000 + start + WINDOW - 1);
        let sql = format!("SELECT count(*) FROM phenotypes WHERE t2d = 1 AND days BETWEEN {low} AND {high}");
        cases_of.push(scene.ask("analyst", &sql).await.ok().map(|told| told.number()));
    }
    // Two windows that differ by the person who leaves and the one who comes.
    let mut guesses = vec![false; people as usize];
    for start in 0..cases_of.len() - 1 {
        if let (Some(one), Some(next)) = (cases_of[start], cases_of[start + 1]) {
            guesses[start + WINDOW as usize] = next > one || (next == one && guesses[start]);
        }
    }
    let right = seen.iter().filter(|person| guesses[person.0 as usize] == person.is_case()).count();
    let base = seen.iter().filter(|person| !person.is_case()).count();
    let (right, base) = (right as f64 / seen.len() as f64, base as f64 / seen.len() as f64);
    let answered = cases_of.iter().flatten().count();
    assert!(right <= base + 0.02, "{right} right of {base}, {answered} windows answered");
}

/// Nothing that an analyst can write shows a score of one person, so that its genotypes can not be got back from it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_score_of_one_person_is_told() {
    let people = 150;
    let scene = Scene::new(people, |_| true, POLICY).await;
    let of = |rest: &str| {
        format!(
            "{rest} FROM scores s JOIN phenotypes p USING (sample_key) WHERE score = 'SMALL' AND run = 'first'"
        )
    };
    let mut told = 0;
    for person in (0..people).map(Person).filter(|person| person.has_consent()) {
        let days = 10_000 + person.0;
        for sql in [
            format!("{} AND days = {days}", of("SELECT avg(sum)")),
            format!("{} AND days <> {days}", of("SELECT sum(sum)")),
            format!("{} AND days <= {days}", of("SELECT sum(sum)")),
            of(&format!("SELECT sum(sum) FILTER (WHERE days = {days}), sum(sum)")),
            format!("{} GROUP BY days = {days}", of("SELECT avg(z)")),
        ] {
            if let Ok(answer) = scene.ask_with(("attacker", "analyst"), &sql, Vec::new()).await {
                told += answer.rows().len();
            }
        }
    }
    // What is told are sums over many people; between any two of them are at least five.
    assert!(told as u64 <= people / 5 + 2, "{told} sums of {people} people");
}

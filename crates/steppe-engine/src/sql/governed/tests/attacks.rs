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

/// Two ends of windows of `days`, and what is known of the people between.
type Window = ((u64, u64), u64);

/// Asks how many people and cases are in windows that all begin at the first person and end one later each, as somebody.
async fn growing(scene: &Scene, role: &str, people: u64, fewest: u64) -> Vec<Window> {
    let mut known = Vec::new();
    for end in fewest..=people {
        let sql = format!(
            "SELECT count(*), count(*) FILTER (WHERE t2d = 1) FROM phenotypes WHERE days < {}",
            10_000 + end
        );
        let Ok(told) = scene.ask(role, &sql).await else { continue };
        let rows = told.rows();
        let (_, cases) = rows[0].split_once('|').expect("two columns");
        known.push(((0, end), cases.parse().expect("a count")));
    }
    known
}

/// Windows that no other divides, by subtracting: all begin at one place.
fn differences(known: &[Window]) -> Vec<Window> {
    let from_start = std::iter::once(&((0, 0), 0)).chain(known);
    let pairs = from_start.zip(known);
    pairs.map(|(((_, end), cases), ((_, next), more))| ((*end, *next), more - cases)).collect()
}

/// The share of labels that are guessed right: the majority of the window around each person, control where none is.
fn guessed(seen: &[Person], windows: &[Window]) -> f64 {
    let right = seen.iter().filter(|person| {
        let around = windows.iter().find(|((from, to), _)| (*from..*to).contains(&person.0));
        let is_case = around.is_some_and(|((from, to), cases)| {
            2 * cases > seen.iter().filter(|other| (*from..*to).contains(&other.0)).count() as u64
        });
        is_case == person.is_case()
    });
    right.count() as f64 / seen.len() as f64
}

/// 1,982 windows under a rule of 20 people give back nearly every label to whoever is shown rows, so that nothing but a
/// minimum size stands in the way; to an analyst they give none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn growing_windows_are_solved_for_nothing() {
    const FEWEST: u64 = 19;
    let people: u64 = if is_full() { 2000 } else { 240 };
    let policy = POLICY
        .replace("minimum_cell = 5", "minimum_cell = 20")
        .replace("rows = { site = [\"north\", \"south\"] }\n", "");
    let scene = Scene::new(people, |_| true, &policy).await;
    let seen: Vec<Person> = (0..people).map(Person).filter(|person| person.has_consent()).collect();
    let base = seen.iter().filter(|person| !person.is_case()).count() as f64 / seen.len() as f64;
    let without = growing(&scene, "researcher", people, FEWEST).await;
    assert_eq!(without.len() as u64, people - FEWEST + 1, "1,982 of 2,000 people");
    let solved = guessed(&seen, &differences(&without));
    let told = growing(&scene, "analyst", people, FEWEST).await;
    let right = guessed(&seen, &differences(&told));
    println!(
        "{people} people, base rate {base:.4}: {solved:.4} by size alone, {right:.4} of {} answers",
        told.len()
    );
    assert!(solved >= 0.98, "the attack works: {solved}");
    assert!(right <= base + 0.02, "{right} right of {base}, {} windows answered", told.len());
}

/// What an analyst could at most make of numbers about scores of few variants. Whoever is told numbers of a group is
/// taken to know how often each genotype of each variant is in it, which is more than any number about a score of so
/// many variants can tell, and guesses the most frequent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_of_groups_invert_no_score_of_few_variants() {
    let people: u64 = if is_full() { 2000 } else { 400 };
    let policy = POLICY.replace("minimum_cell = 5", "minimum_cell = 20");
    let scene = Scene::new(people, |_| true, &policy).await;
    let few = Scene::new(60, |_| true, POLICY).await;
    let none = "SELECT avg(sum) FROM scores WHERE score = 'SMALL' AND run = 'first'";
    assert_eq!(few.ask("analyst", none).await.expect("no number").rows(), ["null"], "groups of five");
    let seen: Vec<Person> = (0..people).map(Person).filter(|person| person.has_consent()).collect();
    // The smallest groups that there are: each begins where the last that was told ends.
    let mut groups: Vec<&[Person]> = Vec::new();
    let mut start = 0;
    for end in 1..=seen.len() {
        let sql = format!(
            "SELECT avg(sum), stddev(sum) FROM scores s JOIN phenotypes p USING (sample_key) \
             WHERE score = 'SMALL' AND run = 'first' AND days BETWEEN {} AND {}",
            10_000 + seen[start].0,
            10_000 + seen[end - 1].0
        );
        if end - start >= 20 && scene.ask("analyst", &sql).await.is_ok() {
            groups.push(&seen[start..end]);
            start = end;
            if start == seen.len() {
                break;
            }
        }
    }
    let in_groups: usize = groups.iter().map(|group| group.len()).sum();
    assert!(2 * in_groups > seen.len(), "groups are told");
    for variants in 5..=20_u64 {
        let (recovered, baseline) = inverted(&seen, &groups, variants);
        let excess = recovered - baseline;
        println!(
            "{variants} variants, {} groups: {:+.1} points over {baseline:.3}",
            groups.len(),
            100.0 * excess
        );
        assert!(excess <= 0.05, "{variants} variants: {recovered} of {baseline}");
    }
}

/// Shares of genotypes guessed right: in groups their most frequent genotype of each variant, and everybody's.
fn inverted(seen: &[Person], groups: &[&[Person]], variants: u64) -> (f64, f64) {
    let (mut recovered, mut baseline) = (0, 0);
    for variant in 0..variants {
        // Frequencies of 0.05 to 0.5, as in the meter's tests.
        let frequency = 0.05 + 0.45 * Person(variant).chance(500 + variants);
        let genotype = |person: &Person| {
            let allele =
                |strand| usize::from(person.chance(1000 * variants + 2 * variant + strand) < frequency);
            allele(0) + allele(1)
        };
        let most = |people: &[Person]| {
            let mut counts = [0; 3];
            people.iter().for_each(|person| counts[genotype(person)] += 1);
            counts.into_iter().max().unwrap_or(0)
        };
        let expected = [(1.0 - frequency).powi(2), 2.0 * frequency * (1.0 - frequency), frequency.powi(2)];
        let mode = (0..3).max_by(|one, other| f64::total_cmp(&expected[*one], &expected[*other]));
        let is_mode = |person: &&Person| Some(genotype(person)) == mode;
        baseline += seen.iter().filter(is_mode).count();
        recovered += groups.iter().map(|group| most(group)).sum::<usize>();
        let is_in_group =
            |person: &&Person| groups.iter().any(|group| group.iter().any(|of| of.0 == person.0));
        recovered += seen.iter().filter(|person| !is_in_group(person)).filter(is_mode).count();
    }
    let all = (seen.len() as u64 * variants) as f64;
    (recovered as f64 / all, baseline as f64 / all)
}

/// Nothing that an analyst can write shows a score of one person, so that its genotypes can not be got back from it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_score_of_one_person_is_told() {
    let people = 150;
    let scene = Scene::new(people, |_| true, &POLICY.replace("minimum_cell = 5", "minimum_cell = 20")).await;
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
    // What is told are sums over many people; between any two of them are at least twenty.
    assert!(told as u64 <= people / 20 + 2, "{told} sums of {people} people");
}

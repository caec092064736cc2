//! What can be calculated from answers of a gateway, by either protocol: the attacks of `docs/privacy.md`, with a client's
//! means alone.

use std::{fmt::Write, fs, path::Path};

use steppe_tests::{Gateway, GatewayOptions, PostgresClient, steppe};

use crate::flight_client::{FlightClient, texts};

/// The fewest people of a group.
const FEWEST: usize = 20;
/// Variants of the score that gives genotypes away, and of the other one.
const VARIANTS: [usize; 2] = [6, 60];

/// People in the order of a column, and which of them are cases.
struct Study {
    folder: tempfile::TempDir,
    cases: Vec<bool>,
}

fn is_full() -> bool {
    std::env::var_os("STEPPE_FULL").is_some()
}

/// The larger number is that of the attack that `docs/privacy.md` tells of.
fn people() -> usize {
    if is_full() { 2000 } else { 120 }
}

impl Study {
    /// `people.csv` has `iid,place,case`: of person n the place is n, and some 8 % are cases, as if at random.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let people = people();
        let simulate = ["simulate", "--unlinked", "--scores", "1", "--missing-rate", "0"];
        let [few, many] = VARIANTS.map(|variants| variants.to_string());
        let sizes = ["--variants", many.as_str(), "--samples", &people.to_string()].map(str::to_owned);
        steppe(simulate).args(sizes).arg("--out").arg(at("made")).ok();
        steppe(["import", "--build", "GRCh38", "--bfile"]).arg(at("made")).arg("--out").arg(at("bio")).ok();
        let rows = fs::read_to_string(at("made.scores.txt")).expect("a scoring file");
        let of_few: Vec<&str> = rows.lines().take(1 + few.parse::<usize>().expect("a number")).collect();
        fs::write(at("small.txt"), of_few.join("\n").replace("SCORE1", "SMALL") + "\n").expect("a file");
        for (file, result) in [("made.scores.txt", "large"), ("small.txt", "small")] {
            let score = steppe(["score", "--ambiguous", "keep", "--cohort"]).arg(at("bio")).arg("--score");
            score.arg(at(file)).arg("--out").arg(at(result)).ok();
        }
        let leakage =
            steppe(["leakage", "--people", "200", "--ambiguous", "keep", "--cohort"]).arg(at("bio"));
        leakage.arg(at("small.txt")).arg("--out").arg(at("leakage")).ok();
        let fam = fs::read_to_string(at("made.fam")).expect("samples");
        let mut text = "iid,place,affected\n".to_owned();
        let mut cases = Vec::new();
        for (place, line) in fam.lines().enumerate() {
            let dice = (place as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31);
            cases.push(dice.wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 32 < (1 << 32) / 12);
            let id = line.split_whitespace().nth(1).expect("an id");
            writeln!(text, "{id},{place},{}", u8::from(cases[place])).expect("a text");
        }
        fs::write(at("people.csv"), text).expect("a table");
        Self { folder, cases }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A gateway over it, with more rules for the cohort.
    fn gateway(&self, rules: &str) -> Gateway {
        let policy = format!(
            "version = 1\nrevision = 1\n[cohort.bio]\nminimum_cell = {FEWEST}\n{rules}\n\
             [cohort.bio.role.analyst]\nscores = \"aggregates\"\nphenotypes = \"aggregates\"\n\
             [cohort.bio.role.researcher]\nscores = \"rounded\"\nphenotypes = \"raw\"\n\
             export_rows_per_day = 1000000\napprovals = 0\n"
        );
        let file = self.path().join("policy.toml");
        fs::write(&file, policy).expect("a policy");
        let mut options = GatewayOptions { is_given: true, ..GatewayOptions::default() };
        options = options.flag("--cohort-name=bio").flag(&format!("--policy={}", file.display()));
        options = options.flag(&format!("--cohort={}", self.path().join("bio").display()));
        for result in ["large", "small", "leakage"] {
            options = options.flag(&format!("--scores={}", self.path().join(result).display()));
        }
        let table = self.path().join("people.csv");
        Gateway::start(&options.flag(&format!("--table=people={}", table.display())))
    }

    /// The share of people of whom it is guessed right whether they are cases.
    fn right(&self, guesses: &[bool]) -> f64 {
        let right = guesses.iter().zip(&self.cases).filter(|(guess, case)| guess == case).count();
        right as f64 / self.cases.len() as f64
    }

    fn base(&self) -> f64 {
        self.right(&vec![false; self.cases.len()])
    }
}

type Rows = Vec<Vec<Option<String>>>;

/// Somebody's connection.
enum Way {
    Postgres(Box<PostgresClient>),
    Flight(Box<FlightClient>),
}

impl Way {
    /// Of a role both ways, each with a name of its own, so that one does not count for the other.
    async fn both(gateway: &Gateway, role: &str) -> [(&'static str, Self); 2] {
        let postgres = gateway.connect_as(&format!("{role}-by-postgres"), role).expect("they are let in");
        let token = gateway.token_as(&format!("{role}-by-flight"), role);
        let flight = FlightClient::connect(gateway, &token).await;
        [
            ("by Postgres", Self::Postgres(Box::new(postgres))),
            ("by Flight SQL", Self::Flight(Box::new(flight))),
        ]
    }

    async fn ask(&mut self, sql: &str) -> Result<Rows, String> {
        match self {
            Self::Postgres(client) => {
                client.simple(sql).map(|answer| answer.rows).map_err(|error| error.message)
            }
            Self::Flight(client) => {
                client.query(sql).await.map(|answer| texts(&answer)).map_err(|error| error.to_string())
            }
        }
    }

    /// How many cases there are among the people of some places; `None` is a refusal.
    async fn cases(&mut self, from: usize, to: usize) -> Option<u64> {
        let sql = format!(
            "SELECT count(*), count(*) FILTER (WHERE affected = 1) FROM people WHERE place >= {from} AND place < {to}"
        );
        let told = self.ask(&sql).await.ok()?;
        told[0][1].as_ref().map(|cases| cases.parse().expect("a count"))
    }
}

/// What the windows from the first person to each later one tell: between two of them the majority is guessed.
async fn by_growing_windows(way: &mut Way, people: usize) -> Vec<bool> {
    let mut guesses = vec![false; people];
    let (mut from, mut before) = (0, 0);
    for end in FEWEST - 1..=people {
        if let Some(cases) = way.cases(0, end).await {
            let is_most = 2 * (cases - before) > (end - from) as u64;
            guesses[from..end].fill(is_most);
            (from, before) = (end, cases);
        }
    }
    guesses
}

/// What windows of the fewest people tell that each begin one later: who comes differs from who goes.
async fn by_sliding_windows(way: &mut Way, people: usize) -> Vec<bool> {
    let mut guesses = vec![false; people];
    let mut last = None;
    for start in 0..=people - FEWEST {
        let cases = way.cases(start, start + FEWEST).await;
        if let (Some(last), Some(cases)) = (last, cases) {
            guesses[start + FEWEST - 1] = cases > last || (cases == last && guesses[start - 1]);
        }
        last = cases;
    }
    guesses
}

/// Windows that differ by one person give back every label by a rule of size alone, and none by the ledger.
#[tokio::test(flavor = "multi_thread")]
async fn windows_tell_no_labels() {
    let study = Study::new();
    let (people, base) = (people(), study.base());
    let gateway = study.gateway("");
    // Who is shown rows is answered everything: the attack itself works.
    for (name, mut way) in Way::both(&gateway, "researcher").await {
        let right = study.right(&by_growing_windows(&mut way, people).await);
        assert!(right >= 0.98, "{name}: {right} by size alone");
    }
    for (name, mut way) in Way::both(&gateway, "analyst").await {
        let growing = study.right(&by_growing_windows(&mut way, people).await);
        println!("{name}: growing windows {growing:.4}, base rate {base:.4}, {people} people");
        assert!(growing <= base + 0.02, "{name}: {growing} right of {base}");
    }
    // Others, whom nothing was told before.
    let gateway = study.gateway("");
    for (name, mut way) in Way::both(&gateway, "analyst").await {
        let sliding = study.right(&by_sliding_windows(&mut way, people).await);
        println!("{name}: sliding windows {sliding:.4}, base rate {base:.4}, {people} people");
        assert!(sliding <= base + 0.02, "{name}: {sliding} right of {base}");
    }
}

/// A score of six variants is its genotypes: nobody is shown it by row, and no sum of it differs by one person.
#[tokio::test(flavor = "multi_thread")]
async fn no_score_of_few_variants_is_told_of_one_person() {
    let study = Study::new();
    let gateway = study.gateway("");
    for (name, mut way) in Way::both(&gateway, "researcher").await {
        let of = |score: &str| format!("SELECT z, percentile_band FROM scores WHERE score = '{score}'");
        assert_eq!(way.ask(&of("SCORE1")).await.expect("rows").len(), people(), "{name}");
        assert_eq!(way.ask(&of("SMALL")).await.expect("no rows"), Rows::new(), "{name}");
    }
    // It was measured: who finds what it gives away harmless can say so.
    let allowing = study.gateway("max_leakage = 0.9");
    for (name, mut way) in Way::both(&allowing, "researcher").await {
        let rows =
            way.ask("SELECT z, percentile_band FROM scores WHERE score = 'SMALL'").await.expect("rows");
        assert_eq!(rows.len(), people(), "{name}");
    }
    for (name, mut way) in Way::both(&gateway, "analyst").await {
        let mut told = 0;
        let persons = people().min(200);
        for place in 0..persons {
            let rest = "FROM scores s JOIN people p USING (sample_key) WHERE score = 'SMALL'";
            for sql in [
                format!("SELECT avg(sum) {rest} AND place = {place}"),
                format!("SELECT sum(sum) {rest} AND place <> {place}"),
                format!("SELECT sum(sum) {rest} AND place <= {place}"),
                format!("SELECT sum(sum) FILTER (WHERE place = {place}), sum(sum) {rest}"),
                format!("SELECT avg(z) {rest} GROUP BY place = {place}"),
            ] {
                told += way.ask(&sql).await.map_or(0, |rows| rows.len());
            }
        }
        assert!(told <= persons / FEWEST + 2, "{name}: {told} sums of {persons} people");
    }
}

/// Noise that was drawn anew each time could be averaged away.
#[tokio::test(flavor = "multi_thread")]
async fn a_question_has_one_noisy_answer_whoever_asks_it() {
    let study = Study::new();
    let gateway = study
        .gateway("protection = \"differential-privacy\"\nepsilon_per_day = 1.0\nepsilon_per_query = 0.05");
    let repeats = if is_full() { 500 } else { 20 };
    let mut answers = Vec::new();
    for (_, mut way) in Way::both(&gateway, "analyst").await {
        for repeat in 0..repeats {
            // The same question in other words.
            let sql = [
                "SELECT count(*) FROM people WHERE affected = 1",
                "select COUNT(*) from people where (affected = 1)",
            ][repeat % 2];
            answers.push(way.ask(sql).await.expect("a count"));
        }
    }
    assert_eq!(answers.len(), 2 * repeats);
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

//! A row policy shows what a copy shows from which the other people were deleted.

use super::scene::{EVERYTHING, POLICY, Person, Scene};

/// Statements of the default run; `STEPPE_FULL` asks for all.
const FEW: usize = 150;
const ALL: usize = 5000;

/// A reproducible source of choices.
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound
    }

    fn of<'a>(&mut self, options: &[&'a str]) -> &'a str {
        options[self.below(options.len())]
    }

    /// A number of a row of phenotypes.
    fn number(&mut self) -> String {
        match self.below(7) {
            0 => "age".into(),
            1 => "days".into(),
            2 => "bmi".into(),
            3 => format!("(age + {})", self.below(40)),
            4 => format!("(100 / (days - {}))", 10_000 + self.below(150)),
            5 => format!("CAST(bmi * {} AS INT)", 1 + self.below(3)),
            _ => format!("CASE WHEN t2d = 1 THEN age ELSE {} END", self.below(9)),
        }
    }

    fn condition(&mut self) -> String {
        match self.below(10) {
            0 => format!("age > {}", 40 + self.below(30)),
            1 => format!("days % {} = 0", 1 + self.below(5)),
            2 => format!("site = '{}'", self.of(&["north", "south", "east"])),
            3 => format!("NOT ({})", self.condition()),
            4 => format!("({} AND {})", self.condition(), self.condition()),
            5 => format!("({} OR {})", self.condition(), self.condition()),
            6 => format!("{} < {}", self.number(), self.number()),
            7 => "bmi IS NULL".into(),
            8 => format!("age IN (SELECT age FROM phenotypes WHERE {})", self.simple()),
            _ => format!(
                "EXISTS (SELECT 1 FROM scores s WHERE s.sample_key = p.sample_key AND s.percentile_band >= {})",
                5 * self.below(20)
            ),
        }
    }

    fn simple(&mut self) -> String {
        format!(
            "{} {} {}",
            self.of(&["age", "days - 10000", "t2d"]),
            self.of(&["<", ">", "=", "<>"]),
            self.below(60)
        )
    }

    fn score(&mut self) -> String {
        format!("score = '{}' AND run = '{}'", self.of(&["PGS1", "PGS2"]), self.of(&["first", "second"]))
    }

    fn statement(&mut self) -> String {
        let (condition, number) = (self.condition(), self.number());
        match self.below(12) {
            0 => format!("SELECT p.sample_key, {number} FROM phenotypes p WHERE {condition}"),
            1 => format!(
                "SELECT count(*), sum({number}), min(age), max(days) FROM phenotypes p WHERE {condition}"
            ),
            2 => format!(
                "SELECT site, count(*), avg({number}) FROM phenotypes p WHERE {condition} GROUP BY site"
            ),
            3 => format!(
                "SELECT s.sample_key, s.sum, s.z, s.percentile, p.age FROM scores s \
                 {} JOIN phenotypes p ON s.sample_key = p.sample_key AND {} WHERE s.{}",
                self.of(&["", "LEFT", "FULL", "RIGHT"]),
                self.simple(),
                self.score().replace("AND run", "AND s.run")
            ),
            4 => format!(
                "WITH q AS (SELECT * FROM phenotypes p WHERE {condition}) SELECT count(*), count(DISTINCT site) FROM q \
                 JOIN samples USING (sample_key) WHERE sex = '{}'",
                self.of(&["female", "male"])
            ),
            5 => format!(
                "SELECT age FROM phenotypes p WHERE {condition} {} SELECT days % 50 FROM phenotypes WHERE {}",
                self.of(&["UNION", "UNION ALL", "INTERSECT", "EXCEPT"]),
                self.simple()
            ),
            6 => format!(
                "SELECT sample_key, row_number() OVER (PARTITION BY site ORDER BY days), sum(age) OVER (ORDER BY days), \
                 lag(age) OVER (ORDER BY days) FROM phenotypes p WHERE {condition}"
            ),
            7 => format!(
                "SELECT sample_key FROM phenotypes p WHERE {condition} ORDER BY days LIMIT {}",
                1 + self.below(9)
            ),
            8 => format!(
                "SELECT a.population, percentile_in(s.sum) OVER (PARTITION BY a.population), s.sample_key FROM scores s \
                 JOIN sample_ancestry a USING (sample_key) WHERE s.{}",
                self.score().replace("AND run", "AND s.run")
            ),
            9 => format!(
                "SELECT (SELECT count(*) FROM phenotypes p WHERE {condition}), (SELECT max(age) FROM phenotypes)"
            ),
            10 => format!(
                "SELECT percentile_band, count(*), auc(s.sum, p.t2d) FROM scores s JOIN phenotypes p USING (sample_key) \
                 WHERE {} GROUP BY percentile_band HAVING count(*) > {}",
                self.score(),
                self.below(6)
            ),
            _ => format!(
                "SELECT median(age), max({number}), approx_distinct(days) FROM phenotypes p WHERE {condition}"
            ),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_policy_is_a_copy_without_the_others() {
    let is_seen = |person: Person| person.has_consent() && person.site() != "east";
    let governed = Scene::new(150, |_| true, POLICY).await;
    let copy = Scene::new(150, is_seen, EVERYTHING).await;
    let count = if std::env::var_os("STEPPE_FULL").is_some() { ALL } else { FEW };
    let mut choices = Choices(20_260_101);
    let (mut answered, mut failed) = (0, 0);
    for _ in 0..count {
        let sql = choices.statement();
        match (governed.ask("researcher", &sql).await, copy.ask("researcher", &sql).await) {
            (Ok(one), Ok(other)) => {
                assert_eq!(one.rows(), other.rows(), "{sql}");
                answered += 1;
            }
            (Err(_), Err(_)) => failed += 1,
            (one, other) => panic!("{sql}\n  governed: {one:?}\n  copy: {other:?}"),
        }
    }
    // Statements that fail on somebody's value are among them, and are few.
    assert!(failed > 0 && failed < answered, "{answered} answered, {failed} failed");
}

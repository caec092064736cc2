//! `score('NAME')`: the rows of a score, which is computed if no run has it.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use steppe_tests::{
    Call, Cluster, ClusterOptions, Gateway, GatewayOptions, POLICY, Process, Run, steppe, wait_until,
};

use crate::sets::new_folder;

/// People of a cohort; as many as under the harness's policy, so that they are the same.
const PEOPLE: &str = "900";
/// Counts everybody who has a score, and something that depends on every one.
const OF_900: &str = "SELECT score, count(*) AS n, sum(sum) AS total FROM score('PGS000900') GROUP BY score";

/// A cohort, a folder of scoring files, and one for what is computed.
struct Scene {
    place: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let scene = Self { place: new_folder() };
        fs::create_dir(scene.path("pgs")).expect("a folder");
        let simulate = ["simulate", "--unlinked", "--variants", "400", "--scores", "2", "--samples", PEOPLE];
        steppe(simulate).arg("--out").arg(scene.path("made")).ok();
        scene
    }

    fn imported(self) -> Self {
        let import = steppe(["import", "--build", "GRCh38", "--bfile"]).arg(self.path("made"));
        import.arg("--out").arg(self.path("bio")).ok();
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// Writes a scoring file of some variants.
    fn scoring_file(&self, file: &str, score: &str, variants: std::ops::Range<usize>) {
        write_scoring_file(&self.path("made.bim"), &self.path("pgs").join(file), score, "GRCh38", variants);
    }

    fn call(&self, cohort: &str, call: Call) -> Call {
        let call = call.args(["sql", "--format", "csv", "--cohort", cohort, "--scoring-files"]);
        call.arg(self.path("pgs")).arg("--computed").arg(self.path("computed"))
    }

    fn sql(&self) -> Call {
        self.call(&self.path("bio").display().to_string(), steppe::<&str>([]))
    }

    fn ask(&self, query: &str) -> String {
        self.sql().arg(query).ok().stdout
    }

    /// The computed runs; nothing else is in their folder but locks.
    fn computed(&self) -> Vec<String> {
        let Ok(folder) = fs::read_dir(self.path("computed")) else { return Vec::new() };
        let names = folder.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names.filter(|name| !name.ends_with(".lock")).collect();
        names.sort();
        names
    }
}

/// A scoring file in the form of the PGS Catalog, of some of a fileset's variants.
fn write_scoring_file(bim: &Path, file: &Path, score: &str, build: &str, variants: std::ops::Range<usize>) {
    let table = fs::read_to_string(bim).expect("a .bim");
    let mut text = format!("#pgs_id={score}\n#genome_build={build}\n");
    text += "chr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\n";
    for (at, line) in table.lines().enumerate().filter(|(at, _)| variants.contains(at)) {
        let of: Vec<&str> = line.split('\t').collect();
        text += &format!("{}\t{}\t{}\t{}\t{}.5\n", of[0], of[3], of[4], of[5], at % 7 + 1);
    }
    fs::write(file, text).expect("a scoring file");
}

fn refused(run: Run, told: &str) {
    let stderr = run.expect_status(2).stderr;
    assert!(stderr.contains(told) && stderr.contains("help: "), "{told:?} is not in {stderr}");
}

#[test]
fn a_score_that_no_run_has_is_computed_once_and_found_again() {
    let scene = Scene::new().imported();
    scene.scoring_file("PGS000900_hmPOS_GRCh38.txt", "PGS000900", 0..300);
    // Planning computes nothing.
    let plan = scene.ask(&format!("EXPLAIN {OF_900}"));
    assert!(plan.contains("OnDemandExec"), "{plan}");
    assert_eq!(scene.computed(), Vec::<String>::new());
    let first = scene.ask(OF_900);
    assert!(first.contains("PGS000900,900,"), "{first}");
    let runs = scene.computed();
    assert!(runs.len() == 1 && runs[0].starts_with("PGS000900-"), "{runs:?}");
    // It is what `steppe score` makes of the same file, to the byte.
    let score = steppe(["score", "--cohort"]).arg(scene.path("bio")).arg("--score");
    score.arg(scene.path("pgs/PGS000900_hmPOS_GRCh38.txt")).arg("--out").arg(scene.path("by_hand")).ok();
    let file = |folder: PathBuf, name: &str| fs::read(folder.join(name)).expect("a file");
    let run = scene.path("computed").join(&runs[0]);
    for name in ["scores.parquet", "scores.sscore", "match_log.parquet", "match_summary.tsv"] {
        assert!(file(run.clone(), name) == file(scene.path("by_hand"), name), "{name}");
    }
    // Found, not made again; a run like others from now on.
    let record = file(run.clone(), "run.json");
    assert_eq!(scene.ask(OF_900), first);
    assert_eq!(file(run, "run.json"), record);
    assert_eq!(
        scene.ask("SELECT run, count(*) AS n FROM scores GROUP BY run"),
        format!("run,n\n{},900\n", runs[0])
    );
    assert_eq!(scene.ask("SELECT count(*) AS n FROM match_log WHERE status = 'matched'"), "n\n300\n");
    // Where a result that is named has the score, its rows are those, and without one nothing is computed.
    let by_hand = scene.sql().arg("--scores").arg(scene.path("by_hand"));
    let asked = by_hand.arg("SELECT DISTINCT run FROM score('PGS000900')").ok();
    assert_eq!(asked.stdout, "run\nby_hand\n");
    let alone =
        steppe(["sql", "--scores"]).arg(scene.path("by_hand")).arg("SELECT * FROM score('PGS000901')");
    refused(alone.run(), "there are no scoring files");
}

#[test]
fn what_is_asked_of_a_computed_score_is_what_scores_would_answer() {
    let scene = Scene::new().imported();
    scene.scoring_file("PGS000900.txt", "PGS000900", 0..300);
    scene.scoring_file("PGS000901.txt", "PGS000901", 100..400);
    for query in [
        "SELECT * FROM {} ORDER BY sample_id LIMIT 3",
        "SELECT sample_id, average FROM {} WHERE sum > 345 AND family_id <> 'x' ORDER BY average DESC LIMIT 5",
        "SELECT count(*) AS n FROM {}",
        "SELECT count(*) AS n FROM {} WHERE score = 'PGS000901'",
    ] {
        let on_demand = scene.ask(&query.replace("{}", "score('PGS000900')"));
        let there = scene.ask(&query.replace("{}", "(SELECT * FROM scores WHERE score = 'PGS000900')"));
        assert_eq!(on_demand, there, "{query}");
        fs::remove_dir_all(scene.path("computed")).expect("a folder");
    }
    let two = "SELECT count(*) AS n FROM score('PGS000900') a JOIN score('PGS000901') b USING (sample_id) \
               JOIN score('PGS000900') c USING (sample_id) WHERE a.sum = c.sum";
    assert_eq!(scene.ask(two), "n\n900\n");
    assert_eq!(scene.computed().len(), 2);
}

#[test]
fn two_who_ask_at_once_have_one_computed() {
    let scene = Scene::new().imported();
    scene.scoring_file("PGS000900.txt", "PGS000900", 0..300);
    let asked: Vec<_> = (0..4)
        .map(|_| {
            let mut command = scene.sql().arg(OF_900).into_command();
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            command.spawn().expect("a process")
        })
        .collect();
    let answers: Vec<Run> =
        asked.into_iter().map(|asked| Run::of(&asked.wait_with_output().expect("an answer"))).collect();
    for answer in &answers {
        assert_eq!((answer.status, &answer.stdout), (0, &answers[0].stdout), "{}", answer.stderr);
    }
    assert_eq!(scene.computed().len(), 1, "{:?}", scene.computed());
}

#[test]
fn what_can_not_be_computed_says_why_and_what_to_do() {
    let scene = Scene::new().imported();
    let pgs = scene.path("pgs");
    scene.scoring_file("height_a.txt", "height_a", 0..300);
    scene.scoring_file("height_b.txt", "height_b", 0..300);
    scene.scoring_file("misnamed.txt", "PGS000902", 0..300);
    write_scoring_file(&scene.path("made.bim"), &pgs.join("OLD.txt"), "OLD", "GRCh37", 0..300);
    fs::write(
        pgs.join("FAR.txt"),
        "#pgs_id=FAR\n#genome_build=GRCh38\nchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\n1\t5\tA\tG\t1\n",
    )
    .expect("a scoring file");
    scene.scoring_file("../secret.txt", "secret", 0..300);
    let of = |name: &str| scene.sql().arg(format!("SELECT count(*) FROM score({name})")).run();
    for name in ["'../secret'", "'/etc/passwd'", "'a/b'", "'..'", "''", "'PGS 1'", "'PGS*'", "'x'';--'"] {
        refused(of(name), "its name is none of a scoring file");
    }
    refused(of("'PGS000999'"), "there is no scoring file of it");
    refused(of("'height'"), "could be height_a.txt or height_b.txt");
    refused(of("'misnamed'"), "has the scores \"PGS000902\"");
    refused(of("'OLD'"), "the file is in GRCh37, the cohort in GRCh38");
    refused(of("'FAR'"), "can not be computed of this cohort: ");
    refused(of("5"), "takes the name of a score");
    let call = steppe(["sql", "--cohort"]).arg(scene.path("bio")).arg("--scoring-files").arg(&pgs);
    refused(
        call.args(["--computed", "s3://steppe/runs", "SELECT 1"]).run(),
        "kept in a folder of this machine",
    );
    refused(of("'a', 'b'"), "takes the name of a score");
    // What failed left no half of anything; of what does not match there is the log that says why.
    assert!(scene.computed().iter().all(|name| name.starts_with("FAR-") || name.starts_with("misnamed-")));
}

#[test]
fn under_a_policy_only_some_may_have_it_computed_and_all_rules_hold() {
    let scene = Scene::new();
    let folder = |flag: &str, name: &str| format!("--{flag}={}", scene.path(name).display());
    let options = GatewayOptions { policy: Some(POLICY.into()), ..GatewayOptions::default() };
    let options = options.flag(&folder("scoring-files", "pgs")).flag(&folder("computed", "computed"));
    let gateway = Gateway::start(&options);
    // The cohort of the policy is made as this one is.
    scene.scoring_file("PGS000900.txt", "PGS000900", 0..300);
    scene.scoring_file("SMALL.txt", "SMALL", 0..20);
    let (counted, mean) = (
        "SELECT count(*) AS n FROM score('PGS000900')",
        "SELECT count(*) AS n, avg(sum) AS mean FROM score('PGS000900') s JOIN people USING (sample_key) WHERE site = 'east'",
    );
    let mut ada = gateway.connect("ada").expect("ada is let in");
    let error = ada.simple(counted).expect_err("an analyst has nothing computed");
    assert!(error.message.contains("your role may not have it computed"), "{error:?}");
    assert!(error.hint.contains("SELECT count(*) FROM score('PGS000900')"), "{error:?}");
    // What is refused whatever the rows are is refused before anything is computed, and a plan computes nothing.
    let mut rosa = gateway.connect_as("rosa", "researcher").expect("rosa is let in");
    ada.simple("SELECT * FROM score('PGS000900')").expect_err("rows");
    let plan = rosa.simple(&format!("EXPLAIN {counted}")).expect("a plan");
    assert!(!plan.rows.is_empty());
    assert_eq!(scene.computed(), Vec::<String>::new());
    for name in ["'../people'", "'PGS000999'", "'FAR'"] {
        let error = rosa.simple(&format!("SELECT count(*) FROM score({name})")).expect_err(name);
        assert!(error.code == "42501" && !error.message.contains('/'), "{error:?}");
    }
    // Rows of those whom the researcher sees: of two sites, who have consented.
    let seen = rosa.simple("SELECT sample_key FROM people").expect("rows").rows.len();
    let rows = rosa.simple("SELECT sample_key, sum FROM score('PGS000900')").expect("rows").rows;
    assert!(rows.len() == seen && seen < 600, "{} of {seen}", rows.len());
    assert_eq!(scene.computed().len(), 1);
    let same =
        rosa.simple("SELECT sample_key, sum FROM scores WHERE score = 'PGS000900'").expect("rows").rows;
    assert!(same.len() == rows.len() && same.iter().all(|row| rows.contains(row)));
    // Now it is there for everybody, in sessions that last, as any score is.
    let groups = ada.simple(mean).expect("a group").rows;
    let error = ada.simple("SELECT sample_key, sum FROM score('PGS000900')").expect_err("rows");
    assert!(error.message.contains("rows of persons are not shown"), "{error:?}");
    let few = "SELECT count(*) FROM score('PGS000900') JOIN people USING (sample_key) WHERE site = 'island'";
    let error = ada.simple(few).expect_err("few people");
    assert!(error.message.contains("could be about few people"), "{error:?}");
    let mut eva = gateway.connect("eva").expect("eva is let in");
    let by_table = mean.replace("score('PGS000900') s", "(SELECT * FROM scores WHERE score = 'PGS000900') s");
    assert_eq!(eva.simple(&by_table).expect("a group").rows, groups);
    // A score of few variants is not shown by row, computed or not, and in groups of five neither.
    let small = rosa.simple("SELECT sample_key, sum FROM score('SMALL')").expect("no rows").rows;
    assert!(small.is_empty() && scene.computed().len() == 2, "{small:?}");
    let few = ada.simple("SELECT count(*) FROM score('SMALL')").map(|answer| answer.rows);
    assert!(few.as_ref().map_or(true, |rows| rows == &[[Some("0".to_owned())]]), "{few:?}");
}

#[test]
fn what_is_killed_while_it_computes_leaves_no_half_and_is_made_again() {
    let scene = Scene::new();
    scene.scoring_file("PGS000900.txt", "PGS000900", 0..300);
    scene.scoring_file("PGS000901.txt", "PGS000901", 100..400);
    let folder = |flag: &str, name: &str| format!("--{flag}={}", scene.path(name).display());
    let environment = [("STEPPE_TEST_TILE_DELAY_MS", "200"), ("STEPPE_GATEWAY_STATEMENTS", "1")];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let options = GatewayOptions { policy: Some(POLICY.into()), environment, ..Default::default() };
    let options = options.flag(&folder("scoring-files", "pgs")).flag(&folder("computed", "computed"));
    let gateway = Gateway::start(&options);
    let rows = |name: &str| format!("SELECT sample_key, sum FROM score('{name}')");
    let connect = || gateway.connect_as("rosa", "researcher").expect("rosa is let in");
    // Asks, and kills something as soon as the score is being computed.
    let ask_and_kill = |name: &str, kill: &dyn Fn(Process) -> bool| {
        let mut rosa = connect();
        std::thread::scope(|scope| {
            let asked = scope.spawn(move || rosa.simple(&rows(name)));
            let mut computing = None;
            let begun = wait_until(Duration::from_secs(60), || {
                let children = gateway.serving().map(Process::children).unwrap_or_default();
                computing = children.into_iter().find(|child| child.has_argument("score"));
                computing.is_some()
            });
            let computing = computing.filter(|_| begun).expect("a process that computes");
            assert!(kill(computing));
            (asked.join().expect("a thread"), computing)
        })
    };
    // The process that computes: who asked is told so, and the next one has it computed. Meanwhile others are answered,
    // although one statement may run at a time.
    let (told, _) = ask_and_kill("PGS000900", &|computing| {
        connect().simple("SELECT count(*) FROM people").expect("a count");
        computing.kill()
    });
    let told = told.expect_err("it was killed");
    assert!(told.message.contains("steppe score was killed") && !told.hint.is_empty(), "{told:?}");
    // What it had written is no result; who computes it next takes it away.
    assert!(scene.computed().iter().all(|name| name.starts_with('.')), "{:?}", scene.computed());
    let seen = connect().simple(&rows("PGS000900")).expect("rows").rows.len();
    assert!(seen > 300 && scene.computed().len() == 1);
    // The process that serves: what computes goes on, and whoever asks the next one waits for it.
    let serving = gateway.serving().expect("a process");
    let (told, computing) = ask_and_kill("PGS000901", &|_| serving.kill());
    assert!(told.is_err(), "{told:?}");
    assert!(computing.is_running(), "it computes for whoever asks next");
    assert_eq!(connect().simple(&rows("PGS000901")).expect("rows").rows.len(), seen);
    assert!(!computing.is_running(), "nobody computed it a second time");
    let runs = scene.computed();
    assert!(runs.len() == 2 && runs[1].starts_with("PGS000901-"), "{runs:?}");
}

#[test]
fn on_a_cluster_it_is_a_job_of_the_coordinator() {
    let scene = Scene::new();
    scene.scoring_file("PGS000900.txt", "PGS000900", 0..300);
    let cluster = Cluster::start(&scene.path("cluster"), ClusterOptions::slowed(1, 0)).expect("a cluster");
    let cohort = cluster.import(&scene.path("made"), "bio", 200).expect("an import");
    let ask = || scene.call(&cohort, cluster.call::<&str>([])).arg(OF_900).ok().stdout;
    let first = ask();
    assert!(first.contains("PGS000900,900,"), "{first}");
    assert_eq!(ask(), first);
    assert_eq!(scene.computed().len(), 1);
    let jobs = cluster.call(["jobs", "list"]).ok().stdout;
    let scored = jobs.lines().filter(|line| line.contains("score")).count();
    assert_eq!(scored, 1, "{jobs}");
}

use super::resources::Resources;

/// The script with `{{name}}` where a value goes, at most one a line. A line whose value was not given is left out.
const TEMPLATE: &str = include_str!("cluster.sbatch.template");

/// What a script is made for.
#[derive(Debug)]
pub(super) struct Script<'a> {
    pub(super) resources: &'a Resources,
    /// The folder of keys, logs and the job log.
    pub(super) dir: &'a str,
    /// Where the coordinator keeps what it works with.
    pub(super) store: &'a str,
    /// URLs that jobs may name, without commas.
    pub(super) allow: &'a [String],
    /// Arguments of `steppe`.
    pub(super) command: &'a [String],
}

impl Script<'_> {
    /// The script.
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(TEMPLATE.len());
        for line in TEMPLATE.lines() {
            if let Some(line) = self.line(line) {
                text.push_str(&line);
                text.push('\n');
            }
        }
        text
    }

    /// A line with its value; `None` for an option that was not given.
    fn line(&self, line: &str) -> Option<String> {
        let Some((before, name, after)) = placeholder(line) else { return Some(line.to_owned()) };
        self.value(name).map(|value| format!("{before}{value}{after}"))
    }

    fn value(&self, name: &str) -> Option<String> {
        let resources = self.resources;
        match name {
            "nodes" => Some(resources.nodes.to_string()),
            "workers-per-node" => Some(resources.workers_per_node.to_string()),
            "cpus-per-task" => Some(resources.cpus_per_task.to_string()),
            "mem" => Some(resources.mem.clone()),
            "time" => Some(resources.time.clone()),
            "partition" => resources.partition.clone(),
            "account" => resources.account.clone(),
            "dir" => Some(quote(self.dir)),
            "store" => Some(quote(self.store)),
            "allow" => Some(quote(&self.allow.join(","))),
            "command" => Some(self.command.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")),
            _ => None,
        }
    }
}

/// The text before, the name within and the text after a line's `{{name}}`.
fn placeholder(line: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = line.split_once("{{")?;
    let (name, after) = rest.split_once("}}")?;
    Some((before, name, after))
}

/// A word of a shell that stands for the text, whatever is in it.
pub(super) fn quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.,:+@/-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, io::Write, process::Command, process::Stdio};

    use super::*;

    const ODD: &str = "/shared/it's {{store}} \"$(touch /x)\" `x` \\ * ~ ; & é\n#SBATCH --uid=0";

    fn resources(partition: Option<&str>) -> Resources {
        Resources {
            nodes: 3,
            workers_per_node: 2,
            cpus_per_task: 4,
            mem: "1G".to_owned(),
            time: "10".to_owned(),
            partition: partition.map(str::to_owned),
            account: None,
        }
    }

    fn odd(resources: &Resources) -> String {
        let (allow, command) =
            ([ODD.to_owned(), "s3://b".to_owned()], ["score", "--out", ODD, ""].map(str::to_owned));
        Script { resources, dir: ODD, store: ODD, allow: &allow, command: &command }.text()
    }

    fn bash(arguments: &[&str], script: &str) -> (bool, Vec<u8>) {
        let mut command = Command::new("bash");
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("bash");
        child.stdin.take().expect("a pipe").write_all(script.as_bytes()).expect("bash reads");
        let output = child.wait_with_output().expect("bash ends");
        // Bash reports some errors and succeeds all the same.
        (output.status.success() && output.stderr.is_empty(), output.stdout)
    }

    #[test]
    fn bash_reads_odd_words_as_they_are() {
        let resources = resources(None);
        let text = odd(&resources);
        assert!(bash(&["-n"], &text).0, "{text}");
        let from = text.find("RUN=").expect("values");
        let until = text.find("umask").expect("an end of values");
        let show = r#"printf '%s\0' "$RUN" "$STORE" "$ALLOW" "${COMMAND[@]}""#;
        let (well, shown) = bash(&[], &format!("{}\n{show}\n", &text[from..until]));
        let allow = format!("{ODD},s3://b");
        let expected = [ODD, ODD, &allow, "score", "--out", ODD, ""].map(|word| format!("{word}\0")).concat();
        assert_eq!((well, String::from_utf8(shown)), (true, Ok(expected)));
    }

    #[test]
    fn options_are_lines_of_their_own() {
        let lines = |text: &str| {
            text.lines().filter(|line| line.starts_with("#SBATCH --")).map(str::to_owned).collect::<Vec<_>>()
        };
        let (without, with) = (resources(None), resources(Some("short")));
        let plain = |resources| {
            let (allow, command) = ([], ["score".to_owned()]);
            Script { resources, dir: "/d", store: "/s", allow: &allow, command: &command }.text()
        };
        let (without, with) = (lines(&plain(&without)), lines(&plain(&with)));
        assert_eq!(with.len(), without.len() + 1);
        for option in ["--nodes=3", "--ntasks-per-node=2", "--cpus-per-task=4", "--mem=1G", "--time=10"] {
            assert!(without.contains(&format!("#SBATCH {option}")), "{option}");
        }
        assert!(with.contains(&"#SBATCH --partition=short".to_owned()));
    }

    #[test]
    fn every_name_has_a_value() {
        let mut resources = resources(Some("short"));
        resources.account = Some("lab".to_owned());
        let script = Script { resources: &resources, dir: "/d", store: "/s", allow: &[], command: &[] };
        let names: BTreeSet<&str> =
            TEMPLATE.lines().filter_map(placeholder).map(|(_, name, _)| name).collect();
        assert_eq!(names.len(), 11);
        assert!(names.iter().all(|name| script.value(name).is_some()));
        assert!(!script.text().contains("{{"));
    }

    #[test]
    fn plain_words_stay_plain() {
        assert_eq!(quote("s3://bucket/a-b_c.d"), "s3://bucket/a-b_c.d");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("it's"), r"'it'\''s'");
    }
}

use super::{
    example::example,
    key::{Fallback, Key, Member, Section},
    registry::SECTIONS,
    rules::RULES,
};

const BEGINNING: &str = "\
# Configuration

<!-- Made from the registry of settings. To change it, change the registry, then run the tests with
     STEPPE_WRITE_DOCS=1. -->

The settings of `steppe coordinator`, `steppe worker` and `steppe gateway`. Each can be given in three places, and the first that has it
counts:

1. a flag: `--listen 127.0.0.1:7070`
2. an environment variable: `STEPPE_COORDINATOR_LISTEN=127.0.0.1:7070`
3. the file that `--config FILE` or `STEPPE_CONFIG` names, in TOML: `listen = \"127.0.0.1:7070\"` below `[coordinator]`

Else the default holds. A list is a flag given several times, a variable with commas, an array in the file; the first
place that has one replaces the others as a whole. Sizes are `512MiB`, `2GiB`: K, M, G and T, with or without iB, are
powers of 1024; kB, MB, GB and TB are powers of 1000. Relative paths begin at the working directory.

One file can serve all commands: each passes over the sections of the others. Unknown keys and wrong values in the file are
errors. Unknown variables of these names are warned of. At the log level `debug` a process lists its settings when it
starts, each with where it came from; secret ones are masked.
";

/// `docs/configuration.md`.
pub fn document() -> String {
    let mut text = BEGINNING.to_owned();
    text.push_str("\n## Rules between settings\n\n");
    for rule in RULES {
        text.push_str(&format!("- {rule}\n"));
    }
    for section in SECTIONS {
        text.push_str(&format!("\n## {}\n\n{}\n\n", section.title, section.about));
        text.push_str(&table(section));
        for key in section.keys.iter().filter(|key| !key.long_help.is_empty()) {
            text.push_str(&format!("\n`{}`: {}\n", key.name, key.long_help));
        }
    }
    text.push_str("\n## Example files\n");
    for member in Member::ALL {
        text.push_str(&format!("\n`steppe {member} --config FILE`:\n\n```toml\n{}```\n", example(member)));
    }
    text
}

fn table(section: &Section) -> String {
    let mut text =
        "| setting | value | default | what it is | flag | variable |\n|---|---|---|---|---|---|\n"
            .to_owned();
    for key in section.keys {
        let secret = if key.secret { "; secret, never shown" } else { "" };
        text.push_str(&format!(
            "| `{}` | {} | {} | {}{secret} | {} | `{}` |\n",
            key.name,
            key.kind.value_name().replace('|', " or "),
            fallback(key),
            key.help,
            flags(key),
            key.variable()
        ));
    }
    text
}

fn fallback(key: &Key) -> String {
    match key.fallback {
        Fallback::Value(value) => format!("`{value}`"),
        Fallback::Required => "**required**".to_owned(),
        other => other.to_string(),
    }
}

fn flags(key: &Key) -> String {
    let mut flags: Vec<_> = key.members.iter().map(|&member| format!("`--{}`", key.flag(member))).collect();
    flags.dedup();
    flags.join(", ")
}

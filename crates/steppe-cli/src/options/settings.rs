//! The flags of `steppe coordinator` and `steppe worker`, made from the registry of settings.
//!
//! Clap knows no defaults and reads no variables here: it only says which flags were given, and the settings' layers do
//! the rest. So values are texts, and a wrong one is refused where those of variables and files are, in the same words.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches, value_parser};
use steppe_server::settings::{
    CONFIG_VARIABLE, Fallback, FlagValues, Key, Kind, Member, example,
    registry::{SECTIONS, keys},
};

const CONFIG: &str = "config";

/// The flags of a command, under headings by section.
pub(crate) fn arguments(member: Member) -> Vec<Arg> {
    let config = Arg::new(CONFIG)
        .long(CONFIG)
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .help_heading("Settings file")
        .help(format!(
            "TOML file with settings; flags and variables go before what it says [env: {CONFIG_VARIABLE}]"
        ));
    let mut arguments = vec![config];
    for section in SECTIONS {
        let belonging = section.keys.iter().filter(|key| key.belongs_to(member));
        arguments.extend(belonging.map(|key| argument(key, member).help_heading(section.title)));
    }
    arguments
}

fn argument(key: &'static Key, member: Member) -> Arg {
    let fallback = fallback(key);
    let mut help = key.help.to_owned();
    if key.fallback != Fallback::Nothing {
        help.push_str(&format!(" [{fallback}]"));
    }
    let mut long_help = format!("{}\n\n", key.help);
    if !key.long_help.is_empty() {
        long_help.push_str(&format!("{}\n\n", key.long_help));
    }
    long_help.push_str(&format!("[{fallback}] [env: {}]", key.variable()));
    let argument = Arg::new(key.name)
        .long(key.flag(member))
        .value_name(key.kind.value_name())
        .help(help)
        .long_help(long_help)
        .action(if key.kind.is_list() { ArgAction::Append } else { ArgAction::Set });
    if key.kind == Kind::Switch {
        // `--flag` alone is true; `--flag=false` takes back what a variable or the file says.
        return argument.num_args(0..=1).require_equals(true).default_missing_value("true");
    }
    argument
}

fn fallback(key: &Key) -> String {
    match key.fallback {
        Fallback::Required => "required".to_owned(),
        other => format!("default: {other}"),
    }
}

/// What was given of the flags of a command.
pub(crate) fn flags(member: Member, matches: &ArgMatches) -> FlagValues {
    let mut flags = FlagValues::default();
    if let Some(path) = matches.get_one::<PathBuf>(CONFIG) {
        flags = flags.with_config(path);
    }
    for key in keys(Some(member)) {
        if let Some(values) = matches.get_many::<String>(key.name) {
            flags = flags.with(key, values.cloned());
        }
    }
    flags
}

fn augment(command: Command, member: Member) -> Command {
    let example = example(member);
    let indented: String = example
        .lines()
        .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") })
        .collect();
    command
        .args(arguments(member))
        .after_long_help(format!("Example of a settings file, for --config:\n\n{}", indented.trim_end()))
}

/// The flags of a command, to be flattened into it.
macro_rules! options {
    ($(#[$about:meta])* $name:ident of $member:expr) => {
        $(#[$about])*
        #[derive(Debug, Clone)]
        pub(crate) struct $name(pub(crate) FlagValues);

        impl Args for $name {
            fn augment_args(command: Command) -> Command {
                augment(command, $member)
            }

            fn augment_args_for_update(command: Command) -> Command {
                augment(command, $member)
            }
        }

        impl FromArgMatches for $name {
            fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
                Ok(Self(flags($member, matches)))
            }

            fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
                self.0 = flags($member, matches);
                Ok(())
            }
        }
    };
}

options! {
    /// The flags of `steppe coordinator`.
    CoordinatorOptions of Member::Coordinator
}

options! {
    /// The flags of `steppe worker`.
    WorkerOptions of Member::Worker
}

options! {
    /// The flags of `steppe gateway`.
    GatewayOptions of Member::Gateway
}

#[cfg(test)]
mod tests {
    use steppe_server::settings::{CoordinatorSettings, Sources};

    use super::*;

    fn command(member: Member) -> Command {
        augment(Command::new(member.name()), member)
    }

    #[test]
    fn every_setting_is_in_the_help_with_its_variable_and_default() {
        for member in Member::ALL {
            command(member).debug_assert();
            let long = command(member).term_width(0).render_long_help().to_string();
            let short = command(member).term_width(0).render_help().to_string();
            for key in keys(Some(member)) {
                let facts = format!("[{}] [env: {}]", fallback(key), key.variable());
                assert!(long.contains(&facts), "{}", key.name);
                for help in [&long, &short] {
                    assert!(help.contains(&format!("--{}", key.flag(member))), "{}", key.name);
                    assert!(help.contains(key.help), "{}", key.name);
                }
            }
            assert!(long.contains("\n  [tls]\n") && !short.contains("\n  [tls]\n"), "{long}");
            let others = keys(None).filter(|key| !key.belongs_to(member));
            assert!(others.into_iter().all(|key| !long.contains(&key.variable())));
        }
    }

    #[test]
    fn flags_reach_the_settings() {
        let folder =
            ["--store", "/s", "--job-log", "sqlite:///j", "--audit-log", "/a", "--tls-plaintext-on-loopback"];
        let more = [
            "--allow",
            "file:///one",
            "--allow",
            "s3://two",
            "--tls-allow-exposed-key=false",
            "--listen",
            "[::1]:1",
        ];
        let given = [["coordinator"].as_slice(), &folder, &more].concat();
        let matches = command(Member::Coordinator).try_get_matches_from(given).expect("flags");
        let CoordinatorOptions(flags) = CoordinatorOptions::from_arg_matches(&matches).expect("options");
        let loaded = CoordinatorSettings::load(&Sources::new(flags, [])).expect("settings");
        assert_eq!(loaded.settings.allow, ["file:///one", "s3://two"]);
        assert_eq!(loaded.settings.listen.to_string(), "[::1]:1");
        assert!(loaded.settings.tls.is_plaintext());
        let given = loaded.effective.iter().filter(|setting| setting.origin == "flag");
        assert_eq!(given.count(), 7);
    }

    #[test]
    fn a_flag_of_one_value_is_given_once() {
        let twice = ["worker", "--slots", "1", "--slots", "2"];
        assert!(command(Member::Worker).try_get_matches_from(twice).is_err());
    }
}

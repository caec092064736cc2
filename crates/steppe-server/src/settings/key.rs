//! What the registry says of a setting.

use std::fmt;

/// The commands that have settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// `steppe coordinator`.
    Coordinator,
    /// `steppe worker`.
    Worker,
    /// `steppe gateway`.
    Gateway,
}

impl Member {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Coordinator, Self::Worker, Self::Gateway];

    /// The command's name, which is also that of its section.
    pub fn name(self) -> &'static str {
        match self {
            Self::Coordinator => "coordinator",
            Self::Worker => "worker",
            Self::Gateway => "gateway",
        }
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Settings that belong together: a table of the file, a heading of the help.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// The first part of its keys.
    pub name: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// What it is about, in one or two sentences.
    pub about: &'static str,
    /// Its settings.
    pub keys: &'static [Key],
}

/// What holds where nobody sets a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// It must be set.
    Required,
    /// It has no value.
    Nothing,
    /// This value.
    Value(&'static str),
    /// A value that depends on the machine or on other settings; these are the words for it.
    Computed(&'static str),
}

impl fmt::Display for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Required => "required",
            Self::Nothing => "none",
            Self::Value(text) | Self::Computed(text) => text,
        })
    }
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Section and name, as `coordinator.listen`.
    pub name: &'static str,
    /// The commands that it belongs to.
    pub members: &'static [Member],
    /// What its values are.
    pub kind: Kind,
    /// What holds where nobody sets it.
    pub fallback: Fallback,
    /// Whether its value is never shown.
    pub secret: bool,
    /// What it is, in one line without a full stop.
    pub help: &'static str,
    /// What else there is to know; empty, or whole sentences.
    pub long_help: &'static str,
    /// Its value in the example file, written as for a flag.
    pub example: Option<&'static str>,
}

impl Key {
    pub(super) const fn new(
        name: &'static str,
        members: &'static [Member],
        kind: Kind,
        help: &'static str,
    ) -> Self {
        let fallback = Fallback::Nothing;
        Self { name, members, kind, fallback, secret: false, help, long_help: "", example: None }
    }

    pub(super) const fn required(self) -> Self {
        Self { fallback: Fallback::Required, ..self }
    }

    pub(super) const fn default(self, value: &'static str) -> Self {
        Self { fallback: Fallback::Value(value), ..self }
    }

    pub(super) const fn computed(self, words: &'static str) -> Self {
        Self { fallback: Fallback::Computed(words), ..self }
    }

    pub(super) const fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    pub(super) const fn long(self, long_help: &'static str) -> Self {
        Self { long_help, ..self }
    }

    pub(super) const fn example(self, value: &'static str) -> Self {
        Self { example: Some(value), ..self }
    }

    /// Its section's name and the rest.
    pub fn parts(&self) -> (&'static str, &'static str) {
        self.name.split_once('.').unwrap_or(("", self.name))
    }

    /// Its flag of a command, without the dashes before it. A command's own section is left out.
    pub fn flag(&self, member: Member) -> String {
        let (section, rest) = self.parts();
        let name = if section == member.name() { rest } else { self.name };
        name.replace(['.', '_'], "-")
    }

    /// Its environment variable.
    pub fn variable(&self) -> String {
        format!("STEPPE_{}", self.name.replace('.', "_").to_ascii_uppercase())
    }

    /// Whether a command has it.
    pub fn belongs_to(&self, member: Member) -> bool {
        self.members.contains(&member)
    }
}

/// What a setting's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A numeric address and a port to listen on.
    Address,
    /// A host and a port to connect to.
    HostPort,
    /// A host's name or address.
    Host,
    /// A port.
    Port,
    /// A folder, or the URL of an object store's prefix.
    Location,
    /// Several URLs of such places.
    Locations,
    /// Several such places, as folders or URLs.
    Places,
    /// Several files with the names of the tables that they become.
    Tables,
    /// The job log's URL.
    JobLog,
    /// A file or folder.
    Path,
    /// A whole number from 1.
    Count,
    /// An amount of memory.
    Size,
    /// An amount of disk, or 0 for none.
    SizeOrNone,
    /// A name that goes into logs, metrics and the names of files.
    Identifier,
    /// True or false.
    Switch,
    /// Any text.
    Text,
    /// One of these.
    Choice(&'static [&'static str]),
    /// Where an identity provider serves its keys.
    KeysUrl,
    /// Where a collector takes traces.
    Endpoint,
}

/// How a kind is written in TOML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Whole,
    Size,
    Switch,
    List,
}

impl Kind {
    /// What stands for the value in the help.
    pub fn value_name(self) -> &'static str {
        match self {
            Self::Address => "ADDRESS:PORT",
            Self::HostPort => "HOST:PORT",
            Self::Host => "HOST",
            Self::Port => "PORT",
            Self::Location | Self::Places => "LOCATION",
            Self::Tables => "NAME=FILE",
            Self::Locations | Self::JobLog | Self::KeysUrl | Self::Endpoint => "URL",
            Self::Path => "PATH",
            Self::Count => "N",
            Self::Size | Self::SizeOrNone => "SIZE",
            Self::Identifier => "NAME",
            Self::Switch => "true|false",
            Self::Text => "TEXT",
            Self::Choice(_) => "CHOICE",
        }
    }

    /// What a value must be, after "give".
    pub fn expected(self) -> String {
        let expected = match self {
            Self::Address => "a numeric address and a port, such as 127.0.0.1:7070 or [::1]:7070",
            Self::HostPort => "a host and a port, such as coordinator.example.org:7071",
            Self::Host => "a host's name or address alone, such as worker-1.example.org",
            Self::Port => "a port from 1 to 65535",
            Self::Location | Self::Places => {
                "a folder or a URL such as s3://BUCKET/PREFIX, without credentials"
            }
            Self::Locations => "URLs such as s3://BUCKET/PREFIX or file:///FOLDER, without credentials",
            Self::Tables => {
                "NAME=FILE, the name of lower-case letters, digits and _, such as people=people.tsv"
            }
            Self::JobLog => "sqlite:///PATH or postgres://USER@HOST/DATABASE",
            Self::Path => "a path",
            Self::Count => "a whole number from 1",
            Self::Size => "a size such as 512MiB or 2GiB",
            Self::SizeOrNone => "a size such as 512MiB or 8GiB, or 0 for none",
            Self::Identifier => {
                "up to 64 letters, digits, dots, dashes and underscores, a letter or digit first"
            }
            Self::Switch => "true or false",
            Self::Text => "a text",
            Self::Choice(names) => return names.join(" or "),
            Self::KeysUrl => "an https:// URL without credentials (http:// only for this machine)",
            Self::Endpoint => "an http:// or https:// URL without credentials, such as http://127.0.0.1:4317",
        };
        expected.to_owned()
    }

    /// Whether a setting has any number of values.
    pub fn is_list(self) -> bool {
        self.shape() == Shape::List
    }

    pub(super) fn shape(self) -> Shape {
        match self {
            Self::Count | Self::Port => Shape::Whole,
            Self::Size | Self::SizeOrNone => Shape::Size,
            Self::Switch => Shape::Switch,
            Self::Locations | Self::Places | Self::Tables => Shape::List,
            _ => Shape::Text,
        }
    }
}

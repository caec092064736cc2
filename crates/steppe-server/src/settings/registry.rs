//! The one list of settings.

mod coordinator;
mod gateway;
mod shared;
mod worker;

use super::key::{Key, Member, Section};

/// All sections, in the order of the documentation.
pub const SECTIONS: &[Section] = &[
    Section {
        name: "coordinator",
        title: "Coordinator",
        about: "What `steppe coordinator` listens on, where it keeps things, and what it takes on.",
        keys: coordinator::KEYS,
    },
    Section {
        name: "worker",
        title: "Worker",
        about: "Who a `steppe worker` is, how the coordinator and it reach each other, and what it takes of its machine.",
        keys: worker::KEYS,
    },
    Section {
        name: "gateway",
        title: "Gateway",
        about: "What `steppe gateway` serves by SQL, to whom, and how much of it.",
        keys: gateway::KEYS,
    },
    Section {
        name: "tls",
        title: "Certificates",
        about: "Who this member is, and whom it believes. `steppe certs init` makes an authority and certificates to begin with.",
        keys: shared::TLS,
    },
    Section {
        name: "token",
        title: "Tokens",
        about: "Whose bearer tokens the coordinator and the gateway take from people and programs. One of `token.key`, `token.jwks` and `token.jwks_url` says which public keys they are checked with.",
        keys: shared::TOKEN,
    },
    Section {
        name: "log",
        title: "Log",
        about: "The log lines on standard error. They never hold tokens, keys, sample ids or genotypes.",
        keys: shared::LOG,
    },
    Section { name: "trace", title: "Traces", about: "OpenTelemetry: one trace a job.", keys: shared::TRACE },
];

/// All settings, or all of one command.
pub fn keys(member: Option<Member>) -> impl Iterator<Item = &'static Key> {
    let all = SECTIONS.iter().flat_map(|section| section.keys);
    all.filter(move |key| member.is_none_or(|member| key.belongs_to(member)))
}

/// The setting of this name.
pub fn find(name: &str) -> Option<&'static Key> {
    keys(None).find(|key| key.name == name)
}

/// The setting whose name is most like this one. A name without its section is compared with names without theirs.
pub(super) fn nearest(name: &str) -> Option<&'static Key> {
    let rest = name.split_once('.').map_or(name, |(_, rest)| rest);
    let likeness = |key: &&'static Key| {
        let whole = strsim::normalized_damerau_levenshtein(name, key.name);
        // Of two settings of the same name, the one whose section is more alike.
        let part = strsim::normalized_damerau_levenshtein(rest, key.parts().1);
        whole.max(0.9 * part + 0.1 * whole)
    };
    keys(None).max_by(|one, other| likeness(one).total_cmp(&likeness(other)))
}

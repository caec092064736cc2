//! Variables that look like settings and are none.

use super::{
    key::Key,
    registry::{self, SECTIONS},
    sources::{CONFIG_VARIABLE, Sources},
};

/// Variables that clients of the coordinator read, and members do not.
const CLIENT: [&str; 3] = ["STEPPE_COORDINATOR", "STEPPE_TOKEN", "STEPPE_TOKEN_FILE"];

/// A sentence on each variable that is in a section's name but no setting: a typing error there would be silent.
pub(super) fn unknown(sources: &Sources) -> Vec<String> {
    let mut notes = Vec::new();
    for (name, value) in &sources.variables {
        let known = registry::keys(None).any(|key| key.variable() == *name);
        let other = CLIENT.contains(&name.as_str()) || name == CONFIG_VARIABLE;
        if known || other || !in_a_section(name) || is_service_link(name, &value.to_string_lossy()) {
            continue;
        }
        let likeness = |variable: &String| strsim::normalized_damerau_levenshtein(name, variable);
        let nearest = registry::keys(None)
            .map(Key::variable)
            .max_by(|one, other| likeness(one).total_cmp(&likeness(other)))
            .unwrap_or_default();
        let name = name.escape_debug();
        notes.push(format!(
            "the variable {name} is no setting and has no effect; the nearest one is {nearest}"
        ));
    }
    notes
}

fn in_a_section(name: &str) -> bool {
    let rest = name.strip_prefix("STEPPE_").unwrap_or_default().to_ascii_lowercase();
    SECTIONS.iter().any(|section| rest.strip_prefix(section.name).is_some_and(|rest| rest.starts_with('_')))
}

/// Whether Kubernetes made it: a service called `steppe-coordinator` puts a dozen such variables into every pod beside it.
fn is_service_link(name: &str, value: &str) -> bool {
    let url = value.starts_with("tcp://") || value.starts_with("udp://");
    let numbered = |(_, rest): (&str, &str)| rest.starts_with(|c: char| c.is_ascii_digit());
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
        || name.ends_with("_PORT") && url
        || name.split_once("_PORT_").is_some_and(numbered)
}

//! Rules between settings.

use super::{error::SettingsError, resolved::Resolved, tls::TlsSettings, values::Host};

/// The rules, for the documentation.
pub(super) const RULES: &[&str] = &[
    "`tls.authority`, `tls.certificate` and `tls.key` are all set, or `tls.plaintext_on_loopback` is true and none of them is.",
    "With `tls.plaintext_on_loopback`, every address that the command listens on is a loopback address, and so are `coordinator.cluster_host` and `worker.coordinator`.",
    "Exactly one of `token.key`, `token.jwks` and `token.jwks_url` is set; with `tls.plaintext_on_loopback` a coordinator may go without.",
    "Of `gateway.policy` and `gateway.insecure_ungoverned` exactly one is set. With the latter, every address that the gateway listens on is a loopback address.",
    "With `gateway.policy`, `gateway.state` and `gateway.cohort` are set.",
    "`gateway.scoring_files` and `gateway.computed` are both set, with `gateway.cohort`, or neither is.",
    "`token.jwks_url` is https, or http to this machine.",
    "The ports of one command differ, but for port 0, which is any free one.",
    "`coordinator.cluster_host`, `worker.host` and the host of `worker.coordinator` are no address that stands for all of a machine (0.0.0.0, [::]).",
];

/// Without certificates, refuses an address that others could reach.
pub(super) fn check_plaintext(
    values: &Resolved,
    tls: &TlsSettings,
    hosts: &[(&'static str, Host)],
) -> Result<(), SettingsError> {
    let exposed = hosts.iter().find(|(_, host)| tls.is_plaintext() && !host.is_loopback());
    let Some((name, _)) = exposed else { return Ok(()) };
    let (place, found) = values.shown(name);
    Err(SettingsError::PlaintextExposed { place, found })
}

/// Refuses to serve without a policy but where it was asked for and nobody else can reach it.
pub(super) fn check_governed(
    values: &Resolved,
    policy: bool,
    ungoverned: bool,
    hosts: &[(&'static str, Host)],
) -> Result<(), SettingsError> {
    match (policy, ungoverned) {
        (true, false) => return Ok(()),
        (false, false) => return Err(SettingsError::PolicyMissing),
        (true, true) => return Err(SettingsError::UngovernedBesidePolicy),
        (false, true) => {}
    }
    let Some((name, _)) = hosts.iter().find(|(_, host)| !host.is_loopback()) else { return Ok(()) };
    let (place, found) = values.shown(name);
    Err(SettingsError::UngovernedExposed { place, found })
}

/// Refuses half of what computing scores takes: of these settings the first one may be there without the others.
pub(super) fn check_computing(settings: [(&'static str, bool); 3]) -> Result<(), SettingsError> {
    let [_, others @ ..] = settings;
    if !others.iter().any(|(_, is_set)| *is_set) {
        return Ok(());
    }
    let missing: Vec<&'static str> =
        settings.iter().filter(|(_, is_set)| !is_set).map(|(name, _)| *name).collect();
    if missing.is_empty() { Ok(()) } else { Err(SettingsError::ComputingIncomplete { missing }) }
}

/// Refuses two listeners on one port.
pub(super) fn check_ports(ports: &[(&'static str, u16)]) -> Result<(), SettingsError> {
    for (index, &(second, port)) in ports.iter().enumerate() {
        if let Some(&(first, _)) = ports[..index].iter().find(|&&(_, other)| other == port && port != 0) {
            return Err(SettingsError::PortsCollide { first, second, port });
        }
    }
    Ok(())
}

/// Refuses an address for others to connect to that is none.
pub(super) fn check_reachable(
    values: &Resolved,
    name: &'static str,
    host: &Host,
    remedy: &'static str,
) -> Result<(), SettingsError> {
    if !host.is_unspecified() {
        return Ok(());
    }
    let (place, found) = values.shown(name);
    Err(SettingsError::Unreachable { place, found, remedy })
}

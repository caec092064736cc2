"""The settings that the program knows, and configuration files made of them."""

import os
import re
import tomllib

from findings import expect

SECTIONS = ("coordinator", "worker", "tls", "token", "log", "trace")
# Environment variables that are no settings: of compose.yaml.
OTHER_VARIABLES = {"STEPPE_VERSION"}


def known(root):
    """The keys in docs/configuration.md, or None where that file is not there."""
    path = os.path.join(root, "docs", "configuration.md")
    if not os.path.exists(path):
        expect(os.environ.get("CI") != "true", path, "is not there")
        return None
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return set(re.findall(rf"`((?:{'|'.join(SECTIONS)})\.[a-z_]+)`", text))


def flat(toml):
    """Tables of tables as dotted keys."""
    keys = {}
    for section, entries in toml.items():
        if isinstance(entries, dict):
            keys.update({f"{section}.{name}": value for name, value in entries.items()})
        else:
            keys[section] = entries
    return keys


def read(text, member, keys, place):
    """A configuration file for a coordinator or a worker, as dotted keys."""
    try:
        found = flat(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        expect(False, place, f"is no TOML: {error}")
        return {}
    other = {"coordinator": "worker", "worker": "coordinator"}[member]
    for key in found:
        expect(keys is None or key in keys, place, f"{key} is no setting")
        expect(not key.startswith(other + "."), place, f"{key} is a setting of the {other}")
        expect(member == "coordinator" or not key.startswith("token."), place, f"{key} is a setting of the coordinator")
    return found


def check_variables(text, keys, place):
    """Every STEPPE_… in a text is a setting."""
    variables = {"STEPPE_" + key.upper().replace(".", "_") for key in keys or ()} | OTHER_VARIABLES
    for name in set(re.findall(r"\bSTEPPE_[A-Z_]+\b", text)):
        expect(keys is None or name in variables, place, f"{name} is no setting")


def port(address):
    return int(str(address).rpartition(":")[2])


def check_agreement(coordinator, worker, place):
    """A coordinator's file and that of its workers meet."""
    expect(
        port(worker["worker.coordinator"]) == port(coordinator["coordinator.cluster_listen"]),
        place,
        "workers look for the coordinator at another port than cluster_listen",
    )
    host = coordinator["coordinator.cluster_host"]
    expect(worker["worker.coordinator"].startswith(host + ":"), place, f"workers do not look for {host}")
    for name in ("authority", "certificate", "key"):
        for file in (coordinator, worker):
            expect(f"tls.{name}" in file, place, f"tls.{name} is missing")
    sources = [name for name in ("key", "jwks", "jwks_url") if f"token.{name}" in coordinator]
    expect(len(sources) == 1, place, f"tokens are checked with {sources}, not one of key, jwks, jwks_url")

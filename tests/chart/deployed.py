"""What the files of deploy/ must be like."""

import glob
import os
import re
import shutil
import stat
import subprocess
import tempfile

import yaml

import metrics
import settings
from findings import equal, expect, whole

HARDENING = {
    "User": "steppe",
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "RestrictNamespaces": "yes",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
    "Restart": "on-failure",
}


def text_of(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def check(deploy, keys, user):
    """All checks; returns what could not be checked here."""
    skipped = []
    whole("Dockerfile", check_image, deploy, user)
    whole("scripts", check_scripts, deploy)
    whole("slurm", check_sbatch, deploy)
    whole("compose", check_compose, deploy, keys, user)
    whole("systemd", check_units, deploy, keys, skipped)
    whole("grafana", metrics.check_dashboard, os.path.join(deploy, "grafana", "steppe.json"))
    whole("prometheus", metrics.check_alerts, os.path.join(deploy, "prometheus", "alerts.yaml"), skipped)
    check_names(deploy, keys)
    return skipped


def check_image(deploy, user):
    text = text_of(deploy, "Dockerfile").replace("\\\n", " ")
    place = "Dockerfile"
    lines = [line.split(None, 1) for line in text.splitlines() if line and not line.startswith("#")]
    bases = [rest for word, rest in lines if word == "FROM"]
    equal(len(bases), 2, place, "stages")
    expect(all("${DEBIAN}" in base for base in bases), place, "the stages are not of one Debian")
    last = lines[max(i for i, (word, _) in enumerate(lines) if word == "FROM") :]
    equal([rest for word, rest in last if word == "USER"], [f"{user}:{user}"], place, "the user")
    equal([rest for word, rest in last if word == "HEALTHCHECK"], ["NONE"], place, "the health check")
    equal([rest for word, rest in last if word == "ENTRYPOINT"], ['["steppe"]'], place, "the entry point")
    expect(any(word == "LABEL" for word, _ in last), place, "has no labels")
    build = " ".join(rest for word, rest in lines if word == "RUN" and "cargo build" in rest)
    expect("--mount=type=cache" in build and "--locked" in build, place, "builds without caches or lock file")


def check_scripts(deploy):
    for path in sorted(
        glob.glob(f"{deploy}/**/*.sh", recursive=True) + glob.glob(f"{deploy}/**/*.sbatch", recursive=True)
    ):
        place = os.path.relpath(path, deploy)
        shell = re.match(r"#!(?:/usr/bin/env |/bin/)(bash|sh)\n", text_of(path))
        if expect(shell, place, "does not say which shell it is for"):
            done = subprocess.run([shell[1], "-n", path], capture_output=True, text=True, check=False)
            # Bash reports some errors and succeeds all the same.
            expect(done.returncode == 0 and not done.stderr, place, done.stderr.strip())
        if path.endswith(".sh") and shell and shell[1] == "bash":
            expect(os.stat(path).st_mode & stat.S_IXUSR, place, "can not be run")


def check_sbatch(deploy):
    place, text = "slurm/cluster.sbatch", text_of(deploy, "slurm", "cluster.sbatch")
    options = dict(re.findall(r"^#SBATCH --([a-z-]+)(?:=(\S+))?$", text, re.M))
    expect("requeue" in options, place, "is not requeued")
    equal(options.get("open-mode"), "append", place, "open-mode")
    warning = re.fullmatch(r"B:USR1@(\d+)", options.get("signal", ""))
    # Workers drain for up to 30 s before the job is requeued.
    expect(warning and int(warning[1]) > 60, place, "is not told in time that its time ends")
    expect("trap requeue USR1" in text, place, "does not listen when its time ends")
    expect(
        re.search(r'^srun [^\n]*--nodelist="\$first"[^&]* steppe coordinator &$', text, re.M),
        place,
        "no coordinator on the first node",
    )
    expect(
        re.search(r"^srun --overlap --ntasks-per-node=1 [^&]*exec steppe worker' &$", text, re.M),
        place,
        "no worker on each node",
    )
    expect('JOB_LOG="sqlite://$(realpath "$RUN")/' in text, place, "the job log is not in RUN")


def check_compose(deploy, keys, user):
    folder = os.path.join(deploy, "compose")
    compose = yaml.safe_load(text_of(folder, "compose.yaml"))
    services = compose["services"]
    equal(text_of(folder, ".gitignore"), "secrets/\n", "compose/.gitignore", "ignored")
    files = {
        m: settings.read(text_of(folder, m + ".toml"), m, keys, f"compose/{m}.toml") for m in ("coordinator", "worker")
    }
    settings.check_agreement(files["coordinator"], files["worker"], "compose")
    expect(files["coordinator"]["coordinator.cluster_host"] in services, "compose", "cluster_host is no service")
    for name, service in services.items():
        place = f"compose, {name}"
        check_compose_references(compose, service, place)
        if service["image"].startswith("steppe:"):
            check_compose_member(service, files, user, place)
        else:
            expect(re.search(r":[^:]*\d", service["image"]), place, "its image has no version")
    workers = {name: service for name, service in services.items() if service.get("command", [""])[0] == "worker"}
    equal(len(workers), 2, "compose", "workers")
    for name, service in workers.items():
        environment = service["environment"]
        equal(environment["STEPPE_WORKER_ID"], name, "compose", "a worker's id")
        equal(environment["STEPPE_WORKER_HOST"], service["hostname"], "compose", "a worker's host")
    published = [port for service in services.values() for port in service.get("ports", [])]
    equal(published, ["127.0.0.1:7070:7070"], "compose", "published ports")
    secret_names = {f"secrets/{name}" for name in compose["secrets"]}
    prepared = {"secrets/" + name for name in re.findall(r"\$secrets/([A-Za-z_.]+)", text_of(folder, "prepare.sh"))}
    expect(secret_names <= prepared, "compose", f"prepare.sh does not make {secret_names - prepared}")


def check_compose_references(compose, service, place):
    """What a service names is declared."""
    for kind in ("secrets", "networks"):
        expect(set(service.get(kind, [])) <= set(compose[kind]), place, f"names unknown {kind}")
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        known = (
            os.path.basename(source) in ("coordinator.toml", "worker.toml", "with-secrets.sh")
            if source.startswith("./")
            else source in compose["volumes"]
        )
        expect(known, place, f"names unknown volume {source}")
    for other, condition in service.get("depends_on", {}).items():
        expect(other in compose["services"], place, f"depends on unknown {other}")
        healthy = condition["condition"] == "service_healthy"
        expect(not healthy or "healthcheck" in compose["services"][other], place, f"{other} can not become healthy")
    for name in service.get("secrets", []):
        equal(compose["secrets"][name]["file"], f"./secrets/{name}", place, "a secret's file")
    for name, value in service.get("environment", {}).items():
        public = name.endswith("_FILE") or not re.search("PASSWORD|SECRET|ACCESS_KEY|TOKEN", name)
        expect(public, place, f"{name} is a secret in the environment")
        expect("://" not in str(value) or "@" not in str(value), place, f"{name} has a user in its URL")


def check_compose_member(service, files, user, place):
    """A service that runs steppe: locked down, drained, probed at the port that its file says."""
    equal(service["user"], f"{user}:{user}", place, "the user")
    equal((service["read_only"], service["cap_drop"]), (True, ["ALL"]), place, "the lock-down")
    equal(service["security_opt"], ["no-new-privileges:true"], place, "security_opt")
    member = service["command"][0]
    if member not in files:
        expect("steppe certs init" in member, place, "runs something else")
        return
    expect(int(service["stop_grace_period"].removesuffix("s")) > 30, place, "is killed before it has drained")
    port = settings.port(files[member][f"{member}.operations_listen"])
    expect(
        f'/dev/tcp/127.0.0.1/{port}"' in '"'.join(service["healthcheck"]["test"]) + '"',
        place,
        f"is not probed at {port}",
    )
    equal(service["command"], [member, "--config", f"/etc/steppe/{member}.toml"], place, "the command")
    mounted = [volume.split(":")[1] for volume in service["volumes"]] + [
        f"/run/secrets/{s}" for s in service["secrets"]
    ]
    for key, value in files[member].items():
        if str(value).startswith("/"):
            expect(
                any(f"{value}/".startswith(path + "/") for path in mounted), place, f"{key} = {value} is not mounted"
            )


def unit(text):
    """Entries of a unit's [Service], each with all its values."""
    entries, section = {}, None
    for line in text.splitlines():
        if line.startswith("["):
            section = line
        elif section == "[Service]" and "=" in line and not line.startswith("#"):
            name, value = line.split("=", 1)
            entries.setdefault(name, []).append(value)
    return entries


def check_units(deploy, keys, skipped):
    folder = os.path.join(deploy, "systemd")
    units = {"coordinator": "steppe-coordinator.service", "worker": "steppe-worker@.service"}
    files = {m: settings.read(text_of(folder, m + ".toml"), m, keys, f"systemd/{m}.toml") for m in units}
    settings.check_agreement(files["coordinator"], files["worker"], "systemd")
    for member, name in units.items():
        place, entries = f"systemd/{name}", unit(text_of(folder, name))
        for key, value in HARDENING.items():
            equal(entries.get(key), [value], place, key)
        expect(int(entries["TimeoutStopSec"][0]) > 30, place, "is killed before it has drained")
        expect("SystemCallFilter" in entries and "RestrictAddressFamilies" in entries, place, "may call everything")
        expect(
            all(path.startswith("-/etc/steppe/") for path in entries["EnvironmentFile"]),
            place,
            "EnvironmentFile is elsewhere",
        )
        equal(
            entries["ExecStart"],
            [f"/usr/local/bin/steppe {member} --config /etc/steppe/{member}.toml"],
            place,
            "ExecStart",
        )
        written = [f"/var/lib/{path}" for path in entries.get("StateDirectory", [])]
        written += [f"/var/cache/{path}" for path in entries.get("CacheDirectory", [])]
        paths = [value for value in files[member].values() if str(value).removeprefix("sqlite://").startswith("/var/")]
        paths += [value.split("=")[1] for value in entries["Environment"] if "=/" in value]
        for path in paths:
            path = path.removeprefix("sqlite://")
            expect(any(f"{path}/".startswith(top + "/") for top in written), place, f"can not write {path}")
    expect(entries["KillMode"] == ["mixed"], place, "SIGTERM reaches more than the supervisor")
    if shutil.which("systemd-analyze"):
        verify_units(folder, units)
    else:
        skipped.append("systemd-analyze verify")


def verify_units(folder, units):
    """By systemd itself; the program is not installed here, so another stands for it."""
    with tempfile.TemporaryDirectory() as work:
        paths = []
        for name in units.values():
            paths.append(os.path.join(work, name.replace("@.", "@1.")))
            with open(paths[-1], "w", encoding="utf-8") as file:
                file.write(text_of(folder, name).replace("/usr/local/bin/steppe ", "/bin/true "))
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, text=True, check=False
        )
        output = (done.stdout + done.stderr).strip()
        ours = [line for line in output.splitlines() if "steppe" in line]
        expect(done.returncode == 0 and not ours, "systemd", f"systemd-analyze verify: {output}")


def check_names(deploy, keys):
    """Environment variables in all files, and the README's list of files."""
    readme = text_of(deploy, "README.md")
    for path in sorted(glob.glob(f"{deploy}/**/*", recursive=True)):
        place = os.path.relpath(path, deploy)
        if os.path.isdir(path) or place.startswith("compose/secrets/"):
            continue
        settings.check_variables(text_of(path), keys, place)
        if place != "README.md":
            expect(f"`{place}`" in readme, "README.md", f"does not mention {place}")
    for named in re.findall(r"^\| `([^`]+)`", readme, re.M):
        expect(os.path.exists(os.path.join(deploy, named)), "README.md", f"mentions {named}, which is not there")

"""The metrics of coordinator and workers, and the dashboard and alert rules that read them."""

import json
import re
import shutil
import subprocess

import promql_parser
import yaml

from findings import equal, expect

# Counters end in _total, and a histogram has _bucket, _count and _sum; all others are gauges.
# A label's values where they are few and known, else None.
TILES = {"pending", "running", "committed"}
JOBS = {"queued", "running", "succeeded", "failed", "cancelled"}
LABELS = {
    "steppe_tiles": {"state": TILES},
    "steppe_tile_seconds_bucket": {"le": None},
    "steppe_tile_seconds_count": {},
    "steppe_tile_seconds_sum": {},
    "steppe_tile_attempts_total": {"reason": {"first", "failed", "worker_lost", "stuck"}},
    "steppe_checksum_failures_total": {},
    "steppe_store_requests_total": {"operation": None, "outcome": {"ok", "absent", "retried", "failed"}},
    "steppe_store_bytes_total": {"direction": {"read", "written"}},
    "steppe_queue_age_seconds": {},
    "steppe_worker_heartbeat_age_seconds": {"worker": None},
    "steppe_jobs": {"state": JOBS},
    "steppe_coordinator_epoch": {},
    "steppe_build_info": {"version": None},
}
OF_PROMETHEUS = {"job", "instance"}
DATA_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
COUNTER = re.compile(r"_(total|bucket|count|sum)$")


def families(names):
    return {re.sub(r"_(bucket|count|sum)$", "", name) for name in names}


def check_expression(text, place):
    """Parses; names metrics and labels that exist; takes rates of counters and of nothing else. Returns the metrics."""
    text = text.replace("$__rate_interval", "5m")
    try:
        promql_parser.parse(text)
        expect(True, place, "")
    except Exception as error:  # The parser has no exception of its own.
        expect(False, place, f"is no PromQL: {error}")
        return set()
    names = set(re.findall(r"\bsteppe_[a-z_]+", text))
    labels = set(OF_PROMETHEUS)
    for name in names:
        if expect(name in LABELS, place, f"{name} is no metric"):
            labels |= set(LABELS[name])
            check_values(name, text, place)
    used = set(re.findall(r"[{,]\s*([a-z_]+)\s*(?:=|!=|=~|!~)", text))
    used |= {label.strip() for group in re.findall(r"\bby \(([^)]*)\)", text) for label in group.split(",")}
    expect(used <= labels, place, f"uses labels {sorted(used - labels)}")
    rated = set(re.findall(r"\b(?:rate|increase)\((steppe_[a-z_]+)", text))
    equal(rated, {name for name in names if COUNTER.search(name)}, place, "what rates are taken of")
    return names


def check_values(name, text, place):
    """What a metric is selected by is there: a value that it never has would select nothing for ever."""
    for matchers in re.findall(rf"{name}\{{([^}}]*)\}}", text):
        for label, values in re.findall(r'([a-z_]+)(?:=~|!~|!=|=)"([^"]*)"', matchers):
            known = LABELS[name].get(label)
            if known:
                expect(set(values.split("|")) <= known, place, f"{name} has no {label} {values!r}")


def check_dashboard(path):
    place = "grafana/steppe.json"
    with open(path, encoding="utf-8") as file:
        dashboard = json.load(file)
    for name, kind in (
        ("title", str),
        ("uid", str),
        ("schemaVersion", int),
        ("version", int),
        ("panels", list),
        ("time", dict),
    ):
        expect(isinstance(dashboard.get(name), kind), place, f"{name} is missing or of the wrong type")
    expect(re.fullmatch(r"[-_a-zA-Z0-9]{1,40}", dashboard["uid"]), place, "its uid is none")
    expect(dashboard.get("id") is None, place, "has the id of one Grafana")
    variables = {v["name"]: v for v in dashboard["templating"]["list"]}
    equal(
        (variables["datasource"]["type"], variables["datasource"]["query"]),
        ("datasource", "prometheus"),
        place,
        "the data source",
    )
    for variable in variables.values():
        if variable["type"] == "query":
            equal(variable["datasource"], DATA_SOURCE, place, "the data source of a variable")
    panels = dashboard["panels"]
    identities = [panel["id"] for panel in panels]
    equal(len(set(identities)), len(identities), place, "different ids")
    check_grid(panels, place)
    read = set()
    for panel in panels:
        if panel["type"] != "row":
            read |= check_panel(panel, variables, place)
    equal(families(read), families(LABELS), place, "metrics shown")


def check_panel(panel, variables, place):
    place = f"{place}, {panel['title']}"
    expect(panel["type"] in ("timeseries", "stat", "heatmap"), place, "its type is unknown")
    expect(panel["targets"], place, "shows nothing")
    references = [target["refId"] for target in panel["targets"]]
    equal(len(set(references)), len(references), place, "different refIds")
    expect(panel["fieldConfig"]["defaults"].get("unit"), place, "has no unit")
    read = set()
    for source in [panel, *panel["targets"]]:
        equal(source["datasource"], DATA_SOURCE, place, "the data source")
    for target in panel["targets"]:
        used = set(re.findall(r"\$([a-z]+)", target["expr"]))
        expect(used <= set(variables), place, f"uses unknown variables {used - set(variables)}")
        read |= check_expression(target["expr"], place)
    return read


def check_grid(panels, place):
    """Panels lie within 24 columns and on no other."""
    taken = {}
    for panel in panels:
        at = panel["gridPos"]
        expect(0 <= at["x"] and 0 < at["w"] and at["x"] + at["w"] <= 24, place, f"{panel['title']} is beside the grid")
        cells = [(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])]
        others = {taken[cell] for cell in cells if cell in taken}
        expect(not others, place, f"{panel['title']} lies on {others}")
        taken.update(dict.fromkeys(cells, panel["title"]))


def check_alerts(path, skipped):
    place = "prometheus/alerts.yaml"
    with open(path, encoding="utf-8") as file:
        rules = yaml.safe_load(file)
    equal(set(rules), {"groups"}, place, "the top")
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    names = [rule["alert"] for rule in alerts]
    equal(len(set(names)), len(names), place, "different names")
    for rule in alerts:
        here = f"{place}, {rule['alert']}"
        expect(set(rule) <= {"alert", "expr", "for", "labels", "annotations"}, here, "has unknown fields")
        expect(rule["labels"].get("severity") in ("critical", "warning"), here, "its severity is none")
        expect({"summary", "description"} <= set(rule["annotations"]), here, "does not say what to do")
        expect(re.fullmatch(r"[0-9]+[smh]", rule.get("for", "0s")), here, "its duration is none")
        expect(check_expression(rule["expr"], here), here, "reads no metric of ours")
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "rules", path], capture_output=True, text=True, check=False)
        equal(done.returncode, 0, place, f"promtool ({(done.stdout + done.stderr).strip()})")
    else:
        skipped.append("promtool")

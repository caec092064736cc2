"""Lints, renders and validates the chart, tries wrong values on its schema, and checks the files of deploy/."""

import copy
import glob
import json
import os
import re
import sys

import helm_python as helm
import jsonschema
import yaml

import deployed
import findings
import rendered
import settings
from findings import equal, expect, whole
from release import NAMESPACE, Release

ROOT = sys.argv[1]
CHART = os.path.join(ROOT, "helm", "steppe")
HERE = os.path.join(ROOT, "tests", "chart")
INFORMATION = 1


def load(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return text, yaml.safe_load(text)


def over(below, above):
    """One values file laid over another, as Helm does it; null removes."""
    result = copy.deepcopy(below)
    for name, value in above.items():
        both = isinstance(value, dict) and isinstance(result.get(name), dict)
        result[name] = over(result[name], value) if both else copy.deepcopy(value)
    return result


def check_schema():
    with open(os.path.join(CHART, "values.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    equal(schema["$schema"], "http://json-schema.org/draft-07/schema#", "schema", "the draft")
    try:
        jsonschema.Draft7Validator.check_schema(schema)
        expect(True, "schema", "")
    except jsonschema.SchemaError as error:
        expect(False, "schema", f"is none: {error.message}")
    check_closed(schema, "")
    _, defaults = load(os.path.join(CHART, "values.yaml"))
    equal(set(schema["properties"]) - {"global"}, set(defaults), "schema", "properties")


def check_closed(schema, place):
    """Every object takes only what is named, and every reference leads somewhere."""
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object" and "allOf" not in schema:
        equal(schema.get("additionalProperties"), False, f"schema {place}", "additionalProperties")
        expect(
            set(schema.get("required", [])) <= set(schema.get("properties", {})),
            f"schema {place}",
            "requires unknown properties",
        )
    for name, below in schema.items():
        children = below.items() if isinstance(below, dict) else enumerate(below if isinstance(below, list) else [])
        check_closed(below, f"{place}/{name}")
        if isinstance(below, list):
            for index, child in children:
                check_closed(child, f"{place}/{name}/{index}")


def check_lint(name, values):
    report = helm.lint(CHART, values, strict=True, namespace=NAMESPACE)
    found = [m["error"] for m in report["messages"] if m["severity"] > INFORMATION] + report["errors"]
    expect(not found, f"{name}, lint", found)


def check_good(chart, keys):
    """Every file of good/ over the least that must be set."""
    _, least = load(os.path.join(HERE, "good", "minimal.yaml"))
    documents = 0
    for path in sorted(glob.glob(os.path.join(HERE, "good", "*.yaml"))):
        name = os.path.basename(path)
        text, above = load(path)
        values = over(least, above)
        check_lint(name, values)
        try:
            manifests = chart.render(values, name="demo", namespace=NAMESPACE)
        except helm.HelmError as error:
            expect(False, name, f"is refused: {error}")
            continue
        release = Release(name, manifests, chart.merge_values(values))
        whole(name, rendered.check, release, keys)
        documents += len(release.documents)
        for manifest in manifests.values():
            settings.check_variables(manifest.replace("STEPPE_…_PORT", ""), keys, name)
    return documents


def places(message):
    """The innermost places that the schema's refusal names."""
    lines = [re.match(r"( *)- at '([^']*)': (.*)", line) for line in message.splitlines()]
    lines = [line for line in lines if line]
    found = set()
    for index, line in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else None
        if not following or len(following[1]) <= len(line[1]):
            missing = re.match(r"missing property '([^']*)'", line[3])
            found.add(f"{line[2]}/{missing[1]}" if missing else line[2])
    return found


def check_bad(chart):
    """Every file of bad/ is refused at the place that its first line names, and nowhere else."""
    _, least = load(os.path.join(HERE, "good", "minimal.yaml"))
    paths = sorted(glob.glob(os.path.join(HERE, "bad", "*.yaml")))
    by_schema = 0
    for path in paths:
        name = os.path.basename(path)
        text, above = load(path)
        said = re.match(r"# refused (at|by the template): (.+)\n", text)
        if not expect(said, name, "its first line does not say where it is refused"):
            continue
        values = over(least, above)
        if said[1] == "at":
            by_schema += 1
            try:
                chart.validate_schema(values)
                expect(False, name, "is not refused by the schema")
            except helm.HelmValuesError as error:
                equal(places(str(error)), {said[2]}, name, "the place of the refusal")
        try:
            chart.render(values, name="demo", namespace=NAMESPACE)
            expect(False, name, "renders")
        except helm.HelmError as error:
            expect(said[1] == "at" or said[2] in str(error), name, f"is refused for another reason: {error}")
    expect(by_schema >= 10, "bad", f"only {by_schema} files try the schema")
    return len(paths)


def main():
    keys = settings.known(ROOT)
    check_schema()
    with helm.Chart.load(CHART) as chart:
        documents = check_good(chart, keys)
        refused = check_bad(chart)
        user = chart.values["userId"]
    skipped = deployed.check(os.path.join(ROOT, "deploy"), keys, user)
    if keys is None:
        skipped.append("names of settings (no docs/configuration.md)")
    for problem in findings.problems:
        print(problem, file=sys.stderr)
    print(
        f"{findings.checks - len(findings.problems)} of {findings.checks} checks pass: {documents} rendered documents, "
        f"{refused} refused values files, deploy/" + (f"; not checked: {', '.join(skipped)}" if skipped else "")
    )
    return 1 if findings.problems else 0


sys.exit(main())

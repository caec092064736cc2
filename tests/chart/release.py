"""A rendered release, and what is the same in all of them."""

import yaml

from findings import expect

NAMESPACE = "genetics"
PORTS = {
    "coordinator": {"api": 7070, "cluster": 7071, "operations": 7072},
    "worker": {"tasks": 7080, "operations": 7081},
}
COMPONENT = "app.kubernetes.io/component"


class Release:
    """The documents of one rendering, and the values that they came from."""

    def __init__(self, name, manifests, values):
        self.name, self.values, self.notes, self.documents = name, values, "", []
        for path, text in manifests.items():
            if path.endswith("NOTES.txt"):
                self.notes = text
                continue
            try:
                self.documents += [document for document in yaml.safe_load_all(text) if document]
            except yaml.YAMLError as error:
                expect(False, f"{name}, {path}", f"is no YAML: {error}")

    def of(self, kind, component=None):
        found = [d for d in self.documents if d["kind"] == kind]
        return [d for d in found if component in (None, d["metadata"]["labels"].get(COMPONENT))]

    def workload(self, component):
        found = self.of("StatefulSet", component) + self.of("Deployment", component)
        expect(len(found) == 1, self.name, f"{len(found)} workloads of the {component}")
        return found[0]

    def pod(self, component):
        return self.workload(component)["spec"]["template"]


def selects(labels, selector):
    """Whether a selector picks what has these labels."""
    return all(labels.get(name) == value for name, value in selector.items())

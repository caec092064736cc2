"""Who reaches what in a rendered release: services, selectors, policies, the monitor."""

from findings import equal, expect
from release import COMPONENT, PORTS, selects


def check(release):
    for component in PORTS:
        check_services(release, component)
    check_selectors(release)
    check_network(release)
    check_monitor(release)


def check_services(release, component):
    place = f"{release.name}, services of the {component}"
    seen = {}
    for service in release.of("Service", component):
        equal(service["spec"]["selector"].get(COMPONENT), component, place, "selected")
        for entry in service["spec"]["ports"]:
            expect(entry["name"] not in seen, place, f"{entry['name']} is served twice")
            seen[entry["name"]] = entry["port"]
            equal(entry["targetPort"], entry["name"], place, "targetPort")
        expect(
            service["spec"].get("type", "ClusterIP") == "ClusterIP"
            or {p["name"] for p in service["spec"]["ports"]} == {"api"},
            place,
            "more than the API is exposed",
        )
    equal(seen, PORTS[component], place, "ports served")
    workload = release.workload(component)
    if workload["kind"] == "StatefulSet":
        names = [service["metadata"]["name"] for service in release.of("Service", component)]
        expect(workload["spec"]["serviceName"] in names, place, "the StatefulSet's service does not exist")
    if component == "worker":
        equal([s["spec"].get("clusterIP") for s in release.of("Service", "worker")], ["None"], place, "clusterIP")


def check_selectors(release):
    """Each selector picks the pods of its own component and no others."""
    pods = {component: release.pod(component)["metadata"]["labels"] for component in PORTS}
    for document in release.documents:
        kind, spec = document["kind"], document.get("spec", {})
        place = f"{release.name}, {kind} {document['metadata']['name']}"
        if kind in ("StatefulSet", "Deployment", "PodDisruptionBudget"):
            selector = spec["selector"]["matchLabels"]
        elif kind == "Service":
            selector = spec["selector"]
        elif kind == "NetworkPolicy":
            selector = spec["podSelector"]["matchLabels"]
        else:
            continue
        component = document["metadata"]["labels"].get(COMPONENT)
        wanted = {component} if component else set(PORTS)
        equal({name for name, labels in pods.items() if selects(labels, selector)}, wanted, place, "selected")
        expect("app.kubernetes.io/instance" in selector, place, "selects pods of other releases")
        expect("app.kubernetes.io/version" not in selector, place, "selects by what an upgrade changes")


def reached(policy, direction):
    """Which port is open to or from whom, as (port, peers)."""
    side = {"ingress": "from", "egress": "to"}[direction]
    return [(port["port"], rule.get(side)) for rule in policy["spec"].get(direction, []) for port in rule["ports"]]


def check_network(release):
    wanted, policies = release.values["networkPolicy"], release.of("NetworkPolicy")
    place = f"{release.name}, network"
    equal(len(policies), 3 if wanted["enabled"] else 0, place, "policies")
    if not policies:
        return
    by_component = {policy["metadata"]["labels"].get(COMPONENT): policy for policy in policies}
    deny = by_component[None]["spec"]
    expect(not deny.get("ingress") and not deny.get("egress"), place, "the denial lets something through")
    for policy in policies:
        equal(policy["spec"]["policyTypes"], ["Ingress", "Egress"], place, "policyTypes")
        for direction in ("ingress", "egress"):
            for port, peers in reached(policy, direction):
                expect(peers, place, f"{direction} of port {port} is open to everybody")
    own = {c: [{"podSelector": {"matchLabels": by_component[c]["spec"]["podSelector"]["matchLabels"]}}] for c in PORTS}
    monitoring = [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": wanted["monitoringNamespace"]}}}
    ]
    api = [(7070, wanted["apiFrom"])] if wanted["apiFrom"] else []
    equal(
        reached(by_component["coordinator"], "ingress"),
        api + [(7071, own["worker"]), (7072, monitoring)],
        place,
        "into the coordinator",
    )
    equal(
        reached(by_component["worker"], "ingress"),
        [(7080, own["coordinator"]), (7081, monitoring)],
        place,
        "into workers",
    )
    common = [(wanted["dns"]["port"], wanted["dns"]["to"])] * 2
    for rule in [wanted["store"], *wanted["extraEgress"]]:
        common += [(port, rule["to"]) for port in rule["ports"]]
    database = []
    if release.values["jobLog"]["kind"] == "postgres":
        database = [(port, wanted["database"]["to"]) for port in wanted["database"]["ports"]]
    equal(
        reached(by_component["coordinator"], "egress"),
        [(7080, own["worker"])] + database + common,
        place,
        "out of the coordinator",
    )
    equal(reached(by_component["worker"], "egress"), [(7071, own["coordinator"])] + common, place, "out of workers")


def check_monitor(release):
    """A custom resource: no schema of it is at hand, so its required fields are looked at here."""
    wanted, found = release.values["serviceMonitor"], release.of("ServiceMonitor")
    place = f"{release.name}, ServiceMonitor"
    equal(len(found), int(wanted["enabled"]), place, "the number")
    for monitor in found:
        equal(monitor["apiVersion"], "monitoring.coreos.com/v1", place, "apiVersion")
        expect(selects(monitor["metadata"]["labels"], wanted["labels"]), place, "the operator does not select it")
        services = [
            s
            for s in release.of("Service")
            if selects(s["metadata"]["labels"], monitor["spec"]["selector"]["matchLabels"])
        ]
        ports = [port["port"] for s in services for port in s["spec"]["ports"] if port["name"] == "operations"]
        equal(sorted(ports), [7072, 7081], place, "scraped ports")
        equal([e["port"] for e in monitor["spec"]["endpoints"]], ["operations"], place, "endpoints")
        for endpoint in monitor["spec"]["endpoints"]:
            equal((endpoint["scheme"], endpoint["path"]), ("https", "/metrics"), place, "the address")
            equal(endpoint["interval"], wanted["interval"], place, "the interval")
            tls = endpoint["tlsConfig"]
            equal(tls["serverName"], "member.steppe.internal", place, "the server's name")
            equal(
                tls["ca"],
                {"secret": {"name": release.values["tls"]["coordinatorSecret"], "key": "ca.crt"}},
                place,
                "the authority",
            )
            expect(not tls.get("insecureSkipVerify"), place, "does not verify")

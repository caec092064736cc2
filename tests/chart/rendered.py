"""What a rendered release must be like."""

import kubernetes_validate

import network
import settings
from findings import equal, expect
from release import NAMESPACE, PORTS

# The oldest that Chart.yaml takes, and the newest whose schemas are known.
VERSIONS = ("1.29", kubernetes_validate.latest_version())
LISTENERS = {
    "coordinator.listen": ("coordinator", "api"),
    "coordinator.cluster_listen": ("coordinator", "cluster"),
    "coordinator.operations_listen": ("coordinator", "operations"),
    "worker.task_port": ("worker", "tasks"),
    "worker.operations_listen": ("worker", "operations"),
}
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def check(release, keys):
    """All checks."""
    check_documents(release)
    for component in PORTS:
        check_pod(release, component)
        check_container(release, component)
        check_mounts(release, component)
        check_budget(release, component)
    check_files(release, keys)
    check_state(release)
    check_worker(release)
    network.check(release)
    check_autoscaler(release)
    expect("steppe --coordinator https://" in release.notes, release.name, "the notes do not say how to connect")


def check_documents(release):
    names = set()
    for document in release.documents:
        kind, name = document["kind"], document["metadata"]["name"]
        place = f"{release.name}, {kind} {name}"
        expect((kind, name) not in names, place, "is there twice")
        names.add((kind, name))
        expect(len(name) <= 52, place, "leaves no room in 63 characters for what Kubernetes adds")
        expect(kind != "Secret", place, "secrets come by reference only")
        labels = document["metadata"]["labels"]
        equal(labels.get("app.kubernetes.io/managed-by"), "Helm", place, "managed-by")
        if document["apiVersion"].startswith("monitoring.coreos.com/"):
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(document, version, strict=True)
                expect(True, place, "")
            except kubernetes_validate.ValidationError as error:
                where = ".".join(str(step) for step in error.path)
                expect(False, place, f"is not valid in Kubernetes {version} at {where}: {error.message}")
            except kubernetes_validate.SchemaNotFoundError as error:
                expect(False, place, error.message)


def check_pod(release, component):
    pod = release.pod(component)["spec"]
    place = f"{release.name}, pod of the {component}"
    equal(pod.get("automountServiceAccountToken"), False, place, "automountServiceAccountToken")
    # With service links, a service named steppe-coordinator sets STEPPE_COORDINATOR_PORT and more.
    equal(pod.get("enableServiceLinks"), False, place, "enableServiceLinks")
    expect(pod["terminationGracePeriodSeconds"] > 30, place, "is killed before it has drained")
    security = pod["securityContext"]
    user = release.values["userId"]
    expect(user > 0, place, "runs as root")
    for name in ("runAsUser", "runAsGroup", "fsGroup"):
        equal(security.get(name), user, place, name)
    equal(security.get("runAsNonRoot"), True, place, "runAsNonRoot")
    equal(security.get("seccompProfile"), {"type": "RuntimeDefault"}, place, "seccompProfile")
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        expect(not pod.get(name), place, f"{name} is on")
    accounts = [account["metadata"]["name"] for account in release.of("ServiceAccount")]
    if release.values["serviceAccount"]["create"]:
        equal([pod["serviceAccountName"]], accounts, place, "the service account")
    for account in release.of("ServiceAccount"):
        equal(account["automountServiceAccountToken"], False, place, "the account's automountServiceAccountToken")
    annotations = release.pod(component)["metadata"]["annotations"]
    expect(len(annotations.get("checksum/config", "")) == 64, place, "does not restart when its file changes")


def check_container(release, component):
    pod = release.pod(component)["spec"]
    place = f"{release.name}, container of the {component}"
    expect(len(pod["containers"]) == 1 and not pod.get("initContainers"), place, "is not alone in its pod")
    container = pod["containers"][0]
    equal(container["securityContext"], RESTRICTED, place, "the security context")
    for kind, names in (("requests", ("cpu", "memory")), ("limits", ("memory",))):
        for name in names:
            expect(container["resources"].get(kind, {}).get(name), place, f"has no {kind} of {name}")
    ports = {entry["name"]: entry["containerPort"] for entry in container["ports"]}
    equal(ports, PORTS[component], place, "the ports")
    for probe, path in (("startupProbe", "/healthz"), ("readinessProbe", "/readyz"), ("livenessProbe", "/healthz")):
        wanted = {"path": path, "port": "operations", "scheme": "HTTPS"}
        equal(container.get(probe, {}).get("httpGet"), wanted, place, probe)
    equal(container["args"], [component, "--config", f"/etc/steppe/config/{component}.toml"], place, "the command")


def check_mounts(release, component):
    """Every mount has its volume, and what the configuration names is mounted where it can be used."""
    workload, pod = release.workload(component), release.pod(component)["spec"]
    place = f"{release.name}, volumes of the {component}"
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    claims = {claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", [])}
    mounts = {mount["name"]: mount for mount in pod["containers"][0]["volumeMounts"]}
    equal(set(mounts), set(volumes) | claims, place, "mounted")
    expect(not set(volumes) & claims, place, "a volume is both given and claimed")
    for name in ("config", "tls"):
        expect(mounts[name].get("readOnly"), place, f"{name} can be written")
    for name, volume in volumes.items():
        expect("emptyDir" not in volume or volume["emptyDir"].get("sizeLimit"), place, f"{name} has no size limit")
        if "secret" in volume:
            expect(volume["secret"]["defaultMode"] & 0o007 == 0, place, f"others can read {name}")
    equal(volumes["tls"]["secret"]["secretName"], release.values["tls"][component + "Secret"], place, "the certificate")
    items = {item["key"] for item in volumes["tls"]["secret"]["items"]}
    equal(items, {"ca.crt", "tls.crt", "tls.key"}, place, "files of the certificate")
    config = release.of("ConfigMap")[0]
    source = volumes["config"]["configMap"]
    equal(source["name"], config["metadata"]["name"], place, "the configuration's ConfigMap")
    equal([item["key"] for item in source["items"]], [component + ".toml"], place, "the configuration's file")
    text = config["data"][component + ".toml"]
    paths = [mount["mountPath"] for mount in mounts.values()]
    for key, value in settings.read(text, component, None, place).items():
        path = str(value).removeprefix("sqlite://")
        if path.startswith("/"):
            expect(any(path.startswith(mount + "/") for mount in paths), place, f"{key} = {value} is on no volume")


def check_budget(release, component):
    budgets = release.of("PodDisruptionBudget", component)
    wanted = release.values[component]["disruptionBudget"]
    place = f"{release.name}, budget of the {component}"
    if equal(len(budgets), int(wanted["enabled"]), place, "the number") and budgets:
        equal(budgets[0]["spec"]["maxUnavailable"], wanted["maxUnavailable"], place, "maxUnavailable")


def check_files(release, keys):
    """The configuration's TOML: only settings, the right ports, no secret."""
    data = release.of("ConfigMap")[0]["data"]
    place = f"{release.name}, ConfigMap"
    equal(set(data), {"coordinator.toml", "worker.toml"}, place, "files")
    files = {m: settings.read(data[m + ".toml"], m, keys, f"{place}, {m}.toml") for m in PORTS}
    settings.check_agreement(files["coordinator"], files["worker"], place)
    merged = files["coordinator"] | files["worker"]
    for key, (component, name) in LISTENERS.items():
        equal(settings.port(merged[key]), PORTS[component][name], place, key)
        if key.endswith("listen"):
            equal(merged[key].rpartition(":")[0], release.values["listen"], place, key)
    host = merged["coordinator.cluster_host"]
    names = [
        f"{s['metadata']['name']}.{NAMESPACE}.svc"
        for s in release.of("Service", "coordinator")
        if s["spec"]["ports"][0]["name"] == "cluster"
    ]
    equal([host], names, place, "cluster_host")
    # A Secret's files are the group's to read; without this the program would not take the key.
    equal(merged["tls.allow_exposed_key"], True, place, "tls.allow_exposed_key")
    for text in data.values():
        for word in ("postgres://", "password", "BEGIN ", "SECRET"):
            expect(word not in text, place, f"holds what looks like a secret: {word}")
    job_log = merged.get("coordinator.job_log")
    sqlite = release.values["jobLog"]["kind"] == "sqlite"
    expect(str(job_log).startswith("sqlite:///") if sqlite else job_log is None, place, f"job_log is {job_log!r}")


def check_state(release):
    """The job log and the audit log outlive their pod, and two coordinators never share a file."""
    workload, values = release.workload("coordinator"), release.values
    place = f"{release.name}, state of the coordinator"
    sqlite = values["jobLog"]["kind"] == "sqlite"
    equal(workload["kind"], "StatefulSet" if sqlite else "Deployment", place, "the kind")
    equal(workload["spec"]["replicas"], 1, place, "replicas")
    if not sqlite:
        equal(workload["spec"]["strategy"], {"type": "Recreate"}, place, "the strategy")
    environment = release.pod("coordinator")["spec"]["containers"][0].get("env", [])
    urls = [
        entry["valueFrom"]["secretKeyRef"] for entry in environment if entry["name"] == "STEPPE_COORDINATOR_JOB_LOG"
    ]
    wanted = values["jobLog"]["postgres"]
    equal(urls, [] if sqlite else [{"name": wanted["secret"], "key": wanted["item"]}], place, "the job log's URL")
    given = [
        v["persistentVolumeClaim"]["claimName"]
        for v in release.pod("coordinator")["spec"]["volumes"]
        if v["name"] == "state"
    ]
    templates = [t for t in workload["spec"].get("volumeClaimTemplates", []) if t["metadata"]["name"] == "state"]
    claims = release.of("PersistentVolumeClaim")
    existing = values["coordinator"]["state"]["existingClaim"]
    if existing:
        equal((given, templates, claims), ([existing], [], []), place, "claims")
    elif sqlite:
        equal((given, len(templates), claims), ([], 1, []), place, "claims")
        equal(workload["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"], "Retain", place, "whenDeleted")
    else:
        equal(given, [claim["metadata"]["name"] for claim in claims], place, "claims")
        equal(claims[0]["metadata"]["annotations"]["helm.sh/resource-policy"], "keep", place, "the policy")
    for claim in claims + templates:
        equal(
            claim["spec"]["resources"]["requests"]["storage"], values["coordinator"]["state"]["size"], place, "the size"
        )


def check_worker(release):
    workload, values = release.workload("worker"), release.values["worker"]
    place = f"{release.name}, worker"
    equal(workload["kind"], "StatefulSet", place, "the kind")
    equal(workload["spec"]["podManagementPolicy"], "Parallel", place, "podManagementPolicy")
    environment = workload["spec"]["template"]["spec"]["containers"][0]["env"]
    fields = {
        e["name"]: e["valueFrom"]["fieldRef"]["fieldPath"] for e in environment if "fieldRef" in e.get("valueFrom", {})
    }
    equal(fields, {"STEPPE_WORKER_ID": "metadata.name", "STEPPE_WORKER_HOST": "status.podIP"}, place, "the environment")
    claims = [t for t in workload["spec"].get("volumeClaimTemplates", []) if t["metadata"]["name"] == "scratch"]
    equal(len(claims), int(values["scratch"]["kind"] == "claim"), place, "claims of scratch")
    for claim in claims:
        equal(claim["spec"]["storageClassName"], values["scratch"]["storageClass"], place, "the storage class")
    for component in PORTS:
        container = release.pod(component)["spec"]["containers"][0]
        sources = [source["secretRef"]["name"] for source in container.get("envFrom", [])]
        wanted = release.values["store"]["credentialsSecret"]
        equal(sources, [wanted] if wanted else [], place, f"credentials of the {component}")
        plain = {e["name"]: e["value"] for e in container.get("env", []) if "value" in e}
        equal(plain, release.values["store"]["environment"], place, f"environment of the {component}")


def check_autoscaler(release):
    wanted, found = release.values["worker"]["autoscaling"], release.of("HorizontalPodAutoscaler")
    worker, place = release.workload("worker"), f"{release.name}, autoscaler"
    equal(len(found), int(wanted["enabled"]), place, "the number")
    equal("replicas" in worker["spec"], not wanted["enabled"], place, "whether replicas are fixed")
    if not found:
        return
    spec = found[0]["spec"]
    target = {key: worker[key] for key in ("apiVersion", "kind")} | {"name": worker["metadata"]["name"]}
    equal(spec["scaleTargetRef"], target, place, "the target")
    equal(
        (spec["minReplicas"], spec["maxReplicas"]), (wanted["minReplicas"], wanted["maxReplicas"]), place, "the range"
    )
    metric = spec["metrics"][0]["external"]
    labels = {"state": "pending"} | wanted["metricLabels"]
    equal(metric["metric"], {"name": "steppe_tiles", "selector": {"matchLabels": labels}}, place, "the metric")
    equal(
        metric["target"],
        {"type": "AverageValue", "averageValue": str(wanted["pendingTilesPerWorker"])},
        place,
        "the target",
    )

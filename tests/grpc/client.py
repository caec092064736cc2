"""A client that knows nothing of steppe but what the coordinator tells by reflection.

The only generated code is that of gRPC itself: reflection's own messages and the details of errors.
"""

import argparse
import json
import os
import sys
import time
from itertools import pairwise

import grpc
from blake3 import blake3
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

# What each version of reflection lists beside itself.
SERVICES = {
    "grpc.health.v1.Health",
    "steppe.cluster.v1.ClusterService",
    "steppe.cohort.v1.CohortService",
    "steppe.job.v1.JobService",
}
# Seconds that anything here may take; far more than it does.
PATIENCE = 120
# Bytes of a part of an upload; small, so that the file takes several.
PART = 64 << 10
STATES = ["JOB_STATE_QUEUED", "JOB_STATE_RUNNING", "JOB_STATE_SUCCEEDED"]
# Nothing between this machine and itself.
OPTIONS = [("grpc.enable_http_proxy", 0)]


class Service:
    """A service as its descriptor says: methods take a message's fields, or an iterator of dictionaries of them."""

    def __init__(self, channel, pool, name):
        self.channel = channel
        self.descriptor = pool.FindServiceByName(name)

    def __getattr__(self, name):
        method = self.descriptor.methods_by_name[name]
        request, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
        kind = "_".join("stream" if many else "unary" for many in (method.client_streaming, method.server_streaming))
        call = getattr(self.channel, kind)(
            f"/{self.descriptor.full_name}/{name}",
            request_serializer=request.SerializeToString,
            response_deserializer=response.FromString,
        )

        def with_fields(parts=None, timeout=PATIENCE, **fields):
            if method.client_streaming:
                return call((request(**part) for part in parts), timeout=timeout)
            return call(request(**fields), timeout=timeout)

        return with_fields


class Client:
    """A coordinator, and what the checks learn of it on their way."""

    def __init__(self, arguments):
        self.arguments = arguments
        with open(os.path.join(arguments.profile, "profile.json"), encoding="utf-8") as file:
            profile = json.load(file)
        authority = read(os.path.join(arguments.profile, profile["authority"]))
        token = read(os.path.join(arguments.profile, profile["token"])).decode().strip()
        address = profile["coordinator"].removeprefix("https://")
        tls = grpc.ssl_channel_credentials(authority)
        with_token = grpc.composite_channel_credentials(tls, grpc.access_token_call_credentials(token))
        self.anonymous = grpc.secure_channel(address, tls, OPTIONS)
        self.channel = grpc.secure_channel(address, with_token, OPTIONS)
        self.database = ProtoReflectionDescriptorDatabase(self.channel)
        self.pool = DescriptorPool(self.database)
        self.jobs = Service(self.channel, self.pool, "steppe.job.v1.JobService")
        self.scores = read(arguments.scores)
        self.hash = blake3(self.scores).hexdigest()

    def score(self, cohort, out, **fields):
        """The specification of a scoring job."""
        file = {"name": os.path.basename(self.arguments.scores), "blake3": self.hash}
        return {"score": {"cohort": cohort, "out": out, "scoring_files": [file], **fields}}

    def state(self, job):
        """The word for a job's state."""
        return job.DESCRIPTOR.fields_by_name["state"].enum_type.values_by_number[job.state].name

    def watched(self, job):
        """Every state of a job until its end."""
        return [answer.job for answer in self.jobs.Watch(id=job)]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def equal(found, expected, what):
    if found != expected:
        raise AssertionError(f"{what}: {found!r}, not {expected!r}")


def expect(holds, what):
    if not holds:
        raise AssertionError(what)


def refused(code, reason, call, *parts, **fields):
    """Makes a call that must fail with this status and, where the coordinator says it, this reason."""
    try:
        answer = call(*parts, **fields)
        # A stream's failure shows when it is read.
        for _ in answer if isinstance(answer, grpc.Call) else ():
            pass
    except grpc.RpcError as error:
        equal(error.code(), code, error.details())
        if reason is not None:
            details = rpc_status.from_call(error)
            info = ErrorInfo()
            expect(details and details.details and details.details[0].Unpack(info), f"{code}: it has no ErrorInfo")
            equal((info.domain, info.reason), ("steppe", reason), error.details())
        return
    raise AssertionError(f"the call succeeded; {code} was expected")


def lists_services(client):
    old = SERVICES | {"grpc.reflection.v1alpha.ServerReflection"}
    equal(set(client.database.get_services()), old, "services by v1alpha")
    # Version 1 has the same messages under another name, and is what grpcurl asks first.
    name = "grpc.reflection.v1.ServerReflection"
    ask = client.channel.stream_stream(
        f"/{name}/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    answer = next(ask(iter([reflection_pb2.ServerReflectionRequest(list_services="")]), timeout=PATIENCE))
    equal({service.name for service in answer.list_services_response.service}, SERVICES | {name}, "services by v1")


def is_healthy_without_token(client):
    health = Service(client.anonymous, client.pool, "grpc.health.v1.Health")
    for service in ["", "steppe.job.v1.JobService", "steppe.cohort.v1.CohortService"]:
        answer = health.Check(service=service)
        status = answer.DESCRIPTOR.fields_by_name["status"].enum_type.values_by_number[answer.status].name
        equal(status, "SERVING", f"health of {service!r}")


def refuses_without_token(client):
    jobs = Service(client.anonymous, client.pool, "steppe.job.v1.JobService")
    reflection = ProtoReflectionDescriptorDatabase(client.anonymous)
    for call in [jobs.List, jobs.Submit, jobs.Watch, reflection.get_services]:
        refused(grpc.StatusCode.UNAUTHENTICATED, "unauthenticated", call)
    part = {"blake3": client.hash, "content": b"x"}
    refused(grpc.StatusCode.UNAUTHENTICATED, "unauthenticated", jobs.Upload, [part])


def sees_the_cluster(client):
    described = Service(client.channel, client.pool, "steppe.cluster.v1.ClusterService").Describe()
    equal([worker.id for worker in described.workers], ["worker-1", "worker-2"], "workers")


def uploads(client):
    parts = [client.scores[at : at + PART] for at in range(0, len(client.scores), PART)]
    expect(len(parts) > 2, "the scoring file is too small to come in parts")
    messages = [{"blake3": "" if number else client.hash, "content": part} for number, part in enumerate(parts)]
    for existed in [False, True]:
        stored = client.jobs.Upload(messages)
        found = (stored.blake3, stored.size_bytes, stored.existed)
        equal(found, (client.hash, len(client.scores), existed), "what was stored")
    wrong = [{"blake3": blake3(b"another file").hexdigest(), "content": b"this file"}]
    refused(grpc.StatusCode.INVALID_ARGUMENT, "invalid_input", client.jobs.Upload, wrong)


def imports(client):
    fileset = "file://" + os.path.abspath(client.arguments.fileset)
    # The second cohort is of many blocks, and takes long.
    for out, block_samples in [("s3://steppe/short", 0), ("s3://steppe/long", 40)]:
        spec = {"filesets": [fileset], "out": out, "genome_build": "GRCh38", "block_samples": block_samples}
        submitted = client.jobs.Submit(spec={"import": spec})
        equal((submitted.existed, submitted.job.kind), (False, "import"), "the import")
        last = client.watched(submitted.job.id)[-1]
        equal(client.state(last), "JOB_STATE_SUCCEEDED", last.failure.message)
    cohorts = Service(client.channel, client.pool, "steppe.cohort.v1.CohortService")
    equal([entry.location for entry in cohorts.List().cohorts], ["s3://steppe/long", "s3://steppe/short"], "cohorts")
    described = cohorts.Describe(location="s3://steppe/short")
    people = len(read(client.arguments.fileset + ".fam").splitlines())
    variants = len(read(client.arguments.fileset + ".bim").splitlines())
    found = (described.samples, described.variants, described.genome_build)
    equal(found, (people, variants, "GRCh38"), "the cohort")


def scores(client):
    client.spec = client.score("s3://steppe/short", "s3://steppe/result")
    submitted = client.jobs.Submit(spec=client.spec, idempotency_key="grpc-client")
    client.job = submitted.job.id
    equal((submitted.existed, len(client.job)), (False, 64), "the submission")
    seen = client.watched(client.job)
    equal(client.state(seen[-1]), "JOB_STATE_SUCCEEDED", seen[-1].failure.message)
    states = [STATES.index(client.state(job)) for job in seen]
    equal(states, sorted(states), "the order of states")
    steps = [(job.progress.tiles_done, job.progress.genotypes) for job in seen]
    for one, other in pairwise(steps):
        expect(one[0] <= other[0] and one[1] <= other[1], f"progress went from {one} back to {other}")
    last = seen[-1].progress
    expect(any(0 < done < last.tiles_total for done, _ in steps), f"nothing was seen under way: {steps}")
    equal(last.tiles_done, last.tiles_total, "tiles at the end")
    equal(seen[-1].attempt, 1, "attempts")


def downloads(client):
    results = client.jobs.Results(id=client.job)
    equal((results.id, results.location), (client.job, "s3://steppe/result"), "the result")
    equal(json.loads(results.record)["kind"], "score", "the kind in the record")
    files = {file.name: file for file in results.files}
    for name in ["scores.sscore", "run.json"]:
        content = b"".join(part.content for part in client.jobs.Download(id=client.job, name=name))
        found = (len(content), blake3(content).hexdigest())
        equal(found, (files[name].size_bytes, files[name].blake3), f"size and hash of {name}")
        if name == "scores.sscore":
            expect(content == read(client.arguments.expected), "scores.sscore is not what `steppe score` makes")
    refused(grpc.StatusCode.NOT_FOUND, "not_found", client.jobs.Download, id=client.job, name="nothing.txt")


def submits_once(client):
    for key in ["", "grpc-client", "grpc-client-again"]:
        again = client.jobs.Submit(spec=client.spec, idempotency_key=key)
        equal((again.existed, again.job.id), (True, client.job), f"submitted again under the key {key!r}")
    other = client.score("s3://steppe/short", "s3://steppe/result", missing="zero")
    key = "grpc-client"
    refused(grpc.StatusCode.ALREADY_EXISTS, "already_exists", client.jobs.Submit, spec=other, idempotency_key=key)


def refuses(client):
    def submitting(code, reason, spec):
        refused(code, reason, client.jobs.Submit, spec=spec)

    places = [("file:///etc", ""), ("s3://steppe/../other", ""), ("s3://elsewhere/cohort", "")]
    for cohort, out in [*places, ("s3://steppe/short", "file:///etc/result")]:
        submitting(grpc.StatusCode.PERMISSION_DENIED, "permission_denied", client.score(cohort, out))
    submitting(grpc.StatusCode.NOT_FOUND, "not_found", client.score("s3://steppe/nowhere", ""))
    words = [{"missing": "average"}, {"matching": {"by": "name"}}, {"matching": {"min_overlap": 2}}]
    for spec in [{}, *(client.score("s3://steppe/short", "", **fields) for fields in words)]:
        submitting(grpc.StatusCode.INVALID_ARGUMENT, "invalid_input", spec)
    for call in [client.jobs.Get, client.jobs.Watch, client.jobs.Cancel, client.jobs.Results]:
        refused(grpc.StatusCode.NOT_FOUND, "not_found", call, id="0" * 64)


def meets_deadlines(client):
    spec = client.score("s3://steppe/long", "s3://steppe/never")
    client.long = client.jobs.Submit(spec=spec).job.id
    for answer in client.jobs.Watch(id=client.long):
        if answer.job.progress.tiles_done > 0:
            break
    expect(client.state(answer.job) == "JOB_STATE_RUNNING", "the long job is not long")
    refused(grpc.StatusCode.DEADLINE_EXCEEDED, None, client.jobs.Watch, id=client.long, timeout=0.05)
    job = client.jobs.Get(id=client.long).job
    equal(client.state(job), "JOB_STATE_RUNNING", "the job whose watcher has gone")


def cancels(client):
    refused(grpc.StatusCode.FAILED_PRECONDITION, "failed_precondition", client.jobs.Results, id=client.long)
    watch = client.jobs.Watch(id=client.long)
    expect(client.state(next(watch).job) == "JOB_STATE_RUNNING", "the long job is not long")
    began = time.monotonic()
    client.jobs.Cancel(id=client.long)
    last = [answer.job for answer in watch][-1]
    seconds = time.monotonic() - began
    equal(client.state(last), "JOB_STATE_CANCELLED", "the cancelled job")
    equal(last.cancelled_by, last.submitter, "who cancelled it")
    expect(last.progress.tiles_done < last.progress.tiles_total, "it was done when it was cancelled")
    expect(seconds < 10, f"it was cancelled after {seconds:.1f} s only")
    known = [job.id for job in client.jobs.List(states=[last.state]).jobs]
    equal(known, [client.long], "cancelled jobs")


CHECKS = [
    lists_services,
    is_healthy_without_token,
    refuses_without_token,
    sees_the_cluster,
    uploads,
    imports,
    scores,
    downloads,
    submits_once,
    refuses,
    meets_deadlines,
    cancels,
]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ["profile", "fileset", "scores", "expected"]:
        parser.add_argument(f"--{name}", required=True)
    client = Client(parser.parse_args())
    began = time.monotonic()
    # One after another, because each goes on with what those before it have made.
    for number, check in enumerate(CHECKS):
        try:
            check(client)
        except (AssertionError, grpc.RpcError) as error:
            said = f"{error.code()}: {error.details()}" if isinstance(error, grpc.RpcError) else error
            print(f"gRPC client: {check.__name__} failed after {number} of {len(CHECKS)} checks: {said}")
            return 1
    print(f"gRPC client: {len(CHECKS)} checks passed in {time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())

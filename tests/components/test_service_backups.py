"""Backups of what no operator backs up: what the pods run, and what they may."""

from __future__ import annotations

import pulumi
import pytest

from components import contracts
from components.clusters import storage
from components.services import backups

BUCKET = pulumi.Output.from_input("b")
TARGET = contracts.BackupTarget(
    store=contracts.ObjectStore(protocol="s3", bucket=BUCKET, url=pulumi.Output.from_input("s3://b"), root=BUCKET),
    binding=contracts.Binding(service_account_annotations={"role": "writer"}, pod_labels={"identity": "yes"}),
)


def objects(dump):
    return backups.objects(
        "shop",
        dump=dump,
        schedule="0 2 * * *",
        target=TARGET,
        storage=storage.facts("csi.test", zone_redundant=None, with_snapshots=False),
        size="4Gi",
    )


@pytest.fixture
def pod(run):
    """The pod of the job that a dump becomes."""

    def made(dump):
        (job,) = [item for item in run(lambda: objects(dump)).result if item["kind"] == "CronJob"]
        return job["spec"]["jobTemplate"]["spec"]["template"]["spec"]

    return made


def test_a_script_is_run_by_a_shell_that_stops_at_the_first_failure(pod):
    (dump,) = pod(backups.Dump(image="docker.io/library/db:1.0", script="dump-all"))["initContainers"]
    assert dump["command"] == ["/bin/sh", "-ceu", "dump-all"]


def test_an_image_without_a_shell_is_given_a_command(pod):
    (dump,) = pod(backups.Dump(image="docker.io/library/db:1.0", command=("db", "dump")))["initContainers"]
    assert dump["command"] == ["db", "dump"]


def test_nothing_is_copied_unless_the_dump_has_succeeded(pod):
    found = pod(backups.Dump(image="docker.io/library/db:1.0", script="dump-all"))
    assert [item["name"] for item in found["initContainers"]] == ["dump"]
    assert [item["name"] for item in found["containers"]] == ["copy"]
    assert found["restartPolicy"] == "Never"

"""Custom resources against the schemas of the very CRDs that their operator's release brings."""

from __future__ import annotations

import pathlib
import re
from typing import Any

import jsonschema
import pytest
import yaml

from components import contracts
from components.clusters import storage
from components.operators import bundles, prometheus_operator, sources
from components.services import prometheus
from stacks import locations
from stacks.services import prometheus as prometheus_settings
from tests.components import test_etcd

OPERATOR = prometheus_operator.OPERATOR
REFERENCE = pathlib.Path(__file__).parents[3] / "shared" / "crds" / "prometheus-operator-0.85.0"


class Loader(yaml.CSafeLoader):
    """YAML 1.1 gives a bare `=`, which these CRDs contain, a type of its own."""


Loader.add_constructor("tag:yaml.org,2002:value", lambda _loader, node: node.value)


def release() -> str:
    """The text of all CRDs of the release, from wherever this machine has it; no test goes to the network for it."""
    (source,) = sources.pinned(OPERATOR)
    module = f"{source.go_module}@{source.go_version}"
    path = locations.cache_folder() / "go" / "modules" / module / source.go_file
    if path.is_file():
        return bundles.split(path.read_text())[0]
    if REFERENCE.is_dir():
        return "".join(f"---\n{item.read_text()}" for item in sorted(REFERENCE.glob("*.yaml")))
    pytest.skip("the release is not on this machine; the toolchain's build brings it")


@pytest.fixture(scope="session")
def crds() -> str:
    """As `release` says."""
    return release()


def schema_of(crds: str, kind: str) -> dict[str, Any]:
    (document,) = [text for text in crds.split("\n---\n") if re.search(rf"^    kind: {kind}$", text, re.MULTILINE)]
    (version,) = yaml.load(document, Loader)["spec"]["versions"]
    return strict(version["schema"]["openAPIV3Schema"], root=True)


def strict(schema: Any, *, root: bool = False) -> Any:
    """The schema with unknown fields refused, as `kubectl --validate=strict` does."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: strict(value) for key, value in schema.items() if key != "format"}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        closed.setdefault("additionalProperties", bool(schema.get("x-kubernetes-preserve-unknown-fields")))
        closed["properties"] = {key: strict(value) for key, value in schema["properties"].items()}
    if root:
        closed["properties"]["metadata"] = {"type": "object"}
    return closed


def build(**options):
    return prometheus.build(
        contracts.ServiceArgs(
            name="metrics",
            options=prometheus_settings.Prometheus(service="prometheus", **options),
            storage=storage.facts("paasport.dev/simulated", zone_redundant=False, with_snapshots=False),
            load_balancer=contracts.LoadBalancerFacts(),
        )
    )


@pytest.fixture(scope="session")
def prometheus_schema(crds):
    return jsonschema.Draft7Validator(schema_of(crds, "Prometheus"))


@pytest.mark.parametrize("size", ["small", "medium", "large"])
@pytest.mark.parametrize("availability", ["single", "zonal"])
def test_a_prometheus_of_every_size_and_availability_is_valid(prometheus_schema, size, availability):
    for manifest in build(size=size, availability=availability).custom_resources:
        prometheus_schema.validate(manifest)


def test_overrides_are_valid(prometheus_schema):
    overrides = prometheus_settings.PrometheusOverrides(
        replicas=3, cpu="1500m", memory="3Gi", storage="0.5Ti", retention="1y2w", version="3.4.2"
    )
    (manifest,) = build(overrides=overrides).custom_resources
    prometheus_schema.validate(manifest)


def test_its_service_monitor_is_valid(crds):
    (monitor,) = [item for item in build().shared if item["kind"] == "ServiceMonitor"]
    jsonschema.validate(monitor, schema_of(crds, "ServiceMonitor"))


@pytest.mark.parametrize("kind", ["PodMonitor", "PrometheusRule"])
def test_what_makes_a_prometheus_watch_a_service_is_valid(crds, kind):
    (found,) = [item for item in test_etcd.build(monitored_by="metrics").shared if item["kind"] == kind]
    # Without a look at the schema itself: a pattern of it is one of Go's that Python does not know.
    jsonschema.Draft7Validator(schema_of(crds, kind)).validate(found)


@pytest.mark.parametrize("mistake", [{"retentionSize": "16 GiB"}, {"serviceMonitorSelectors": {}}, {"replicas": "two"}])
def test_these_checks_catch_a_mistake(prometheus_schema, mistake):
    (manifest,) = build().custom_resources
    wrong = manifest | {"spec": manifest["spec"] | mistake}
    with pytest.raises(jsonschema.ValidationError):
        prometheus_schema.validate(wrong)


def test_the_catalogue_knows_the_crds_of_the_release(crds):
    known = re.findall(r"^  name: ([a-z.]+)$", crds, re.MULTILINE)
    assert set(known) <= set(OPERATOR.crds)
    assert "prometheuses.monitoring.coreos.com" in known

"""Whatever declaration is taken, its instances can be built: no mistake in it is left for a deployment to find."""

from __future__ import annotations

import json
import pathlib
import tempfile

import yaml
from hypothesis import given
from hypothesis import strategies as st

from components import contracts
from components.operators import catalogue as operators
from components.services import catalogue
from stacks import errors, settings
from tests.stacks.catalogues import makers
from tests.stacks.catalogues.test_any_declaration import VALUES, WHOLE, paths, put

STORAGE = contracts.StorageFacts(
    default_class="paasport-ssd", retain_class="paasport-ssd-retain", xfs_class="x", driver="d", zone_redundant=None
)


def built(service):
    """The objects of an instance; None where the declaration is refused."""
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name, "project")
        root.mkdir()
        maker = makers.Maker(root.parent)
        maker.shop.write_text(yaml.safe_dump(service))
        services = {"web": {"service": "shop", "availability": "zonal", "exposure": {}}}
        wanted = {**makers.CONFIG, "paasport:services": services}
        try:
            parsed = settings.parse(wanted, catalogue=settings.outside_of(wanted, root=root))
        except errors.StackFileError:
            return None
        entry = catalogue.including(parsed.catalogue, operators=operators.including(parsed.catalogue))["shop"]
    args = contracts.ServiceArgs(
        name="web",
        options=parsed.services["web"],
        storage=STORAGE,
        load_balancer=contracts.LoadBalancerFacts(),
        passwords=dict.fromkeys(entry.passwords, "hunter2-hunter2"),
        monitored_by="metrics",
    )
    return entry.build(args)


def sound(objects):
    manifests = [*objects.shared, *objects.secrets, *objects.custom_resources, *objects.witnesses]
    for manifest in manifests:
        json.dumps(manifest)
        assert manifest["metadata"].get("namespace", "web") == "web"
        if manifest["kind"] != "Secret":
            assert "hunter2" not in json.dumps(manifest)
    assert all(isinstance(value, str) for value in objects.connection.values())


def test_the_whole_declaration_is_built():
    objects = built(WHOLE)
    sound(objects)
    assert {"Namespace", "NetworkPolicy", "Certificate", "PodMonitor", "PrometheusRule", "ConfigMap", "Service"} <= {
        item["kind"] for item in objects.shared
    }


@given(st.sampled_from(sorted(paths(WHOLE), key=str)), VALUES)
def test_what_is_taken_is_built(path, value):
    objects = built(put(WHOLE, path, value))
    if objects is not None:
        sound(objects)

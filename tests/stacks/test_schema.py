import jsonschema
import pytest

from stacks import files, positions, schema

from . import conftest, samples


@pytest.fixture(scope="module")
def validator():
    built = schema.build()
    jsonschema.Draft202012Validator.check_schema(built)
    return jsonschema.Draft202012Validator(built)


def test_the_committed_schema_is_that_of_the_settings():
    assert schema.PATH.read_text(encoding="utf-8") == schema.text(), "run: python -m stacks.schema"


@pytest.mark.parametrize("stack", files.names(conftest.ROOT))
def test_every_stack_file_names_the_schema_and_follows_it(validator, stack):
    text = (conftest.ROOT / "stacks" / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=schema.json\n")
    validator.validate(positions.read(text.encode(), file=stack).value)


def config(cluster, services=None, **outer):
    return {"config": {"paasport:cluster": cluster, "paasport:services": services or {}}, **outer}


FREEZE = {"name": "year-end", "start": "2026-12-18", "end": "2027-01-06"}
EXISTING = {"vendor": "existing", "name": "a", "kubeconfig": {"path": "k"}, "storage": {"provisioner": "a.b"}}


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(config({"vendor": "local", "nodes": {"cpu": 8}}), id="quantity as number"),
        pytest.param(config({**EXISTING, "kubeconfig": {"value": {"secure": "v1:a:b"}}}), id="encrypted kubeconfig"),
        pytest.param(
            config({"vendor": "local"}, encryptionsalt="v1:a:v1:b:c", secretsprovider="passphrase"), id="Pulumi's keys"
        ),
        pytest.param({"config": {"paasport:cluster": {"vendor": "local"}, "aws:region": "x"}}, id="other namespaces"),
        pytest.param(config(samples.EKS), id="eks"),
        pytest.param(config(samples.pools(samples.GKE)), id="gke with pools"),
        pytest.param(config(samples.having(samples.AKS, kubernetes__freezes=[FREEZE])), id="aks with a freeze"),
    ],
)
def test_what_is_right_is_accepted(validator, document):
    validator.validate(document)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"config": {}}, id="no cluster"),
        pytest.param(config({"vendor": "oke"}), id="unknown vendor"),
        pytest.param(config({"vendor": "local", "node": {}}), id="unknown key"),
        pytest.param(config({"vendor": "local", "nodes": {"count": "3"}}), id="text for number"),
        pytest.param(config({"vendor": "local", "nodes": {"cpu": "8 cores"}}), id="no quantity"),
        pytest.param(config({**EXISTING, "kubeconfig": {"value": "plain"}}), id="secret in plain"),
        pytest.param(config({**EXISTING, "kubeconfig": {"path": "k", "stack": "s"}}), id="two sources of a kubeconfig"),
        pytest.param(config({"vendor": "local"}, {"M": {"service": "prometheus"}}), id="no DNS label"),
        pytest.param(config({"vendor": "local"}, {"m" * 31: {"service": "prometheus"}}), id="name too long"),
        pytest.param(config({"vendor": "local"}, {"m": {"service": "prometheus", "size": "smal"}}), id="unknown size"),
        pytest.param(config({"vendor": "local"}, confg={}), id="unknown outer key"),
        pytest.param(config(samples.having(samples.EKS, eks=samples.GONE)), id="no block of the vendor"),
        pytest.param(config(samples.having(samples.EKS, gke={})), id="block of another vendor"),
        pytest.param(config(samples.having(samples.EKS, tier="test")), id="unknown tier"),
        pytest.param(config(samples.having(samples.EKS, kubernetes__minor=1.35)), id="number for a minor"),
        pytest.param(config(samples.having(samples.GKE, network__zones=4)), id="too many zones"),
        pytest.param(config(samples.having(samples.AKS, network__cidr="10.0.0.0")), id="no network"),
        pytest.param(config(samples.pools(samples.AKS, long_name=samples.GENERAL)), id="no name of a pool"),
        pytest.param(config(samples.pools(samples.AKS, general={"min": "1"})), id="text for a count"),
        pytest.param(
            config(samples.having(samples.AKS, kubernetes__freezes=[FREEZE | {"end": "tomorrow"}])), id="no day"
        ),
        pytest.param({"config": {"paasport:cluster": {"vendor": "local"}, "paasport:x": 1}}, id="unknown key of ours"),
    ],
)
def test_what_is_wrong_is_marked(validator, document):
    assert not validator.is_valid(document)


def test_editors_show_what_each_key_is_for():
    definitions = schema.build()["$defs"]
    undescribed = [
        f"{model}.{key}"
        for model, definition in definitions.items()
        for key, described in definition["properties"].items()
        if not described.get("description") and model != "Encrypted"
    ]
    assert undescribed == []
    assert (
        definitions["LocalNodes"]["properties"]["memory"]["description"]
        == "Memory of one node, in bytes. Default 64Gi."
    )

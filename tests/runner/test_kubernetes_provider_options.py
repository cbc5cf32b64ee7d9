import pytest

from runner.engine import values
from runner.kubernetes import configuration
from stacks import errors


def test_options_may_come_as_text_or_as_they_are():
    for yes in (True, "true"):
        parsed = configuration.parse(
            {"enableConfigMapMutable": yes, "enableSecretMutable": yes, "enablePatchForce": yes}
        )
        assert (parsed.config_maps_mutable, parsed.secrets_mutable, parsed.force) == (True, True, True)


def test_a_secret_kubeconfig_is_opened_but_not_shown():
    parsed = configuration.parse({"kubeconfig": values.Secret("s3cr3t"), "namespace": "shop"})
    assert parsed.kubeconfig == "s3cr3t"
    assert "s3cr3t" not in repr(parsed)


def test_options_without_meaning_here_are_accepted():
    assert configuration.parse({"kubeClientSettings": '{"qps": 5}', "deleteUnreachable": "false", "context": None})


@pytest.mark.parametrize(
    "inputs",
    [
        {"renderYamlToDirectory": "out"},
        {"deleteUnreachable": True},
        {"enableServerSideApply": "false"},
        {"somethingNew": 1},
    ],
    ids=lambda inputs: next(iter(inputs)),
)
def test_what_would_have_to_be_ignored_is_refused(inputs):
    with pytest.raises(errors.Unsupported, match=next(iter(inputs))):
        configuration.parse(inputs)

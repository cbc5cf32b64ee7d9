"""Whatever stands in a file: either settings or a StackFileError, and never a secret in it."""

import copy

import hypothesis
import jsonschema
import pytest
from hypothesis import strategies

from stacks import confidential, errors, files, schema, settings

SECRET = "hunter2-very-secret"

scalars = strategies.none() | strategies.booleans() | strategies.integers() | strategies.floats() | strategies.text()
WORDS = (
    "vendor local existing eks name nodes count zones cpu memory kubeconfig path value stack context storage provisioner "
    "parameters loadBalancer annotations service prometheus size small availability zonal overrides replicas retention "
    "version 15d 64Gi secure"
)
words = strategies.sampled_from(WORDS.split())
values = strategies.recursive(
    scalars | words,
    lambda inner: (
        strategies.lists(inner, max_size=4) | strategies.dictionaries(words | strategies.text(), inner, max_size=6)
    ),
    max_leaves=20,
)
configurations = strategies.dictionaries(
    strategies.sampled_from(["paasport:cluster", "paasport:services", "paasport:x", "aws:region"]) | strategies.text(),
    values,
)

VALID = {
    "paasport:cluster": {
        "vendor": "existing",
        "name": "shared",
        "kubeconfig": {"value": "k", "context": "c"},
        "storage": {"provisioner": "ebs.csi.aws.com", "parameters": {"type": "gp3"}},
        "loadBalancer": {"annotations": {"a": "b"}, "loadBalancerClass": "c"},
    },
    "paasport:services": {
        "metrics": {"service": "prometheus", "size": "small", "overrides": {"cpu": "1", "replicas": 2}}
    },
}


SCHEMA = jsonschema.Draft202012Validator(schema.build())


def paths(value, path=()):
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths(item, (*path, key))


def replaced(value, path, new):
    if not path:
        return new
    result = copy.copy(value)
    result[path[0]] = replaced(value[path[0]], path[1:], new)
    return result


IN_PLAIN = replaced(VALID, ("paasport:cluster", "kubeconfig"), {"path": "k", "context": "c"})
somewhere = strategies.sampled_from([path for path in paths(VALID) if path])
shapes = strategies.sampled_from([lambda secret: secret, lambda secret: [secret], lambda secret: {"secret": secret}])


def parsed(call, *arguments):
    """The settings, or the error if it is the one that may be."""
    try:
        return call(*arguments)
    except errors.StackFileError as error:
        return error


def shown(error):
    return f"{error} {error.problems!r} {error.__cause__} {error.__context__}"


@hypothesis.given(configurations)
def test_any_configuration_is_settings_or_a_stack_file_error(config):
    found = parsed(settings.parse, config)
    assert isinstance(found, settings.Settings) or found.problems


@hypothesis.given(values, values)
def test_whatever_pulumi_hands_over_is_settings_or_a_stack_file_error(cluster, services):
    found = parsed(settings.from_pulumi, cluster, services)
    assert isinstance(found, settings.Settings) or found.problems


@hypothesis.given(somewhere, values)
def test_one_wrong_value_in_a_valid_configuration_is_settings_or_a_stack_file_error(path, value):
    found = parsed(settings.parse, replaced(VALID, path, value))
    assert isinstance(found, settings.Settings) or found.problems


@hypothesis.given(somewhere, shapes)
def test_nothing_shows_what_was_encrypted(path, shape):
    found = parsed(settings.parse, replaced(VALID, path, shape(confidential.Confidential(SECRET))))
    hypothesis.assume(isinstance(found, errors.StackFileError) or path == ("paasport:cluster", "kubeconfig", "value"))
    assert SECRET not in (shown(found) if isinstance(found, errors.StackFileError) else repr(found))


@hypothesis.given(somewhere, shapes)
def test_no_error_shows_any_value_where_it_is_not_known_what_was_encrypted(path, shape):
    config = replaced(VALID, path, shape(SECRET))
    found = parsed(settings.from_pulumi, config["paasport:cluster"], config["paasport:services"])
    hypothesis.assume(isinstance(found, errors.StackFileError))
    assert SECRET not in shown(found)


@hypothesis.given(
    strategies.sampled_from([path for path in paths(IN_PLAIN) if path]),
    words | strategies.integers(0, 600) | strategies.floats(0, 64) | strategies.lists(words),
)
def test_editors_accept_what_is_accepted(path, value):
    config = replaced(IN_PLAIN, path, value)
    rejected = isinstance(parsed(settings.parse, config), errors.StackFileError)
    assert rejected or SCHEMA.is_valid({"config": config})


@hypothesis.given(strategies.binary() | strategies.text(alphabet="ab:{}[]&*!<>'\"\n -#%@|?,~1").map(str.encode))
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_any_bytes_are_told_as_a_stack_file_error(project, data):
    (project.root / "stacks" / "Pulumi.dev.yaml").write_bytes(data)
    with pytest.raises(errors.StackFileError):
        files.read(project.root, "dev", passphrase=lambda: None)

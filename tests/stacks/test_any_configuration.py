"""Whatever stands in a file: either settings or a StackFileError, and never a secret in it."""

import copy

import hypothesis
import jsonschema
import pytest
from hypothesis import strategies

from stacks import checks, confidential, errors, files, resolution, schema, settings, unknown

from . import samples

SECRET = "hunter2-very-secret"

scalars = strategies.none() | strategies.booleans() | strategies.integers() | strategies.floats() | strategies.text()
WORDS = (
    "vendor local existing eks name nodes count zones cpu memory kubeconfig path value stack context storage provisioner "
    "parameters loadBalancer annotations service prometheus size small availability zonal overrides replicas retention "
    "version 15d 64Gi secure gke aks tier dev prod region network cidr 10.0.0.0/16 zones access api private allowlist "
    "wayIn vpn cidrs deployer pools system general role shape instanceTypes min max spot taints labels effect key "
    "kubernetes minor 1.35 window freezes start end 2026-12-24 compute auto protection locked tags"
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


FULL = {
    "name": "shop",
    "tier": "prod",
    "kubernetes": {
        "minor": "1.35",
        "upgrades": "pinned",
        "window": {"days": ["saturday", "sunday"], "start": "03:00", "hours": 8},
        "freezes": [{"name": "year-end", "start": "2026-12-18", "end": "2027-01-06"}],
    },
    "compute": "pools",
    "pools": {
        "system": {"role": "system", "shape": {"cpu": 4, "memory": "16Gi"}, "min": 3, "max": 6, "disk": "60Gi"},
        "general": {"shape": {"cpu": 8, "memory": "32Gi"}, "min": 3, "max": 12, "labels": {"example.com/team": "a"}},
        "spot": {"shape": {"cpu": 4, "memory": "16Gi"}, "min": 0, "max": 9, "spot": True, "zones": [1, 2]},
        "arm": {
            "arch": "arm64",
            "shape": {"cpu": 4, "memory": "16Gi"},
            "min": 0,
            "max": 4,
            "taints": [{"key": "example.com/batch", "value": "yes", "effect": "PreferNoSchedule"}],
        },
    },
    "encryption": "customer-key",
    "audit": {"retentionDays": 365, "categories": "full"},
    "storage": {"zoneRedundant": True},
    "ingress": {"scheme": "public", "sourceRanges": ["198.51.100.0/24"]},
    "backups": {"retentionDays": 35},
    "drain": {"volumes": False, "disruptionBudgets": "respect", "minutes": 30},
    "protection": "locked",
    "tags": {"owner": "platform"},
}
"""What a cluster of any vendor can say."""


def full(vendor):
    changes = {
        "access__api": "allowlist",
        "network__zones": 3,
        "network__egress": "single",
        "network__flowLogs": True,
        "access__admins": [],
    }
    cluster = samples.having(samples.VENDORS[vendor] | FULL, **changes)
    return {"paasport:cluster": cluster, "paasport:services": VALID["paasport:services"]}


CONFIGURATIONS = [VALID, *(full(vendor) for vendor in samples.VENDORS)]

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


def places(*configurations):
    return [(config, path) for config in configurations for path in paths(config) if path]


somewhere = strategies.sampled_from(places(*CONFIGURATIONS))
shapes = strategies.sampled_from([lambda secret: secret, lambda secret: [secret], lambda secret: {"secret": secret}])


@pytest.mark.parametrize("config", CONFIGURATIONS)
def test_what_the_examples_start_from_is_valid(config):
    assert isinstance(settings.parse(config), settings.Settings)


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
def test_one_wrong_value_in_a_valid_configuration_is_settings_or_a_stack_file_error(place, value):
    config, path = place
    found = parsed(settings.parse, replaced(config, path, value))
    assert isinstance(found, settings.Settings) or found.problems


@hypothesis.given(
    strategies.sampled_from(sorted(samples.VENDORS)),
    strategies.fixed_dictionaries(
        {},
        optional={
            "region": strategies.text(min_size=1),
            "network__zones": strategies.integers(1, 3),
            "network__cidr": strategies.sampled_from(["0.0.0.0/0", "10.0.0.1/32", "999.1.1.1/16"]),
            "compute": strategies.sampled_from(["pools", "auto"]),
            "pools__spot__zones": strategies.lists(strategies.integers(1, 3), min_size=1),
            "pools__general__shape__cpu": strategies.integers(1, 192),
            "pools__system__role": strategies.just("user"),
            "pools__arm__instanceTypes": strategies.lists(strategies.text()),
            "access__deployer": strategies.text(min_size=1),
            "kubernetes__minor": strategies.from_regex(r"1\.[1-9][0-9]", fullmatch=True),
        },
    ),
    strategies.dates(),
)
def test_settings_of_the_right_form_are_judged_and_resolved_whatever_they_say(vendor, changes, today):
    config = full(vendor)["paasport:cluster"]
    cluster = settings.CLUSTERS[vendor].model_validate(samples.having(config, **changes))
    found = list(checks.of_cluster(cluster, path=("paasport:cluster",), today=today, echo=True))
    assert all(finding.what and finding.path[0] == "paasport:cluster" for finding in found)
    assert resolution.resolve(cluster, stack="stack").vendor == vendor


MISTAKES = {
    "region": strategies.sampled_from(["eu-central-9", "westeurope", "europe-west3"]),
    "tier": strategies.sampled_from(["dev", "prod"]),
    "network__zones": strategies.integers(1, 3),
    "network__cidr": strategies.sampled_from(["0.0.0.0/0", "10.0.0.1/24", "999.1.1.1/16", "10.244.0.0/24"]),
    "network__pods": strategies.just("10.244.0.0/22"),
    "access__api": strategies.sampled_from(["private", "identity"]),
    "access__wayIn": strategies.just("vpn"),
    "access__deployer": strategies.just("nobody"),
    "access__admins": strategies.just(["x", "x"]),
    "compute": strategies.just("auto"),
    "pools__system__min": strategies.integers(0, 9),
    "pools__system__spot": strategies.just(True),
    "pools__spot__zones": strategies.lists(strategies.integers(1, 3), min_size=1),
    "pools__general__shape__cpu": strategies.integers(1, 192),
    "pools__general__disk": strategies.just("1Gi"),
    "pools__arm__taints": strategies.just([{"key": "k8s.io/x"}, {"key": "k8s.io/x"}]),
    "kubernetes__minor": strategies.sampled_from(["1.30", "1.99"]),
    "kubernetes__freezes": strategies.just([{"name": "a", "start": "2026-12-18", "end": "2026-01-06"}] * 2),
    "audit__retentionDays": strategies.integers(1, 3653),
    "protection": strategies.just("off"),
    "tags": strategies.just({"cluster": "mine"}),
}
"""What is well-formed, and together with the rest wrong now and then."""

WRONG = [[0.5]]
"""A list of lists, which is right nowhere."""
NOWHERE = "zzz-qqq"
"""A key that is like no other."""

NET = "/subscriptions/00000000-0000-4000-8000-0000000000d1/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v"
EXISTING = {
    "eks": {
        "vpc": "vpc-0123456789abcdef0",
        "privateSubnets": ["subnet-01234567", "subnet-01234568"],
        "publicSubnets": ["subnet-01234567"],
    },
    "gke": {"network": "n", "subnetwork": "projects/acme-hub/regions/us-east1/subnetworks/s", "podsRange": "services"},
    "aks": {"virtualNetwork": f"{NET}/subnets/a", "nodeSubnet": f"{NET}/subnets/a", "apiSubnet": f"{NET}/subnets/a"},
}
"""Networks that exist, and are named wrongly."""


def anything(draw, vendor):
    """Configuration that has the right form, and may be wrong as a whole."""
    changes = draw(strategies.fixed_dictionaries({}, optional=MISTAKES))
    network = {f"{vendor}__network": EXISTING[vendor]} if draw(strategies.booleans()) else {}
    whole = full(vendor)
    whole["paasport:cluster"] = samples.having(whole["paasport:cluster"], **changes, **network)
    return whole


@strategies.composite
def wrong_twice(draw):
    """Configuration that may be wrong as a whole, the same with wrong types in it as well, and where these are."""
    vendor = draw(strategies.sampled_from(sorted(samples.VENDORS)))
    whole = anything(draw, vendor)
    # Without `service` nobody knows what the rest of a service may be; a cluster's block tells even without `vendor`.
    every = [path for path in paths(whole) if path and path[-1] != "service"]
    chosen = draw(strategies.lists(strategies.sampled_from(every), min_size=1, max_size=4, unique=True))
    outermost = [path for path in chosen if not any(path[: len(other)] == other for other in chosen if other != path)]
    broken = whole
    for path in outermost:
        broken = replaced(broken, path, WRONG)
    return whole, broken, outermost


def at(value, path):
    for step in path:
        value = value[step]
    return value


def within(path, places):
    return any(path[: len(place)] == place for place in places)


@hypothesis.given(wrong_twice(), strategies.booleans())
def test_every_wrong_type_is_told_and_nothing_that_is_not_so_without_it(given, echo):
    whole, broken, places = given
    found = settings.judge(broken, echo=echo, today=None).found
    assert all(any(within(finding.path, [place]) for finding in found) for place in places)
    others = [finding for finding in found if not within(finding.path, places)]
    assert set(others) <= set(settings.judge(whole, echo=echo, today=None).found)


NAMED_FREELY = ("pools", "labels", "tags", "paasport:services")


@hypothesis.given(strategies.data())
def test_a_misspelled_key_is_told_and_is_not_as_if_it_was_left_out(data):
    vendor = data.draw(strategies.sampled_from(sorted(samples.VENDORS)))
    whole = anything(data.draw, vendor)
    known = [path for path in paths(whole) if len(path) > 1 and path[-2] not in NAMED_FREELY]
    *above, key = data.draw(strategies.sampled_from(known))
    hypothesis.assume(key not in ("vendor", "service"))
    siblings = dict(at(whole, above))
    slip = f"{key}x"
    value = siblings.pop(key)
    found = settings.judge(replaced(whole, tuple(above), {**siblings, slip: value})).found
    [told] = [finding for finding in found if finding.path == (*above, slip)]
    assert (told.what.split(" `")[0], told.next) == ("unknown key", f"write `{key}`")
    allowed = settings.judge(whole).found
    others = [finding for finding in found if finding != told and finding.path != (*above, key)]
    assert set(others) <= set(allowed)


@hypothesis.given(wrong_twice())
def test_a_setting_that_can_be_neither_read_nor_judged_hides_nothing_but_what_is_about_it(given):
    _, broken, places = given
    hidden = broken
    for place in places:
        hidden = unknown.put(hidden, place)
    expected = [finding for finding in settings.judge(broken).found if not within(finding.path, places)]
    assert list(settings.judge(hidden).found) == expected


INERT = (("drain",), ("backups",), ("storage",), ("ingress",), ("encryption",), ("kubernetes", "window", "start"))
"""Settings that no other one depends on."""


@hypothesis.given(wrong_twice(), strategies.sampled_from(INERT), strategies.booleans())
def test_a_wrong_type_hides_nothing_that_has_nothing_to_do_with_it(given, inert, misspelled):
    whole, _, _ = given
    place = ("paasport:cluster", *inert)
    if misspelled:
        *above, last = place
        mapping = dict(at(whole, above))
        broken = replaced(whole, tuple(above), {**mapping, NOWHERE: mapping.pop(last)})
    else:
        broken = replaced(whole, place, WRONG)
    found = settings.judge(broken).found
    assert {finding for finding in settings.judge(whole).found if finding.path != place} <= set(found)
    assert len(found) > len(settings.judge(whole).found)


@hypothesis.given(somewhere, shapes)
def test_nothing_shows_what_was_encrypted(place, shape):
    config, path = place
    found = parsed(settings.parse, replaced(config, path, shape(confidential.Confidential(SECRET))))
    # Settings show what they hold; that nothing but a secret is encrypted is seen to where files are read.
    hypothesis.assume(isinstance(found, errors.StackFileError) or path == ("paasport:cluster", "kubeconfig", "value"))
    assert SECRET not in (shown(found) if isinstance(found, errors.StackFileError) else repr(found))


@hypothesis.given(somewhere, shapes)
def test_no_error_shows_any_value_where_it_is_not_known_what_was_encrypted(place, shape):
    config = replaced(*place, shape(SECRET))
    found = parsed(settings.from_pulumi, config["paasport:cluster"], config["paasport:services"])
    hypothesis.assume(isinstance(found, errors.StackFileError))
    assert SECRET not in shown(found)


@hypothesis.given(
    strategies.sampled_from(places(IN_PLAIN, *CONFIGURATIONS[1:])),
    words | strategies.integers(0, 600) | strategies.floats(0, 64) | strategies.booleans() | strategies.lists(words),
)
def test_editors_accept_what_is_accepted(place, value):
    config = replaced(*place, value)
    rejected = isinstance(parsed(settings.parse, config), errors.StackFileError)
    assert rejected or SCHEMA.is_valid({"config": config})


@hypothesis.given(strategies.binary() | strategies.text(alphabet="ab:{}[]&*!<>'\"\n -#%@|?,~1").map(str.encode))
@hypothesis.settings(
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture, hypothesis.HealthCheck.too_slow]
)
def test_any_bytes_are_told_as_a_stack_file_error(project, data):
    (project.root / "stacks" / "Pulumi.dev.yaml").write_bytes(data)
    with pytest.raises(errors.StackFileError):
        files.read(project.root, "dev", passphrase=lambda: None)

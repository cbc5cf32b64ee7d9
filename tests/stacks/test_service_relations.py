"""What follows for an instance from the rest of its stack, and what is wrong where it does not fit."""

from __future__ import annotations

from typing import ClassVar, Literal

import pytest

from stacks import service_checks, settings, unknown
from stacks.services import instance, prometheus, relations
from tests.stacks import samples

PATH = ("paasport:services",)


class Ledger(instance.Database):
    """A database of the tests'."""

    SIZES: ClassVar = {"small": instance.Server(cpu="1", memory="1Gi", storage="1Gi")}
    SERVERS: ClassVar = {"single": 1, "zonal": 3}

    service: Literal["ledger"] = "ledger"


METRICS = prometheus.Prometheus(service="prometheus")
LOCAL = settings.LocalCluster(vendor="local")


def managed(**changes):
    cluster = samples.EKS | {"access": samples.EKS["access"] | {"api": "allowlist"}} | changes
    return settings.parse({settings.CLUSTER_KEY: cluster}).cluster


def told(services, cluster=LOCAL):
    return [(finding.path, finding.what) for finding in service_checks.of_stack(services, cluster=cluster, path=PATH)]


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ({"books": Ledger()}, ""),
        ({"books": Ledger(), "metrics": METRICS}, "metrics"),
        ({"books": Ledger(), "metrics": METRICS, "more": METRICS}, ""),
        ({"books": Ledger(monitored_by="more"), "metrics": METRICS, "more": METRICS}, "more"),
    ],
)
def test_the_only_prometheus_watches_unless_one_is_named(services, expected):
    assert relations.watcher("books", services=services) == expected


def test_a_prometheus_is_watched_by_nobody():
    assert relations.watcher("metrics", services={"metrics": METRICS, "books": Ledger()}) == ""


@pytest.mark.parametrize(
    ("service", "cluster", "expected"),
    [
        (Ledger(), LOCAL, False),
        (Ledger(protection="guarded"), LOCAL, True),
        (Ledger(), managed(tier="prod"), True),
        (Ledger(), managed(tier="dev"), False),
        (Ledger(), managed(tier="prod", protection="off", retiring=True), False),
        (Ledger(protection="off"), managed(tier="prod"), False),
        (METRICS, managed(tier="prod"), False),
    ],
)
def test_what_protects_the_cluster_protects_its_databases(service, cluster, expected):
    assert relations.is_protected(service, cluster=cluster) is expected


def test_a_watcher_that_does_not_exist_is_told():
    services = {"books": Ledger(monitored_by="metrcs"), "metrics": METRICS}
    assert told(services) == [
        (
            (*PATH, "books", "monitoredBy"),
            "`paasport:services.books.monitoredBy` names no Prometheus of this stack",
        )
    ]


def test_several_watchers_need_a_choice():
    ((path, what),) = told({"books": Ledger(), "one": METRICS, "two": METRICS})
    assert path == (*PATH, "books")
    assert "does not say which one watches it" in what


@pytest.mark.parametrize("key", ["backups", "restore"])
def test_backups_without_an_object_store_are_told(key):
    value = instance.Backups() if key == "backups" else instance.Restore(instance="books")
    services = {"books": Ledger(**{key: value})}
    expected = [
        (
            (*PATH, "books", key),
            f"`paasport:services.books.{key}` needs an object store, and the stack's cluster has none",
        )
    ]
    assert told(services) == expected
    assert told(services, managed()) == expected
    assert told(services, managed(backups={"retentionDays": 7})) == []
    assert told(services, None) == []


def test_overrides_go_before_sizes_key_by_key():
    books = Ledger(availability="zonal", overrides=instance.Overrides(cpu="2"))
    assert (books.asked("cpu"), books.asked("memory"), books.servers) == ("2", "1Gi", 3)
    assert Ledger(overrides=instance.Overrides(replicas=2)).servers == 2


class Shop(Ledger):
    """A service of the tests' that uses two others."""

    USES: ClassVar = {"books": ("ledger",), "watcher": ("prometheus", "ledger")}

    service: Literal["shop"] = "shop"
    books: str | None = None
    watcher: str | None = None


class Chain(Ledger):
    """A service of the tests' that uses one of its own kind."""

    USES: ClassVar = {"next": ("chain",)}

    service: Literal["chain"] = "chain"
    next: str | None = None


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ({"shop": Shop(watcher="metrics"), "a": Ledger(), "metrics": METRICS}, {"books": "a", "watcher": "metrics"}),
        ({"shop": Shop(books="b"), "a": Ledger(), "b": Ledger()}, {"books": "b"}),
        ({"shop": Shop(books="metrics", watcher="shop"), "metrics": METRICS}, {}),
        ({"shop": Shop()}, {}),
    ],
)
def test_the_only_instance_that_fits_is_used_unless_one_is_named(services, expected):
    assert relations.used("shop", services=services) == expected


def test_what_is_used_comes_first_and_the_rest_stays_in_order():
    services = {"shop": Shop(books="z", watcher="m"), "z": Ledger(), "a": Ledger(), "m": METRICS}
    assert relations.in_order(services) == ["z", "a", "m", "shop"]


@pytest.mark.parametrize(
    ("services", "place", "what"),
    [
        ({"shop": Shop(books="boks"), "b": Ledger()}, ("shop", "books"), "names no service of this stack"),
        ({"shop": Shop(books="m"), "m": METRICS, "b": Ledger()}, ("shop", "books"), "names a service prometheus, not"),
        ({"shop": Shop(books="shop"), "b": Ledger()}, ("shop", "books"), "names a service shop, not `ledger`"),
        ({"shop": Shop(watcher="m"), "m": METRICS}, ("shop",), "uses a service `ledger`, and the stack has none"),
        ({"shop": Shop(watcher="b"), "b": Ledger(), "c": Ledger()}, ("shop",), "it does not say which one"),
    ],
)
def test_a_use_of_nothing_of_another_kind_or_of_any_of_several_is_told(services, place, what):
    found = [(path, text) for path, text in told(services) if path == (*PATH, *place) and what in text]
    assert len(found) == 1, told(services)


def test_a_circle_is_told_once():
    services = {"a": Chain(next="b"), "b": Chain(next="c"), "c": Chain(next="a")}
    ((path, what),) = told(services)
    assert path == (*PATH, what.split(": ")[1][0])
    assert (
        "a uses b uses c" in f"{what} {what.split(': ')[1]}" or "b uses c uses a" in what or "c uses a uses b" in what
    )


def test_a_stack_with_a_service_that_cannot_be_read_says_nothing_of_what_it_may_be():
    services = {"shop": Shop(watcher="x"), "x": unknown.Unknown(), "b": Ledger()}
    assert told(services) == []

"""What is read out of the objects of any service."""

from __future__ import annotations

import pathlib

import yaml

EXPECTED = pathlib.Path(__file__).parent / "expected"
PROMETHEUS = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "metrics"}}}


def one(objects, kind, name=None):
    (found,) = [item for item in objects if item["kind"] == kind and name in (None, item["metadata"]["name"])]
    return found


def spec(built):
    return built.custom_resources[0]["spec"]


def peers(policy, port):
    """Who may reach this port by this network policy."""
    rules = policy["spec"]["ingress"]
    return [peer for rule in rules for peer in rule["from"] if port in [allowed["port"] for allowed in rule["ports"]]]


def expected(name):
    return list(yaml.safe_load_all((EXPECTED / name).read_text()))

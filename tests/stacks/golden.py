"""What every tier comes to at every vendor, written down: `python -m tests.stacks.golden` writes it anew.

A change in that file is a change of running clusters. Look at each line of it before it is committed.
"""

import dataclasses
import json
import pathlib

import pydantic

from stacks import resolution, settings

from . import samples

PATH = pathlib.Path(__file__).parent / "expected" / "tiers.json"


def plain(value):
    """What `json` cannot write by itself."""
    if isinstance(value, pydantic.BaseModel):
        return value.model_dump(mode="json")
    return dataclasses.asdict(value)


def resolved(vendor, tier):
    way_in = {"wayIn": "vpn", "cidrs": samples.GONE} if tier == "prod" else {}
    access = {f"access__{key}": value for key, value in way_in.items()}
    cluster = samples.having(samples.VENDORS[vendor], tier=tier, **access)
    wanted = settings.parse({"paasport:cluster": cluster})
    return resolution.resolve(wanted.cluster, stack=f"{vendor}-{tier}")


def text():
    everything = {
        vendor: {tier: dataclasses.asdict(resolved(vendor, tier)) for tier in ("dev", "staging", "prod")}
        for vendor in samples.VENDORS
    }
    return json.dumps(everything, indent=1, sort_keys=True, default=plain) + "\n"


if __name__ == "__main__":
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(text(), encoding="utf-8")

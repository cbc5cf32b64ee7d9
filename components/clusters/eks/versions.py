"""Which version an add-on has, and when it changes.

AWS has a default version of every add-on for every minor, and moves it whenever it likes; which one it is only AWS
knows, so no table of them stands here. A stack with `upgrades: pinned` remembers what the default was, and asks again
when its file says so: with another minor or another patch level. With `channel` it follows AWS at each `up`
(docs/adr/0007).
"""

from __future__ import annotations

import pulumi

from components import registration
from components.clusters.eks import account
from stacks import managed, resolution


def of(target: account.Account, wanted: resolution.Managed[managed.EksOptions], addon: str) -> pulumi.Input[str]:
    """The add-on's version: the stack file's own, that which was AWS's default, or that which is."""
    given = wanted.options.addon_versions.get(addon)
    if given:
        return given
    default = _default(target, wanted, addon)
    if wanted.upgrades == "channel":
        return default
    opts = pulumi.ResourceOptions(parent=target.parent)
    return registration.remembered(remembered_as(wanted, addon), default, opts=opts)


def remembered_as(wanted: resolution.Managed[managed.EksOptions], addon: str) -> str:
    """What the version is remembered as: all that asks AWS again by changing is in it."""
    level = wanted.options.patch_level
    return f"{wanted.name}-{addon}-{wanted.minor}" + (f"-{level}" if level else "")


def _default(target: account.Account, wanted: resolution.Managed[managed.EksOptions], addon: str) -> pulumi.Output[str]:
    """The version that AWS has as the default for the minor; not the latest, which nobody has waited for."""
    found = pulumi.runtime.invoke_output(
        "aws:eks/getAddonVersion:getAddonVersion",
        {"addonName": addon, "kubernetesVersion": wanted.minor, "mostRecent": False},
        pulumi.InvokeOutputOptions(parent=target.parent, provider=target.provider),
    )
    return found.apply(lambda answer: str(answer["version"]))

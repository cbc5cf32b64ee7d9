"""What becomes of planned actions at the API."""

from __future__ import annotations

import asyncio

import pytest

from local import reconciling


class Api:
    """A client that only remembers what it was asked to delete."""

    def __init__(self):
        self.deleted = []

    async def delete(self, api_version, kind, name, namespace="", *, uid=""):
        self.deleted.append((api_version, kind, namespace, name, uid))
        return True


@pytest.mark.parametrize("namespace", ["", "shop"])
def test_an_object_is_deleted_where_it_is_and_only_that_very_one(namespace):
    api = Api()
    action = reconciling.Delete(api_version="v1", kind="Pod", name="db-1", uid="u", namespace=namespace)
    asyncio.run(reconciling.perform(api, [action]))
    assert api.deleted == [("v1", "Pod", namespace, "db-1", "u")]

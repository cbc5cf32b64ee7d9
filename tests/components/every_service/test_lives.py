"""What may happen to an instance of any service, judged as its program judges it; `tests/runner/` plays it for real."""

from __future__ import annotations

import pytest

from stacks.services import catalogue as models
from stacks.services import instance

from . import lives

every_service = pytest.mark.parametrize("service", sorted(models.SERVICES))


@every_service
def test_it_grows_into_several_zones(service):
    assert lives.refusals(lives.born(service), lives.grown(service)) == []
    before, after = lives.options(lives.born(service)), lives.options(lives.grown(service))
    assert (after.size, after.availability) == ("medium", "zonal")
    assert after.servers > before.servers


@every_service
def test_it_gets_another_patch_release(service):
    before, after = lives.grown(service), lives.upgraded(service)
    if after is None:
        pytest.skip(f"nobody chooses the version of a {service}")
    assert lives.refusals(before, after) == []
    assert any("->" in verdict.upgrade for verdict in lives.verdicts(before, after))


@every_service
def test_what_is_not_backed_up_can_be(service):
    model, before = models.SERVICES[service], lives.grown(service)
    if not issubclass(model, instance.Database) or "backups" in model.REFUSED:
        pytest.skip(f"a {service} has no backups")
    assert lives.refusals(before, {**before, "backups": {}}) == []
    assert lives.refusals({**before, "backups": {}}, before) == []

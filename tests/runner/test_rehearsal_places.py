import os

import pytest

from local import control_plane, locks
from runner.rehearsals import places
from stacks import errors


@pytest.fixture(autouse=True)
def deleted(tmp_path, monkeypatch):
    """The names of deleted control planes; none of them ever runs."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    names = []
    real = control_plane.delete

    def delete(name):
        names.append(name)
        return real(name)

    monkeypatch.setattr(control_plane, "delete", delete)
    return names


def begin(stack="eks-prod", told=None):
    return places.begun(stack, deployer="arn:x", report=(told if told is not None else []).append)


def test_a_rehearsal_has_a_control_plane_of_its_own_and_leaves_nothing():
    with begin() as place:
        assert place.control_plane == "eks-prod-rehearsal"
        assert place.record == places.Record(stack="eks-prod", deployer="arn:x")
        assert place.is_under_way
        folder = place.folder
    assert not folder.exists()


def test_it_is_removed_however_it_ends(deleted):
    with pytest.raises(KeyboardInterrupt), begin():
        raise KeyboardInterrupt
    assert deleted == ["eks-prod-rehearsal"]


def test_a_kept_one_stays_and_is_found_while_it_runs(deleted, monkeypatch):
    with begin() as place:
        places.keep(place)
    assert deleted == []
    assert places.kept("eks-prod") is None
    running = control_plane.Status(name="x", condition=control_plane.Condition.RUNNING)
    monkeypatch.setattr(control_plane, "status", lambda _: running)
    assert places.kept("eks-prod") == place
    assert places.kept("gke-prod") is None


def test_the_next_rehearsal_replaces_a_kept_one():
    told = []
    with begin() as place:
        places.keep(place)
        place.account.write_text("{}")
    with begin(told=told) as again:
        assert not again.account.exists()
        assert not again.record.kept
    assert told == ["removing the kept rehearsal of eks-prod"]


def test_one_stack_is_not_rehearsed_twice_at_a_time():
    with begin(), pytest.raises(errors.UsageError, match="being rehearsed by another process"), begin():
        pass


def test_two_stacks_are():
    with begin() as one, begin("gke-prod") as other:
        assert one.folder != other.folder
        assert one.is_under_way


def abandoned(stack):
    """As a killed process leaves it: with a record, and without its lock."""
    place = places.place(stack)
    place.folder.mkdir(parents=True)
    (place.folder / "rehearsal.json").write_text(places.Record(stack=stack).model_dump_json())
    return place


def test_the_next_rehearsal_of_any_stack_removes_what_a_killed_one_left(deleted):
    left = abandoned("gke-prod")
    with begin():
        assert not left.folder.exists()
    assert deleted == ["gke-prod-rehearsal", "eks-prod-rehearsal"]


def test_one_that_is_under_way_is_not_removed():
    other = abandoned("gke-prod")
    descriptor = locks.acquire(other.folder / "rehearsal.lock")
    try:
        with begin():
            assert other.folder.exists()
    finally:
        os.close(descriptor)


def test_two_that_begin_at_once_do_not_remove_each_others(monkeypatch, deleted):
    """The one that swept first has begun anew before the other comes to it."""
    left = abandoned("gke-prod")
    real = locks.acquire
    monkeypatch.setattr(locks, "acquire", lambda path: None if path.parent == left.folder else real(path))
    with begin():
        assert left.folder.exists()
    assert deleted == ["eks-prod-rehearsal"]


def test_a_control_plane_that_is_no_rehearsals_is_not_touched(deleted):
    folder = places.place("eks-prod").folder
    folder.mkdir(parents=True)
    (folder / "spec.json").write_text("{}")
    with pytest.raises(errors.UsageError, match="it is no rehearsal's"), begin():
        pass
    assert deleted == []


def test_long_names_that_become_equal_do_not_share_a_kept_rehearsal():
    long = "a" * 40
    with begin(f"{long}1") as place:
        places.keep(place)
    with pytest.raises(errors.UsageError, match=f"kept rehearsal of {long}1"), begin(f"{long}2"):
        pass

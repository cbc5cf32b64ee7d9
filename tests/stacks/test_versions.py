import datetime as dt
import itertools

import pytest

from stacks import versions

from . import samples


@pytest.mark.parametrize(
    ("version", "number"), [("1.35", 35), ("v1.35.2", 35), ("1.35.1-gke.1396000", 35), ("1.9", 9), ("1.35+", 35)]
)
def test_the_minor_is_found_in_a_version_as_vendors_write_it(version, number):
    assert versions.number(version) == number


@pytest.mark.parametrize("version", ["", "1", "2.35", "1.x", "1.35 "])
def test_what_is_no_version_is_refused(version):
    with pytest.raises(ValueError, match="is no version of Kubernetes"):
        versions.number(version)


@pytest.mark.parametrize("vendor", samples.VENDORS)
def test_minors_follow_each_other_and_so_do_the_ends_of_their_support(vendor):
    known = versions.known(vendor)
    numbers = [versions.number(minor) for minor in known]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    ends = [support.standard for support in known.values()]
    assert all(one < other for one, other in itertools.pairwise(ends))
    assert all(support.extended is None or support.extended > support.standard for support in known.values())


@pytest.mark.parametrize(
    ("vendor", "end"), [("eks", dt.date(2027, 3, 27)), ("gke", dt.date(2027, 4, 11)), ("aks", dt.date(2027, 3, 31))]
)
def test_standard_support_of_a_minor_ends_on_the_vendors_own_day(vendor, end):
    assert versions.known(vendor)["1.35"].standard == end


@pytest.mark.parametrize(
    ("live", "wanted", "upgrades"),
    [
        ("1.35", "1.35", "pinned"),
        ("1.35.4-gke.1000", "1.36", "pinned"),
        ("1.34", "1.35", "channel"),
        ("1.36", "1.35", "channel"),
    ],
)
def test_staying_and_one_step_up_are_allowed_and_a_channel_may_be_ahead(live, wanted, upgrades):
    assert versions.step(live, wanted, upgrades=upgrades) is None


def test_a_step_back_is_refused():
    assert versions.step("1.36.1", "1.35", upgrades="pinned", subject="the cluster shop").render() == (
        "the cluster shop runs Kubernetes 1.36, and the stack file wants 1.35\n"
        "  no vendor takes a control plane back to an older minor\n"
        '  next: write `minor: "1.36"`'
    )


@pytest.mark.parametrize("upgrades", ["pinned", "channel"])
def test_a_skipped_minor_is_refused(upgrades):
    assert versions.step("v1.33.9", "1.35", upgrades=upgrades).render() == (
        "the cluster runs Kubernetes 1.33, and the stack file wants 1.35\n"
        "  a control plane is raised one minor at a time, and its nodes after it\n"
        '  next: write `minor: "1.34"`, deploy, then go on'
    )


DAY = dt.date(2026, 11, 22)


@pytest.mark.parametrize(
    ("cluster", "today", "since"),
    [
        pytest.param(samples.having(samples.EKS, kubernetes__minor="1.33"), None, "", id="nobody says what day it is"),
        pytest.param(samples.having(samples.EKS, kubernetes__minor="1.33"), DAY, "2026-07-29", id="expired"),
        pytest.param(samples.having(samples.EKS, kubernetes__minor="1.34"), dt.date(2026, 12, 2), "", id="last day"),
        pytest.param(
            samples.having(samples.EKS, kubernetes__minor="1.34"), dt.date(2026, 12, 3), "2026-12-02", id="day after"
        ),
        pytest.param(
            samples.having(samples.EKS, kubernetes__minor="1.33", eks__support="extended"), DAY, "", id="extended"
        ),
        pytest.param(
            samples.having(samples.EKS, kubernetes__minor="1.33", eks__support="extended"),
            dt.date(2027, 7, 30),
            "2027-07-29",
            id="extended support is over too",
        ),
        pytest.param(
            samples.having(samples.GKE, kubernetes__minor="1.34", gke__releaseChannel="extended"),
            DAY,
            "",
            id="an end that is not known",
        ),
        pytest.param(samples.having(samples.GKE, kubernetes__minor="1.34"), DAY, "2026-10-01", id="expired on GKE"),
        pytest.param(samples.having(samples.AKS, kubernetes__minor="1.34"), DAY, "", id="not yet on AKS"),
        pytest.param(samples.having(samples.AKS, kubernetes__minor="1.33"), DAY, "2026-07-31", id="expired on AKS"),
        pytest.param(
            samples.having(samples.AKS, kubernetes__minor="1.33", aks__sku="premium"), DAY, "", id="extended on AKS"
        ),
    ],
)
def test_a_minor_is_refused_once_what_is_paid_for_has_ended(cluster, today, since):
    found = samples.told(cluster, today=today)
    assert [message.splitlines()[0].rpartition(" since ")[2] for message in found] == ([since] if since else [])


def test_when_the_newest_minor_known_here_has_expired_the_data_must_be_renewed():
    assert samples.told(samples.having(samples.AKS, kubernetes__minor="1.36"), today=dt.date(2030, 1, 1)) == [
        (
            "`paasport:cluster.kubernetes.minor` (`1.36`) has been out of aks's support since 2027-06-30\n"
            "  there are no security fixes for it, and the vendor upgrades it at a time of its own choice\n"
            "  next: add newer minors of the vendor to stacks/versions.yaml"
        )
    ]


@pytest.mark.parametrize(("live", "wanted"), [("1.35.2", "1.35"), ("1.36", "1.35")])
def test_a_minor_that_runs_already_is_heeded(live, wanted):
    assert versions.unheeded(live, wanted) is None


def test_a_newer_minor_than_the_channels_is_not_heeded():
    assert versions.unheeded("1.34.2", "1.36", subject="the cluster shop").what == (
        'the cluster shop runs Kubernetes 1.34, and `minor: "1.36"` in the stack file has no effect on it'
    )

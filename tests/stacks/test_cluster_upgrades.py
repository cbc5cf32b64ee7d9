import datetime as dt

import pytest

from . import samples

TODAY = dt.date(2026, 11, 22)


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        pytest.param(
            samples.having(samples.EKS, kubernetes__minor="1.40"),
            "`paasport:cluster.kubernetes.minor` (`1.40`) is not known to be offered by eks; it has `1.32`, `1.33`, `1.34`, `1.35`, `1.36`\n"
            "  a minor is used once its end of support is known\n"
            '  next: write `minor: "1.36"`, or add it to stacks/versions.yaml',
            id="a minor that is not there yet",
        ),
        pytest.param(
            samples.having(samples.GKE, kubernetes__minor="1.24"),
            "`paasport:cluster.kubernetes.minor` (`1.24`) is not known to be offered by gke; it has `1.32`, `1.33`, `1.34`, `1.35`, `1.36`\n"
            "  its support has ended long ago\n"
            '  next: write `minor: "1.36"`',
            id="a minor that is long gone",
        ),
        pytest.param(
            samples.having(samples.EKS, kubernetes__minor="1.33"),
            "`paasport:cluster.kubernetes.minor` (`1.33`) has been out of eks's support since 2026-07-29\n"
            "  there are no security fixes for it, and the vendor upgrades it at a time of its own choice\n"
            '  next: write `minor: "1.34"`, one step at a time; a new cluster begins with "1.36"',
            id="an expired minor",
        ),
        pytest.param(
            samples.having(samples.GKE, kubernetes__window={"days": ["sunday"], "hours": 4}),
            "`paasport:cluster.kubernetes.window` has 4 hours a week, and GKE wants 12\n"
            "  it demands 48 hours of maintenance in any 32 days\n"
            "  next: lengthen `hours`, or add days",
            id="a window too short for GKE",
        ),
        pytest.param(
            samples.having(samples.EKS, kubernetes__window={"days": ["sunday", "sunday"]}),
            "`paasport:cluster.kubernetes.window.days[1]` names sunday a second time\n"
            "  a day has one window\n"
            "  next: name each day once",
            id="a day twice",
        ),
        pytest.param(
            samples.having(
                samples.EKS, kubernetes__freezes=[{"name": "a", "start": "2026-12-20", "end": "2026-12-19"}]
            ),
            "`paasport:cluster.kubernetes.freezes[0]` ends before it begins\n"
            "  no day would be in it, and vendors refuse it\n"
            "  next: exchange `start` and `end`",
            id="a freeze that ends before it begins",
        ),
        pytest.param(
            samples.having(
                samples.AKS,
                kubernetes__freezes=[
                    {"name": "a", "start": "2026-12-20", "end": "2026-12-21"},
                    {"name": "a", "start": "2027-01-01", "end": "2027-01-02"},
                ],
            ),
            "`paasport:cluster.kubernetes.freezes[1].name` (`a`) is the name of another freeze\n"
            "  vendors know them by name\n"
            "  next: name it otherwise",
            id="two freezes of a name",
        ),
        pytest.param(
            samples.having(
                samples.GKE, kubernetes__freezes=[{"name": "a", "start": "2026-09-01", "end": "2027-03-01"}]
            ),
            "`paasport:cluster.kubernetes.freezes[0]` lasts 182 days, and GKE grants 180\n"
            "  older nodes would stay without fixes\n"
            "  next: shorten it",
            id="a freeze longer than GKE grants",
        ),
        pytest.param(
            samples.having(
                samples.GKE, kubernetes__freezes=[{"name": "a", "start": "2027-04-01", "end": "2027-04-20"}]
            ),
            "`paasport:cluster.kubernetes.freezes[0]` goes on after support of the minor ends on 2027-04-11\n"
            "  GKE upgrades what is out of support whatever is excluded, and refuses such an exclusion\n"
            "  next: shorten it, or raise `kubernetes.minor` first",
            id="a freeze beyond support",
        ),
        pytest.param(
            samples.having(
                samples.GKE, kubernetes__freezes=[{"name": "pinned-1-35", "start": "2026-12-20", "end": "2026-12-21"}]
            ),
            "`paasport:cluster.kubernetes.freezes[0].name` (`pinned-1-35`) begins with `pinned-`\n"
            "  the pin of the minor is called so at GKE\n"
            "  next: name it otherwise",
            id="a freeze named like the pin",
        ),
        pytest.param(
            samples.having(
                samples.GKE,
                kubernetes__freezes=[{"name": f"f{n}", "start": "2026-12-20", "end": "2026-12-21"} for n in range(20)],
            ),
            "`paasport:cluster.kubernetes.freezes` has 20 entries, and GKE takes 19\n"
            "  each is a maintenance exclusion, and it refuses more\n"
            "  next: remove those that are over",
            id="more freezes than GKE takes",
        ),
    ],
)
def test_a_wrong_minor_window_or_freeze_is_explained(cluster, message):
    assert samples.told(cluster, today=TODAY) == [message]

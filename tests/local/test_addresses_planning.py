import ipaddress

import hypothesis
from hypothesis import strategies as st

from local import addresses


def service(name, *, kind="LoadBalancer", address="", created="2026-01-01T00:00:00Z"):
    ingress = [{"ip": address}] if address else []
    return {
        "metadata": {"name": name, "namespace": "metrics", "uid": f"uid-{name}", "creationTimestamp": created},
        "spec": {"type": kind},
        "status": {"loadBalancer": {"ingress": ingress}},
    }


def given(actions):
    """Name -> address, empty where one was taken away."""
    found = {}
    for action in actions:
        assert action.subresource == "status"
        ingress = action.manifest["status"]["loadBalancer"].get("ingress", [{}])
        found[action.manifest["metadata"]["name"]] = ingress[0].get("ip", "")
    return found


def test_a_load_balancer_gets_an_address_of_the_benchmark_range():
    (address,) = given(addresses.plan([service("web")])).values()
    assert ipaddress.IPv4Address(address) in ipaddress.IPv4Network("198.18.0.0/15")
    assert ipaddress.IPv4Address(address) not in ipaddress.IPv4Network("198.18.0.0/24")


def test_a_load_balancer_keeps_its_address():
    assert addresses.plan([service("web", address="198.18.7.7")]) == []


def test_a_service_made_again_gets_the_same_address():
    assert given(addresses.plan([service("web")])) == given(addresses.plan([service("web"), service("other")][:1]))


def test_other_services_get_none():
    assert addresses.plan([service("web", kind="ClusterIP"), service("node", kind="NodePort")]) == []


def test_an_address_is_taken_away_when_the_type_changes():
    assert given(addresses.plan([service("web", kind="ClusterIP", address="198.18.7.7")])) == {"web": ""}


def test_of_two_with_one_address_the_newer_moves():
    older = service("older", address="198.18.7.7", created="2026-01-01T00:00:00Z")
    newer = service("newer", address="198.18.7.7", created="2026-02-01T00:00:00Z")
    moved = given(addresses.plan([newer, older]))
    assert moved.keys() == {"newer"}
    assert moved["newer"] not in ("", "198.18.7.7")


@hypothesis.given(
    st.lists(
        st.tuples(
            st.sampled_from(["LoadBalancer", "ClusterIP"]),
            st.sampled_from(["", "198.18.1.1", "198.18.1.2", "198.19.3.3"]),
        ),
        max_size=30,
    )
)
def test_after_the_plan_every_load_balancer_has_an_address_of_its_own_and_nothing_is_left_to_do(drawn):
    services = [service(f"s{number}", kind=kind, address=address) for number, (kind, address) in enumerate(drawn)]
    for name, address in given(addresses.plan(services)).items():
        found = next(item for item in services if item["metadata"]["name"] == name)
        found["status"]["loadBalancer"]["ingress"] = [{"ip": address}] if address else []
    addressed = {
        item["metadata"]["name"]: item["status"]["loadBalancer"]["ingress"][0]["ip"]
        for item in services
        if item["status"]["loadBalancer"]["ingress"]
    }
    assert addressed.keys() == {item["metadata"]["name"] for item in services if item["spec"]["type"] == "LoadBalancer"}
    assert len(set(addressed.values())) == len(addressed)
    assert addresses.plan(services) == []


def test_a_taken_address_is_stepped_over():
    wanted = given(addresses.plan([service("web")]))["web"]
    holder = service("holder", address=wanted)
    assert given(addresses.plan([holder, service("web")]))["web"] == str(ipaddress.IPv4Address(wanted) + 1)

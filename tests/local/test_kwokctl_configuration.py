"""What kwokctl is asked to lay out, where something else would go wrong if it were not."""

from local import kwokctl, layout


def arguments(component):
    document = kwokctl.configuration(layout.of("some-dev"), ports=range(20000, 20000 + len(kwokctl.PORTS)))
    (patch,) = [item for item in document["componentsPatches"] if item["name"] == component]
    return {item["key"]: item["value"] for item in patch["extraArgs"]}


def test_the_api_server_asks_no_webhook():
    """An operator's webhooks refuse all custom resources until its pods answer, and no container runs."""
    off = arguments("kube-apiserver")["disable-admission-plugins"].split(",")
    assert sorted(off) == ["MutatingAdmissionWebhook", "ValidatingAdmissionWebhook"]


def test_pod_security_is_still_judged():
    assert "PodSecurity" not in arguments("kube-apiserver")["disable-admission-plugins"]

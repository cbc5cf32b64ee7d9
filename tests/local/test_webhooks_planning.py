import base64

from cryptography import x509

from local import webhooks

MUTATING, VALIDATING = webhooks.CONFIGURATIONS


def configuration(*hooks):
    return {"metadata": {"name": "some-webhooks", "uid": "w1"}, "webhooks": list(hooks)}


def hook(name, *, authority="", **client):
    config = {**(client or {"service": {"name": "hooks", "namespace": "ops"}})}
    return {"name": name, "clientConfig": {**config, **({"caBundle": authority} if authority else {})}}


def plan(mutating=(), validating=()):
    return webhooks.plan({MUTATING: list(mutating), VALIDATING: list(validating)})


def test_every_webhook_without_an_authority_gets_one():
    first, second = plan([configuration(hook("a"))], [configuration(hook("b"), hook("c"))])
    assert first.manifest["kind"] == "MutatingWebhookConfiguration"
    assert second.manifest["kind"] == "ValidatingWebhookConfiguration"
    assert second.manifest["metadata"] == {"name": "some-webhooks"}
    assert [item["name"] for item in second.manifest["webhooks"]] == ["b", "c"]


def test_only_the_authority_is_written():
    """Another field would be taken from whoever applies the configuration."""
    (action,) = plan([configuration(hook("a"))])
    (written,) = action.manifest["webhooks"]
    assert written.keys() == {"name", "clientConfig"}
    assert written["clientConfig"].keys() == {"caBundle"}
    x509.load_pem_x509_certificate(base64.b64decode(written["clientConfig"]["caBundle"]))


def test_an_authority_that_is_there_stays():
    assert plan([configuration(hook("a", authority="QQ=="))]) == []
    (action,) = plan([configuration(hook("a", authority="QQ=="), hook("b"))])
    assert [item["name"] for item in action.manifest["webhooks"]] == ["b"]


def test_a_webhook_outside_of_the_cluster_and_a_configuration_without_any_are_left_alone():
    assert (
        plan([configuration(hook("a", url="https://example.test"))], [configuration(), {"metadata": {"name": "x"}}])
        == []
    )

import pathlib

import pytest

from runner.rehearsals import variants
from stacks import errors, files

ROOT = pathlib.Path(__file__).parents[2]
CLOUD = [f"{vendor}-{tier}" for vendor in ("eks", "gke", "aks") for tier in ("dev", "staging", "prod")]


def read(name):
    return files.read(ROOT, name, passphrase=lambda: None)


def test_a_variant_changes_what_is_named_and_nothing_else():
    stack = read("eks-prod")
    changed = variants.variant(stack, {"kubernetes.minor": "1.36"})
    before, after = (item.settings.model_dump() for item in (stack, changed))
    assert after["cluster"]["kubernetes"].pop("minor") == "1.36"
    assert before["cluster"]["kubernetes"].pop("minor") == "1.35"
    assert after == before
    assert '"1.36"' in changed.program_config()["paasport:cluster"]


def test_the_stack_itself_stays_as_it_is():
    stack = read("eks-prod")
    variants.variant(stack, {"kubernetes.minor": "1.36", "ingress": None, "audit.retentionDays": 90})
    assert stack.config["paasport:cluster"]["kubernetes"]["minor"] == "1.35"
    assert "audit" not in stack.config["paasport:cluster"]


def test_what_no_stack_file_may_say_is_not_rehearsed():
    with pytest.raises(errors.StackFileError):
        variants.variant(read("eks-prod"), {"kubernetes.minor": "9.99"})


@pytest.mark.parametrize("stack", CLOUD)
def test_every_stack_of_a_cloud_has_a_minor_to_upgrade_to(stack):
    wanted = variants.wanted(read(stack))
    assert variants.upgrade(wanted) == variants.Upgrade(old="1.35", new="1.36")


def test_a_stack_on_the_newest_minor_begins_one_below():
    newest = variants.wanted(variants.variant(read("eks-prod"), {"kubernetes.minor": "1.36"}))
    assert variants.upgrade(newest) == variants.Upgrade(old="1.35", new="1.36")


@pytest.mark.parametrize("stack", CLOUD)
def test_protection_is_taken_off_as_a_user_would(stack):
    unprotected = variants.unprotected(read(stack))
    if stack.endswith("-dev"):
        assert unprotected is None
    else:
        assert variants.wanted(unprotected).protection == "off"


def test_clusters_without_a_vendor_have_no_protection_and_no_upgrade():
    assert variants.wanted(read("local-dev")) is None
    assert variants.unprotected(read("local-prod")) is None


def test_services_that_are_protected_are_let_go_of_one_by_one():
    before = read("existing-prod")
    after = variants.unprotected(before)
    assert {service.protection for service in before.settings.services.values() if service.service == "rabbitmq"} == {
        None
    }
    assert {service.protection for service in after.settings.services.values() if service.service == "rabbitmq"} == {
        "off"
    }
    assert after.settings.cluster == before.settings.cluster


def test_a_local_stack_is_rehearsed_on_the_rehearsals_control_plane():
    stack = variants.handed_out(read("local-dev"), control_plane="local-dev-rehearsal", kubeconfig="/k")
    assert stack.settings.cluster.name == "local-dev-rehearsal"


def test_an_existing_cluster_is_the_control_plane_whatever_its_context_was():
    stack = variants.handed_out(read("existing-prod"), control_plane="c", kubeconfig="/k")
    assert (stack.settings.cluster.kubeconfig.path, stack.settings.cluster.kubeconfig.context) == ("/k", "")


def test_a_vendors_cluster_is_left_as_its_settings_say():
    stack = read("gke-prod")
    assert variants.handed_out(stack, control_plane="c", kubeconfig="/k") is stack


@pytest.mark.parametrize("stack", ["local-dev", "existing-prod", "eks-prod"])
def test_a_rehearsal_s_cluster_has_nothing_of_others_so_the_stack_brings_all(stack):
    plain = read(stack)
    assert variants.alone(plain) is plain
    if stack == "eks-prod":
        return
    guest = variants.variant(plain, {"has": {"operators": ["cert-manager", "prometheus-operator"]}})
    assert guest.settings.cluster.has.operators == ("cert-manager", "prometheus-operator")
    assert variants.alone(guest).settings == plain.settings

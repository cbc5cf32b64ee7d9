"""A GKE cluster: what it is made of, in which order, how it is reached, and what every choice of its settings does."""

from __future__ import annotations

import json

import pytest

from stacks import managed

from . import gke_program as gke


@pytest.fixture(scope="module")
def plain():
    return gke.deploy()


@pytest.fixture(scope="module")
def safe():
    return gke.deploy(**gke.SAFE)


def test_every_resource_is_below_the_cluster_and_goes_through_its_own_provider(safe):
    component = safe.only("paasport:clusters:Gke")
    google = safe.only(gke.GOOGLE)
    assert google.inputs == {
        "project": "acme-test",
        "region": "europe-west3",
        "defaultLabels": '{"cost-center": "1234"}',
        "addPulumiAttributionLabel": "false",
    }
    own = [item for item in safe.registrations if item.type.startswith("gcp:")]
    assert len(own) == 33
    assert {item.parent for item in own} == {component.urn}
    assert {item.provider for item in own} == {f"{google.urn}::test-gcp-id"}


def test_its_settings_are_those_of_a_hardened_cluster(plain):
    cluster = plain.cluster
    assert cluster["location"] == "europe-west3"
    assert cluster["nodeLocations"] == ["europe-west3-a", "europe-west3-b"]
    assert cluster["networkingMode"] == "VPC_NATIVE"
    assert cluster["datapathProvider"] == "ADVANCED_DATAPATH"
    assert "networkPolicy" not in cluster
    assert cluster["privateClusterConfig"]["enablePrivateNodes"] is True
    assert cluster["workloadIdentityConfig"] == {"workloadPool": "acme-test.svc.id.goog"}
    assert cluster["enableShieldedNodes"] is True
    assert cluster["enableLegacyAbac"] is False
    assert cluster["enableKubernetesAlpha"] is False
    assert cluster["masterAuth"] == {"clientCertificateConfig": {"issueClientCertificate": False}}
    assert cluster["anonymousAuthenticationConfig"] == {"mode": "LIMITED"}
    assert cluster["serviceExternalIpsConfig"] == {"enabled": False}
    assert cluster["rbacBindingConfig"] == {
        "enableInsecureBindingSystemAuthenticated": False,
        "enableInsecureBindingSystemUnauthenticated": False,
    }
    assert cluster["resourceLabels"] == {"cost-center": "1234"}
    assert cluster["costManagementConfig"] == {"enabled": True}
    assert cluster["gatewayApiConfig"] == {"channel": "CHANNEL_DISABLED"}


def test_the_network_is_the_clusters_own_with_named_ranges_for_pods_and_services(plain):
    nodes = plain.only(gke.SUBNETWORK)
    assert nodes.inputs["ipCidrRange"] == "10.20.0.0/20"
    assert nodes.inputs["privateIpGoogleAccess"] is True
    assert nodes.inputs["secondaryIpRanges"] == [
        {"rangeName": "pods", "ipCidrRange": "10.244.0.0/16"},
        {"rangeName": "services", "ipCidrRange": "172.20.0.0/16"},
    ]
    assert plain.only(gke.NETWORK).inputs["autoCreateSubnetworks"] is False
    assert plain.cluster["ipAllocationPolicy"] == {
        "clusterSecondaryRangeName": "pods",
        "servicesSecondaryRangeName": "services",
        "stackType": "IPV4",
    }


def test_cloud_nat_gives_a_node_as_many_ports_as_it_uses(plain):
    nat = plain.only(gke.NAT).inputs
    assert nat["enableDynamicPortAllocation"] is True
    assert nat["enableEndpointIndependentMapping"] is False
    assert nat["sourceSubnetworkIpRangesToNat"] == "LIST_OF_SUBNETWORKS"
    assert nat["subnetworks"] == [
        {
            "name": "projects/acme-test/Subnetwork/test-nodes-1a2b3c4",
            "sourceIpRangesToNats": ["ALL_IP_RANGES"],
        }
    ]
    assert nat["router"] == "test-router-1a2b3c4"


def test_cloud_nat_is_regional_so_one_gateway_or_one_a_zone_is_the_same():
    single, per_zone = (gke.deploy(network={"egress": egress}) for egress in ("single", "per-zone"))
    assert single.only(gke.NAT).inputs == per_zone.only(gke.NAT).inputs


def test_a_network_that_exists_is_used_and_nothing_is_made_in_it():
    existing = managed.GkeNetwork(network="shared", subnetwork="nodes", pods_range="p", services_range="s")
    found = gke.deploy(
        network={"cidr": ""}, access={"api": "private"}, options=gke.options(network=existing), protection="guarded"
    )
    for type_ in (gke.NETWORK, gke.SUBNETWORK, gke.ROUTER, gke.NAT, gke.FIREWALL):
        assert found.of(type_) == []
    assert found.cluster["network"] == "shared"
    assert found.cluster["subnetwork"] == "nodes"
    assert found.cluster["ipAllocationPolicy"]["clusterSecondaryRangeName"] == "p"
    assert found.cluster["ipAllocationPolicy"]["servicesSecondaryRangeName"] == "s"


def test_apis_are_enabled_first_and_stay_enabled_for_others_in_the_project(safe):
    apis = safe.of(gke.API)
    assert {item.inputs["service"] for item in apis} == {
        "binaryauthorization.googleapis.com",
        "cloudkms.googleapis.com",
        "cloudresourcemanager.googleapis.com",
        "compute.googleapis.com",
        "container.googleapis.com",
        "iam.googleapis.com",
        "logging.googleapis.com",
        "monitoring.googleapis.com",
        "storage.googleapis.com",
    }
    assert {item.inputs["disableOnDestroy"] for item in apis} == {False}
    for later in (gke.NETWORK, gke.ACCOUNT, gke.RING, gke.LOG_BUCKET, gke.BUCKET, gke.CLUSTER):
        assert {api.urn for api in apis} <= safe.only(later).dependencies, later


def test_only_apis_that_are_used_are_enabled(plain):
    assert {item.inputs["service"].partition(".")[0] for item in plain.of(gke.API)} == {
        "cloudresourcemanager",
        "compute",
        "container",
        "iam",
        "logging",
        "monitoring",
    }


def test_a_cluster_waits_for_its_way_out_its_nodes_roles_its_key_and_its_logs(safe):
    cluster = safe.only(gke.CLUSTER)
    earlier = [safe.only(type_) for type_ in (gke.NAT, gke.SINK, gke.ACCOUNT_MEMBER)]
    earlier += [*safe.of(gke.KEY_MEMBER), *(item for item in safe.of(gke.MEMBER) if "-nodes-" in item.name)]
    assert len(earlier) == 8
    assert {item.urn for item in earlier} <= cluster.dependencies


def test_flow_logs_are_on_the_subnetwork(safe, plain):
    assert safe.only(gke.SUBNETWORK).inputs["logConfig"] == {
        "aggregationInterval": "INTERVAL_10_MIN",
        "flowSampling": 0.5,
        "metadata": "INCLUDE_ALL_METADATA",
    }
    assert "logConfig" not in plain.only(gke.SUBNETWORK).inputs


# Access


def test_identity_is_the_dns_endpoint_alone(plain):
    assert plain.cluster["controlPlaneEndpointsConfig"] == {
        "dnsEndpointConfig": {
            "allowExternalTraffic": True,
            "enableK8sTokensViaDns": False,
            "enableK8sCertsViaDns": False,
        },
        "ipEndpointsConfig": {"enabled": False},
    }
    assert plain.cluster["privateClusterConfig"] == {"enablePrivateNodes": True}
    assert plain.facts.login == (
        "gcloud container clusters get-credentials test --location europe-west3 --project acme-test --dns-endpoint"
    )
    assert plain.facts.kubectl == "kubectl --context gke_acme-test_europe-west3_test"


def test_an_allowlist_is_a_public_address_for_these_networks_only():
    found = gke.deploy(access={"api": "allowlist", "cidrs": ("203.0.113.0/24", "198.51.100.0/24")})
    assert found.cluster["privateClusterConfig"] == {
        "enablePrivateNodes": True,
        "enablePrivateEndpoint": False,
        "masterGlobalAccessConfig": {"enabled": False},
    }
    assert found.cluster["masterAuthorizedNetworksConfig"] == {
        "cidrBlocks": [
            {"cidrBlock": "203.0.113.0/24", "displayName": "test-0"},
            {"cidrBlock": "198.51.100.0/24", "displayName": "test-1"},
        ],
        "gcpPublicCidrsAccessEnabled": False,
        "privateEndpointEnforcementEnabled": True,
    }
    assert found.cluster["controlPlaneEndpointsConfig"]["ipEndpointsConfig"] == {"enabled": True}
    assert found.cluster["controlPlaneEndpointsConfig"]["dnsEndpointConfig"]["allowExternalTraffic"] is False
    assert found.of(gke.FIREWALL) == []
    assert found.facts.login.endswith("--project acme-test")


def test_a_private_api_has_a_private_address_only(safe):
    assert safe.cluster["privateClusterConfig"] == {
        "enablePrivateNodes": True,
        "enablePrivateEndpoint": True,
        "masterGlobalAccessConfig": {"enabled": True},
    }
    assert safe.cluster["controlPlaneEndpointsConfig"]["dnsEndpointConfig"]["allowExternalTraffic"] is False
    assert safe.facts.login.endswith("--project acme-test --internal-ip")


def test_a_private_control_plane_reaches_webhooks_and_nothing_depends_on_network_tags(safe):
    rule = safe.only(gke.FIREWALL)
    assert rule.inputs["sourceRanges"] == ["10.20.0.2/32"]
    assert rule.inputs["targetServiceAccounts"] == [safe.only(gke.CLUSTER).inputs["nodeConfig"]["serviceAccount"]]
    assert rule.inputs["allows"] == [{"protocol": "tcp", "ports": ["8443", "9443", "15017"]}]
    assert rule.urn in safe.only(gke.KUBERNETES).dependencies


def test_roles_are_members_that_take_nothing_from_others_and_nobody_gets_one_twice():
    access = {"admins": (gke.ADMIN, gke.DEPLOYER), "viewers": (gke.VIEWER, gke.ADMIN)}
    found = gke.deploy(access=access)
    grants = {item.name: item.inputs for item in found.of(gke.MEMBER) if "-nodes-" not in item.name}
    assert grants == {
        "test-deployer": {"project": "acme-test", "role": "roles/container.admin", "member": gke.DEPLOYER},
        f"test-admin-{gke.ADMIN}": {"project": "acme-test", "role": "roles/container.admin", "member": gke.ADMIN},
        f"test-viewer-{gke.VIEWER}": {"project": "acme-test", "role": "roles/container.viewer", "member": gke.VIEWER},
    }
    assert not [item for item in found.registrations if item.type.endswith(("IAMBinding", "IAMPolicy"))]


def test_the_deployer_is_let_in_before_anything_is_put_on_the_cluster(safe):
    provider = safe.only(gke.KUBERNETES)
    for grant in ("deployer", f"admin-{gke.ADMIN}", f"viewer-{gke.VIEWER}"):
        assert safe.named(gke.MEMBER, grant).urn in provider.dependencies


def test_roles_for_google_groups_are_asked_for_by_name(safe, plain):
    assert safe.cluster["authenticatorGroupsConfig"] == {"securityGroup": gke.GROUP}
    assert "authenticatorGroupsConfig" not in plain.cluster


@pytest.mark.parametrize("api", ["identity", "private", "allowlist"])
def test_a_kubeconfig_has_a_plugin_and_no_secret(api):
    cidrs = ("203.0.113.0/24",) if api == "allowlist" else ()
    found = gke.deploy(access={"api": api, "cidrs": cidrs})
    assert found.is_secret is False
    assert gke.PRIVATE_KEY_OF_A_CLIENT not in found.kubeconfig
    content = json.loads(found.kubeconfig)
    (user,) = content["users"]
    assert user["user"].keys() == {"exec"}
    assert user["user"]["exec"]["command"] == "gke-gcloud-auth-plugin"
    assert user["user"]["exec"]["provideClusterInfo"] is True


@pytest.mark.parametrize(("api", "server"), [("private", "https://10.20.0.2"), ("allowlist", "https://203.0.113.7")])
def test_an_address_comes_with_the_clusters_own_authority(api, server):
    found = gke.deploy(access={"api": api, "cidrs": ("203.0.113.0/24",)})
    (cluster,) = json.loads(found.kubeconfig)["clusters"]
    assert cluster["cluster"] == {"server": server, "certificate-authority-data": gke.AUTHORITY}


def test_the_provider_of_what_is_on_the_cluster_is_known_by_inputs_and_replaced_with_the_cluster(plain):
    provider = plain.only(gke.KUBERNETES)
    assert provider.inputs["clusterIdentifier"] == "gke:acme-test/europe-west3/test"
    assert provider.replaced_with == {plain.only(gke.CLUSTER).urn}


def test_facts_tell_version_and_place(plain):
    assert plain.version == "1.35.2-gke.1269000"
    assert (plain.facts.vendor, plain.facts.name, plain.facts.location) == ("gke", "test", "europe-west3")


# Security


def test_nodes_have_an_account_of_their_own_with_two_roles(plain):
    account = plain.only(gke.ACCOUNT).inputs["accountId"]
    assert account.startswith("test-nodes-")
    nodes = {item.inputs["role"]: item.inputs["member"] for item in plain.of(gke.MEMBER) if "-nodes-" in item.name}
    member = f"serviceAccount:{account}@acme-test.iam.gserviceaccount.com"
    assert nodes == {
        "roles/container.defaultNodeServiceAccount": member,
        "roles/artifactregistry.reader": member,
    }
    usable = plain.only(gke.ACCOUNT_MEMBER).inputs
    assert (usable["role"], usable["member"]) == ("roles/iam.serviceAccountUser", gke.DEPLOYER)


def test_a_key_of_ones_own_encrypts_secrets_disks_volumes_and_backups(safe):
    key = "projects/acme-test/CryptoKey/test-key-1a2b3c4"
    assert safe.cluster["databaseEncryption"] == {"state": "ENCRYPTED", "keyName": key}
    assert [item.inputs["nodeConfig"]["bootDiskKmsKey"] for item in safe.of(gke.POOL)] == [key, key]
    assert safe.only(gke.BUCKET).inputs["encryption"] == {"defaultKmsKeyName": key}
    classes = safe.named(gke.GROUP_OF_OBJECTS, "storage").inputs["objs"]
    assert [item["parameters"]["disk-encryption-kms-key"] for item in classes] == [key] * 3
    assert safe.only(gke.KEY).inputs["rotationPeriod"] == "7776000s"


def test_googles_services_may_use_the_key_before_they_are_asked_to(safe):
    users = {item.inputs["member"]: item for item in safe.of(gke.KEY_MEMBER)}
    assert users.keys() == {
        "serviceAccount:service-100000000009@container-engine-robot.iam.gserviceaccount.com",
        "serviceAccount:service-100000000009@compute-system.iam.gserviceaccount.com",
        "serviceAccount:service-100000000009@gs-project-accounts.iam.gserviceaccount.com",
    }
    assert {item.inputs["role"] for item in users.values()} == {"roles/cloudkms.cryptoKeyEncrypterDecrypter"}
    for later in (gke.CLUSTER, gke.BUCKET):
        assert {item.urn for item in users.values()} <= safe.only(later).dependencies


def test_cloud_storage_gets_no_key_where_there_are_no_backups():
    found = gke.deploy(encryption="customer-key")
    assert {item.name for item in found.of(gke.KEY_MEMBER)} == {"test-key-gke", "test-key-compute"}


def test_googles_own_key_needs_none_of_this(plain):
    assert plain.of(gke.RING) == plain.of(gke.KEY) == plain.of(gke.KEY_MEMBER) == []
    assert plain.cluster["databaseEncryption"] == {"state": "DECRYPTED"}


def test_the_name_of_a_key_ring_is_left_to_pulumi_because_it_can_never_be_used_again(safe):
    assert safe.only(gke.RING).inputs == {"project": "acme-test", "location": "europe-west3"}


def test_the_projects_policy_on_images_applies_where_it_is_wanted(safe, plain):
    assert safe.cluster["binaryAuthorization"] == {"evaluationMode": "PROJECT_SINGLETON_POLICY_ENFORCE"}
    assert plain.cluster["binaryAuthorization"] == {"evaluationMode": "DISABLED"}

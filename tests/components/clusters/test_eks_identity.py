"""Permissions of pods, and the bucket that they write backups to."""

from __future__ import annotations

import json

import hypothesis
import pulumi
import pytest
from hypothesis import strategies

from components import contracts
from components.clusters.eks import backups, encryption, identity, logs, places

from . import eks_stacks

PLACE = places.Place(partition="aws", account="444455556666", region="eu-central-1", cluster="shop")
WORDS = strategies.from_regex(r"[a-z]([-a-z0-9]{0,60}[a-z0-9])?", fullmatch=True)


def grants(*pairs):
    return [contracts.Grant(access=access, bucket=bucket) for access, bucket in pairs]


@pytest.fixture
def bound(run, project):
    """Deploy the cluster and bind orders/database with these grants."""

    def bind(*pairs, **changes):
        kept = []
        deployed = eks_stacks.deploy(
            run,
            eks_stacks.wanted(**changes),
            then=lambda facts: kept.append(facts.identity.bind("orders", "database", grants=grants(*pairs))),
        )
        return deployed, kept[0]

    return bind


def test_an_account_gets_a_role_of_its_own_and_is_bound_to_it(bound):
    deployed, binding = bound(("write", "backups"))
    assert deployed.one("eks/podIdentityAssociation:PodIdentityAssociation", "orders-database").inputs == {
        "clusterName": "shop",
        "namespace": "orders",
        "serviceAccount": "database",
        "roleArn": f"arn:aws:iam::444455556666:role/{identity.role_name(PLACE, 'orders', 'database')}",
    }
    assert binding.service_account_annotations == {}
    assert binding.pod_labels == {}
    assert len(binding.depends_on) == 1


def test_pods_wait_for_the_permissions_and_for_the_agent_that_hands_them_over(bound):
    deployed, _ = bound(("read", "backups"))
    association = deployed.one("eks/podIdentityAssociation:PodIdentityAssociation", "orders-database")
    assert deployed.waits_for(association, deployed.one("iam/rolePolicy:RolePolicy", "orders-database"))
    assert deployed.waits_for(association, deployed.one("eks/addon:Addon", "eks-pod-identity-agent"))


def test_only_pods_of_this_account_in_this_cluster_may_take_the_role_on(bound):
    deployed, _ = bound(("read", "backups"))
    (statement,) = json.loads(deployed.one("iam/role:Role", "orders-database").inputs["assumeRolePolicy"])["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {
            "StringEquals": {
                "aws:RequestTag/eks-cluster-arn": "arn:aws:eks:eu-central-1:444455556666:cluster/shop",
                "aws:RequestTag/kubernetes-namespace": "orders",
                "aws:RequestTag/kubernetes-service-account": "database",
            }
        },
    }


def test_writing_reaches_the_granted_bucket_and_the_key_and_nothing_else(bound):
    deployed, _ = bound(("write", "backups"))
    found = json.loads(deployed.one("iam/rolePolicy:RolePolicy", "orders-database").inputs["policy"])["Statement"]
    assert [statement["Resource"] for statement in found] == [
        "arn:aws:s3:::backups",
        "arn:aws:s3:::backups/*",
        "arn:aws:kms:eu-central-1:444455556666:key/11112222",
    ]
    assert "s3:PutObject" in found[1]["Action"]
    assert found[2]["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert found[2]["Condition"] == {"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}}


def test_reading_is_only_reading():
    found = json.loads(identity.policy(PLACE, [("backups", "read")], key="key"))["Statement"]
    actions = {action for statement in found for action in statement["Action"]}
    assert actions == {
        "s3:GetBucketLocation",
        "s3:ListBucket",
        "s3:ListBucketMultipartUploads",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "kms:Decrypt",
    }


def test_without_a_key_of_the_customer_s_no_key_is_granted():
    found = json.loads(identity.policy(PLACE, [("backups", "write")], key=None))["Statement"]
    assert len(found) == 2
    assert "kms" not in json.dumps(found)


def test_the_stack_s_own_bucket_can_be_granted_before_it_has_a_name(run, project):
    def bind(facts):
        assert isinstance(facts.backups.bucket, pulumi.Output)
        facts.identity.bind("orders", "database", grants=grants(("write", facts.backups.bucket)))

    deployed = eks_stacks.deploy(run, then=bind)
    policy = deployed.one("iam/rolePolicy:RolePolicy", "orders-database").inputs["policy"]
    assert '"arn:aws:s3:::shop-backups-0a1b2c3/*"' in policy


def test_nothing_is_made_for_an_account_without_grants(bound):
    deployed, binding = bound()
    assert deployed.names("eks/podIdentityAssociation:PodIdentityAssociation") == ["autoscaler"]
    assert binding == contracts.Binding()


def test_auto_mode_binds_without_an_agent_of_ours(bound):
    deployed, binding = bound(("read", "backups"), compute="auto", pools=None)
    assert len(deployed.all("eks/podIdentityAssociation:PodIdentityAssociation")) == 1
    assert len(binding.depends_on) == 1


@hypothesis.given(WORDS, WORDS)
def test_a_role_s_name_fits_and_belongs_to_one_account(namespace, service_account):
    name = identity.role_name(PLACE, namespace, service_account)
    assert len(name) <= 64
    assert name != identity.role_name(PLACE, namespace, f"{service_account}-2")
    assert name.startswith("shop-eu-central-1-")


# Backups


def test_the_bucket_s_url_is_the_form_that_tools_take(run, project):
    urls = []
    eks_stacks.deploy(run, then=lambda facts: facts.backups.url.apply(urls.append))
    assert urls == ["s3://shop-backups-0a1b2c3"]


def test_no_bucket_is_made_where_none_is_asked_for(run, project):
    deployed = eks_stacks.deploy(run, eks_stacks.wanted(backups=None))
    assert [item.type for item in deployed.registrations if item.type.startswith("aws:s3/")] == []
    assert deployed.facts.backups is None


def test_the_bucket_is_closed_versioned_and_encrypted_with_the_key(run, project):
    deployed = eks_stacks.deploy(run)
    name = {"bucket": "shop-backups-0a1b2c3"}
    assert deployed.one("s3/bucketPublicAccessBlock:BucketPublicAccessBlock").inputs == {
        **name,
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }
    assert deployed.one("s3/bucketVersioning:BucketVersioning").inputs == {
        **name,
        "versioningConfiguration": {"status": "Enabled"},
    }
    encrypted = deployed.one("s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")
    assert encrypted.inputs["rules"] == [
        {
            "applyServerSideEncryptionByDefault": {
                "sseAlgorithm": "aws:kms",
                "kmsMasterKeyId": "arn:aws:kms:eu-central-1:444455556666:key/11112222",
            },
            "bucketKeyEnabled": True,
        }
    ]
    assert deployed.one("s3/bucketOwnershipControls:BucketOwnershipControls").inputs == {
        **name,
        "rule": {"objectOwnership": "BucketOwnerEnforced"},
    }


def test_backups_go_after_their_days_and_not_before(run, project):
    deployed = eks_stacks.deploy(run)
    first, second = deployed.one("s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").inputs["rules"]
    assert first["expiration"] == {"days": 35}
    assert first["noncurrentVersionExpiration"] == {"noncurrentDays": 7}
    assert first["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}
    assert second["expiration"] == {"expiredObjectDeleteMarker": True}
    locked = deployed.one("s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration").inputs
    assert locked["rule"] == {"defaultRetention": {"mode": "GOVERNANCE", "days": 35}}


def test_a_short_retention_is_not_outlived_by_deleted_versions():
    assert backups.lifecycle(3)[0]["noncurrentVersionExpiration"] == {"noncurrentDays": 3}


def test_the_bucket_is_reached_by_tls_alone():
    (statement,) = json.loads(backups.only_by_tls("arn:aws:s3:::b"))["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Resource"] == ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


# The key and the logs


def test_the_key_can_be_used_by_the_account_by_ec2_and_eks_and_for_the_cluster_s_logs_only():
    account, through, written = json.loads(encryption.policy(PLACE))["Statement"]
    assert account["Principal"] == {"AWS": "arn:aws:iam::444455556666:root"}
    assert through["Condition"]["StringEquals"] == {
        "kms:CallerAccount": "444455556666",
        "kms:ViaService": ["ec2.eu-central-1.amazonaws.com", "eks.eu-central-1.amazonaws.com"],
    }
    assert "kms:CreateGrant" in through["Action"]
    assert "kms:*" not in through["Action"]
    assert written["Principal"] == {"Service": "logs.eu-central-1.amazonaws.com"}
    assert written["Condition"]["ArnEquals"]["kms:EncryptionContext:aws:logs:arn"] == [
        "arn:aws:logs:eu-central-1:444455556666:log-group:/aws/eks/shop/cluster",
        "arn:aws:logs:eu-central-1:444455556666:log-group:/aws/vpc/shop/flow-logs",
    ]


def test_the_key_is_rotated_and_can_be_called_back_for_a_month():
    found = encryption.properties(PLACE)
    assert found["enableKeyRotation"] is True
    assert found["deletionWindowInDays"] == 30


@pytest.mark.parametrize(("asked", "kept"), [(1, 1), (30, 30), (31, 60), (365, 365), (366, 400), (3653, 3653)])
def test_logs_are_kept_for_days_that_cloudwatch_knows_and_no_shorter(asked, kept):
    assert logs.retention(asked) == kept


@pytest.mark.parametrize(
    ("partition", "arn"),
    [
        ("aws", "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"),
        ("aws-us-gov", "arn:aws-us-gov:iam::aws:policy/AmazonEKSClusterPolicy"),
        ("aws-cn", "arn:aws-cn:iam::aws:policy/AmazonEKSClusterPolicy"),
    ],
)
def test_another_partition_is_in_every_arn(partition, arn):
    place = places.Place(partition=partition, account="444455556666", region="r-1", cluster="shop")
    assert place.policy_arn("AmazonEKSClusterPolicy") == arn
    for found in (place.cluster_arn, place.root, place.key_alias_arn, place.role_arn("x"), place.log_group_arn("g")):
        assert found.startswith(f"arn:{partition}:")

"""Where a cluster is in AWS, and the names that follow from it. Pure, of inputs only: known before anything exists."""

from __future__ import annotations

import dataclasses

from stacks import managed, resolution


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """A cluster's partition, account and region, and the ARNs that are made of them."""

    partition: str
    account: str
    region: str
    cluster: str

    @property
    def scope(self) -> str:
        """Where the cluster's name is unique."""
        return f"{self.account}/{self.region}"

    @property
    def cluster_arn(self) -> str:
        """The cluster."""
        return f"arn:{self.partition}:eks:{self.region}:{self.account}:cluster/{self.cluster}"

    @property
    def root(self) -> str:
        """The account as a principal, by which its IAM policies decide."""
        return f"arn:{self.partition}:iam::{self.account}:root"

    @property
    def key_alias(self) -> str:
        """Name of the key's alias."""
        return f"alias/eks/{self.cluster}"

    @property
    def key_alias_arn(self) -> str:
        """The alias; EC2 takes it wherever it takes a key, and unlike a key's ARN it is known in a preview."""
        return f"arn:{self.partition}:kms:{self.region}:{self.account}:{self.key_alias}"

    @property
    def control_plane_logs(self) -> str:
        """Name of the log group that EKS writes to; it takes no other."""
        return f"/aws/eks/{self.cluster}/cluster"

    @property
    def flow_logs(self) -> str:
        """Name of the log group for the network's connections."""
        return f"/aws/vpc/{self.cluster}/flow-logs"

    def role_name(self, part: str) -> str:
        """Name of an IAM role: with the region in it, because IAM has none, and fixed, because policies name roles."""
        return f"{self.cluster}-{self.region}-{part}"

    def role_arn(self, part: str) -> str:
        """ARN of the role of that name."""
        return f"arn:{self.partition}:iam::{self.account}:role/{self.role_name(part)}"

    def policy_arn(self, name: str) -> str:
        """ARN of an IAM policy of Amazon's; `name` has its path, such as `service-role/`, in it."""
        return f"arn:{self.partition}:iam::aws:policy/{name}"

    def access_policy_arn(self, name: str) -> str:
        """ARN of one of the policies that EKS has for access to the Kubernetes API."""
        return f"arn:{self.partition}:eks::aws:cluster-access-policy/{name}"

    def log_group_arn(self, name: str) -> str:
        """ARN of a log group."""
        return f"arn:{self.partition}:logs:{self.region}:{self.account}:log-group:{name}"

    def endpoint(self, service: str) -> str:
        """Regional host name of an AWS service, which is also what `kms:ViaService` says."""
        suffix = "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"
        return f"{service}.{self.region}.{suffix}"

    def short(self, zone: str) -> str:
        """The letter of a zone: `a` of `eu-central-1a`."""
        return zone.removeprefix(self.region)


def of(wanted: resolution.Managed[managed.EksOptions]) -> Place:
    """The place that the settings name."""
    return Place(
        partition=wanted.options.partition,
        account=wanted.options.account,
        region=wanted.region,
        cluster=wanted.name,
    )

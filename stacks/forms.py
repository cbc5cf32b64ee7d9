"""The forms that texts in a stack file must have: a pattern for machines and the words that explain it.

Grammar only. Which field has which form is in `settings.py`; what a quantity is worth in `quantities.py`.
"""

from __future__ import annotations

from typing import Final

from stacks import quantities

DNS_LABEL: Final = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
SERVICE_NAME: Final = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
DURATION: Final = r"^([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"
PROVISIONER: Final = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"
STACK: Final = r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)?$"
_CRON_FIELDS: Final = (
    "[0-5]?[0-9]",
    "([01]?[0-9]|2[0-3])",
    "(0?[1-9]|[12][0-9]|3[01])",
    "(0?[1-9]|1[0-2]|[A-Za-z]{3})",
    "([0-7]|[A-Za-z]{3})",
)
CRON: Final = (
    "^" + " ".join(rf"(\*|{one}(-{one})?)(/[0-9]+)?(,(\*|{one}(-{one})?)(/[0-9]+)?)*" for one in _CRON_FIELDS) + "$"
)
"""An hour of 99 would be found by the API server alone, when the rest of the stack is there already."""
MOMENT: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"
VERSION: Final = r"^[0-9]+\.[0-9]+\.[0-9]+$"
DATABASE: Final = r"^[a-z][a-z0-9_]*$"
MAJOR_AND_PATCH: Final = r"^[1-9][0-9]*\.[0-9]+$"

SETTING: Final = r"^[a-z][A-Za-z0-9]*$"
API_VERSION: Final = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?/v[a-z0-9]+$"
KIND: Final = r"^[A-Z][A-Za-z0-9]*$"
READY: Final = r"^(condition=[A-Za-z][A-Za-z0-9.-]*(=[A-Za-z]+)?|jsonpath=\{[.\[][^{}]*\}(=.+)?)$"
FIELD: Final = r"^\.spec(\.[A-Za-z][A-Za-z0-9-]*|\[[A-Za-z0-9*-]+\])+$"
STATUS_PATH: Final = r"^\.status(\.[A-Za-z][A-Za-z0-9]*)+$"
SCHEME: Final = r"^[a-z][a-z0-9+.-]*$"
PATH: Final = r"^/[A-Za-z0-9._~/?=&%+-]*$"
IMAGE: Final = (
    r"^[a-z0-9][a-z0-9._/-]*(:[0-9]+/[a-z0-9._/-]+)?"
    r"(:[A-Za-z0-9._-]*[0-9][A-Za-z0-9._-]*(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})$"
)
SECURE_URL: Final = r"^https://[^/ ]+/[^ ]+$"
SHA256: Final = r"^[0-9a-f]{64}$"

CLUSTER_NAME: Final = SERVICE_NAME
POOL_NAME: Final = r"^[a-z][a-z0-9]*$"
DOMAIN: Final = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$"
REALM: Final = r"^[a-z][a-z0-9]{0,47}$"
MINOR: Final = r"^1\.[1-9][0-9]$"
CIDR: Final = r"^([0-9]{1,3}\.){3}[0-9]{1,3}/([0-9]|[12][0-9]|3[0-2])$"
TAG: Final = r"^[a-z0-9_-]+$"
DATE: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
TIME: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
LABEL_KEY: Final = r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"
LABEL_VALUE: Final = r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"
AWS_ACCOUNT: Final = r"^[0-9]{12}$"
VPC: Final = r"^vpc-([0-9a-f]{8}|[0-9a-f]{17})$"
SUBNET: Final = r"^subnet-([0-9a-f]{8}|[0-9a-f]{17})$"
GCP_PROJECT: Final = r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$"
GCP_NAME: Final = r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$"
_GCP_API: Final = r"(https://www\.googleapis\.com/compute/v1/)?projects/([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]"
_GCP_PART: Final = r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"
GCP_NETWORK: Final = rf"^({_GCP_API}/global/networks/)?{_GCP_PART}$"
GCP_SUBNETWORK: Final = rf"^({_GCP_API}/regions/[a-z]+-[a-z0-9-]+/subnetworks/)?{_GCP_PART}$"
DIGITS: Final = r"^[0-9]+$"
UUID: Final = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
ARM_ID: Final = r"^/subscriptions/[^/]+/resource[gG]roups/[^/]+/providers/[^/]+/.+$"

LONGEST_CLUSTER: Final = 31
"""GKE allows 40, AWS 32 for load balancers; Google's service accounts, named after the cluster, 30 with a suffix less
than what is hashed."""
LONGEST_POOL: Final = 8
"""AKS allows 12, of which a replaceable pool needs four for its hash."""

LONGEST_SERVICE_NAME: Final = 30
"""Names are derived from a service's: an operator appends words of its own and an ordinal
(`prometheus-metrics-shard-1-0`), and a pod's name is a label value too, which ends at 63 characters."""

LONGEST_CONTROL_PLANE_NAME: Final = 50
"""A local control plane's name becomes a folder and a host name, and other names are made of it."""

WORDS: Final = {
    DNS_LABEL: "a DNS label: lower-case letters, digits and hyphens, with a letter or digit at both ends",
    SERVICE_NAME: "a DNS label: lower-case letters, digits and hyphens, first a letter, last no hyphen",
    DURATION: "a duration with its units from large to small, such as 15d or 1d12h",
    PROVISIONER: "the name of a CSI driver, such as ebs.csi.aws.com",
    STACK: "a stack's name, or organization/project/stack",
    CRON: "five fields of cron, such as 0 2 * * *",
    MOMENT: "a moment in UTC, such as 2026-12-18T02:00:00Z",
    VERSION: "a version of three numbers, such as 3.5.0",
    MAJOR_AND_PATCH: 'a version of two numbers in quotes, such as "18.4"',
    DATABASE: "a name of lower-case letters, digits and underscores, first a letter",
    SETTING: "a name in camelCase: letters and digits, first one in lower case",
    API_VERSION: "an API's group and version, such as acme.example/v1",
    KIND: "a name in CamelCase: letters and digits, first one in upper case",
    STATUS_PATH: "a path in the status, such as .status.message",
    READY: "what is waited for: condition=TYPE, condition=TYPE=STATUS or jsonpath={PATH}=VALUE",
    FIELD: "a field of the resource, such as .spec.storage.size",
    SCHEME: "the first part of an address, such as https",
    PATH: "an absolute path, such as /healthz",
    IMAGE: "an image by exact version, such as registry.acme.example/shop:2.1.0",
    SECURE_URL: "an address that begins with https://",
    SHA256: "a sha256: 64 hexadecimal digits in lower case",
    POOL_NAME: "a name of lower-case letters and digits, first a letter",
    DOMAIN: "a domain, such as iot.example.com",
    REALM: "a realm's name: lower-case letters and digits, first a letter, at most 48",
    MINOR: 'a minor version of Kubernetes in quotes, such as "1.35"',
    CIDR: "an IPv4 network, such as 10.20.0.0/16",
    TAG: "lower-case letters, digits, hyphens and underscores, as Google's labels are",
    TIME: 'a time of day in UTC and in quotes, such as "02:00"',
    LABEL_KEY: "a label's key, such as team or example.com/team",
    LABEL_VALUE: "a label's value: letters, digits, hyphens, underscores and dots",
    AWS_ACCOUNT: "an AWS account id: twelve digits, in quotes",
    VPC: "the id of a VPC, such as vpc-0123456789abcdef0",
    SUBNET: "the id of a subnet, such as subnet-0123456789abcdef0",
    GCP_PROJECT: "a Google Cloud project's id, such as acme-prod",
    GCP_NAME: "a name of lower-case letters, digits and hyphens, first a letter, of at most 63 characters",
    GCP_NETWORK: "a network's name, or projects/PROJECT/global/networks/NAME",
    GCP_SUBNETWORK: "a subnetwork's name, or projects/PROJECT/regions/REGION/subnetworks/NAME",
    DIGITS: "a number, in quotes",
    UUID: "a UUID in lower case",
    ARM_ID: "a resource id of Azure, /subscriptions/…/resourceGroups/…/providers/…",
    quantities.PATTERN: "a Kubernetes quantity, such as 500m, 16 or 64Gi",
}
"""What a text of each form is, to be read after "must be"."""

EXAMPLES: Final = {
    DATABASE: "orders",
    DNS_LABEL: "shop",
    SERVICE_NAME: "shop",
    DURATION: "15d",
    PROVISIONER: "ebs.csi.aws.com",
    STACK: "eks-prod",
    CRON: "0 2 * * *",
    MOMENT: "2026-12-18T02:00:00Z",
    VERSION: "3.5.0",
    MAJOR_AND_PATCH: '"18.4"',
    SETTING: "currency",
    API_VERSION: "acme.example/v1",
    KIND: "Shop",
    READY: "condition=Ready",
    FIELD: ".spec.storage.size",
    STATUS_PATH: ".status.message",
    SCHEME: "https",
    PATH: "/healthz",
    IMAGE: "registry.acme.example/shop:2.1.0",
    SECURE_URL: "https://releases.acme.example/shop-operator/1.0.0/operator.yaml",
    SHA256: "0000000000000000000000000000000000000000000000000000000000000000",
    POOL_NAME: "general",
    DOMAIN: "iot.example.com",
    REALM: "test",
    MINOR: '"1.35"',
    CIDR: "10.20.0.0/16",
    TAG: "cost-center",
    TIME: '"02:00"',
    LABEL_KEY: "example.com/team",
    LABEL_VALUE: "shop",
    AWS_ACCOUNT: '"111122223333"',
    VPC: "vpc-0123456789abcdef0",
    SUBNET: "subnet-0123456789abcdef0",
    GCP_PROJECT: "acme-prod",
    GCP_NAME: "pods",
    GCP_NETWORK: "projects/acme-prod/global/networks/main",
    GCP_SUBNETWORK: "projects/acme-prod/regions/europe-west3/subnetworks/nodes",
    DIGITS: '"123456789012"',
    UUID: "00000000-0000-4000-8000-000000000001",
    ARM_ID: "/subscriptions/…/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/main",
    quantities.PATTERN: "500m` or `16Gi",
}
"""A text of each form, as a stack file has it."""

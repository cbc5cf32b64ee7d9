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
VERSION: Final = r"^[0-9]+\.[0-9]+\.[0-9]+$"

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
    VERSION: "a version of three numbers, such as 3.5.0",
    quantities.PATTERN: "a Kubernetes quantity, such as 500m, 16 or 64Gi",
}
"""What a text of each form is, to be read after "must be"."""

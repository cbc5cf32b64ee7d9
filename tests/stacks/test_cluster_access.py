import pytest

from . import samples


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        pytest.param(
            samples.having(
                samples.EKS, access={"api": "identity", "deployer": "arn:aws:iam::111122223333:role/deployer"}
            ),
            "`paasport:cluster.access.api` is `identity`, which only GKE has\n"
            "  the endpoints of EKS and AKS answer to everybody who reaches them\n"
            "  next: write `allowlist` with `cidrs`, or `private` with `wayIn`",
            id="an identity endpoint on EKS",
        ),
        pytest.param(
            samples.having(samples.GKE, tier="prod", access__cidrs=samples.GONE),
            "`paasport:cluster.access.wayIn` is missing, and the API is private by the tier `prod`\n"
            "  from outside of its network nobody could deploy to the cluster, nor destroy what is on it\n"
            "  next: write `wayIn: vpn`, `peering`, `bastion` or `runner`, or choose another `api`",
            id="private without a way in, by the tier",
        ),
        pytest.param(
            samples.having(samples.EKS, access__api="private", access__cidrs=samples.GONE),
            "`paasport:cluster.access.wayIn` is missing, and the API is private\n"
            "  from outside of its network nobody could deploy to the cluster, nor destroy what is on it\n"
            "  next: write `wayIn: vpn`, `peering`, `bastion` or `runner`, or choose another `api`",
            id="private without a way in",
        ),
        pytest.param(
            samples.having(samples.AKS, access__wayIn="vpn"),
            "`paasport:cluster.access.wayIn` has no effect: the API is `allowlist`\n"
            "  it says how a private API is reached\n"
            "  next: remove it, or write `api: private`",
            id="a way into what is not private",
        ),
        pytest.param(
            samples.having(samples.EKS, access__api="private", access__wayIn="vpn"),
            "`paasport:cluster.access.cidrs` has no effect: the API is `private`\n"
            "  a private API is reached from its network alone\n"
            "  next: remove it, or write `api: allowlist`",
            id="cidrs of a private API",
        ),
        pytest.param(
            samples.having(samples.EKS, access__cidrs=samples.GONE),
            "`paasport:cluster.access.cidrs` is missing, and the API is open to an allowlist by the tier `staging`\n"
            "  without one the vendor would open it to the whole internet, or to nobody\n"
            "  next: name the networks that deployers and developers come from, such as `cidrs: [203.0.113.0/24]`",
            id="an allowlist of nobody",
        ),
        pytest.param(
            samples.having(samples.EKS, access__cidrs=["0.0.0.0/0"]),
            "`paasport:cluster.access.cidrs[0]` (`0.0.0.0/0`) is the whole internet or a large part of it\n"
            "  everybody could try the API server's door\n"
            "  next: name the networks that deployers and developers come from",
            id="an allowlist of everybody",
        ),
        pytest.param(
            samples.having(samples.AKS, access__cidrs=["128.0.0.0/1"]),
            "`paasport:cluster.access.cidrs[0]` (`128.0.0.0/1`) is the whole internet or a large part of it\n"
            "  everybody could try the API server's door\n"
            "  next: name the networks that deployers and developers come from",
            id="an allowlist of half the internet",
        ),
        pytest.param(
            samples.having(samples.GKE, access__cidrs=["192.168.1.0/24"]),
            "`paasport:cluster.access.cidrs[0]` (`192.168.1.0/24`) is private, and the API is reached from the internet\n"
            "  such an address never arrives there; vendors refuse it\n"
            "  next: write the public addresses that this network leaves by, or `api: private`",
            id="an allowlist of private addresses",
        ),
        pytest.param(
            samples.having(samples.EKS, access__cidrs=[f"203.0.{n}.0/24" for n in range(41)]),
            "`paasport:cluster.access.cidrs` has 41 networks, and eks takes 40\n"
            "  it refuses a longer list\n"
            "  next: put neighbours together into larger networks",
            id="an allowlist that is too long",
        ),
        pytest.param(
            samples.having(samples.EKS, access__deployer="arn:aws:iam::111122223333:user/ci"),
            "`paasport:cluster.access.deployer` (`arn:aws:iam::111122223333:user/ci`) is no ARN of an IAM role\n"
            "  the role would be refused, or be nobody's\n"
            "  next: write `arn:aws:iam::111122223333:role/NAME`: users and the account's root have keys that last",
            id="a user of IAM",
        ),
        pytest.param(
            samples.having(samples.EKS, access__deployer="arn:aws:sts::111122223333:assumed-role/deployer/laptop"),
            "`paasport:cluster.access.deployer` (`arn:aws:sts::111122223333:assumed-role/deployer/laptop`) is a session of a role, not the role\n"
            "  the role would be refused, or be nobody's\n"
            "  next: write `arn:aws:iam::111122223333:role/deployer`",
            id="a session of a role",
        ),
        pytest.param(
            samples.having(samples.EKS, access__admins=["arn:aws:iam::444455556666:role/oncall"]),
            "`paasport:cluster.access.admins[0]` (`arn:aws:iam::444455556666:role/oncall`) is a role of another account than the cluster's\n"
            "  the role would be refused, or be nobody's\n"
            "  next: write a role of the cluster's account: `arn:aws:iam::111122223333:role/NAME`",
            id="a role of another account",
        ),
        pytest.param(
            samples.having(samples.EKS, access__viewers=["arn:aws-cn:iam::111122223333:role/dev"]),
            "`paasport:cluster.access.viewers[0]` (`arn:aws-cn:iam::111122223333:role/dev`) is not in the partition `aws`\n"
            "  the role would be refused, or be nobody's\n"
            "  next: write `arn:aws:iam::111122223333:role/NAME`",
            id="a role of another partition",
        ),
        pytest.param(
            samples.having(samples.GKE, access__admins=["oncall@acme.example"]),
            "`paasport:cluster.access.admins[0]` (`oncall@acme.example`) is no principal of Google Cloud\n"
            "  the role would be refused, or be nobody's\n"
            "  next: write `serviceAccount:NAME@PROJECT.iam.gserviceaccount.com`, `group:NAME@DOMAIN` or `user:NAME@DOMAIN`",
            id="a bare address on GKE",
        ),
        pytest.param(
            samples.having(samples.AKS, access__deployer="platform-team"),
            "`paasport:cluster.access.deployer` (`platform-team`) is no object id of Entra\n"
            "  the role would be refused, or be nobody's\n"
            "  next: write the UUID that `az ad sp show` or `az ad group show` has as `id`",
            id="a name on AKS",
        ),
        pytest.param(
            samples.having(samples.EKS, access__viewers=["arn:aws:iam::111122223333:role/deployer"]),
            "`paasport:cluster.access.viewers[0]` (`arn:aws:iam::111122223333:role/deployer`) is named a second time\n"
            "  a principal has one role, and the deployer may do everything already\n"
            "  next: name it once",
            id="a principal twice",
        ),
    ],
)
def test_wrong_access_is_explained(cluster, message):
    assert samples.told(cluster) == [message]

import pytest

from local.simulated import clusters
from stacks import errors
from tests.local.simulated import handed_out as made

ARN = "arn:aws:iam::111122223333:role/deployer"
SERVICE_ACCOUNT = "serviceAccount:deployer@acme.iam.gserviceaccount.com"
PRINCIPAL = "00000000-0000-4000-8000-000000000001"

AWS = {"command": "aws", "args": ["--region", "eu-central-1", "eks", "get-token", "--cluster-name", "shop"]}
GCLOUD = {"command": "gke-gcloud-auth-plugin", "provideClusterInfo": True}
KUBELOGIN = {
    "command": "kubelogin",
    "args": [
        "get-token",
        "--login",
        "azurecli",
        "--server-id",
        "6dae42f8-4368-4678-94ff-3960e28e3630",
        "--tenant-id",
        "t1",
    ],
}

EKS = [made.eks(), made.entry(ARN), made.policy(ARN)]
GKE = [made.gke(), made.member(SERVICE_ACCOUNT)]
AKS = [made.aks(), made.assignment(PRINCIPAL)]


def resolved(given, resources, deployer):
    return clusters.resolve(given, resources=resources, deployer=deployer, kubeconfig="the control plane's")


@pytest.mark.parametrize(
    ("given", "resources", "deployer"),
    [
        (made.kubeconfig(made.EKS_SERVER, plugin=AWS), EKS, ARN),
        (made.kubeconfig(f"https://{made.GKE_DNS}", authority=None, plugin=GCLOUD), GKE, SERVICE_ACCOUNT),
        (made.kubeconfig(f"https://{made.GKE_IP}", plugin=GCLOUD), GKE, SERVICE_ACCOUNT),
        (made.kubeconfig(f"https://{made.AKS_HOST}:443", plugin=KUBELOGIN), AKS, PRINCIPAL),
    ],
    ids=["eks", "gke by name", "gke by address", "aks"],
)
def test_whom_the_vendor_lets_in_gets_the_control_plane(given, resources, deployer):
    assert resolved(given, resources, deployer) == "the control plane's"


def aws(*arguments):
    return {"command": "aws", "args": list(arguments)}


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (made.kubeconfig("https://other.example", plugin=AWS), "no such host"),
        (made.kubeconfig(made.EKS_SERVER, plugin=None), "401 .* has no exec plugin"),
        (made.kubeconfig(made.EKS_SERVER, plugin=KUBELOGIN), "401 .* is kubelogin, and the vendor's is aws"),
        (made.kubeconfig(made.EKS_SERVER, plugin=aws("eks", "--cluster-name", "shop")), "401 .* without get-token"),
        (
            made.kubeconfig(made.EKS_SERVER, plugin=aws("eks", "get-token", "--cluster-name=cart")),
            "401 .* --cluster-name 'cart' instead of shop",
        ),
        (
            made.kubeconfig(made.EKS_SERVER, plugin=aws("eks", "get-token", "--cluster-name", "shop")),
            "401 .* --region '' instead of eu-central-1",
        ),
        (made.kubeconfig(made.EKS_SERVER, authority=None, plugin=AWS), "401 .* unknown authority"),
        (made.kubeconfig(made.EKS_SERVER, authority="b3RoZXI=", plugin=AWS), "401 .* another authority"),
    ],
)
def test_a_kubeconfig_that_eks_would_not_know_is_refused_as_there(given, complaint):
    with pytest.raises(errors.VendorRefused, match=complaint):
        resolved(given, EKS, ARN)


@pytest.mark.parametrize(
    ("resources", "complaint"),
    [
        ([made.eks()], "403 .* has no access entry"),
        ([made.eks(), made.entry(ARN)], "403 .* no policy AmazonEKSClusterAdminPolicy"),
        ([made.eks(), made.entry(ARN), made.policy(ARN, "AmazonEKSViewPolicy")], "403 .* no policy"),
        ([made.eks(), made.policy(ARN)], "403 .* has no access entry"),
        ([made.eks(), made.entry("arn:x"), made.policy("arn:x")], "403 .* has no access entry"),
    ],
)
def test_eks_lets_nobody_in_without_entry_and_policy(resources, complaint):
    with pytest.raises(errors.VendorRefused, match=complaint):
        resolved(made.kubeconfig(made.EKS_SERVER, plugin=AWS), resources, ARN)


def test_an_authority_beside_the_public_one_breaks_the_handshake_of_the_dns_endpoint():
    with pytest.raises(errors.VendorRefused, match=r"401 .* x509"):
        resolved(made.kubeconfig(f"https://{made.GKE_DNS}", plugin=GCLOUD), GKE, SERVICE_ACCOUNT)


def test_the_plugin_of_gke_needs_to_know_the_cluster():
    plugin = {"command": "gke-gcloud-auth-plugin"}
    with pytest.raises(errors.VendorRefused, match=r"401 .* provideClusterInfo"):
        resolved(made.kubeconfig(f"https://{made.GKE_IP}", plugin=plugin), GKE, SERVICE_ACCOUNT)


@pytest.mark.parametrize(
    "resources", [[made.gke()], [made.gke(), made.member("user:x")], [made.gke(), made.member(SERVICE_ACCOUNT, "r")]]
)
def test_gke_lets_nobody_in_without_a_role(resources):
    with pytest.raises(errors.VendorRefused, match="403 "):
        resolved(made.kubeconfig(f"https://{made.GKE_IP}", plugin=GCLOUD), resources, SERVICE_ACCOUNT)


def kubelogin(**changes):
    options = {"--login": "azurecli", "--server-id": "6dae42f8-4368-4678-94ff-3960e28e3630", **changes}
    return {"command": "kubelogin", "args": ["get-token", *(word for pair in options.items() for word in pair)]}


@pytest.mark.parametrize(
    ("plugin", "complaint"),
    [
        (kubelogin(**{"--server-id": "x"}), "401 .* --server-id 'x'"),
        (kubelogin(**{"--login": "kubectl"}), "401 .* --login 'kubectl'"),
    ],
)
def test_the_plugin_of_aks_names_the_server_and_a_login_that_there_is(plugin, complaint):
    with pytest.raises(errors.VendorRefused, match=complaint):
        resolved(made.kubeconfig(f"https://{made.AKS_HOST}", plugin=plugin), AKS, PRINCIPAL)


@pytest.mark.parametrize("scope", [made.AKS_ID, "/subscriptions/s1/resourceGroups/shop", "/subscriptions/s1"])
def test_a_role_on_what_contains_the_aks_cluster_counts(scope):
    resources = [made.aks(), made.assignment(PRINCIPAL, scope=scope)]
    assert resolved(made.kubeconfig(f"https://{made.AKS_HOST}", plugin=KUBELOGIN), resources, PRINCIPAL)


@pytest.mark.parametrize("scope", ["/subscriptions/s1/resourceGroups/sho", "/subscriptions/s2", ""])
def test_a_role_on_something_else_does_not(scope):
    resources = [made.aks(), made.assignment(PRINCIPAL, scope=scope)]
    with pytest.raises(errors.VendorRefused, match="403 "):
        resolved(made.kubeconfig(f"https://{made.AKS_HOST}", plugin=KUBELOGIN), resources, PRINCIPAL)


def test_no_refusal_repeats_a_credential():
    given = made.kubeconfig(made.EKS_SERVER, plugin=None).replace('"token": "t"', '"token": "hunter2"')
    with pytest.raises(errors.VendorRefused) as refused:
        resolved(given, EKS, ARN)
    assert "hunter2" not in str(refused.value)

"""Where a release is had from, that it is the pinned one, and how it is laid out in the project."""

from __future__ import annotations

import errno
import hashlib
import http.server
import pathlib
import threading

import pytest

from components.operators import catalogue, prometheus_operator, releases, sources
from stacks import errors

OPERATOR = prometheus_operator.OPERATOR
MIRROR = pathlib.Path(__file__).parent / "mirror"
BUNDLE = (MIRROR / "prometheus-operator/0.85.0/bundle.yaml").read_bytes()
SHA256 = hashlib.sha256(BUNDLE).hexdigest()
LAID_OUT = pathlib.Path(".paasport/releases/prometheus-operator-0.85.0")


@pytest.fixture
def home(project):
    return project.parent / "home"


@pytest.fixture
def no_mirror(project, monkeypatch):
    monkeypatch.delenv("PAASPORT_MIRROR")


@pytest.fixture
def site(monkeypatch):
    """A release site on loopback that counts what it is asked for."""

    class Handler(http.server.BaseHTTPRequestHandler):
        content = BUNDLE

        def do_GET(self):
            self.asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.content)

        def log_message(self, *_):
            pass

    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    Handler.asked = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    Handler.url = f"http://127.0.0.1:{server.server_port}/bundle.yaml"
    yield Handler
    server.shutdown()
    server.server_close()
    thread.join()


def source(url="https://releases.invalid/bundle.yaml"):
    return sources.Source(
        file="bundle.yaml",
        url=url,
        sha256=SHA256,
        go_module="github.com/Example/Operator",
        go_version="v0.85.0",
        go_file="bundle.yaml",
    )


def put(path, content=BUNDLE):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def cached(home):
    return home / ".cache/paasport/releases" / f"{SHA256}.yaml"


def in_go_modules(home):
    return home / ".cache/paasport/go/modules/github.com/!example/!operator@v0.85.0/bundle.yaml"


@pytest.mark.usefixtures("project")
def test_a_mirror_is_enough():
    assert sources.fetch(source(), operator=OPERATOR) == BUNDLE


@pytest.mark.usefixtures("no_mirror")
def test_the_cache_is_enough(home):
    put(cached(home))
    assert sources.fetch(source(), operator=OPERATOR) == BUNDLE


@pytest.mark.usefixtures("no_mirror")
def test_the_module_cache_of_the_toolchain_is_enough(home):
    put(in_go_modules(home))
    assert sources.fetch(source(), operator=OPERATOR) == BUNDLE


@pytest.mark.usefixtures("no_mirror")
def test_the_machines_own_module_cache_is_enough(home, monkeypatch):
    monkeypatch.setenv("GOMODCACHE", str(home / "modules"))
    put(home / "modules/github.com/!example/!operator@v0.85.0/bundle.yaml")
    assert sources.fetch(source(), operator=OPERATOR) == BUNDLE


@pytest.mark.usefixtures("no_mirror")
def test_a_download_is_kept_in_the_cache(home, site):
    assert sources.fetch(source(site.url), operator=OPERATOR) == BUNDLE
    assert cached(home).read_bytes() == BUNDLE
    assert sources.fetch(source(site.url), operator=OPERATOR) == BUNDLE
    assert site.asked == ["/bundle.yaml"]


@pytest.mark.parametrize("place", [cached, in_go_modules], ids=["cache", "module cache"])
def test_the_mirror_comes_before(home, place):
    put(place(home), b"something else")
    assert sources.fetch(source(), operator=OPERATOR) == BUNDLE


@pytest.mark.usefixtures("no_mirror")
def test_the_cache_comes_before_the_module_cache(home):
    put(cached(home))
    put(in_go_modules(home), b"something else")
    assert sources.fetch(source(), operator=OPERATOR) == BUNDLE


@pytest.mark.usefixtures("project")
def test_a_mirror_with_other_bytes_is_refused_although_the_cache_has_the_right_ones(home, monkeypatch):
    mirrored = put(home / "mirror/prometheus-operator/0.85.0/bundle.yaml", b"tampered")
    monkeypatch.setenv("PAASPORT_MIRROR", str(home / "mirror"))
    put(cached(home))
    with pytest.raises(errors.ReleaseError, match=r"is not the pinned bundle\.yaml") as caught:
        sources.fetch(source(), operator=OPERATOR)
    (problem,) = caught.value.problems
    assert str(mirrored) in problem.what


@pytest.mark.usefixtures("no_mirror")
@pytest.mark.parametrize("place", [cached, in_go_modules], ids=["cache", "module cache"])
def test_a_file_that_is_not_the_pinned_one_is_refused_with_both_hashes(home, place):
    path = put(place(home), b"tampered")
    with pytest.raises(errors.ReleaseError) as caught:
        sources.fetch(source(), operator=OPERATOR)
    (problem,) = caught.value.problems
    assert str(path) in problem.what
    assert SHA256 in problem.what
    assert "d121be3103007b41edf96f8262925f8c7d61894afe9a041843b631f69445bc57" in problem.what


@pytest.mark.usefixtures("no_mirror")
def test_a_published_file_that_changed_is_refused_and_not_kept(home, site):
    site.content = b"tampered"
    with pytest.raises(errors.ReleaseError, match=r"bundle.yaml is not the pinned bundle.yaml"):
        sources.fetch(source(site.url), operator=OPERATOR)
    assert not cached(home).exists()


@pytest.mark.usefixtures("no_mirror")
def test_a_machine_without_internet_is_told_where_it_was_looked_for_and_where_to_put_it(home, monkeypatch):
    def refused(*_args, **_kwargs):
        raise OSError("Network is unreachable")

    monkeypatch.setattr(sources.urllib.request, "urlopen", refused)
    with pytest.raises(errors.ReleaseError) as caught:
        sources.fetch(source(), operator=OPERATOR)
    (problem,) = caught.value.problems
    assert "Network is unreachable" in problem.what
    for place in (cached(home), in_go_modules(home), "https://releases.invalid/bundle.yaml"):
        assert str(place) in problem.what
    assert "PAASPORT_MIRROR" in problem.next
    assert "prometheus-operator/0.85.0/bundle.yaml" in problem.next


@pytest.mark.usefixtures("no_mirror")
def test_a_site_that_is_out_of_reach_is_asked_once_for_all_files(monkeypatch):
    asked = []

    def refused(url, **_):
        asked.append(url)
        raise OSError("Network is unreachable")

    monkeypatch.setattr(sources.urllib.request, "urlopen", refused)
    for url in ("https://one.invalid/a", "https://one.invalid/b", "https://two.invalid/a"):
        with pytest.raises(sources.Unobtainable, match="Network is unreachable"):
            sources.fetch(source(url), operator=OPERATOR)
    assert asked == ["https://one.invalid/a", "https://two.invalid/a"]


@pytest.mark.usefixtures("no_mirror")
def test_a_file_that_a_site_lacks_says_nothing_about_its_others(monkeypatch):
    def absent(url, **_):
        raise sources.urllib.error.HTTPError(url, 404, "Not Found", None, None)

    monkeypatch.setattr(sources.urllib.request, "urlopen", absent)
    for _ in range(2):
        with pytest.raises(sources.Unobtainable, match="Not Found"):
            sources.fetch(source("https://one.invalid/a"), operator=OPERATOR)


def test_a_release_is_laid_out_inside_the_project(project):
    release = releases.obtain(OPERATOR)
    assert str(release.crds) == ".paasport/releases/prometheus-operator-0.85.0/crds.yaml"
    assert [item["kind"] for item in release.objects] == [
        "ClusterRoleBinding",
        "ClusterRole",
        "Deployment",
        "ServiceAccount",
    ]
    assert sorted(path.name for path in (project / LAID_OUT).iterdir()) == ["crds.yaml", "operator.yaml", "stamp"]


@pytest.mark.usefixtures("project")
def test_a_second_run_reads_no_release(monkeypatch):
    first = releases.obtain(OPERATOR)
    monkeypatch.delenv("PAASPORT_MIRROR")
    assert releases.obtain(OPERATOR) == first


def test_an_interrupted_layout_is_finished_by_the_next_run(project):
    releases.obtain(OPERATOR)
    (project / LAID_OUT / "stamp").unlink()
    (project / LAID_OUT / "crds.yaml").write_text("half")
    releases.obtain(OPERATOR)
    assert (project / LAID_OUT / "crds.yaml").read_text().count("kind: CustomResourceDefinition") == 2


def test_a_folder_that_cannot_be_written_is_named(project):
    (project / ".paasport").write_text("a file where a folder should be")
    with pytest.raises(errors.ReleaseError, match=r"crds\.yaml can't be written: (File exists|Not a directory)"):
        releases.obtain(OPERATOR)


def test_a_full_disk_leaves_nothing_half_written(project, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pathlib.Path, "write_bytes", full)
    with pytest.raises(errors.ReleaseError, match="No space left on device"):
        releases.obtain(OPERATOR)
    assert list((project / LAID_OUT).iterdir()) == []


def test_a_definition_is_taken_once_from_the_first_file_that_has_it_and_only_if_the_entry_names_it(
    project, monkeypatch
):
    first = "kind: CustomResourceDefinition\nmetadata:\n  name: probes.monitoring.coreos.com\nfirst: true\n"
    foreign = first.replace("probes.monitoring", "probes.elsewhere")
    put(project.parent / "mirror/prometheus-operator/0.85.0/one.yaml", f"{first}---\n{foreign}".encode())
    put(project.parent / "mirror/prometheus-operator/0.85.0/two.yaml", first.replace("first", "second").encode())
    monkeypatch.setenv("PAASPORT_MIRROR", str(project.parent / "mirror"))
    monkeypatch.setattr(sources, "LOCK_FILE", project / "lock.yaml")
    pins = {
        name: hashlib.sha256((project.parent / "mirror/prometheus-operator/0.85.0" / name).read_bytes()).hexdigest()
        for name in ("one.yaml", "two.yaml")
    }
    lines = [f"    {name}: {{url: https://x.invalid, sha256: {pin}}}" for name, pin in pins.items()]
    (project / "lock.yaml").write_text("\n".join(["prometheus-operator:", "  version: 0.85.0", "  manifests:", *lines]))
    release = releases.obtain(OPERATOR)
    assert (project / release.crds).read_text() == f"---\n{first}"


def test_another_hash_in_the_lock_file_is_noticed(project, monkeypatch, tmp_path):
    releases.obtain(OPERATOR)
    lock = tmp_path / "releases.lock.yaml"
    lock.write_text((MIRROR / "releases.lock.yaml").read_text().replace(SHA256, "a" * 64))
    monkeypatch.setattr(sources, "LOCK_FILE", lock)
    with pytest.raises(errors.ReleaseError, match="expected sha256 aaaaaaaaaa"):
        releases.obtain(OPERATOR)


@pytest.mark.parametrize(
    "lock",
    ["other-operator: {version: 0.85.0, manifests: {}}", "prometheus-operator: {version: 0.86.0, manifests: {}}"],
    ids=["no entry", "another version"],
)
def test_what_is_not_pinned_is_not_installed(project, monkeypatch, lock):
    (project / "lock.yaml").write_text(lock)
    monkeypatch.setattr(sources, "LOCK_FILE", project / "lock.yaml")
    with pytest.raises(errors.ReleaseError, match=r"does not pin prometheus-operator 0\.85\.0"):
        releases.obtain(OPERATOR)


@pytest.mark.parametrize("name", sorted(catalogue.OPERATORS))
def test_every_operator_is_pinned_by_hash_and_secure_url(name):
    for item in sources.pinned(catalogue.OPERATORS[name]):
        assert item.url.startswith("https://")
        assert len(bytes.fromhex(item.sha256)) == 32

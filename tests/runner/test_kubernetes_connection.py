"""Against a server of a few lines, because a real API server does not misbehave on demand."""

import asyncio
import contextlib
import json

import pytest

from runner.kubernetes import client, connection, kubeconfig, rejections
from stacks import errors

OK = (200, {"kind": "ConfigMap", "metadata": {"name": "a"}})
BUSY = (429, {"kind": "Status", "message": "too many requests", "reason": "TooManyRequests"})
CUT = b""
KINDS = (200, {"resources": [{"name": "configmaps", "kind": "ConfigMap", "namespaced": True, "verbs": []}]})


class Server:
    """Answers one request after the other as told, and remembers what was asked.

    An answer is a status and a document, or bytes sent as they are, after which the connection ends.
    """

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []
        self.talks = []

    async def serve(self, reader, writer):
        self.talks.append(asyncio.current_task())
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await self.answer(reader, writer):
                pass
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def answer(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lengths = [int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length")]
        await reader.readexactly(lengths[0] if lengths else 0)
        self.requests.append(head)
        answer = self.answers.pop(0)
        if isinstance(answer, bytes):
            writer.write(answer)
            return False
        status, body = answer
        content = json.dumps(body).encode()
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
        await writer.drain()
        return True

    def asked(self):
        return [request.split(" HTTP")[0] for request in self.requests]


class Silent(Server):
    """Accepts, and never answers."""

    async def answer(self, reader, writer):
        await reader.read()
        return False


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    """No pauses between tries."""
    monkeypatch.setattr(connection, "_DELAYS", (0.0, 0.0, 0.0))


def against(server, work, *, address="http://127.0.0.1:{port}", **user):
    async def run():
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        access = kubeconfig.Access(
            source="kc", context="c", server=address.format(port=port), user=kubeconfig.User(**user)
        )
        api = client.Client(await connection.Connection.open(access))
        try:
            return await work(api)
        finally:
            await api.close()
            listening.close()
            await asyncio.gather(*server.talks)

    return asyncio.run(run())


def read(api):
    return api.request("GET", "/api/v1/namespaces/default/configmaps/a")


def write(api):
    return api.request("POST", "/api/v1/namespaces/default/configmaps", json={})


@pytest.mark.parametrize(
    "trouble",
    [
        BUSY,
        (503, {}),
        (500, {"message": "etcdserver: leader changed"}),
        CUT,
    ],
    ids=["busy", "unavailable", "etcd without a leader", "connection cut"],
)
def test_a_read_is_tried_again(trouble):
    server = Server(trouble, trouble, OK)
    assert against(server, read)["metadata"]["name"] == "a"
    assert len(server.requests) == 3


def test_tries_are_bounded_and_end_with_the_servers_reason():
    server = Server(*[BUSY] * 10)
    with pytest.raises(rejections.ApiRejected, match="too many requests"):
        against(server, read)
    assert len(server.requests) == 4


def test_a_creation_is_tried_again_only_when_it_surely_was_not_done():
    server = Server(BUSY, OK)
    assert against(server, write)
    for trouble in (CUT, (503, {"message": "down"})):
        server = Server(trouble, OK)
        with pytest.raises(errors.PaasportError):
            against(server, write)
        assert len(server.requests) == 1


def test_a_refusal_is_not_tried_again_and_keeps_its_causes():
    body = {
        "reason": "Invalid",
        "message": "it is invalid",
        "details": {"causes": [{"reason": "FieldValueInvalid", "field": "spec.a", "message": "must be positive"}]},
    }
    with pytest.raises(rejections.ApiRejected) as caught:
        against(Server((422, body)), read)
    assert "to read configmaps/a in namespace default: it is invalid" in str(caught.value)
    assert (caught.value.code, caught.value.reason) == (422, "Invalid")
    assert caught.value.causes == (
        rejections.Cause(reason="FieldValueInvalid", field="spec.a", message="must be positive"),
    )


def test_a_rotated_token_is_read_when_the_old_one_is_refused(tmp_path):
    path = tmp_path / "token"
    path.write_text("old")

    async def work(api):
        path.write_text("new")
        return await read(api)

    server = Server((401, {}), OK)
    assert against(server, work, token_file=path)
    assert ["Bearer old" in server.requests[0], "Bearer new" in server.requests[1]] == [True, True]


def test_a_fixed_token_that_is_refused_is_no_reason_to_ask_again():
    server = Server((401, {"message": "Unauthorized", "reason": "Unauthorized"}))
    with pytest.raises(rejections.ApiRejected, match="log in anew") as caught:
        against(server, read, token="s3cr3t")
    assert "s3cr3t" not in str(caught.value)
    assert len(server.requests) == 1


def test_refused_credentials_are_told_at_first_contact():
    with pytest.raises(errors.ClusterUnreachable, match="does not accept the credentials of context 'c' of kc"):
        against(Server((401, {})), lambda api: api.version())


STATUS = {"kind": "Status", "apiVersion": "v1", "status": "Failure"}
PAGE = b"HTTP/1.1 200 X\r\nContent-Type: text/html\r\nContent-Length: 19\r\n\r\n<html>s3cr3t</html>"


def version(api):
    return api.version()


def test_an_api_server_tells_its_version():
    assert against(Server((200, {"gitVersion": "v1.36.3"})), version) == "v1.36.3"


def test_an_api_server_may_keep_its_version_to_itself():
    assert against(Server((403, {**STATUS, "reason": "Forbidden"})), version) == "unknown"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param((404, {**STATUS, "reason": "NotFound"}), "HTTP status 404", id="not found"),
        pytest.param((500, STATUS), "HTTP status 500", id="broken"),
        pytest.param((403, {"error": "s3cr3t"}), "HTTP status 403", id="refused by something else"),
        pytest.param((200, {"version": "s3cr3t"}), "HTTP status 200", id="another document"),
        pytest.param((200, ["s3cr3t"]), "HTTP status 200", id="a list"),
        pytest.param(PAGE, "HTTP status 200", id="a web page"),
    ],
)
def test_what_does_not_answer_as_an_api_server_is_told_at_first_contact(answer, told):
    with pytest.raises(errors.ClusterUnreachable) as caught:
        against(Server(answer), version)
    [problem] = caught.value.problems
    assert problem.what.startswith("the API server http://127.0.0.1:")
    assert "(context 'c' of kc)" in problem.what
    assert told in problem.what
    assert problem.next.startswith("kubectl --kubeconfig kc --context c version; ")
    assert "s3cr3t" not in str(caught.value)


def test_a_server_that_accepts_and_never_answers_is_given_up_soon(monkeypatch):
    assert 10 <= connection.FIRST_CONTACT_SECONDS <= 15
    monkeypatch.setattr(connection, "FIRST_CONTACT_SECONDS", 0.05)
    with pytest.raises(errors.ClusterUnreachable, match="cannot be reached: it gave no answer in time"):
        against(Silent(), version)


@pytest.mark.parametrize("answers", [[(401, {})], [(404, {})], [CUT]], ids=["refused", "not found", "cut"])
def test_a_message_keeps_what_may_be_secret_in_a_servers_address_to_itself(answers):
    with pytest.raises(errors.ClusterUnreachable, match=r"the API server http://127\.0\.0\.1:\d+/prefix ") as caught:
        against(Server(*answers), version, address="http://me:pa55word@127.0.0.1:{port}/prefix/?token=t0ken#frag")
    assert not [secret for secret in ("me:", "pa55word", "t0ken", "frag") if secret in str(caught.value)]


def test_a_path_in_a_servers_address_stays_and_a_query_does_not():
    server = Server((200, {"gitVersion": "v1.36.3"}))
    against(server, version, address="http://127.0.0.1:{port}/prefix/?token=t0ken")
    assert server.asked() == ["GET /prefix/version"]


def test_an_unreachable_server_is_told_at_once():
    async def work():
        api = await client.Client.connect(
            "apiVersion: v1\ncurrent-context: a\nclusters: [{name: a, cluster: {server: 'https://127.0.0.1:9'}}]\n"
            "contexts: [{name: a, context: {cluster: a}}]\n"
        )
        try:
            await api.version()
        finally:
            await api.close()

    with pytest.raises(
        errors.ClusterUnreachable, match=r"https://127.0.0.1:9 \(context 'a' of the kubeconfig given as"
    ):
        asyncio.run(work())


def test_an_answer_that_is_not_json_is_not_repeated():
    page = b"HTTP/1.1 403 X\r\nContent-Length: 6\r\n\r\ns3cr3t"
    with pytest.raises(rejections.ApiRejected) as caught:
        against(Server(page), read)
    assert "HTTP status 403 and an answer that is not JSON" in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


def test_long_lists_are_read_page_by_page():
    pages = [
        (200, {"metadata": {"continue": "next"}, "items": [{"metadata": {"name": "a"}}]}),
        (200, {"metadata": {}, "items": [{"metadata": {"name": "b"}}]}),
    ]
    server = Server(KINDS, *pages)
    found = against(server, lambda api: api.list("v1", "ConfigMap"))
    assert [(item["kind"], item["metadata"]["name"]) for item in found] == [("ConfigMap", "a"), ("ConfigMap", "b")]
    assert "continue=next" in server.asked()[2]


def stream(*events):
    """The answer to a watch; without a length, so that its end is the end of the connection."""
    return b"HTTP/1.1 200 X\r\nConnection: close\r\n\r\n" + b"".join(
        json.dumps({"type": kind, "object": item}).encode() + b"\n" for kind, item in events
    )


def item(name, version="1"):
    return {"metadata": {"name": name, "uid": f"u-{name}", "resourceVersion": version}}


def test_what_a_watch_misses_is_told_after_the_next_list():
    server = Server(
        KINDS,
        (200, {"metadata": {"resourceVersion": "5"}, "items": [item("a"), item("b")]}),
        stream(("MODIFIED", item("a", "6")), ("BOOKMARK", {"metadata": {"resourceVersion": "7"}})),
        (410, {"kind": "Status", "code": 410}),
        (200, {"metadata": {"resourceVersion": "9"}, "items": [item("b"), item("c")]}),
        stream(("DELETED", item("b", "10"))),
    )

    async def work(api):
        events = []
        async with contextlib.aclosing(api.watch("v1", "ConfigMap")) as told:
            async for kind, seen in told:
                events.append((kind, seen["metadata"].get("name", seen["metadata"].get("resourceVersion"))))
                if kind == "DELETED" and seen["metadata"]["name"] == "b":
                    break
        return events

    assert against(server, work) == [
        ("ADDED", "a"),
        ("ADDED", "b"),
        ("BOOKMARK", "5"),
        ("MODIFIED", "a"),
        ("BOOKMARK", "7"),
        ("DELETED", "a"),
        ("ADDED", "b"),
        ("ADDED", "c"),
        ("BOOKMARK", "9"),
        ("DELETED", "b"),
    ]
    assert "resourceVersion=5" in server.asked()[2]
    assert "resourceVersion=7" in server.asked()[3]

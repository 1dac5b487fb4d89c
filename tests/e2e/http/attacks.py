#!/usr/bin/env python3
"""Attacks the API of a `datamesh up` of its own, on loopback, as an ill-meaning or broken client would. None may win.

A server wins when every request that two readers could take differently is refused and its connection closed, when a
peer that is slow, silent or endless costs little memory and keeps nobody else waiting, and when it still answers after
all of it.

usage: attacks.py BINARY [ATTACK ...]
"""

import contextlib
import http.client
import json
import pathlib
import resource
import socket
import ssl
import subprocess
import sys
import tempfile
import time

OBJECTS = "/apis/datamesh.dev/v1alpha1/meshes"
TIMEOUT = 60
MEBIBYTE = 1 << 20


class Server:
    """A `datamesh up`, and connections to it."""

    def __init__(self, binary, folder):
        self.folder = pathlib.Path(folder)
        self.process = subprocess.Popen([binary, "--state-dir", folder, "up", "--metrics-listen", "127.0.0.1:0"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + TIMEOUT
        while not (self.folder / "address").exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("datamesh up did not start")
            time.sleep(0.05)
        self.token = (self.folder / "token").read_text().strip()
        host, _, port = (self.folder / "address").read_text().strip().rpartition(":")
        self.place = (host, int(port))
        self.tls = ssl.create_default_context(cafile=str(self.folder / "ca.crt"))

    def close(self):
        self.process.terminate()
        self.process.wait(TIMEOUT)

    def connect(self):
        return socket.create_connection(self.place, timeout=TIMEOUT)

    def connect_tls(self):
        return self.tls.wrap_socket(self.connect(), server_hostname=self.place[0], suppress_ragged_eofs=True)

    def head(self, method, path, *fields):
        lines = [f"{method} {path} HTTP/1.1", "Host: datamesh", f"Authorization: Bearer {self.token}", *fields]
        return "".join(line + "\r\n" for line in lines).encode()

    def ask(self, method="GET", path="/datamesh/v1/status", body=None):
        """Status and body of a well-formed request on a connection of its own."""
        connection = http.client.HTTPSConnection(*self.place, context=self.tls, timeout=TIMEOUT)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        with contextlib.closing(connection):
            return response.status, response.read()

    def memory(self):
        """Resident bytes."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise SystemExit("datamesh up has died")


def receive_all(peer):
    """What the server sends until it closes."""
    received = b""
    with contextlib.suppress(OSError):
        while block := peer.recv(65536):
            received += block
    return received


def send_all(peer, data):
    """How much of `data` was taken before the server closed."""
    sent = 0
    with contextlib.suppress(OSError):
        for block in data:
            peer.sendall(block)
            sent += len(block)
    return sent


def statuses(reply):
    return [int(part[:3]) for part in reply.split(b"HTTP/1.1 ")[1:]]


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def malformed(server):
    """Requests that are wrong or ambiguous, each with a second request smuggled behind it."""
    good = server.head("POST", OBJECTS)
    smuggled = server.head("GET", OBJECTS) + b"\r\n"
    chunked = good + b"Transfer-Encoding: chunked\r\n"
    start = server.head("GET", OBJECTS)
    shapes = {
        "length beside chunked": good + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "chunked beside length": chunked + b"Content-Length: 5\r\n\r\n0\r\n\r\n",
        "two lengths": good + b"Content-Length: 0\r\nContent-Length: 4\r\n\r\n",
        "one length twice": good + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
        "a list of lengths": good + b"Content-Length: 0, 0\r\n\r\n",
        "a negative length": good + b"Content-Length: -1\r\n\r\n",
        "a length with a sign": good + b"Content-Length: +0\r\n\r\n",
        "a length beyond numbers": good + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n",
        "a space before the colon": good + b"Content-Length : 0\r\n\r\n",
        "chunked, hidden by a tab": good + b"Transfer-Encoding:\tchunked, identity\r\n\r\n0\r\n\r\n",
        "an unknown coding": good + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "chunked in HTTP/1.0": chunked.replace(b"HTTP/1.1", b"HTTP/1.0") + b"\r\n0\r\n\r\n",
        "an endless chunk": chunked + b"\r\nFFFFFFFFFFFFFFFFF\r\nx",
        "a chunk of 2 GiB": chunked + b"\r\n7FFFFFF0\r\nx",
        "a negative chunk": chunked + b"\r\n-5\r\nx\r\n",
        "a chunk longer than it says": chunked + b"\r\n1\r\nxyz\r\n0\r\n\r\n",
        "a chunk size ended by LF": chunked + b"\r\n1\nx\r\n0\r\n\r\n",
        "lines ended by LF": start.replace(b"\r\n", b"\n") + b"\n",
        "one line ended by LF": start + b"X: y\nContent-Length: 400\r\n\r\n",
        "a bare CR": start + b"X: y\rContent-Length: 400\r\n\r\n",
        "a folded line": start + b"X: y\r\n Content-Length: 400\r\n\r\n",
        "no colon": start + b"X y\r\n\r\n",
        "NUL in a field": start + b"X: \0\r\n\r\n",
        "two hosts": start + b"Host: other\r\n\r\n",
        "no host": f"GET {OBJECTS} HTTP/1.1\r\nAuthorization: Bearer {server.token}\r\n\r\n".encode(),
        "a method with a space": start.replace(b"GET", b"GE T") + b"\r\n",
        "an unknown method": start.replace(b"GET", b"BREW") + b"\r\n",
        "CONNECT": start.replace(b"GET", b"CONNECT") + b"\r\n",
        "TRACE": start.replace(b"GET", b"TRACE") + b"\r\n",
        "HTTP/2 without asking": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "an absolute target": start.replace(OBJECTS.encode(), b"http://other" + OBJECTS.encode()) + b"\r\n",
        "dots": server.head("GET", OBJECTS + "/../meshes") + b"\r\n",
        "escaped dots": server.head("GET", OBJECTS + "/%2e%2E/meshes") + b"\r\n",
        "an escaped slash": server.head("GET", OBJECTS + "%2fmesh") + b"\r\n",
        "an escaped NUL": server.head("GET", OBJECTS + "%00") + b"\r\n",
        "a broken escape": server.head("GET", OBJECTS + "%zz") + b"\r\n",
        "an escaped line end": server.head("GET", OBJECTS + "/a%0d%0aX:%20y") + b"\r\n",
        "an unknown expectation": start + b"Expect: wonders\r\n\r\n",
        "a target of 64 KiB": server.head("GET", OBJECTS + "?x=" + "y" * 65536) + b"\r\n",
        "a thousand fields": start + b"X: y\r\n" * 1000 + b"\r\n",
    }
    for name, shape in shapes.items():
        with server.connect_tls() as peer:
            send_all(peer, [shape + smuggled])
            answers = statuses(receive_all(peer))
            check(len(answers) == 1 and 400 <= answers[0] < 500 or answers == [501], f"{name}: {answers}")
    return f"{len(shapes)} shapes, each refused once and closed"


def long_head(server):
    before = server.memory()
    with server.connect_tls() as peer:
        blocks = [server.head("GET", OBJECTS) + b"X: ", *[b"a" * MEBIBYTE] * 100]
        sent = send_all(peer, blocks)
        reply = statuses(receive_all(peer))
    check(reply in ([431], []), f"answered {reply}")
    check(sent < 100 * MEBIBYTE, "all 100 MiB of a head were taken")
    grown = server.memory() - before
    check(grown < 16 * MEBIBYTE, f"it cost {grown} bytes")
    return f"refused after {sent >> 20} MiB, {grown >> 10} KiB of memory"


def long_bodies(server):
    before = server.memory()
    lengths = server.head("POST", OBJECTS, "Content-Length: 209715200") + b"\r\n"
    chunks = server.head("POST", OBJECTS, "Transfer-Encoding: chunked") + b"\r\n"
    chunk = b"100000\r\n" + b"a" * MEBIBYTE + b"\r\n"
    for first, block in ((lengths, b"a" * MEBIBYTE), (chunks, chunk)):
        with server.connect_tls() as peer:
            sent = send_all(peer, [first, *[block] * 200])
            reply = statuses(receive_all(peer))
        check(reply in ([413], []), f"answered {reply}")
        check(sent < 100 * MEBIBYTE, "100 MiB of a body were taken")
    with server.connect_tls() as peer:  # who waits to be asked for it reads the refusal for sure
        send_all(peer, [server.head("POST", OBJECTS, "Content-Length: 104857600", "Expect: 100-continue") + b"\r\n"])
        reply = receive_all(peer)
    check(statuses(reply) == [413] and json.loads(reply.split(b"\r\n\r\n")[1])["reason"] == "RequestEntityTooLarge", reply)
    grown = server.memory() - before
    check(grown < 48 * MEBIBYTE, f"it cost {grown} bytes")
    return f"413, {grown >> 10} KiB of memory"


def many_idle(server):
    """Clients that connect and then do nothing; some have not even shaken hands."""
    count = min(2000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2 - 100)
    before = server.memory()
    with contextlib.ExitStack() as stack:
        for _ in range(count // 2):
            stack.enter_context(server.connect())
        for _ in range(count // 2):
            peer = stack.enter_context(server.connect_tls())
            peer.sendall(server.head("GET", "/datamesh/v1/status") + b"\r\n")
            check(peer.recv(4096).startswith(b"HTTP/1.1 200"), "an early one was not served")
        check(server.ask()[0] == 200, "nobody else was served")
        each = (server.memory() - before) // count
    check(each < 160 * 1024, f"{each} bytes each")
    return f"{count} connections, {each >> 10} KiB each"


def slow_heads(server):
    """A byte now and then, for ever: the deadline is the request's, not the byte's."""
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(server.connect_tls()) for _ in range(200)]
        for peer in peers:
            send_all(peer, [server.head("GET", OBJECTS)])
        begin = time.monotonic()
        while peers and time.monotonic() - begin < 60:
            check(server.ask()[0] == 200, "nobody else was served")
            peers = [peer for peer in peers if send_all(peer, [b"X: y\r\n"])]
            time.sleep(1)
        check(not peers, f"{len(peers)} of 200 are still being waited for")
    return f"200 cut after {time.monotonic() - begin:.0f} s"


def deaf_watcher(server):
    """A watcher that reads nothing while objects change under it."""
    mesh = {"apiVersion": "datamesh.dev/v1alpha1", "kind": "Mesh", "metadata": {"name": "attacked"}, "spec": {}}
    status, body = server.ask("POST", OBJECTS, json.dumps(mesh))
    check(status in (200, 201), body)
    before = server.memory()
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            peer = stack.enter_context(server.connect_tls())
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.sendall(server.head("GET", OBJECTS + "?watch=true&resourceVersion=0&timeoutSeconds=120") + b"\r\n")
        for number in range(100):
            patch = {"metadata": {"annotations": {"padding": f"{number:04}" + "x" * 100_000}}}
            connection = http.client.HTTPSConnection(*server.place, context=server.tls, timeout=TIMEOUT)
            with contextlib.closing(connection):
                connection.request("PATCH", OBJECTS + "/attacked", json.dumps(patch), {
                    "Authorization": f"Bearer {server.token}", "Content-Type": "application/merge-patch+json"})
                check(connection.getresponse().status == 200, "a write was not served")
        grown = server.memory() - before
    check(grown < 192 * MEBIBYTE, f"it cost {grown} bytes")
    return f"50 watchers, 10 MB of changes, {grown >> 20} MiB of memory"


def not_tls(server):
    for greeting in (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"\0" * 70_000, bytes(range(256))):
        with server.connect() as peer:
            send_all(peer, [greeting])
            check(b"200" not in receive_all(peer), "it was served")
    return "refused"


def deep_json(server):
    for body in (b"[" * 200_000, b'{"a":' * 200_000, b'{"metadata":{"labels":{' +
                 b",".join(b'"k%d":"v"' % n for n in range(300_000)) + b"}}}", b'"\xff\xfe"', b"\0", b"{}" * 10):
        status, _ = server.ask("POST", OBJECTS, body)
        check(400 <= status < 500, f"{body[:20]}: {status}")
    return "refused"


ATTACKS = {function.__name__: function for function in (
    malformed, long_head, long_bodies, not_tls, deep_json, many_idle, deaf_watcher, slow_heads)}


def main(arguments):
    if not arguments or not set(arguments[1:]) <= set(ATTACKS):
        raise SystemExit(f"usage: attacks.py BINARY [{'|'.join(ATTACKS)} ...]")
    failed = False
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(Server(arguments[0], folder)) as server:
        for name in arguments[1:] or ATTACKS:
            try:
                print(f"{name}: {ATTACKS[name](server)}", flush=True)
                check(server.ask()[0] == 200, "the server answers no more")
            except AssertionError as problem:
                failed = True
                print(f"{name}: FAILED: {problem}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/env python3
"""kill -9 at any moment: nothing acknowledged is lost, the mesh converges, nothing is granted that is not declared.

usage: kill_test.py DATAMESH MANIFESTS [--rounds N] [--seed N]

Runs `datamesh up` on a folder of its own, declares and deletes the example mesh while the process is killed again and
again, and looks at what is left from the outside: the objects by `get`, the permissions by `lake`.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time


class Server:
    """One `datamesh up` on loopback, in the state folder of the test."""

    def __init__(self, program, state):
        self.log = open(os.path.join(state, "up.log"), "ab")
        self.process = subprocess.Popen(
            [program, "--state-dir", state, "up", "--metrics-listen", "127.0.0.1:0"],
            stdout=self.log, stderr=self.log)
        self.program, self.state = program, state
        deadline = time.monotonic() + 30
        while self.run("status").returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("up does not start; see up.log:\n" + tail(os.path.join(state, "up.log")))
            time.sleep(0.05)

    def run(self, *arguments):
        return subprocess.run([self.program, "--state-dir", self.state, *arguments], capture_output=True, text=True,
                              timeout=150, check=False)

    def json(self, *arguments):
        result = self.run(*arguments, "-o", "json")
        if result.returncode != 0:
            raise AssertionError(f"{arguments}: {result.stderr}")
        return json.loads(result.stdout)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def stop(self):
        """Ctrl-C; it must end by itself, well, and within two seconds."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(timeout=10)
        took = time.monotonic() - begun
        self.log.close()
        # An idle process has nothing to finish; the margin is for a machine under load.
        assert status == 0 and took < 6, f"Ctrl-C: status {status} after {took:.1f} s"


def tail(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return "".join(file.readlines()[-20:])


def killed_during(server, delay, *arguments):
    """Runs a command while the server is killed `delay` seconds after its start. The names that it acknowledged."""
    timer = threading.Timer(delay, server.kill)
    timer.start()
    try:
        output = server.run(*arguments).stdout
    finally:
        timer.join()
    return [line.split()[0] for line in output.splitlines() if line.endswith((" created", " configured"))]


def names(server):
    found = set()
    for item in server.json("get", "all", "-A")["items"]:
        found.add(f"{item['kind'].lower()}.datamesh.dev/{item['metadata']['name']}")
    return found


def granted(server, account, region):
    """The permissions in the account's catalog but for those that come with being an administrator or a creator."""
    rows, token = [], None
    while True:
        request = {"NextToken": token} if token else {}
        page = server.run("lake", "lakeformation", "ListPermissions", "--as",
                          f"arn:aws:iam::{account}:role/datamesh-operator", "--region", region,
                          "--input", json.dumps(request))
        assert page.returncode == 0, page.stderr
        answer = json.loads(page.stdout)
        rows += answer.get("PrincipalResourcePermissions", [])
        token = answer.get("NextToken")
        if not token:
            break
    # Administrators and creators hold rights that nobody granted; so does IAM_ALLOWED_PRINCIPALS in a fresh account.
    own = ("role/datamesh-operator", "role/Admin", "IAM_ALLOWED_PRINCIPALS")
    return [row for row in rows if not row["Principal"]["DataLakePrincipalIdentifier"].endswith(own)]


def write_list(folder, name, items):
    """Objects as a manifest, without what only the server says of them."""
    path = os.path.join(folder, name)
    for item in items:
        item.pop("status", None)
        kept = ("name", "namespace", "labels", "annotations")
        item["metadata"] = {key: value for key, value in item["metadata"].items() if key in kept}
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"apiVersion": "v1", "kind": "List", "items": items}, file)
    return path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("manifests")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="datamesh-kill-") as state:
        acknowledged = set()
        for _ in range(options.rounds):
            server = Server(options.program, state)
            lost = acknowledged - names(server)
            assert not lost, f"acknowledged and lost: {sorted(lost)}"
            acknowledged |= set(killed_during(server, chance.uniform(0.02, 1.5), "apply", "-f", options.manifests))
        server = Server(options.program, state)
        lost = acknowledged - names(server)
        assert not lost, f"acknowledged and lost: {sorted(lost)}"
        applied = server.run("apply", "-f", options.manifests)
        assert applied.returncode == 0, applied.stderr
        converged = server.run("status", "--wait-converged", "--timeout", "120s")
        assert converged.returncode == 0, converged.stdout + converged.stderr
        accounts = [(item["spec"]["accountId"], region) for item in server.json("get", "accounts", "-A")["items"]
                    for region in item["spec"]["regions"]]
        assert sum(len(granted(server, *each)) for each in accounts) > 0
        print(f"{len(acknowledged)} objects acknowledged over {options.rounds} kills, none lost; converged")
        everything = server.json("get", "all", "-A")["items"]
        grants = [item for item in everything if item["kind"] == "Grant"]
        doomed = write_list(state, "doomed.json", [item for item in everything if item["kind"] != "Mesh"])
        # Taking everything back at once is what the guard is there to hold; here it is meant.
        mesh = next(item for item in everything if item["kind"] == "Mesh")
        mesh["spec"]["guard"] = {"maxRevokedPercent": 100, "maxDeletedTables": 1000}
        loosened = server.run("apply", "-f", write_list(state, "mesh.json", [mesh]))
        assert loosened.returncode == 0, loosened.stderr
        killed_during(server, chance.uniform(0.02, 0.6), "delete", "-f", doomed, "--ignore-not-found")
        for _ in range(2):
            server = Server(options.program, state)
            killed_during(server, chance.uniform(0.02, 0.6), "delete", "-f", doomed, "--ignore-not-found")
        server = Server(options.program, state)
        server.run("delete", "-f", doomed, "--ignore-not-found")
        deadline = time.monotonic() + 90
        while len(names(server)) > 1:
            if time.monotonic() > deadline:
                raise AssertionError(f"never deleted: {sorted(names(server))}\n" + server.run("status").stdout + json.dumps([i["status"]["conditions"][0] for i in server.json("get", "all", "-A")["items"]]) + json.dumps(next(i for i in server.json("get", "all", "-A")["items"] if i["kind"] != "Mesh")))
            time.sleep(0.2)
        left = [(each, row) for each in accounts for row in granted(server, *each)]
        assert not left, f"{len(left)} permissions that nobody declares any more, such as {left[0]}"
        print(f"{len(grants)} grants deleted over 3 kills: no permission is left in {len(accounts)} catalogs")
        server.stop()
    print("kill -9: passed")


if __name__ == "__main__":
    sys.exit(main())

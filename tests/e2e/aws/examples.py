"""The whole operator on another's lake, for each example: every request that RemoteAws sends and every answer of the
lake, those that fail too, are held to botocore's models.

`datamesh up` serves an empty lake; a second one is given the example with its accounts as accounts of AWS and reaches the
lake through a proxy that writes down what passes. It converges; a table is edited, a grant is deleted, and each time it
converges. requests.py and recorder/shapes.py judge what was written down.

usage: examples.py BINARY EXAMPLE...
"""

import collections
import copy
import http.client
import http.server
import importlib.util
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

import yaml

HERE = pathlib.Path(__file__).parent
PATIENCE = 60  # seconds, for each of the things that are waited for


def load(name, path):
    """A module by its file: requests.py has the name of a package of PyPI."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


judge = load("judge", HERE / "requests.py")
shapes = load("shapes", HERE / "recorder" / "shapes.py")


# ---- what passes ---------------------------------------------------------------------------------------------------

class Proxy(http.server.ThreadingHTTPServer):
    """Passes everything on as it is, Host and signature too, and keeps it."""
    daemon_threads = True

    def __init__(self, lake):
        super().__init__(("127.0.0.1", 0), Passing)
        self.lake, self.lock, self.entries = lake, threading.Lock(), []

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"


class Passing(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        connection = http.client.HTTPConnection(self.server.lake, timeout=60)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        with self.server.lock:
            self.server.entries.append({
                "headers": dict(self.headers), "target": self.path, "method": self.command, "body": body.decode(),
                "status": answer.status, "answer_headers": dict(answer.getheaders()), "answer": content})
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_DELETE = do_POST

    def log_message(self, *_):
        pass


# ---- the two processes -----------------------------------------------------------------------------------------------

class Up:
    """A `datamesh up` with a state folder of its own."""

    def __init__(self, binary, folder, *options, **more):
        self.binary, self.folder = binary, folder
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(("AWS_", "DATAMESH_", "PYTHONPATH"))}
        environment.update(AWS_EC2_METADATA_DISABLED="true", NO_PROXY="127.0.0.1", **more)
        folder.mkdir()
        self.log = folder / "log"
        with self.log.open("w") as out:
            self.process = subprocess.Popen([binary, "--state-dir", folder, "up", "--metrics-listen", "127.0.0.1:0", *options],
                                            stdout=out, stderr=subprocess.STDOUT, env=environment)

    def __enter__(self):
        end = time.monotonic() + PATIENCE
        while '"msg":"started"' not in self.log.read_text():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("datamesh up did not start: " + self.log.read_text()[-2000:])
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)

    def run(self, *arguments, text=None):
        done = subprocess.run([self.binary, "--state-dir", self.folder, *arguments], input=text, text=True, timeout=PATIENCE + 60,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, arguments))}: {done.stdout[-2000:]}")
        return done.stdout

    def converge(self):
        self.run("status", "--wait-converged", "--timeout", f"{PATIENCE}s")


# ---- what is asked of the operator -----------------------------------------------------------------------------------

def on_aws(objects):
    """The objects of the example, with its accounts where the endpoint is."""
    out = copy.deepcopy(objects)
    for each in out:
        if each["kind"] == "Account":
            each["spec"]["connection"] = {"type": "Aws"}
    return out


def objects_of(folder):
    return [each for path in sorted(folder.glob("*.yaml")) for each in yaml.safe_load_all(path.read_text()) if each]


def edited(objects):
    """A product whose first table has a column more."""
    product = copy.deepcopy(next(each for each in objects if each["kind"] == "DataProduct"))
    product["spec"]["tables"][0]["columns"].append({"name": "added_later", "type": "string"})
    return product


def live(operator, objects):
    """From nothing; a table with another column; a grant less."""
    text = "---\n".join(map(yaml.safe_dump, objects))
    operator.run("apply", "-f", "-", text=text)
    operator.converge()
    operator.run("apply", "-f", "-", text=yaml.safe_dump(edited(objects)))
    operator.converge()
    gone = next(each for each in objects if each["kind"] == "Grant")
    operator.run("delete", "-f", "-", "--wait", "--timeout", f"{PATIENCE}s", text=yaml.safe_dump(gone))
    operator.converge()



def problems_of(entries):
    """What is wrong, by operation and problem; and how many requests there were of which operations."""
    services, problems, seen = judge.Services(), collections.Counter(), collections.Counter()
    for entry in entries:
        operation = services.operation(entry)
        name = f"{operation.service_model.service_name}:{operation.name}"
        seen[name] += 1
        answer = {"status_code": entry["status"], "headers": entry["answer_headers"], "body": entry["answer"]}
        for problem in [*judge.request_problems(entry, operation), *shapes.problems_of_response(operation, answer)]:
            problems[f"{name}: {problem}"] += 1
    return problems, seen


def example(binary, folder, scratch):
    """Prints the check of one example; whether all is well."""
    begun = time.monotonic()
    with Up(binary, scratch / "lake", "--aws-plain-listen", "127.0.0.1:0") as lake:
        plain = re.search(r'"awsPlain":"([0-9.:]*)"', lake.log.read_text())[1]
        proxy = Proxy(plain)
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        reach = {"AWS_SHARED_CREDENTIALS_FILE": str(scratch / "lake" / "aws" / "credentials"),
                 "AWS_CONFIG_FILE": "/dev/null", "AWS_ENDPOINT_URL": proxy.address, "AWS_REGION": "us-east-1"}
        try:
            with Up(binary, scratch / "operator", "--aws-listen", "off", "--sweep-interval", "30s", **reach) as operator:
                live(operator, on_aws(objects_of(folder)))
        finally:
            proxy.shutdown()
    problems, seen = problems_of(proxy.entries)
    for problem, count in sorted(problems.items()):
        print(f"      {problem} ({count} times)")
    writes = sum(count for name, count in seen.items() if re.search(":(Create|Update|Put|Batch|Grant|Revoke|Delete|Add|Remove|Register)", name))
    is_so = not problems and writes > 10
    print(f"{'ok   ' if is_so else 'FAIL '} examples: {folder.name}: {sum(seen.values())} requests of {len(seen)} operations, {writes} of "
          f"them writes, and their answers fit botocore's models ({time.monotonic() - begun:.0f} s)", flush=True)
    return is_so


def main():
    binary, failed = pathlib.Path(sys.argv[1]).resolve(), 0
    for folder in map(pathlib.Path, sys.argv[2:]):
        with tempfile.TemporaryDirectory() as scratch:
            try:
                failed += not example(binary, folder, pathlib.Path(scratch))
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                print(f"FAIL  examples: {folder.name}\n      {error}", flush=True)
                failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    sys.exit(main())

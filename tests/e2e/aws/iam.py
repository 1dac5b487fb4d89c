#!/usr/bin/env python3
"""How RemoteAws asks IAM what a role may do, held to botocore's model of IAM. moto does not simulate policies.

Stands in for STS and IAM on loopback: each request must be valid for its model and be what botocore would have sent, in
two pages of answers. Without botocore: skipped, in one line.

usage: iam.py PATH-OF-remote_calls
"""

import http.server
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import threading
from urllib.parse import parse_qsl


def load_judge():
    """requests.py, whose name a package of PyPI has too."""
    spec = importlib.util.spec_from_file_location("judge", pathlib.Path(__file__).with_name("requests.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


try:
    judge = load_judge()
except ImportError:
    print("iam: skipped, there is no botocore")
    sys.exit(0)

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/datamesh-operator"
SESSION = ("<Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
           "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>")


class Stand(http.server.BaseHTTPRequestHandler):
    problems, seen = [], []
    services = judge.Services()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        entry = {"headers": dict(self.headers), "target": self.path, "method": "POST", "body": body}
        operation = self.services.operation(entry)
        self.seen.append((operation.name, self.headers["Authorization"]))
        self.problems.extend(f"{operation.name}: {each}" for each in judge.request_problems(entry, operation))
        self.answer(operation.name, self.result(operation.name, dict(parse_qsl(body))))

    def result(self, name, asked):
        if name == "AssumeRole":
            return SESSION
        if name == "GetCallerIdentity":
            return f"<Account>{ACCOUNT}</Account>"
        which, more = (2, "false") if "Marker" in asked else (1, "true")
        return (f"<IsTruncated>{more}</IsTruncated><Marker>m</Marker><EvaluationResults><member><EvalActionName>"
                f"{asked[f'ActionNames.member.{which}']}</EvalActionName><EvalDecision>allowed</EvalDecision></member></EvaluationResults>")

    def answer(self, name, inside):
        text = f"<{name}Response><{name}Result>{inside}</{name}Result></{name}Response>".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stand)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    call = {"account": ACCOUNT, "region": "eu-west-1", "service": "iam", "operation": "SimulatePrincipalPolicy",
            "input": {"PolicySourceArn": ROLE, "ActionNames": ["glue:GetTable", "glue:CreateTable"],
                      "ResourceArns": [f"arn:aws:glue:eu-west-1:{ACCOUNT}:catalog"], "MaxItems": 1000,
                      "ContextEntries": [{"ContextKeyName": "aws:SecureTransport", "ContextKeyType": "boolean",
                                          "ContextKeyValues": ["true"]}]}}
    later = {**call, "input": {**call["input"], "Marker": "m"}}
    environment = dict(os.environ, AWS_ACCESS_KEY_ID="AKIA", AWS_SECRET_ACCESS_KEY="s", AWS_EC2_METADATA_DISABLED="true")
    done = subprocess.run([pathlib.Path(sys.argv[1]).resolve(), f"http://127.0.0.1:{server.server_port}"], text=True, timeout=60,
                          input=json.dumps(call) + "\n" + json.dumps(later) + "\n", stdout=subprocess.PIPE, env=environment)
    answers = [json.loads(line).get("output", {}) for line in done.stdout.splitlines()]
    problems = list(Stand.problems)
    if [name for name, _ in Stand.seen] != ["AssumeRole", "GetCallerIdentity", "SimulatePrincipalPolicy", "SimulatePrincipalPolicy"]:
        problems.append(f"asked {Stand.seen}")
    if any("/us-east-1/iam/aws4_request" not in signature for name, signature in Stand.seen if name.startswith("Simulate")):
        problems.append("IAM is not signed for us-east-1")
    if [one.get("IsTruncated") for one in answers] != [True, False]:
        problems.append(f"answers read as {answers}")
    for problem in problems:
        print("FAIL  " + problem)
    print(f"iam: {len(Stand.seen)} requests, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

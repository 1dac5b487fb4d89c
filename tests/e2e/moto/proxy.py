#!/usr/bin/env python3
"""Stands between `datamesh up` and moto's server, passes everything on as it is, and writes down each call.

Exactly these are not passed on as they are (moto 5.1.22; lake-formation.md, section 6):

  RAM GetResourceShares, OTHER-ACCOUNTS   moto raises NotImplementedError, and its grants make no share: an active share
                                          is answered from each account where moto lists a permission for the caller's.
  RAM GetResourceShareInvitations         moto has none; shares are as within an organization, so nobody invites: empty.
  Lake Formation ListLakeFormationOptIns  moto has none, and nothing here is hybrid: empty.
  IAM SimulatePrincipalPolicy             moto has none: every action that is asked about is allowed.
  Lake Formation BatchGrantPermissions,   moto reads the grant option from a misspelled member: that member is added.
    BatchRevokePermissions

What it needs to know for the first, which key is whose, it reads from the answers to AssumeRole.

usage: proxy.py PORT-OF-moto LOG     prints its own port; a line of JSON a call goes to LOG
"""

import http.client
import http.server
import json
import re
import sys
import threading
import urllib.parse

MOST = 8 << 20  # bytes of a request or of an answer
PATIENCE = 30  # seconds
READS = re.compile("Get|List|Describe|Search|AssumeRole|Simulate|ReceiveMessage|DeleteMessage", re.IGNORECASE)


class Lake:
    """moto, and the accounts whose sessions came by."""

    def __init__(self, port, log):
        self.port, self.log = port, open(log, "a", buffering=1, encoding="utf-8")
        self.lock, self.accounts = threading.Lock(), {}  # whose each key is

    def ask(self, method, path, headers, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read(MOST + 1)
            if len(content) > MOST:
                raise OSError("moto's answer is too long")
            return answer.status, dict(answer.getheaders()), content
        finally:
            connection.close()

    def learn(self, content):
        """Notes of whom AssumeRole handed out a key."""
        key = re.search(rb"<AccessKeyId>([^<]+)", content)
        account = re.search(rb"<Arn>arn:[^:]+:sts::(\d{12}):", content)
        if key and account:
            with self.lock:
                self.accounts[key[1].decode()] = account[1].decode()

    def account_of(self, key):
        with self.lock:
            return self.accounts.get(key, "")

    def sharers_with(self, account, region):
        """The other accounts where moto lists a permission for `account` or for somebody in it."""
        with self.lock:
            others = {owner: key for key, owner in self.accounts.items() if owner != account}
        for owner, key in others.items():
            scope = f"AWS4-HMAC-SHA256 Credential={key}/20260101/{region}/lakeformation/aws4_request"
            _, _, content = self.ask("POST", "/ListPermissions", {"Authorization": scope}, b"{}")
            rows = json.loads(content)["PrincipalResourcePermissions"]
            principals = {row["Principal"]["DataLakePrincipalIdentifier"] for row in rows}
            if any(re.search(rf"^{account}$|:{account}:", principal) for principal in principals):
                yield owner

    def note(self, **line):
        with self.lock:
            self.log.write(json.dumps(line) + "\n")


class Passage(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE
    lake = None

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        if length > MOST or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            return self.answer(413, {}, b"")
        body = self.rfile.read(length)
        scope = re.search(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/", self.headers.get("Authorization", ""))
        key, region, service = scope.groups() if scope else ("", "", "")
        operation = self.operation(service, body)
        try:
            found = self.instead(service, operation, key, region, body) or self.passed_on(service, operation, body)
            status, headers, content = found
        except (OSError, ValueError, KeyError, http.client.HTTPException) as problem:
            status, headers, content = 502, {}, str(problem).encode()
        self.lake.note(account=self.lake.account_of(key), service=service, operation=operation, status=status,
                       write=not READS.match(operation))
        return self.answer(status, headers, content)

    def operation(self, service, body):
        if service in ("sts", "iam"):
            return urllib.parse.parse_qs(body.decode()).get("Action", ["?"])[0]
        return (self.headers.get("X-Amz-Target") or self.path).rsplit(".")[-1].strip("/")

    def instead(self, service, operation, key, region, body):
        """The answer to what moto cannot answer; None for everything else."""
        account, of_json = self.lake.account_of(key), {"Content-Type": "application/json"}
        if service == "ram" and operation == "getresourceshares" and json.loads(body)["resourceOwner"] != "SELF":
            shares = [{"resourceShareArn": f"arn:aws:ram:{region}:{owner}:resource-share/{account}",
                       "name": "LakeFormation-V4", "owningAccountId": owner, "status": "ACTIVE"}
                      for owner in self.lake.sharers_with(account, region)]
            return 200, of_json, json.dumps({"resourceShares": shares}).encode()
        if service == "ram" and operation == "getresourceshareinvitations":
            return 200, of_json, b'{"resourceShareInvitations": []}'
        if service == "lakeformation" and operation == "ListLakeFormationOptIns":
            return 200, of_json, b'{"LakeFormationOptInsInfoList": []}'
        if service == "iam" and operation == "SimulatePrincipalPolicy":
            asked = urllib.parse.parse_qs(body.decode())
            actions = [asked[name][0] for name in asked if name.startswith("ActionNames.")]
            results = "".join(f"<member><EvalActionName>{action}</EvalActionName><EvalResourceName>*</EvalResourceName>"
                              "<EvalDecision>allowed</EvalDecision></member>" for action in actions)
            return 200, {"Content-Type": "text/xml"}, (
                "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated>"
                f"<EvaluationResults>{results}</EvaluationResults></SimulatePrincipalPolicyResult>"
                "</SimulatePrincipalPolicyResponse>").encode()
        return None

    def passed_on(self, service, operation, body):
        headers = {name: value for name, value in self.headers.items()
                   if name.lower() not in ("connection", "content-length")}
        if service == "lakeformation" and operation in ("BatchGrantPermissions", "BatchRevokePermissions"):
            batch = json.loads(body)
            for entry in batch["Entries"]:
                entry["PermissionsWithGrantOptions"] = entry.get("PermissionsWithGrantOption", [])
            body = json.dumps(batch).encode()
        status, headers, content = self.lake.ask("POST", self.path, headers, body)
        if operation == "AssumeRole":
            self.lake.learn(content)
        return status, headers, content

    def answer(self, status, headers, content):
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def main():
    Passage.lake = Lake(int(sys.argv[1]), sys.argv[2])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Passage)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

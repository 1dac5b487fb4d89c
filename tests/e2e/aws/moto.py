#!/usr/bin/env python3
"""RemoteAws against moto, a server that we did not write: protocols, sessions in other accounts, errors.

Starts moto_server (of the folder in $MOTO_BIN, else of PATH) on loopback, and ends it. Without it: skipped, in one line.
What moto does otherwise than AWS (lake-formation.md, section 6) is not asked of it.

usage: moto.py PATH-OF-remote_calls
"""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

OWNER, CONSUMER, REGION = "111122223333", "444455556666", "eu-west-1"
ADMIN = {"DataLakePrincipalIdentifier": f"arn:aws:iam::{OWNER}:role/datamesh-operator"}


class Remote:
    """One remote_calls, and what was asked of it."""

    def __init__(self, program, endpoint):
        environment = dict(os.environ, AWS_ACCESS_KEY_ID="AKIAMOTO", AWS_SECRET_ACCESS_KEY="secret",
                           AWS_EC2_METADATA_DISABLED="true")
        self.process = subprocess.Popen([program, endpoint], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=environment)
        self.passed = self.failed = 0

    def call(self, account, service, operation, /, **inputs):
        line = {"account": account, "region": REGION, "service": service, "operation": operation, "input": inputs}
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def check(self, name, holds, answer):
        self.passed += bool(holds)
        self.failed += not holds
        print(f"{'ok' if holds else 'FAIL':5} {name}" + ("" if holds else f"\n      {answer}"))

    def says(self, title, wanted, account, service, operation, /, **inputs):
        """`wanted` is the output, or a function of it."""
        answer = self.call(account, service, operation, **inputs)
        output = answer.get("output")
        self.check(title, output is not None and (wanted(output) if callable(wanted) else output == wanted), answer)

    def refuses(self, title, kind, code, account, service, operation, /, **inputs):
        answer = self.call(account, service, operation, **inputs)
        error = answer.get("error", {})
        self.check(title, (error.get("kind"), error.get("code")) == (kind, code), answer)


def table(name):
    return {"Name": name, "TableType": "EXTERNAL_TABLE", "Parameters": {"classification": "parquet"},
            "StorageDescriptor": {"Columns": [{"Name": "id", "Type": "bigint"}], "Location": "s3://lake/orders/"}}


def walk(remote):
    remote.says("who we are in an account", lambda out: out["Account"] == OWNER, OWNER, "sts", "GetCallerIdentity")
    remote.says("and in another", lambda out: out["Account"] == CONSUMER, CONSUMER, "sts", "GetCallerIdentity")
    settings = {"DataLakeAdmins": [ADMIN], "CreateDatabaseDefaultPermissions": [], "CreateTableDefaultPermissions": []}
    remote.says("settings are put", {}, OWNER, "lakeformation", "PutDataLakeSettings", DataLakeSettings=settings)
    remote.says("and read", lambda out: out["DataLakeSettings"]["DataLakeAdmins"] == [ADMIN], OWNER, "lakeformation",
                "GetDataLakeSettings")
    remote.says("a location is registered", {}, OWNER, "lakeformation", "RegisterResource",
                ResourceArn="arn:aws:s3:::lake", RoleArn=f"arn:aws:iam::{OWNER}:role/storage")
    remote.refuses("once", "AlreadyExists", "AlreadyExistsException", OWNER, "lakeformation", "RegisterResource",
                   ResourceArn="arn:aws:s3:::lake", RoleArn=f"arn:aws:iam::{OWNER}:role/storage")
    remote.says("a database is made", {}, OWNER, "glue", "CreateDatabase",
                DatabaseInput={"Name": "sales", "CreateTableDefaultPermissions": []})
    remote.refuses("once", "AlreadyExists", "AlreadyExistsException", OWNER, "glue", "CreateDatabase",
                   DatabaseInput={"Name": "sales"})
    remote.says("a table is made", {}, OWNER, "glue", "CreateTable", DatabaseName="sales", TableInput=table("orders"))
    remote.says("and read", lambda out: out["Table"]["StorageDescriptor"]["Columns"][0]["Name"] == "id", OWNER, "glue",
                "GetTable", DatabaseName="sales", Name="orders")
    remote.says("and listed", lambda out: [one["Name"] for one in out["TableList"]] == ["orders"], OWNER, "glue",
                "GetTables", DatabaseName="sales")
    remote.refuses("another account has no such database", "NotFound", "EntityNotFoundException", CONSUMER, "glue",
                   "GetDatabase", Name="sales")
    remote.says("a grant is made", {}, OWNER, "lakeformation", "GrantPermissions",
                Principal={"DataLakePrincipalIdentifier": CONSUMER}, Permissions=["DESCRIBE"],
                Resource={"Table": {"CatalogId": OWNER, "DatabaseName": "sales", "TableWildcard": {}}})
    remote.says("and listed", lambda out: [row["Principal"]["DataLakePrincipalIdentifier"] for row in
                                           out["PrincipalResourcePermissions"]] == [CONSUMER],
                OWNER, "lakeformation", "ListPermissions")
    remote.says("a batch", {"Failures": []}, OWNER, "lakeformation", "BatchGrantPermissions",
                Entries=[{"Id": "1", "Principal": {"DataLakePrincipalIdentifier": f"arn:aws:iam::{OWNER}:role/reader"},
                          "Resource": {"Database": {"CatalogId": OWNER, "Name": "sales"}}, "Permissions": ["DESCRIBE"]}])
    remote.says("a tag", {}, OWNER, "lakeformation", "CreateLFTag", TagKey="domain", TagValues=["sales"])
    remote.says("on the database", lambda out: out.get("Failures", []) == [], OWNER, "lakeformation",
                "AddLFTagsToResource", Resource={"Database": {"Name": "sales"}},
                LFTags=[{"TagKey": "domain", "TagValues": ["sales"]}])
    remote.says("a link in the consumer", {}, CONSUMER, "glue", "CreateDatabase",
                DatabaseInput={"Name": "sales_link", "TargetDatabase": {"CatalogId": OWNER, "DatabaseName": "sales"}})
    shares = []
    remote.says("a share", lambda out: shares.append(out["resourceShare"]["resourceShareArn"]) is None, OWNER, "ram",
                "CreateResourceShare", name="LakeFormation-test")
    remote.says("is listed", lambda out: [one["resourceShareArn"] for one in out["resourceShares"]] == shares, OWNER,
                "ram", "GetResourceShares", resourceOwner="SELF")
    remote.says("and deleted", lambda out: out.get("returnValue") is True, OWNER, "ram", "DeleteResourceShare",
                resourceShareArn=shares[0] if shares else "")
    remote.refuses("what moto breaks over is transient", "Transient", "", OWNER, "glue", "SearchTables")
    remote.refuses("what it does not have is not found", "NotFound", "", OWNER, "ram", "GetResourceShareInvitations")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/data.json", timeout=5).read()
            return True
        except OSError:
            time.sleep(0.1)
    return False


def main():
    server = shutil.which("moto_server", path=os.environ.get("MOTO_BIN") or None)
    if server is None:
        print("moto: skipped, there is no moto_server")
        return 0
    port = free_port()
    moto = subprocess.Popen([server, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
    try:
        if not wait_for(port):
            print("FAIL  moto_server does not answer")
            return 1
        remote = Remote(pathlib.Path(sys.argv[1]).resolve(), f"http://127.0.0.1:{port}")
        walk(remote)
        remote.process.stdin.close()
        remote.process.wait(10)
        print(f"{remote.passed} passed, {remote.failed} failed")
        return remote.failed > 0
    finally:
        moto.terminate()
        moto.wait(10)


if __name__ == "__main__":
    sys.exit(main())

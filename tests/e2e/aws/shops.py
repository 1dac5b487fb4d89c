"""Tables for those who select rows with SQL: the catalog is the endpoint, the objects lie in moto's S3.

An Iceberg table that PyIceberg writes, and plain Parquet files behind a table of Hive's kind, in a database of the owner
to which a link of the consumer leads. moto_server (of the folder in $MOTO_BIN) is started on loopback, and ended.
"""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import boto3
import pyarrow
import pyarrow.fs
import pyarrow.parquet
from pyiceberg.catalog import load_catalog

RIDES = pyarrow.table({"id": [1, 2, 3], "city": ["Bern", "Lima", "Oslo"], "email": ["a@x", "b@x", "c@x"],
                       "fare": [10.0, 20.0, 40.0]})
BOTH = ["SELECT", "DESCRIBE"]


def client(profile, service):
    return boto3.Session(profile_name=profile).client(service)


def end_when_told():
    """What `running` started is ended when this process is."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def is_listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def running(name, command, port, seconds, **options):
    """The process, once it listens; it is ended with the block."""
    process = subprocess.Popen(command, **{"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **options})
    try:
        end = time.monotonic() + seconds
        while not is_listening(port):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{name} did not start")
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def store():
    """The address of moto's server. Its keys are any: it checks none."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHONPATH"))}
    program = pathlib.Path(os.environ["MOTO_BIN"]) / "moto_server"
    with running("moto_server", [program, "-H", "127.0.0.1", "-p", str(port)], port, 60, env=environment):
        yield f"http://127.0.0.1:{port}"


class Shops:
    """A database NAME of the owner, and the link NAME_link of the consumer; the bucket has the database's name."""

    def __init__(self, owner, consumer, name, address):
        self.owner, self.consumer, self.name, self.store = owner, consumer, name, address
        self.link, self.bucket = f"{name}_link", name.replace("_", "-")
        self.reader = f"arn:aws:iam::{consumer}:role/Reader"

    def objects(self):
        return pyarrow.fs.S3FileSystem(access_key="any", secret_key="any", region="us-east-1",
                                       endpoint_override=self.store, allow_bucket_creation=True)

    def catalog(self, profile):
        return load_catalog(f"rows-{profile}", **{
            "type": "glue", "glue.profile-name": profile, "warehouse": f"s3://{self.bucket}", "s3.endpoint": self.store,
            "s3.access-key-id": "any", "s3.secret-access-key": "any", "s3.region": "us-east-1"})

    def table(self, name):
        return {"Table": {"CatalogId": self.owner, "DatabaseName": self.name, "Name": name}}

    def columns(self, name, columns):
        return {"TableWithColumns": {"CatalogId": self.owner, "DatabaseName": self.name, "Name": name,
                                     "ColumnNames": columns}}

    def change(self, profile, operation, principal, resource, permissions, grantable=()):
        getattr(client(profile, "lakeformation"), operation)(
            Principal={"DataLakePrincipalIdentifier": principal}, Resource=resource, Permissions=permissions,
            PermissionsWithGrantOption=list(grantable))

    def grant(self, resource, permissions):
        """To the consumer's role Reader, by the consumer."""
        self.change("walk-consumer", "grant_permissions", self.reader, resource, permissions)

    def revoke(self, resource, permissions):
        self.change("walk-consumer", "revoke_permissions", self.reader, resource, permissions)

    def write(self):
        files = self.objects()
        files.create_dir(self.bucket)
        client("walk-owner", "lakeformation").register_resource(ResourceArn=f"arn:aws:s3:::{self.bucket}",
                                                                UseServiceLinkedRole=True)
        owner = self.catalog("walk-owner")
        owner.create_namespace(self.name, {"location": f"s3://{self.bucket}/{self.name}"})
        owner.create_table(f"{self.name}.rides", schema=RIDES.schema).append(RIDES)
        with files.open_output_stream(f"{self.bucket}/{self.name}/plain/part-0.parquet") as out:
            pyarrow.parquet.write_table(RIDES, out)
        parquet = "org.apache.hadoop.hive.ql.io.parquet"
        client("walk-owner", "glue").create_table(DatabaseName=self.name, TableInput={
            "Name": "plain", "TableType": "EXTERNAL_TABLE", "Parameters": {"classification": "parquet"},
            "StorageDescriptor": {
                "Location": f"s3://{self.bucket}/{self.name}/plain/",
                "InputFormat": f"{parquet}.MapredParquetInputFormat",
                "OutputFormat": f"{parquet}.MapredParquetOutputFormat",
                "SerdeInfo": {"SerializationLibrary": f"{parquet}.serde.ParquetHiveSerDe"},
                "Columns": [{"Name": "id", "Type": "bigint"}, {"Name": "city", "Type": "string"},
                            {"Name": "email", "Type": "string"}, {"Name": "fare", "Type": "double"}]}})

    def share(self):
        self.change("walk-owner", "grant_permissions", self.consumer,
                    {"Database": {"CatalogId": self.owner, "Name": self.name}}, ["DESCRIBE"], ["DESCRIBE"])
        for name in ("rides", "plain"):
            self.change("walk-owner", "grant_permissions", self.consumer, self.table(name), BOTH, BOTH)
        ram = client("walk-consumer", "ram")
        for page in ram.get_paginator("get_resource_share_invitations").paginate():
            for invitation in page["resourceShareInvitations"]:
                if invitation["status"] == "PENDING":
                    ram.accept_resource_share_invitation(
                        resourceShareInvitationArn=invitation["resourceShareInvitationArn"])
        client("walk-consumer", "glue").create_database(
            DatabaseInput={"Name": self.link, "TargetDatabase": {"CatalogId": self.owner, "DatabaseName": self.name}})
        self.grant({"Database": {"CatalogId": self.consumer, "Name": self.link}}, ["DESCRIBE"])


class Checks:
    """A line a check."""

    def __init__(self, who):
        self.who, self.failed = who, 0

    def __call__(self, name, is_so, shown=""):
        self.failed += not is_so
        print(f"{'ok   ' if is_so else 'FAIL '} {self.who}: {name}" + ("" if is_so else f"\n      {shown}"), flush=True)


def grants_decide(check, shops, select):
    """`select`: rows of `city` and twice the `fare` over 15 of LINK.rides, or the text of the error."""
    rows = select()
    check("a role without a grant selects nothing of the Iceberg table", isinstance(rows, str) and is_refusal(rows), rows)
    shops.grant(shops.table("rides"), BOTH)
    rows = select()
    check("a granted role selects rows of it through the link", rows == [("Lima", 40.0), ("Oslo", 80.0)], rows)
    shops.revoke(shops.table("rides"), BOTH)
    rows = select()
    check("after the revoke it selects nothing", isinstance(rows, str) and is_refusal(rows), rows)


def is_refusal(text):
    return any(word in text for word in ("AccessDenied", "EntityNotFound", "NoSuchTable", "TABLE_OR_VIEW_NOT_FOUND",
                                         "Insufficient Lake Formation permission"))

"""Consumers select rows with SQL: the catalog is the endpoint, the objects lie in moto's S3, and DuckDB runs the queries.

An Iceberg table that PyIceberg writes, and plain Parquet files behind a table of Hive's kind; both are read by a role of
the consumer through a database link. moto_server (of the folder in $MOTO_BIN) is started on loopback, and ended.

usage: rows.py OWNER CONSUMER
"""

import os
import pathlib
import socket
import subprocess
import sys
import time

import boto3
import botocore.exceptions
import duckdb
import pyarrow
import pyarrow.dataset
import pyarrow.fs
import pyarrow.parquet
from pyiceberg.catalog import load_catalog

OWNER, CONSUMER = sys.argv[1], sys.argv[2]
READER, BUCKET = f"arn:aws:iam::{CONSUMER}:role/Reader", "rows-lake"
SHOPS, LINK = "shops", "shops_link"
RIDES = pyarrow.table({"id": [1, 2, 3], "city": ["Bern", "Lima", "Oslo"], "email": ["a@x", "b@x", "c@x"],
                       "fare": [10.0, 20.0, 40.0]})
REFUSED = ("AccessDeniedException", "EntityNotFoundException", "NoSuchTableError")
failed = 0


def check(name, is_so, shown=""):
    global failed
    failed += not is_so
    print(f"{'ok   ' if is_so else 'FAIL '} rows: {name}" + ("" if is_so else f"\n      {shown}"), flush=True)


def client(profile, service):
    return boto3.Session(profile_name=profile).client(service)


# ---- the store -----------------------------------------------------------------------------------------------------

def start_store():
    """moto's server, and its address. Its keys are any: it checks none."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = pathlib.Path(os.environ["MOTO_BIN"]) / "moto_server"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHONPATH"))}
    store = subprocess.Popen([program, "-H", "127.0.0.1", "-p", str(port)], env=environment,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return store, f"http://127.0.0.1:{port}"
        if store.poll() is not None:
            break
        time.sleep(0.1)
    store.kill()
    sys.exit("FAIL  rows: moto_server did not start")


def objects(store):
    return pyarrow.fs.S3FileSystem(access_key="any", secret_key="any", region="us-east-1", endpoint_override=store,
                                   allow_bucket_creation=True)


def catalog(profile, store):
    return load_catalog(f"rows-{profile}", **{
        "type": "glue", "glue.profile-name": profile, "warehouse": f"s3://{BUCKET}", "s3.endpoint": store,
        "s3.access-key-id": "any", "s3.secret-access-key": "any", "s3.region": "us-east-1"})


# ---- the owner -----------------------------------------------------------------------------------------------------

def table_of(name):
    return {"Table": {"CatalogId": OWNER, "DatabaseName": SHOPS, "Name": name}}


def columns_of(name, columns):
    return {"TableWithColumns": {"CatalogId": OWNER, "DatabaseName": SHOPS, "Name": name, "ColumnNames": columns}}


def change(profile, operation, principal, resource, permissions, grantable=()):
    getattr(client(profile, "lakeformation"), operation)(
        Principal={"DataLakePrincipalIdentifier": principal}, Resource=resource, Permissions=permissions,
        PermissionsWithGrantOption=list(grantable))


def write(store):
    files = objects(store)
    files.create_dir(BUCKET)
    client("walk-owner", "lakeformation").register_resource(ResourceArn=f"arn:aws:s3:::{BUCKET}",
                                                            UseServiceLinkedRole=True)
    owner = catalog("walk-owner", store)
    owner.create_namespace(SHOPS, {"location": f"s3://{BUCKET}/{SHOPS}"})
    owner.create_table(f"{SHOPS}.rides", schema=RIDES.schema).append(RIDES)
    with files.open_output_stream(f"{BUCKET}/{SHOPS}/plain/part-0.parquet") as out:
        pyarrow.parquet.write_table(RIDES, out)
    parquet = "org.apache.hadoop.hive.ql.io.parquet"
    client("walk-owner", "glue").create_table(DatabaseName=SHOPS, TableInput={
        "Name": "plain", "TableType": "EXTERNAL_TABLE", "Parameters": {"classification": "parquet"},
        "StorageDescriptor": {
            "Location": f"s3://{BUCKET}/{SHOPS}/plain/",
            "InputFormat": f"{parquet}.MapredParquetInputFormat",
            "OutputFormat": f"{parquet}.MapredParquetOutputFormat",
            "SerdeInfo": {"SerializationLibrary": f"{parquet}.serde.ParquetHiveSerDe"},
            "Columns": [{"Name": "id", "Type": "bigint"}, {"Name": "city", "Type": "string"},
                        {"Name": "email", "Type": "string"}, {"Name": "fare", "Type": "double"}]}})


def share():
    change("walk-owner", "grant_permissions", CONSUMER, {"Database": {"CatalogId": OWNER, "Name": SHOPS}}, ["DESCRIBE"],
           ["DESCRIBE"])
    for name in ("rides", "plain"):
        both = ["SELECT", "DESCRIBE"]
        change("walk-owner", "grant_permissions", CONSUMER, table_of(name), both, both)
    ram = client("walk-consumer", "ram")
    for page in ram.get_paginator("get_resource_share_invitations").paginate():
        for invitation in page["resourceShareInvitations"]:
            if invitation["status"] == "PENDING":
                ram.accept_resource_share_invitation(
                    resourceShareInvitationArn=invitation["resourceShareInvitationArn"])
    client("walk-consumer", "glue").create_database(
        DatabaseInput={"Name": LINK, "TargetDatabase": {"CatalogId": OWNER, "DatabaseName": SHOPS}})
    change("walk-consumer", "grant_permissions", READER, {"Database": {"CatalogId": CONSUMER, "Name": LINK}},
           ["DESCRIBE"])


# ---- the consumer --------------------------------------------------------------------------------------------------

def attempt(read):
    """What `read` returns, or the name of what it raised."""
    try:
        return read()
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    except Exception as error:  # pylint: disable=broad-except
        return type(error).__name__ if type(error).__name__ in REFUSED else repr(error)


def iceberg(sql, store):
    table = catalog("walk-reader", store).load_table(f"{LINK}.rides")
    return table.scan().to_duckdb("rides").execute(sql).fetchall()


def plain(sql, store):
    """Only the columns that GetTable shows are read from the files."""
    shown = client("walk-reader", "glue").get_table(DatabaseName=LINK, Name="plain")["Table"]["StorageDescriptor"]
    files = pyarrow.dataset.dataset(shown["Location"].removeprefix("s3://").rstrip("/"), filesystem=objects(store),
                                    format="parquet")
    connection = duckdb.connect()
    connection.register("plain", files.to_table(columns=[column["Name"] for column in shown["Columns"]]))
    return connection.execute(sql).fetchall()


def read_iceberg(store):
    sql = "SELECT city, fare * 2 FROM rides WHERE fare > 15 ORDER BY city"
    rows = attempt(lambda: iceberg(sql, store))
    check("a role without a grant selects nothing of the Iceberg table", rows in REFUSED, rows)
    change("walk-consumer", "grant_permissions", READER, table_of("rides"), ["SELECT", "DESCRIBE"])
    rows = attempt(lambda: iceberg(sql, store))
    check("a granted role selects rows of it through the link", rows == [("Lima", 40.0), ("Oslo", 80.0)], rows)
    change("walk-consumer", "revoke_permissions", READER, table_of("rides"), ["SELECT", "DESCRIBE"])
    rows = attempt(lambda: iceberg(sql, store))
    check("after the revoke it selects nothing", rows in REFUSED, rows)


def read_plain(store):
    sql = "SELECT city, sum(fare) FROM plain GROUP BY city ORDER BY city"
    granted = columns_of("plain", ["id", "city", "fare"])
    rows = attempt(lambda: plain(sql, store))
    check("a role without a grant selects nothing of the Parquet table", rows in REFUSED, rows)
    change("walk-consumer", "grant_permissions", READER, granted, ["SELECT"])
    rows = attempt(lambda: plain(sql, store))
    check("a role that was granted columns selects them", rows == [("Bern", 10.0), ("Lima", 20.0), ("Oslo", 40.0)], rows)
    rows = attempt(lambda: plain("SELECT email FROM plain", store))
    check("a column that was not granted is none", "BinderException" in str(rows) and "email" in str(rows), rows)
    change("walk-consumer", "revoke_permissions", READER, granted, ["SELECT"])
    rows = attempt(lambda: plain(sql, store))
    check("after the revoke it selects no column", rows in REFUSED, rows)


def main():
    print(f"duckdb {duckdb.__version__}")
    process, store = start_store()
    try:
        write(store)
        share()
        read_iceberg(store)
        read_plain(store)
    finally:
        process.terminate()
        process.wait()
    return 1 if failed else 0


sys.exit(main())

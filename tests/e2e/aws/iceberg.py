"""PyIceberg on the Glue catalog: the owner writes a table of real Parquet files, a role that was granted it scans the rows
through a database link, and one that was not cannot load it.

usage: iceberg.py OWNER CONSUMER WAREHOUSE
"""

import sys

import boto3
import pyarrow
import pyiceberg
from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import NoSuchTableError

OWNER, CONSUMER, WAREHOUSE = sys.argv[1], sys.argv[2], sys.argv[3]
failed = 0


def check(name, is_so, shown=""):
    global failed
    failed += not is_so
    print(f"{'ok   ' if is_so else 'FAIL '} pyiceberg: {name}" + ("" if is_so else f"\n      {shown}"), flush=True)


def catalog(profile):
    return load_catalog(profile, **{"type": "glue", "glue.profile-name": profile, "warehouse": f"file://{WAREHOUSE}"})


def lake(profile):
    return boto3.Session(profile_name=profile).client("lakeformation")


def grant(profile, principal, resource, permissions, grantable=()):
    lake(profile).grant_permissions(Principal={"DataLakePrincipalIdentifier": principal}, Resource=resource,
                                    Permissions=permissions, PermissionsWithGrantOption=list(grantable))


def write_rows():
    rows = pyarrow.table({"id": [1, 2, 3], "city": ["Bern", "Lima", "Oslo"]})
    owner = catalog("walk-owner")
    owner.create_namespace("cities", {"location": f"file://{WAREHOUSE}/cities"})
    table = owner.create_table("cities.visits", schema=rows.schema)
    table.append(rows)
    check("the owner writes a table", len(owner.load_table("cities.visits").metadata.snapshots) == 1)
    table.append(rows.slice(0, 1))
    check("the owner scans what was written", owner.load_table("cities.visits").scan().to_arrow().num_rows == 4)
    return rows


def share():
    database = {"Database": {"CatalogId": OWNER, "Name": "cities"}}
    table = {"Table": {"CatalogId": OWNER, "DatabaseName": "cities", "Name": "visits"}}
    reader = f"arn:aws:iam::{CONSUMER}:role/Reader"
    grant("walk-owner", CONSUMER, database, ["DESCRIBE"], ["DESCRIBE"])
    grant("walk-owner", CONSUMER, table, ["SELECT", "DESCRIBE"], ["SELECT", "DESCRIBE"])
    ram = boto3.Session(profile_name="walk-consumer").client("ram")
    for invitation in ram.get_resource_share_invitations()["resourceShareInvitations"]:
        if invitation["status"] == "PENDING":
            ram.accept_resource_share_invitation(resourceShareInvitationArn=invitation["resourceShareInvitationArn"])
    glue = boto3.Session(profile_name="walk-consumer").client("glue")
    glue.create_database(DatabaseInput={"Name": "cities_link",
                                        "TargetDatabase": {"CatalogId": OWNER, "DatabaseName": "cities"}})
    link = {"Database": {"CatalogId": CONSUMER, "Name": "cities_link"}}
    grant("walk-consumer", reader, link, ["DESCRIBE"])
    return reader, table


def load(profile):
    """The rows of the table, or the name of the error."""
    try:
        return catalog(profile).load_table("cities_link.visits").scan().to_arrow().to_pydict()
    except NoSuchTableError as error:
        return type(error).__name__
    except Exception as error:  # pylint: disable=broad-except
        return getattr(error, "response", {}).get("Error", {}).get("Code", repr(error))


print(f"pyiceberg {pyiceberg.__version__}, pyarrow {pyarrow.__version__}")
write_rows()
reader, table = share()
denied = load("walk-reader")
check("a role without a grant cannot load the table", denied in ("AccessDeniedException", "NoSuchTableError"), denied)
check("nor is it listed", catalog("walk-reader").list_tables("cities_link") == [])
grant("walk-consumer", reader, table, ["SELECT", "DESCRIBE"])
listed = catalog("walk-reader").list_tables("cities_link")
check("a granted role lists it through the link", [name[-1] for name in listed] == ["visits"], listed)
rows = load("walk-reader")
check("and scans its rows", isinstance(rows, dict) and sorted(rows["city"]) == ["Bern", "Bern", "Lima", "Oslo"], rows)
lake("walk-consumer").revoke_permissions(Principal={"DataLakePrincipalIdentifier": reader}, Resource=table,
                                         Permissions=["SELECT", "DESCRIBE"])
denied = load("walk-reader")
check("after the revoke it does not", denied in ("AccessDeniedException", "NoSuchTableError"), denied)
sys.exit(1 if failed else 0)

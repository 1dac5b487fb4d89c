#!/usr/bin/env python3
"""Looks at the three accounts in moto with boto3, as a role of each, past the operator and past the proxy.

usage: catalogs.py ENDPOINT STATE [SECONDS]   whether they are in that state, after so long at most
       catalogs.py ENDPOINT damage            does what somebody may do by hand
       catalogs.py ENDPOINT grant             makes a permission that nobody declared
       catalogs.py ENDPOINT queue             makes a queue for change notices, and prints its URL
       catalogs.py ENDPOINT drop              deletes a table, and sends what EventBridge would (moto has no such events)
       catalogs.py ENDPOINT empty             whether nothing is in the queue any more

STATE is declared: as mesh.yaml and products.yaml say; changed: the table customers has a column more; closed: without
the Grant analysts-read-orders; withdrawn: without sales-readers too; retained: after all has been deleted.
"""

import datetime
import json
import sys
import time

import boto3

CENTRAL, RETAIL, ANALYTICS, REGION = "310000000001", "310000000002", "310000000003", "eu-west-1"
STEWARD, ENGINEER, ANALYST = (f"arn:aws:iam::{name}" for name in
                              (f"{CENTRAL}:role/Steward", f"{RETAIL}:role/Engineer", f"{ANALYTICS}:role/Analyst"))
SALES, STOCK = f"{CENTRAL}/sales", f"{CENTRAL}/stock"
READ, MAINTAIN = "DESCRIBE SELECT", "ALTER DELETE DESCRIBE INSERT SELECT"
KEEP = "ALTER CREATE_TABLE DESCRIBE"


def settings(*administrators):
    return {"administrators": sorted(administrators), "open databases": [], "open tables": [], "version": "4"}


def table(location, form, columns, partitions=""):
    return {"location": location, "format": form, "columns": columns, "partitions": partitions}


def passed_on(rows):
    """Rows of permissions that may all be passed on."""
    return {row: (what, what) for row, what in rows.items()}


def held(rows):
    return {row: (what, "") for row, what in rows.items()}


def central():
    return {
        "settings": settings(f"arn:aws:iam::{CENTRAL}:role/Admin", f"arn:aws:iam::{CENTRAL}:role/datamesh-operator"),
        "locations": {"arn:aws:s3:::moto-sales": f"arn:aws:iam::{CENTRAL}:role/datamesh-location",
                      "arn:aws:s3:::moto-stock/levels": ""},
        "databases": {"sales": ("s3://moto-sales", "What was sold, and to whom."),
                      "stock": ("s3://moto-stock/levels", "")},
        "tables": {
            "sales/orders": table("s3://moto-sales/orders", "MapredParquetInputFormat",
                                  "id bigint, customer bigint (Whose it is), amount decimal(10,2)", "day date"),
            "sales/customers": table("s3://moto-sales/customers", "TextInputFormat", "id bigint, email string"),
            "stock/levels": table("s3://moto-stock/levels/now", "OrcInputFormat", "article string, pieces int")},
        "links": {},
        "permissions": passed_on({
            (RETAIL, "location arn:aws:s3:::moto-sales"): "DATA_LOCATION_ACCESS",
            (RETAIL, "location arn:aws:s3:::moto-stock/levels"): "DATA_LOCATION_ACCESS",
            (RETAIL, SALES): KEEP, (RETAIL, SALES + "/*"): MAINTAIN,
            (RETAIL, STOCK): KEEP, (RETAIL, STOCK + "/*"): MAINTAIN,
            (ANALYTICS, SALES): "DESCRIBE", (ANALYTICS, SALES + "/*"): READ,
            (ANALYTICS, STOCK): "DESCRIBE", (ANALYTICS, STOCK + "/levels"): READ,
        }) | held({(STEWARD, SALES): "DESCRIBE", (STEWARD, SALES + "/*"): "DESCRIBE"}),
    }


def retail():
    return {
        "settings": settings(f"arn:aws:iam::{RETAIL}:role/datamesh-operator"),
        "locations": {}, "databases": {}, "tables": {}, "links": {"sales": SALES, "stock": STOCK},
        "permissions": held({(ENGINEER, "location arn:aws:s3:::moto-sales"): "DATA_LOCATION_ACCESS",
                             (ENGINEER, f"{RETAIL}/sales"): "DESCRIBE", (ENGINEER, SALES): "DESCRIBE",
                             (ENGINEER, SALES + "/*"): MAINTAIN}),
    }


def analytics():
    return {
        "settings": settings(f"arn:aws:iam::{ANALYTICS}:role/mesh/operator"),
        "locations": {}, "databases": {"reference": ("", "Holds links to shared tables")}, "tables": {},
        "links": {"shop": SALES, "reference/stock_levels": STOCK + "/levels"},
        "permissions": held({(ANALYST, f"{ANALYTICS}/shop"): "DESCRIBE", (ANALYST, SALES): "DESCRIBE",
                             (ANALYST, SALES + "/orders(amount, id)"): "SELECT",
                             (ANALYST, f"{ANALYTICS}/reference/stock_levels"): "DESCRIBE", (ANALYST, STOCK): "DESCRIBE",
                             (ANALYST, STOCK + "/levels"): READ}),
    }


def without(part, prefix):
    return {name: value for name, value in part.items() if not name.startswith(prefix)}


def wanted(state):
    mesh = {CENTRAL: central(), RETAIL: retail(), ANALYTICS: analytics()}
    if state == "changed":
        mesh[CENTRAL]["tables"]["sales/customers"]["columns"] += ", since date"
    if state in ("closed", "withdrawn"):
        rows = mesh[ANALYTICS]["permissions"]
        mesh[ANALYTICS]["permissions"] = {(who, what): row for (who, what), row in rows.items()
                                          if not what.startswith((SALES, f"{ANALYTICS}/shop"))}
    if state == "withdrawn":
        rows = mesh[CENTRAL]["permissions"]
        mesh[CENTRAL]["permissions"] = {(who, what): row for (who, what), row in rows.items()
                                        if who != ANALYTICS or not what.startswith(SALES)}
    if state == "retained":
        for account in mesh.values():
            account.update(links={}, permissions={})
        del mesh[CENTRAL]["locations"]["arn:aws:s3:::moto-stock/levels"]
        for part in ("databases", "tables"):
            mesh[CENTRAL][part] = without(mesh[CENTRAL][part], "stock")
    return mesh


class Account:
    """One account, seen by a role of its own that has nothing to do with the operator."""

    def __init__(self, endpoint, account):
        where = {"endpoint_url": endpoint, "region_name": REGION}
        sts = boto3.client("sts", aws_access_key_id="AKIAWATCHER", aws_secret_access_key="secret", **where)
        keys = sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/Watcher", RoleSessionName="watcher")["Credentials"]
        session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        self.glue, self.lake = session.client("glue", **where), session.client("lakeformation", **where)
        self.sqs = session.client("sqs", **where)

    def settings(self):
        found = self.lake.get_data_lake_settings()["DataLakeSettings"]
        return {"administrators": sorted(one["DataLakePrincipalIdentifier"] for one in found["DataLakeAdmins"]),
                "open databases": found["CreateDatabaseDefaultPermissions"],
                "open tables": found["CreateTableDefaultPermissions"],
                "version": found.get("Parameters", {}).get("CROSS_ACCOUNT_VERSION")}

    def entries(self):
        databases, tables, links = {}, {}, {}
        for found in self.glue.get_databases()["DatabaseList"]:
            if "TargetDatabase" in found:
                links[found["Name"]] = "{CatalogId}/{DatabaseName}".format(**found["TargetDatabase"])
                continue
            databases[found["Name"]] = (found.get("LocationUri", ""), found.get("Description", ""))
            for one in self.glue.get_tables(DatabaseName=found["Name"])["TableList"]:
                name = found["Name"] + "/" + one["Name"]
                if "TargetTable" in one:
                    links[name] = "{CatalogId}/{DatabaseName}/{Name}".format(**one["TargetTable"])
                else:
                    tables[name] = shape(one)
        return {"databases": databases, "tables": tables, "links": links}

    def permissions(self):
        return {(row["Principal"]["DataLakePrincipalIdentifier"], resource(row["Resource"])):
                (" ".join(sorted(row["Permissions"])), " ".join(sorted(row["PermissionsWithGrantOption"])))
                for row in self.lake.list_permissions()["PrincipalResourcePermissions"]}

    def all(self):
        locations = {found["ResourceArn"]: found.get("RoleArn", "")
                     for found in self.lake.list_resources()["ResourceInfoList"]}
        return {"settings": self.settings(), "locations": locations, **self.entries(),
                "permissions": self.permissions()}


def shape(found):
    def listed(columns):
        return ", ".join(f"{one['Name']} {one['Type']}" + (f" ({one['Comment']})" if "Comment" in one else "")
                         for one in columns)

    storage = found["StorageDescriptor"]
    return table(storage["Location"], storage["InputFormat"].rsplit(".")[-1], listed(storage["Columns"]),
                 listed(found.get("PartitionKeys", [])))


def resource(found):
    (kind, what), = found.items()
    if kind == "DataLocation":
        return "location " + what["ResourceArn"]
    if kind == "Database":
        return f"{what['CatalogId']}/{what['Name']}"
    name = f"{what['CatalogId']}/{what['DatabaseName']}/" + ("*" if "TableWildcard" in what else what["Name"])
    return name + ("(" + ", ".join(sorted(what["ColumnNames"])) + ")" if "ColumnNames" in what else "")


def compare(endpoint, state, patience):
    """Prints a check for each account, and the parts that are otherwise."""
    accounts = {account: Account(endpoint, account) for account in (CENTRAL, RETAIL, ANALYTICS)}
    want, end = wanted(state), time.monotonic() + patience
    seen = {account: each.all() for account, each in accounts.items()}
    while seen != want and time.monotonic() < end:
        time.sleep(0.2)
        seen = {account: each.all() for account, each in accounts.items()}
    for account, parts in want.items():
        wrong = [part for part in parts if seen[account][part] != parts[part]]
        print(f"{'FAIL' if wrong else 'ok':5} {state}: {account} holds just that")
        for part in wrong:
            print(f"      {part}\n      wanted {parts[part]}\n      found  {seen[account][part]}")
    return seen != want


def damage(endpoint):
    """Every sort of entry, none twice."""
    account = Account(endpoint, CENTRAL)
    account.glue.delete_table(DatabaseName="sales", Name="customers")
    account.glue.delete_database(Name="stock")
    orders = account.glue.get_table(DatabaseName="sales", Name="orders")["Table"]
    orders["StorageDescriptor"]["Columns"][2]["Type"] = "string"
    account.glue.update_table(DatabaseName="sales", TableInput={
        name: orders[name] for name in ("Name", "TableType", "StorageDescriptor", "PartitionKeys", "Parameters")})
    account.lake.deregister_resource(ResourceArn="arn:aws:s3:::moto-sales")
    found = account.lake.get_data_lake_settings()["DataLakeSettings"]
    found.update(DataLakeAdmins=found["DataLakeAdmins"][1:], Parameters={"CROSS_ACCOUNT_VERSION": "3"})
    account.lake.put_data_lake_settings(DataLakeSettings=found)
    # All of a row: moto breaks over a revoke from one that was granted in parts.
    rows = account.lake.list_permissions()["PrincipalResourcePermissions"]
    account.lake.revoke_permissions(**next(
        row for row in rows if resource(row["Resource"]) == SALES + "/*" and ANALYTICS in row["Principal"].values()))
    account = Account(endpoint, ANALYTICS)
    account.glue.delete_database(Name="shop")
    account.glue.delete_table(DatabaseName="reference", Name="stock_levels")
    return 0


def grant(endpoint):
    Account(endpoint, CENTRAL).lake.grant_permissions(
        Principal={"DataLakePrincipalIdentifier": f"arn:aws:iam::{CENTRAL}:role/Friend"}, Permissions=["SELECT"],
        Resource={"Table": {"CatalogId": CENTRAL, "DatabaseName": "sales", "Name": "orders"}})
    return 0


def queue(endpoint):
    print(Account(endpoint, CENTRAL).sqs.create_queue(QueueName="datamesh-notices")["QueueUrl"])
    return 0


def drop(endpoint):
    """The events: one of Glue's own, one of CloudTrail, one of a catalog that nobody declared, and none."""
    account = Account(endpoint, CENTRAL)
    account.glue.delete_table(DatabaseName="sales", Name="customers")
    head = {"version": "0", "id": "1", "source": "aws.glue", "account": CENTRAL, "region": REGION, "resources": [],
            "time": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")}
    own = head | {"detail-type": "Glue Data Catalog Database State Change", "detail": {
        "databaseName": "sales", "typeOfChange": "DeleteTable", "changedTables": ["customers"]}}
    trail = head | {"detail-type": "AWS API Call via CloudTrail", "detail": {
        "eventName": "DeleteTable", "eventSource": "glue.amazonaws.com", "readOnly": False,
        "userIdentity": {"type": "AssumedRole", "arn": f"arn:aws:sts::{CENTRAL}:assumed-role/Watcher/watcher"}}}
    bodies = [json.dumps(own), json.dumps(trail), json.dumps(trail | {"account": "310000000009"}), "no event"]
    url = account.sqs.get_queue_url(QueueName="datamesh-notices")["QueueUrl"]
    sent = account.sqs.send_message_batch(QueueUrl=url, Entries=[
        {"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)])
    return int(bool(sent.get("Failed")))


def empty(endpoint):
    sqs = Account(endpoint, CENTRAL).sqs
    url = sqs.get_queue_url(QueueName="datamesh-notices")["QueueUrl"]
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return int(any(counts[name] != "0" for name in counts if name.startswith("ApproximateNumberOfMessages")))


def main():
    endpoint, step, *rest = sys.argv[1:]
    if step == "damage":
        return damage(endpoint)
    if step == "grant":
        return grant(endpoint)
    if step in ("queue", "drop", "empty"):
        return {"queue": queue, "drop": drop, "empty": empty}[step](endpoint)
    return compare(endpoint, step, float(rest[0]) if rest else 0)


if __name__ == "__main__":
    sys.exit(main())

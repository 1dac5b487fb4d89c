"""Runs the judge of the SDK for Go, and compares what it has read with what boto3 reads of the same.

usage: seen_too.py JUDGE OWNER CONSUMER
"""

import json
import subprocess
import sys

import boto3


def as_boto3():
    session = boto3.Session(profile_name="central-admin")
    analyst = boto3.Session(profile_name="analytics-analyst").client("glue")
    table = analyst.get_table(DatabaseName="nyc_taxi", Name="yellow")["Table"]["StorageDescriptor"]
    pages = session.client("glue").get_paginator("get_tables").paginate(DatabaseName="nyc_taxi")
    lake, rows, token = session.client("lakeformation"), [], {}
    while True:
        page = lake.list_permissions(**token)
        rows += page["PrincipalResourcePermissions"]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    shares = session.client("ram").get_paginator("get_resource_shares").paginate(resourceOwner="SELF")

    def words(permissions):
        return "[" + " ".join(permissions) + "]"
    return {
        "columns": [column["Name"] for column in table["Columns"]],
        "tables": sorted(one["Name"] for page in pages for one in page["TableList"]),
        "permissions": sorted(" ".join([row["Principal"]["DataLakePrincipalIdentifier"], words(row["Permissions"]),
                                        words(row.get("PermissionsWithGrantOption", []))]) for row in rows),
        "shares": sorted(share["resourceShareArn"] for page in shares for share in page["resourceShares"])}


def main():
    done = subprocess.run(sys.argv[1:4], stdout=subprocess.PIPE, text=True, timeout=120)
    lines = done.stdout.splitlines()
    print("\n".join(line for line in lines if not line.startswith("seen ")))
    seen = json.loads(next((line[5:] for line in lines if line.startswith("seen ")), "{}"))
    wanted = as_boto3()
    unlike = sorted(name for name in wanted if seen.get(name) != wanted[name])
    print(f"{'FAIL ' if unlike else 'ok   '} Go: it reads what boto3 reads" + "".join(
        f"\n      {name}: {seen.get(name)}, boto3: {wanted[name]}" for name in unlike))
    return 1 if unlike or done.returncode else 0


sys.exit(main())

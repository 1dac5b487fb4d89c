"""boto3 as consumers of the example mesh and of the accounts that the aws CLI has set up: what a role may see, it sees,
and nothing else. Then the rest of the operations, once each, for their models.

usage: boto.py OWNER CONSUMER
"""

import os
import sys
import time

import boto3
import botocore
from botocore.exceptions import ClientError

OWNER, CONSUMER = sys.argv[1], sys.argv[2]
ENDPOINT = os.environ.get("DATAMESH_ENDPOINT")  # for a botocore that finds none in its profiles
failed = 0


def check(name, is_so, shown=""):
    global failed
    failed += not is_so
    print(f"{'ok   ' if is_so else 'FAIL '} boto3: {name}" + ("" if is_so else f"\n      {shown}"), flush=True)


def refused(code, call, **arguments):
    """Whether the call fails with that code."""
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"] == code
    return False


def clients(profile):
    session = boto3.Session(profile_name=profile)
    return {name: session.client(name, endpoint_url=ENDPOINT) for name in ("glue", "lakeformation", "ram", "sts")}


def columns(glue, **table):
    return [column["Name"] for column in glue.get_table(**table)["Table"]["StorageDescriptor"]["Columns"]]


def role(account, name):
    return {"DataLakePrincipalIdentifier": f"arn:aws:iam::{account}:role/{name}"}


def names(glue, **where):
    pages = glue.get_paginator("get_tables").paginate(**where)
    return sorted(table["Name"] for page in pages for table in page["TableList"])


def example_mesh():
    glue = clients("analytics-analyst")["glue"]
    granted = ["tpep_pickup_datetime", "tpep_dropoff_datetime", "passenger_count", "trip_distance", "pulocationid",
               "dolocationid"]
    through_link = columns(glue, DatabaseName="nyc_taxi", Name="yellow")
    check("a column grant shows its columns through a link", through_link == granted, through_link)
    direct = columns(glue, CatalogId="111122223333", DatabaseName="nyc_taxi", Name="yellow")
    check("and the same by the owner's account", direct == granted, direct)
    listed = names(glue, DatabaseName="nyc_taxi")
    everything = names(clients("analytics-reporting")["glue"], DatabaseName="nyc_taxi")
    check("only the granted tables are listed", set(listed) < set(everything), f"{listed} of {everything}")
    for table in set(everything) - set(listed):
        is_hidden = refused("AccessDeniedException", glue.get_table, DatabaseName="nyc_taxi", Name=table)
        check(f"what is not granted is not there: {table}", is_hidden)
    databases = [one["Name"] for one in glue.get_databases()["DatabaseList"]]
    check("only links to granted databases are listed", databases == ["nyc_taxi", "weather"], databases)
    outsider = clients("marketing-campaign")["glue"]
    check("another account sees none of it", refused("EntityNotFoundException", outsider.get_database, Name="nyc_taxi")
          or refused("AccessDeniedException", outsider.get_database, Name="nyc_taxi"))


def drift_is_mended():
    """The administrator takes access away by hand; the operator of `datamesh up` gives it back."""
    lake = clients("analytics-admin")["lakeformation"]
    reader = clients("analytics-reporting")["glue"]
    tables = {"Table": {"CatalogId": "111122223333", "DatabaseName": "nyc_taxi", "TableWildcard": {}}}
    answer = lake.batch_revoke_permissions(Entries=[
        {"Id": "1", "Principal": role("888899990000", "ReportBuilder"), "Resource": tables,
         "Permissions": ["SELECT", "DESCRIBE"]}])
    check("a batch without failures says so", not answer.get("Failures"), answer)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            columns(reader, CatalogId="111122223333", DatabaseName="nyc_taxi", Name="yellow")
            return check("what was revoked by hand is granted again", True)
        except ClientError:
            time.sleep(0.5)
    check("what was revoked by hand is granted again", False)


def by_hand():
    """A grant and its end, where no operator is: in the accounts of the walk."""
    owner, consumer, reader = clients("walk-owner"), clients("walk-consumer"), clients("walk-reader")
    account = {"DataLakePrincipalIdentifier": CONSUMER}
    orders = {"CatalogId": OWNER, "DatabaseName": "sales", "Name": "orders"}
    picked = {"TableWithColumns": {**orders, "ColumnNames": ["id", "amount"]}}
    owner["lakeformation"].grant_permissions(Principal=account, Resource=picked, Permissions=["SELECT"],
                                             PermissionsWithGrantOption=["SELECT"])
    consumer["lakeformation"].grant_permissions(Principal=role(CONSUMER, "Reader"), Resource=picked,
                                                Permissions=["SELECT"])
    seen = columns(reader["glue"], DatabaseName="sales_link", Name="orders")
    check("two columns were granted, two are seen", seen == ["id", "amount"], seen)
    rows = owner["lakeformation"].list_permissions(Resource={"Table": orders})["PrincipalResourcePermissions"]
    shares = [row["AdditionalDetails"]["ResourceShare"] for row in rows if row.get("AdditionalDetails")]
    check("the grant names its share", shares and shares[0], rows)
    consumer["lakeformation"].revoke_permissions(Principal=role(CONSUMER, "Reader"), Resource=picked,
                                                 Permissions=["SELECT"])
    check("after the revoke the table is not there", refused("AccessDeniedException", reader["glue"].get_table,
                                                             DatabaseName="sales_link", Name="orders"))
    check("nor is it listed", names(reader["glue"], DatabaseName="sales_link") == [])


def sessions():
    sts = boto3.Session(profile_name="default").client("sts", endpoint_url=ENDPOINT)
    arn = f"arn:aws:iam::{CONSUMER}:role/Reader"
    given = sts.assume_role(RoleArn=arn, RoleSessionName="by-hand", DurationSeconds=900,
                            Tags=[{"Key": "team", "Value": "x"}])
    check("a session ends when it says", given["Credentials"]["Expiration"].tzinfo is not None)
    keys = {"aws_access_key_id": given["Credentials"]["AccessKeyId"],
            "aws_secret_access_key": given["Credentials"]["SecretAccessKey"],
            "aws_session_token": given["Credentials"]["SessionToken"]}

    def as_session(**changes):
        session = boto3.Session(profile_name="default")
        named = {"endpoint_url": ENDPOINT, **keys, **changes}
        return session.client("sts", **named), session.client("glue", **named)

    sts_of, glue_of = as_session()
    shown = sts_of.get_caller_identity()["Arn"]
    check("a session knows its name", shown == f"arn:aws:sts::{CONSUMER}:assumed-role/Reader/by-hand", shown)
    check("a chain of roles lasts an hour at most", refused(
        "ValidationError", sts_of.assume_role, RoleArn=arn, RoleSessionName="chain", DurationSeconds=7200))
    sts_of, glue_of = as_session(aws_secret_access_key="x" * 40)
    check("a wrong secret is refused by STS", refused("SignatureDoesNotMatch", sts_of.get_caller_identity))
    check("a wrong secret is refused by Glue", refused("InvalidSignatureException", glue_of.get_databases))
    sts_of, glue_of = as_session(aws_session_token="x" * 64)
    check("a wrong session token is refused by STS", refused("InvalidClientTokenId", sts_of.get_caller_identity))
    check("a wrong session token is refused by Glue", refused("UnrecognizedClientException", glue_of.get_databases))
    check("a role that does not exist is not assumed", refused(
        "AccessDenied", sts.assume_role, RoleArn=f"arn:aws:iam::{CONSUMER}:role/unknown-x", RoleSessionName="nobody"))


def answer_all(calls):
    broken = []
    for call, arguments in calls:
        try:
            call(**arguments)
        except ClientError as error:
            broken.append(f"{call.__name__}: {error}")
    check(f"{len(calls)} further calls are answered", not broken, "\n      ".join(broken))


def everything_else():
    """Every other operation that reads, for the sake of the models that its answer is held to."""
    owner = clients("walk-owner")
    glue, lake, ram = owner["glue"], owner["lakeformation"], owner["ram"]
    orders = {"DatabaseName": "sales", "Name": "orders"}
    table = {"Table": {"CatalogId": OWNER, **orders}}
    partition = {"Values": ["2026-11-22"], "StorageDescriptor": {"Location": "s3://walk-lake/sales/orders/1"}}
    in_orders = {"DatabaseName": "sales", "TableName": "orders"}
    calls = [
        (glue.search_tables, {"MaxResults": 10}),
        (glue.get_table_versions, in_orders),
        (glue.get_table_version, {**in_orders, "VersionId": "0"}),
        (glue.create_partition, {**in_orders, "PartitionInput": partition}),
        (glue.batch_create_partition, {**in_orders, "PartitionInputList": [{"Values": ["2026-11-23"]}, partition]}),
        (glue.get_partitions, {**in_orders, "Expression": "day >= '2026-11-22'"}),
        (glue.get_partition, {**in_orders, "PartitionValues": ["2026-11-22"]}),
        (glue.batch_get_partition, {**in_orders, "PartitionsToGet": [{"Values": ["2026-11-22"]}, {"Values": ["x"]}]}),
        (glue.delete_partition, {**in_orders, "PartitionValues": ["2026-11-22"]}),
        (glue.get_resource_policies, {}),
        (glue.get_databases, {"ResourceShareType": "ALL"}),
        (glue.batch_delete_table, {"DatabaseName": "sales", "TablesToDelete": ["nothing"]}),
        (lake.get_data_lake_settings, {}),
        (lake.get_data_lake_principal, {}),
        (lake.list_resources, {}),
        (lake.create_lf_tag, {"TagKey": "domain", "TagValues": ["sales", "care"]}),
        (lake.get_lf_tag, {"TagKey": "domain"}),
        (lake.list_lf_tags, {}),
        (lake.add_lf_tags_to_resource, {"Resource": table, "LFTags": [{"TagKey": "domain", "TagValues": ["sales"]}]}),
        (lake.get_resource_lf_tags, {"Resource": table}),
        (lake.search_tables_by_lf_tags, {"Expression": [{"TagKey": "domain", "TagValues": ["sales"]}]}),
        (lake.search_databases_by_lf_tags, {"Expression": [{"TagKey": "domain", "TagValues": ["sales"]}]}),
        (lake.create_lf_tag_expression, {"Name": "all", "Expression": [{"TagKey": "domain", "TagValues": ["sales"]}]}),
        (lake.get_lf_tag_expression, {"Name": "all"}),
        (lake.list_lf_tag_expressions, {}),
        (lake.grant_permissions, {
            "Principal": role(OWNER, "Steward"), "Permissions": ["SELECT", "DESCRIBE"],
            "Resource": {"LFTagPolicy": {"ResourceType": "TABLE",
                                         "Expression": [{"TagKey": "domain", "TagValues": ["sales"]}]}}}),
        (lake.create_data_cells_filter, {"TableData": {
            "TableCatalogId": OWNER, "DatabaseName": "sales", "TableName": "orders", "Name": "cheap",
            "RowFilter": {"FilterExpression": "amount < 10"}, "ColumnWildcard": {}}}),
        (lake.get_data_cells_filter, {"TableCatalogId": OWNER, "DatabaseName": "sales", "TableName": "orders",
                                      "Name": "cheap"}),
        (lake.list_data_cells_filter, {}),
        (lake.list_permissions, {}),
        (lake.list_permissions, {"Resource": table, "IncludeRelated": "TRUE"}),
        (lake.get_effective_permissions_for_path, {"ResourceArn": "arn:aws:s3:::walk-lake/sales"}),
        (lake.list_lake_formation_opt_ins, {}),
        (ram.get_resource_shares, {"resourceOwner": "SELF"}),
        (ram.get_resource_share_associations, {"associationType": "PRINCIPAL"}),
        (ram.get_resource_share_associations, {"associationType": "RESOURCE"}),
        (ram.list_resources, {"resourceOwner": "SELF"}),
        (ram.list_principals, {"resourceOwner": "SELF"}),
    ]
    answer_all(calls)
    check("an unknown operation is none", refused("UnknownOperationException", glue.list_jobs))
    check("a member out of its bounds is refused", refused(
        "ValidationException", glue.get_tables, DatabaseName="sales", MaxResults=101))


def everything_back():
    """The rest of the operations: what changes and takes back, in a database of its own."""
    owner, consumer = clients("walk-owner"), clients("walk-consumer")
    glue, lake, ram = owner["glue"], owner["lakeformation"], owner["ram"]
    here = {"DatabaseName": "scraps", "TableName": "bits"}
    table = {"Name": "bits", "StorageDescriptor": {"Columns": [{"Name": "id", "Type": "bigint"}]},
             "PartitionKeys": [{"Name": "day", "Type": "date"}]}
    bits = {"Table": {"CatalogId": OWNER, "DatabaseName": "scraps", "Name": "bits"}}
    pairs = [{"TagKey": "kind", "TagValues": ["scrap"]}]
    filtered = {"TableCatalogId": OWNER, "DatabaseName": "scraps", "TableName": "bits", "Name": "few"}
    few = {**filtered, "RowFilter": {"FilterExpression": "id < 3"}, "ColumnNames": ["id"]}
    named = {key: filtered[key] for key in filtered}
    clerk = role(OWNER, "Clerk")
    path = {"ResourceArn": "arn:aws:s3:::walk-lake/scraps"}
    ram_policy = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["glue:ShareResource"],
        "Principal": {"Service": ["ram.amazonaws.com"]},
        "Resource": ["arn:aws:glue:us-east-1:%s:table/*/*", "arn:aws:glue:us-east-1:%s:database/*",
                     "arn:aws:glue:us-east-1:%s:catalog"]}]}""" % (OWNER, OWNER, OWNER)
    answer_all([
        (glue.create_database, {"DatabaseInput": {"Name": "scraps"}}),
        (glue.update_database, {"Name": "scraps", "DatabaseInput": {"Name": "scraps", "Description": "left over"}}),
        (glue.create_table, {"DatabaseName": "scraps", "TableInput": table}),
        *[(glue.update_table, {"DatabaseName": "scraps", "TableInput": {**table, "Description": str(i)}}) for i in range(3)],
        (glue.delete_table_version, {**here, "VersionId": "0"}),
        (glue.batch_delete_table_version, {**here, "VersionIds": ["1", "99"]}),
        (glue.batch_create_partition, {**here, "PartitionInputList": [{"Values": ["2026-11-23"]}, {"Values": ["x"]}]}),
        (glue.update_partition, {**here, "PartitionValueList": ["2026-11-23"],
                                 "PartitionInput": {"Values": ["2026-11-23"], "Parameters": {"a": "b"}}}),
        (glue.batch_delete_partition, {**here, "PartitionsToDelete": [{"Values": ["2026-11-23"]}, {"Values": ["y"]}]}),
        (glue.put_resource_policy, {"PolicyInJson": ram_policy, "EnableHybrid": "TRUE"}),
        (glue.get_resource_policy, {}),
        (glue.delete_resource_policy, {}),
        (lake.register_resource, {**path, "RoleArn": f"arn:aws:iam::{OWNER}:role/Lake"}),
        (lake.update_resource, {**path, "RoleArn": f"arn:aws:iam::{OWNER}:role/Pond"}),
        (lake.deregister_resource, path),
        (lake.create_lf_tag, {"TagKey": "kind", "TagValues": ["scrap"]}),
        (lake.update_lf_tag, {"TagKey": "kind", "TagValuesToAdd": ["bit"]}),
        (lake.add_lf_tags_to_resource, {"Resource": bits, "LFTags": pairs}),
        (lake.remove_lf_tags_from_resource, {"Resource": bits, "LFTags": pairs}),
        (lake.remove_lf_tags_from_resource, {"Resource": bits, "LFTags": [{"TagKey": "none", "TagValues": ["x"]}]}),
        (lake.create_lf_tag_expression, {"Name": "scrap", "Expression": pairs}),
        (lake.update_lf_tag_expression, {"Name": "scrap", "Expression": pairs, "Description": "scraps"}),
        (lake.delete_lf_tag_expression, {"Name": "scrap"}),
        (lake.delete_lf_tag, {"TagKey": "kind"}),
        (lake.create_data_cells_filter, {"TableData": few}),
        (lake.update_data_cells_filter, {"TableData": {**few, "RowFilter": {"FilterExpression": "id < 2"}}}),
        (lake.delete_data_cells_filter, named),
        (lake.create_lake_formation_opt_in, {"Principal": clerk, "Resource": bits}),
        (lake.list_lake_formation_opt_ins, {}),
        (lake.delete_lake_formation_opt_in, {"Principal": clerk, "Resource": bits}),
        (lake.batch_grant_permissions, {"Entries": [
            {"Id": "1", "Principal": clerk, "Resource": bits, "Permissions": ["SELECT"]},
            {"Id": "2", "Principal": clerk, "Resource": {"Table": {**bits["Table"], "Name": "none"}},
             "Permissions": ["SELECT"]}]}),
        (lake.grant_permissions, {"Principal": {"DataLakePrincipalIdentifier": "210000000003"}, "Resource": bits,
                                  "Permissions": ["DESCRIBE"]}),
    ])
    stranger = boto3.Session(profile_name="walk-stranger").client("ram", endpoint_url=ENDPOINT)
    pages = stranger.get_paginator("get_resource_share_invitations").paginate()
    invitations = [one for page in pages for one in page["resourceShareInvitations"]]
    check("a third account is invited too", [one["status"] for one in invitations] == ["PENDING"], invitations)
    which = {"resourceShareInvitationArn": invitations[0]["resourceShareInvitationArn"]}
    share = {"resourceShareArn": invitations[0]["resourceShareArn"]}
    answer_all([
        (stranger.list_pending_invitation_resources, which),
        (stranger.reject_resource_share_invitation, which),
        (ram.disassociate_resource_share, {**share, "principals": ["210000000003"]}),
        (ram.delete_resource_share, share),
        (glue.delete_table, {"DatabaseName": "scraps", "Name": "bits"}),
        (glue.delete_database, {"Name": "scraps"}),
    ])
    check("a share of Lake Formation is not extended by hand", refused(
        "OperationNotPermittedException", ram.associate_resource_share, **share, principals=["210000000004"])
        or refused("InvalidStateTransitionException", ram.associate_resource_share, **share, principals=["210000000004"]))
    check("only the organization's management account turns on sharing", refused(
        "OperationNotPermittedException", consumer["ram"].enable_sharing_with_aws_organization))


print(f"boto3 {boto3.__version__}, botocore {botocore.__version__}")
example_mesh()
drift_is_mended()
by_hand()
sessions()
if not ENDPOINT:
    everything_else()
    everything_back()
sys.exit(1 if failed else 0)

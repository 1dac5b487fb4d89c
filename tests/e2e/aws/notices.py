"""boto3 as a reader of queues, and as somebody who changes a catalog by hand: it is repaired within seconds, because the
account declares a queue for change notices.

usage: notices.py            the checks
       notices.py declare    reads an Account from stdin, and prints it with the queue of its account
"""

import json
import sys
import time

import boto3
from botocore.exceptions import ClientError

ACCOUNT, REGION = "111122223333", "us-east-1"
URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/"
failed = 0


def check(name, is_so, shown=""):
    global failed
    failed += not is_so
    print(f"{'ok   ' if is_so else 'FAIL '} notices: {name}" + ("" if is_so else f"\n      {shown}"), flush=True)


def declare():
    account = json.load(sys.stdin)
    account.pop("status", None)
    account["metadata"] = {name: account["metadata"][name] for name in ("namespace", "name")}
    account["spec"]["changeNotices"] = {"queues": [{"url": URL + "datamesh-notices"}]}
    print(json.dumps(account))


def code_of(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return ""


def queue(sqs):
    url = sqs.create_queue(QueueName="probe", Attributes={"VisibilityTimeout": "2"})["QueueUrl"]
    check("a queue has a URL of AWS's form", url == URL + "probe", url)
    check("and the same when it is asked for", sqs.get_queue_url(QueueName="probe")["QueueUrl"] == url)
    begun = time.monotonic()
    check("an empty queue gives nothing", "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2))
    check("after the time that it was to wait", 2 <= time.monotonic() - begun < 5, time.monotonic() - begun)
    sqs.send_message(QueueUrl=url, MessageBody="one")
    sent = sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "a", "MessageBody": "two"}, {"Id": "b", "MessageBody": "three"}])
    check("a batch says what was sent", sorted(entry["Id"] for entry in sent["Successful"]) == ["a", "b"], sent)
    got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], WaitTimeSeconds=2)["Messages"]
    check("messages come in their order", [message["Body"] for message in got] == ["one", "two", "three"], got)
    check("and are hidden then", "Messages" not in sqs.receive_message(QueueUrl=url))
    sqs.delete_message(QueueUrl=url, ReceiptHandle=got[0]["ReceiptHandle"])
    gone = sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": "good", "ReceiptHandle": got[1]["ReceiptHandle"]},
                                                           {"Id": "bad", "ReceiptHandle": "nonsense"}])
    outcome = ([entry["Id"] for entry in gone["Successful"]], [(entry["Id"], entry["Code"]) for entry in gone["Failed"]])
    check("a batch says which entries failed", outcome == (["good"], [("bad", "ReceiptHandleIsInvalid")]), gone)
    again = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10).get("Messages", [])
    check("what was not deleted comes again", [message["Body"] for message in again] == ["three"], again)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=again[0]["ReceiptHandle"], VisibilityTimeout=0)
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    check("it counts its messages", counts["ApproximateNumberOfMessages"] == "1", counts)
    sqs.purge_queue(QueueUrl=url)
    check("a purge empties it", "Messages" not in sqs.receive_message(QueueUrl=url))
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5"})
    sqs.delete_queue(QueueUrl=url)
    check("a queue that was deleted is none",
          code_of(sqs.receive_message, QueueUrl=url) == "AWS.SimpleQueueService.NonExistentQueue")
    check("others have no access", code_of(boto3.Session(profile_name="walk-owner").client("sqs").receive_message,
                                           QueueUrl=URL + "datamesh-notices") == "AccessDenied")


def is_there(glue, table):
    return code_of(glue.get_table, DatabaseName="nyc_taxi", Name=table) == ""


def repair(glue):
    """As somebody else in the operator's role, which owns the tables."""
    for table in ("green", "yellow"):
        glue.delete_table(DatabaseName="nyc_taxi", Name=table)
        begun = time.monotonic()
        while not is_there(glue, table) and time.monotonic() - begun < 30:
            time.sleep(0.05)
        took = time.monotonic() - begun
        check("a table deleted by hand is back within ten seconds", took < 10, f"after {took:.1f} s")


if __name__ == "__main__":
    if sys.argv[1:] == ["declare"]:
        declare()
        sys.exit(0)
    queue(boto3.Session(profile_name="central-admin").client("sqs"))
    repair(boto3.Session(profile_name="by-hand").client("glue"))
    sys.exit(failed > 0)

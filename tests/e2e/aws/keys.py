"""A credential_process for clients that know no endpoint_url in profiles: keys of a session of ROLE_ARN, from
$DATAMESH_ENDPOINT.

usage: keys.py ROLE_ARN
"""

import json
import os
import sys

import boto3

sts = boto3.Session(profile_name="default").client("sts", endpoint_url=os.environ["DATAMESH_ENDPOINT"])
keys = sts.assume_role(RoleArn=sys.argv[1], RoleSessionName="e2e")["Credentials"]
print(json.dumps({"Version": 1, **{name: keys[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")},
                  "Expiration": keys["Expiration"].isoformat()}))

"""Loaded by Python at its start when this folder is in PYTHONPATH: every botocore session of the process then holds what
it is answered to the service models, and writes a line per answer to $DATAMESH_SHAPES. So the aws CLI, boto3 and
PyIceberg run unmodified."""

import json
import os

import botocore.session

import shapes


def record(operation_model, response_dict, **_):
    problems = list(shapes.problems_of_response(operation_model, response_dict))
    name = operation_model.service_model.service_name + ":" + operation_model.name
    line = {"operation": name, "status": response_dict["status_code"], "problems": problems}
    with open(os.environ["DATAMESH_SHAPES"], "a", encoding="utf-8") as out:
        out.write(json.dumps(line) + "\n")


if "DATAMESH_SHAPES" in os.environ:
    plain_init = botocore.session.Session.__init__

    def recording_init(self, *arguments, **named):
        plain_init(self, *arguments, **named)
        self.register("before-parse", record)

    botocore.session.Session.__init__ = recording_init

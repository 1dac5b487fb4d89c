#!/usr/bin/env python3
"""Holds what RemoteAws sends, and what it is answered, to botocore's service models and serializers.

Reads the lines that test_remote_seam writes with DATAMESH_WIRE_LOG set. A request that was a success must be valid for
its model, and botocore must have put the same thing on the wire: method, path, query, body, target and content type.
An answer must have the members of its model, in their types.

usage: requests.py FILE
"""

import collections
import json
import re
import sys
from urllib.parse import parse_qsl, urlsplit

import botocore.parsers
import botocore.serialize
import botocore.session
from botocore.validate import ParamValidator

SCOPE = re.compile(r"Credential=[^,]*/\d{8}/[^/]*/([^/]*)/aws4_request")


class Services:
    def __init__(self):
        self.session = botocore.session.Session()
        self.models = {}

    def model(self, name):
        if name not in self.models:
            self.models[name] = self.session.get_service_model(name)
        return self.models[name]

    def operation(self, entry):
        headers = {name.lower(): value for name, value in entry["headers"].items()}
        model = self.model(SCOPE.search(headers["authorization"]).group(1))
        path = urlsplit(entry["target"]).path
        if "x-amz-target" in headers:
            return model.operation_model(headers["x-amz-target"].split(".")[1])
        if model.protocol == "query":
            return model.operation_model(dict(parse_qsl(entry["body"]))["Action"])
        for name in model.operation_names:
            operation = model.operation_model(name)
            if operation.http["requestUri"] == path and operation.http["method"] == entry["method"]:
                return operation
        raise ValueError(f"no operation of {model.service_name} lives at {entry['method']} {path}")


def collected(pairs, path, shape):
    """What the pairs of a query hold of `shape` under `path`; None when nothing."""
    if shape.type_name == "structure":
        members = {name: collected(pairs, f"{path}.{name}" if path else name, one) for name, one in shape.members.items()}
        return {name: value for name, value in members.items() if value is not None} or None
    if shape.type_name == "list":
        out = []
        while (one := collected(pairs, f"{path}.member.{len(out) + 1}", shape.member)) is not None:
            out.append(one)
        return out if out or path in pairs else None
    if path not in pairs:
        return None
    return int(pairs[path]) if shape.type_name == "integer" else pairs[path]


def unflattened(pairs, shape):
    """The parameters of a query, by their shape."""
    return collected(pairs, "", shape) or {}


def parameters(entry, operation):
    if operation.service_model.protocol == "query":
        return unflattened(dict(parse_qsl(entry["body"], keep_blank_values=True)), operation.input_shape)
    query = dict(parse_qsl(urlsplit(entry["target"]).query, keep_blank_values=True))
    return {**query, **(json.loads(entry["body"]) if entry["body"] else {})}


def body_of(text, protocol):
    if isinstance(text, bytes):
        text = text.decode()
    if isinstance(text, dict):
        return {key: str(value) for key, value in text.items()}
    if protocol == "query":
        return dict(parse_qsl(text, keep_blank_values=True))
    return json.loads(text) if text else None


def request_problems(entry, operation):
    protocol = operation.service_model.protocol
    given = parameters(entry, operation)
    if operation.input_shape is not None:
        report = ParamValidator().validate(given, operation.input_shape)
        if report.has_errors():
            yield report.generate_report()
            return
    serializer = botocore.serialize.create_serializer(protocol, include_validation=False)
    wanted = serializer.serialize_to_request(given, operation)
    headers = {name.lower(): value for name, value in entry["headers"].items()}
    split = urlsplit(entry["target"])
    pairs = [("method", entry["method"], wanted["method"]),
             ("path", split.path, wanted["url_path"]),
             ("query", dict(parse_qsl(split.query)), {key: str(value) for key, value in (wanted["query_string"] or {}).items()}),
             ("body", body_of(entry["body"], protocol), body_of(wanted["body"], protocol))]
    for name in ("X-Amz-Target", "Content-Type"):
        if name in wanted["headers"]:
            pairs.append((name, headers.get(name.lower()), wanted["headers"][name]))
    for name, got, expected in pairs:
        if got != expected:
            yield f"{name}: sent {got!r}, botocore sends {expected!r}"


TYPES = {"string": str, "structure": dict, "list": list, "map": dict, "boolean": bool, "integer": int, "long": int,
         "timestamp": (int, float), "double": (int, float)}


def shape_problems(value, shape, path):
    """What of a JSON answer the model does not know, or knows otherwise."""
    if not isinstance(value, TYPES[shape.type_name]):
        yield f"{path}: {value!r} is no {shape.type_name}"
    elif shape.type_name == "structure":
        for name in shape.required_members:
            if name not in value:
                yield f"{path}.{name} is missing"
        for name, member in value.items():
            if name not in shape.members:
                yield f"{path}.{name} is unknown"
            else:
                yield from shape_problems(member, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list":
        for index, one in enumerate(value):
            yield from shape_problems(one, shape.member, f"{path}[{index}]")
    elif shape.type_name == "map":
        for key, one in value.items():
            yield from shape_problems(one, shape.value, f"{path}[{key}]")
    elif shape.type_name == "string" and shape.enum and value not in shape.enum:
        yield f"{path}: {value!r} is none of {shape.enum}"


def answer_problems(entry, operation):
    if operation.output_shape is None or operation.service_model.protocol == "query":
        return
    yield from shape_problems(json.loads(entry["answer"] or "{}"), operation.output_shape, "answer")


def main():
    services = Services()
    seen = collections.Counter()
    problems = collections.Counter()
    with open(sys.argv[1], encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            if entry["status"] >= 300:
                continue
            operation = services.operation(entry)
            name = f"{operation.service_model.service_name}:{operation.name}"
            seen[name] += 1
            for problem in [*request_problems(entry, operation), *answer_problems(entry, operation)]:
                problems[f"{name}: {problem}"] += 1
    for problem, count in sorted(problems.items()):
        print(f"{problem} ({count} times)")
    print(f"{sum(seen.values())} requests of {len(seen)} operations, {len(problems)} problems")
    return 1 if problems or not seen else 0


if __name__ == "__main__":
    sys.exit(main())

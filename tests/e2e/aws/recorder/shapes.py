"""Holds what a server answered to botocore's model of the operation: unknown members, missing required ones, types,
enums, lengths, ranges and patterns."""

import json
import re
import xml.etree.ElementTree as xml

# Declared by no operation, and given by every service of AWS.
COMMON_ERRORS = {
    "AccessDenied", "AccessDeniedException", "ExpiredToken", "ExpiredTokenException", "IncompleteSignature",
    "IncompleteSignatureException", "InternalFailure", "InvalidAction", "InvalidClientTokenId",
    "InvalidSignatureException", "MalformedInput", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
    "NotImplemented", "SerializationException", "SignatureDoesNotMatch", "ThrottlingException",
    "UnknownOperationException", "UnrecognizedClientException", "ValidationError", "ValidationException",
    # Seen from Glue and Lake Formation whether declared or not.
    "ConcurrentModificationException", "EntityNotFoundException", "InvalidInputException",
}

INTEGERS = {"integer", "long"}
NUMBERS = INTEGERS | {"double", "float", "timestamp"}


def wire_name(member, name):
    return member.serialization.get("name", name)


def problems_of_range(shape, size, path, what):
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield f"{path}: {what} {size} is below {least}"
    if most is not None and size > most:
        yield f"{path}: {what} {size} is above {most}"


def problems_of_text(shape, value, path):
    if not isinstance(value, str):
        yield f"{path}: {value!r} is no string"
        return
    if shape.enum and value not in shape.enum:
        yield f"{path}: {value!r} is none of {shape.enum}"
    yield from problems_of_range(shape, len(value), path, "length")
    pattern = shape.metadata.get("pattern")
    if pattern:
        try:
            matches = re.fullmatch(pattern, value)
        except re.error:
            return  # a pattern of Java's that Python does not know
        if not matches:
            yield f"{path}: {value!r} does not match {pattern}"


def problems_of_number(shape, value, path):
    kinds = int if shape.type_name in INTEGERS else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds):
        yield f"{path}: {value!r} is no {shape.type_name}"
    elif shape.type_name != "timestamp":
        yield from problems_of_range(shape, value, path, "value")


def problems_of_structure(shape, value, path):
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no structure"
        return
    by_wire = {wire_name(member, name): (name, member) for name, member in shape.members.items()}
    for key, one in value.items():
        if key not in by_wire:
            yield f"{path}: {key} is unknown to {shape.name}"
        else:
            yield from problems_of(by_wire[key][1], one, f"{path}.{key}")
    for wire, (name, _) in by_wire.items():
        if name in shape.required_members and wire not in value:
            yield f"{path}: {wire} is required by {shape.name} and missing"


def problems_of(shape, value, path):
    kind = shape.type_name
    if value is None:
        yield f"{path}: null"
    elif kind == "structure":
        yield from problems_of_structure(shape, value, path)
    elif kind == "list":
        if not isinstance(value, list):
            yield f"{path}: {value!r} is no list"
            return
        yield from problems_of_range(shape, len(value), path, "size")
        for index, one in enumerate(value):
            yield from problems_of(shape.member, one, f"{path}[{index}]")
    elif kind == "map":
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is no map"
            return
        for key, one in value.items():
            yield from problems_of(shape.key, key, f"{path}({key})")
            yield from problems_of(shape.value, one, f"{path}.{key}")
    elif kind == "boolean":
        if not isinstance(value, bool):
            yield f"{path}: {value!r} is no boolean"
    elif kind in NUMBERS:
        yield from problems_of_number(shape, value, path)
    elif kind == "string":
        yield from problems_of_text(shape, value, path)


# ---- XML of query services ----------------------------------------------------------------------------------------


def bare(tag):
    return tag.rsplit("}", 1)[-1]


def from_xml(shape, node):
    """The value of `node` as JSON would have it; unknown elements stay what they are."""
    if shape is None:
        return node.text or ""
    if shape.type_name == "structure":
        by_wire = {wire_name(member, name): member for name, member in shape.members.items()}
        return {bare(child.tag): from_xml(by_wire.get(bare(child.tag)), child) for child in node}
    if shape.type_name == "list":
        return [from_xml(shape.member, child) for child in node]
    text = node.text or ""
    if shape.type_name in INTEGERS:
        return int(text)
    if shape.type_name == "timestamp":
        return 0 if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text) else text
    return text


def problems_of_xml(operation, root):
    if bare(root.tag) != operation.name + "Response":
        yield f"the root is {root.tag}"
        return
    for child in root:
        if bare(child.tag) == operation.name + "Result":
            yield from problems_of(operation.output_shape, from_xml(operation.output_shape, child), operation.name)
        elif bare(child.tag) != "ResponseMetadata" or not child.findtext("{*}RequestId"):
            yield f"{child.tag} has no place in an answer"


# ---- whole answers --------------------------------------------------------------------------------------------------


def problems_of_error(operation, response):
    headers = {name.lower(): value for name, value in response["headers"].items()}
    body = response["body"]
    if operation.service_model.metadata["protocol"] == "query":
        root = xml.fromstring(body)
        code = root.findtext("{*}Error/{*}Code") or ""
        if not root.findtext("{*}RequestId"):
            yield "the error has no RequestId"
    else:
        value = json.loads(body)
        code = value.get("__type", "") or headers.get("x-amzn-errortype", "")
        if not (value.get("message") or value.get("Message")):
            yield "the error has no message"
        if operation.service_model.metadata["protocol"] == "rest-json" and "x-amzn-errortype" not in headers:
            yield "the error has no x-amzn-ErrorType"
    declared = {shape.metadata.get("error", {}).get("code", shape.name) for shape in operation.error_shapes}
    declared |= {shape.name for shape in operation.error_shapes}
    if code not in declared | COMMON_ERRORS:
        yield f"the error {code!r} is not declared"


def problems_of_response(operation, response):
    """Everything that is wrong with one answer, as texts."""
    if "x-amzn-requestid" not in {name.lower() for name in response["headers"]}:
        yield "there is no x-amzn-RequestId"
    if response["status_code"] >= 300:
        yield from problems_of_error(operation, response)
        return
    body = response["body"] or b""
    if operation.service_model.metadata["protocol"] == "query":
        yield from problems_of_xml(operation, xml.fromstring(body))
        return
    value = json.loads(body or b"{}")
    if operation.output_shape is None:
        if value != {}:
            yield f"{value!r} where nothing was declared"
        return
    yield from problems_of_structure(operation.output_shape, value, operation.name)

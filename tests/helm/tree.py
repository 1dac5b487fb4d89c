#!/usr/bin/env python3
"""Holds the chart to the rest of the project; needs no tool. `--sync` copies crds/ into the chart.

The chart's CRDs equal crds/ byte for byte. Its version is that of CMakeLists.txt. What alerts and dashboard ask for is
exposed by the code. Every alert has a runbook. Every value has a schema. No role reads a secret.
"""

import json
import re
import shutil
import sys

import tools
from tools import CHART, ROOT

# Exposed by `datamesh run` alone, or added by Prometheus.
OTHER_METRICS = {"up"}


def check_crds(report, sync):
    ours, copies = ROOT / "crds", CHART / "files/crds"
    if sync:
        shutil.rmtree(copies, ignore_errors=True)
        shutil.copytree(ours, copies)
    names = sorted(path.name for path in ours.glob("*.yaml"))
    report.claim(names, "crds/ holds manifests")
    report.claim(sorted(path.name for path in copies.iterdir()) == names,
                 f"{copies} holds the files of crds/ and no others: run tests/helm/tree.py --sync")
    for name in names:
        same = (copies / name).is_file() and (copies / name).read_bytes() == (ours / name).read_bytes()
        report.claim(same, f"the chart's {name} equals crds/{name}: run tests/helm/tree.py --sync")
        # templates/crds.yaml puts labels and the policy before this line.
        report.claim((ours / name).read_text().count("\nmetadata:\n  name:") == 1,
                     f"crds/{name} has `metadata:` with `name:` right below it, once")


def check_versions(report):
    built = re.search(r"project\(datamesh VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
    chart = (CHART / "Chart.yaml").read_text()
    for key in ("version", "appVersion"):
        report.claim(re.search(rf"^{key}: {re.escape(built)}$", chart, re.M), f"{key} of Chart.yaml is {built}")


def metrics_of_the_code():
    text = "".join(path.read_text() for path in (ROOT / "controller").rglob("*.cpp"))
    names = set(re.findall(r'"([a-z]+(?:_[a-z0-9]+)+)"', text))
    return names | {name + end for name in names for end in ("_bucket", "_sum", "_count")}


def metrics_in(expression):
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(?:by|on|without|ignoring) \([^)]*\)', "", expression)
    functions = set(re.findall(r"([a-z_0-9]+)\s*\(", bare))
    words = {"and", "or", "unless", "offset", "by", "h", "vector", "le"}
    return set(re.findall(r"\b([a-z]+[a-z_0-9]*)\b", bare)) - functions - words


def alerts():
    """(name, text) of every alert, from a file whose layout we know."""
    text = (CHART / "files/alerts.yaml").read_text()
    parts = re.split(r"^      - alert: (\w+)$", text, flags=re.M)
    return list(zip(parts[1::2], parts[2::2]))


def check_metrics(report):
    known = metrics_of_the_code() | OTHER_METRICS
    expressions = {}
    for name, text in alerts():
        found = re.search(r"^        expr: (?:\|\n((?:          .*\n)+)|(.*)\n)", text, re.M)
        expressions[f"the alert {name}"] = found.group(1) or found.group(2)
    dashboard = json.loads((CHART / "files/dashboard.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            expressions[f"the panel {panel['title']} ({target['refId']})"] = target["expr"]
    report.claim(len(expressions) > 40, "there are alerts and panels")
    for where, expression in expressions.items():
        asked = metrics_in(expression)
        report.claim(asked and asked <= known, f"{where} asks for what exists, not {sorted(asked - known)}")


def check_dashboard(report):
    panels = json.loads((CHART / "files/dashboard.json").read_text())["panels"]
    ids = [panel["id"] for panel in panels]
    report.claim(len(ids) == len(set(ids)), "every panel has an id of its own")
    taken = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        report.claim(not cells & taken and at["x"] + at["w"] <= 24, f"the panel {panel['title']} covers no other")
        report.claim(panel["type"] == "row" or panel.get("description"), f"the panel {panel['title']} says what it shows")
        taken |= cells


def check_runbooks(report):
    headings = re.findall(r"^### (Datamesh\w+)$", (ROOT / "docs/operations.md").read_text(), re.M)
    names = [name for name, _ in alerts()]
    report.claim(sorted(headings) == sorted(names), f"every alert has a runbook and the reverse: "
                 f"{sorted(set(headings) ^ set(names))}")
    tested = (ROOT / "tests/helm/alerts_test.yaml").read_text()
    for name, text in alerts():
        report.claim(f"runbook_url: docs/operations.md#{name.lower()}\n" in text, f"{name} links to its runbook")
        report.claim(re.search(rf"alertname: {name}\n +exp_alerts:", tested), f"a unit test sees {name} fire")
        report.claim(f"alertname: {name}, exp_alerts: []" in tested, f"a unit test sees {name} keep quiet")


def key_paths(text):
    """The dotted paths of values.yaml, which is plain mappings two spaces deep a level, and lists in one line."""
    paths, above = set(), []
    for line in text.splitlines():
        found = re.match(r"( *)([A-Za-z_]\w*):", line)
        if found:
            above = above[:len(found.group(1)) // 2] + [found.group(2)]
            paths.add(".".join(above))
    return paths


def schema_paths(schema, prefix=""):
    for key, below in schema.get("properties", {}).items():
        yield prefix + key, below
        yield from schema_paths(below, prefix + key + ".")


def check_schema(report):
    schema = json.loads((CHART / "values.schema.json").read_text())
    described = dict(schema_paths(schema))
    free = tuple(path + "." for path, below in described.items() if "properties" not in below)
    values = key_paths((CHART / "values.yaml").read_text())
    for path in sorted(values):
        report.claim(path in described or path.startswith(free), f"values.schema.json knows {path}")
    without_default = {"global"} | {f"{probe}.{key}" for probe in ("livenessProbe", "readinessProbe")
                                    for key in ("successThreshold", "terminationGracePeriodSeconds")}
    for path in sorted(set(described) - without_default):
        report.claim(path in values, f"values.yaml gives {path} a default")
    for path, below in [("the whole", schema), *described.items()]:
        if "properties" in below:
            report.claim(below.get("additionalProperties") is False, f"the schema of {path} refuses unknown keys")


def check_argocd(report):
    lua = (ROOT / "helm/argocd/health.lua").read_text()
    config = (ROOT / "helm/argocd/argocd-cm.yaml").read_text()
    inside = config.split("      health.lua: |\n", 1)[1]
    plain = "".join(line[8:] if line.strip() else line for line in inside.splitlines(True))
    report.claim(plain == lua, "argocd-cm.yaml holds the text of health.lua")


def main():
    report = tools.Report("chart")
    check_crds(report, "--sync" in sys.argv[1:])
    check_versions(report)
    check_metrics(report)
    check_dashboard(report)
    check_runbooks(report)
    check_schema(report)
    check_argocd(report)
    report.end()


main()

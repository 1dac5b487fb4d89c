#!/usr/bin/env python3
"""Checks alerts and metrics with promtool: the rules, unit tests of every alert, the queries of the dashboard, and a page
of metrics. Needs promtool (Debian's package prometheus)."""

import json
import pathlib
import re
import shutil
import tempfile

import tools
from tools import CHART, ROOT


def as_rules(dashboard):
    """A rule file with every query of the dashboard, so that promtool parses them."""
    lines = ["groups:", "  - name: dashboard", "    rules:"]
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            query = target["expr"].replace("$__rate_interval", "5m").replace("$job", "j").replace("$namespace", "n")
            lines += [f"      - record: panel_{panel['id']}_{target['refId']}", f"        expr: {json.dumps(query)}"]
    return "\n".join(lines) + "\n"


def main():
    promtool = tools.find_tool("PROMTOOL", "promtool")
    report = tools.Report("alerts")

    def holds(text, *command, **options):
        done = tools.run(promtool, *command, **options)
        return report.claim(done.returncode == 0, f"{text}:\n{done.stdout}{done.stderr}")

    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        shutil.copy(CHART / "files/alerts.yaml", work)
        shutil.copy(ROOT / "tests/helm/alerts_test.yaml", work)
        holds("the rules are well formed", "check", "rules", work / "alerts.yaml")
        holds("every alert fires and keeps quiet as tested", "test", "rules", work / "alerts_test.yaml")

        broken = (work / "alerts.yaml").read_text().replace("> 86400", "> 8640000", 1)
        (work / "alerts.yaml").write_text(broken)
        done = tools.run(promtool, "test", "rules", work / "alerts_test.yaml")
        report.claim(done.returncode != 0, "the unit tests notice a threshold that was changed")

        (work / "dashboard.yaml").write_text(as_rules(json.loads((CHART / "files/dashboard.json").read_text())))
        holds("the queries of the dashboard parse", "check", "rules", work / "dashboard.yaml")
    page = re.sub(r"<\w+>", "1", (ROOT / "tests/golden/metrics.txt").read_text())
    holds("a page of metrics is as Prometheus wants it", "check", "metrics", input=page)
    report.end()


main()

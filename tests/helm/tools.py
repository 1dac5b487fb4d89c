"""What the tests of the chart share: where things are, and how a tool that is not there is passed over."""

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CHART = ROOT / "helm" / "datamesh-operator"
SKIPPED = 77  # what CMakeLists.txt tells ctest to count as skipped


def find_tool(variable, *names):
    """The path of a tool: from an environment variable, else from PATH. Ends the test as skipped when there is none."""
    asked = os.environ.get(variable)
    found = next(filter(None, (shutil.which(name) for name in ([asked] if asked else names))), None)
    if asked and not found:
        sys.exit(f"{variable} names {asked}, which cannot be run.")
    if not found:
        print(f"SKIPPED: no {names[0]} here: put it into PATH, or its path into ${variable}.")
        sys.exit(SKIPPED)
    return found


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300, **options)


class Report:
    """Collects claims that did not hold; `end` prints them and ends the program."""

    def __init__(self, name):
        self.name, self.passed, self.failed = name, 0, []

    def claim(self, holds, text):
        if holds:
            self.passed += 1
        else:
            self.failed.append(text)
        return holds

    def end(self):
        for text in self.failed:
            print(f"FAILED: {text}")
        print(f"{self.name}: {self.passed} passed, {len(self.failed)} failed")
        sys.exit(1 if self.failed else 0)

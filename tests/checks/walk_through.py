#!/usr/bin/env python3
"""Runs a document: its `sh` blocks in order in one shell, each held to the `text` block that follows it.

Every line of a `text` block must be found in what the block before it printed, in that order; runs of blanks count as
one, and a line `...` stands for any number of lines. A block whose commands fail ends the run, unless its first line is
`# fails`. With --quotes, every `yaml` block must stand word for word in a manifest of that folder.

usage: walk_through.py DOCUMENT --binary PATH [--quotes FOLDER] [--verbose] | walk_through.py --self-test
"""

import argparse
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

FENCE = re.compile(r"^```(\w*)[ \t]*\n(.*?)^```[ \t]*$", re.DOTALL | re.MULTILINE)
MARK = "@@walk-through block"
TIMEOUT_SECONDS = 600


class Step:
    def __init__(self, line, script):
        self.line = line
        self.script = script
        self.expected = []
        self.may_fail = script.lstrip().startswith("# fails")


def read_steps(text):
    steps = []
    for match in FENCE.finditer(text):
        language, body = match.groups()
        line = text.count("\n", 0, match.start()) + 1
        if language == "sh":
            steps.append(Step(line, body))
        elif language == "text" and steps:
            steps[-1].expected += [words(each) for each in body.splitlines() if each.strip() not in ("", "...")]
    return steps


def unquoted(text, manifests):
    """The `yaml` blocks of a document that stand in none of the manifests."""
    return [f"line {text.count(chr(10), 0, match.start()) + 1}: the yaml block stands in no manifest"
            for match in FENCE.finditer(text)
            if match.group(1) == "yaml" and not any(match.group(2) in each for each in manifests)]


def words(text):
    return " ".join(text.split())


def shell_script(steps):
    parts = ["set -uo pipefail"]
    for number, step in enumerate(steps):
        parts.append(f"printf '\\n{MARK} {number} begins\\n'")
        parts.append("status=0\ntrap 'status=$?' ERR\n{\n" + step.script + "} 2>&1\ntrap - ERR")
        parts.append(f"printf '\\n{MARK} {number} ends with %s\\n' \"$status\"")
        if not step.may_fail:
            parts.append('if [ "$status" -ne 0 ]; then exit 1; fi')
    return "\n".join(parts) + "\n"


def run(script, binary):
    """What the script prints. Whatever it started is ended, and its state removed, when this returns."""
    with tempfile.TemporaryDirectory(prefix="datamesh-walk-through-") as home:
        environment = dict(os.environ, DATAMESH_HOME=home, NO_COLOR="1",
                           PATH=f"{binary.resolve().parent}:{os.environ['PATH']}")
        output = pathlib.Path(home, "walk-through.out")
        with output.open("w") as out:
            process = subprocess.Popen(["bash", "-c", script], stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=subprocess.STDOUT, env=environment, start_new_session=True)
            try:
                process.wait(TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                print(f"no end after {TIMEOUT_SECONDS} seconds", file=sys.stderr)
            finally:
                try:
                    os.killpg(process.pid, signal.SIGKILL)  # the group of this process only
                except ProcessLookupError:
                    pass
                process.wait()
        return output.read_text(errors="replace")


def output_of(number, printed):
    """What block `number` printed and its exit status; None when it did not begin, or did not end."""
    begin = printed.find(f"{MARK} {number} begins\n")
    if begin < 0:
        return None, None
    end = re.compile(rf"{MARK} {number} ends with (\d+)\n").search(printed, begin)
    body = printed[begin:end.start() if end else len(printed)].split("\n", 1)[1]
    return body, int(end.group(1)) if end else None


def missing_line(expected, body):
    """The first expected line that is not found after the ones before it."""
    lines = [words(line) for line in body.splitlines()]
    position = 0
    for wanted in expected:
        found = next((i for i in range(position, len(lines)) if wanted in lines[i]), None)
        if found is None:
            return wanted
        position = found + 1
    return None


def check(steps, printed, verbose=False):
    problems = []
    for number, step in enumerate(steps):
        body, status = output_of(number, printed)
        if body is None:
            problems.append(f"line {step.line}: not reached")
            break
        wrong = None
        if status is None:
            wrong = "did not end"
        elif status != 0 and not step.may_fail:
            wrong = f"ended with status {status}"
        elif status == 0 and step.may_fail:
            wrong = "succeeded, and should have failed"
        else:
            wanted = missing_line(step.expected, body)
            wrong = wanted and f"did not print: {wanted}"
        if wrong:
            problems.append(f"line {step.line}: the block {wrong}\n{indented(step.script)}\n  printed:\n{indented(body)}")
        elif verbose:
            print(f"line {step.line}: ok\n{indented(body)}")
    return problems


def indented(text):
    return "\n".join(f"    {line}" for line in text.strip().splitlines())


def self_test():
    document = "```sh\nX=1\n```\n```sh\necho a  $X\necho b\n```\n```text\na 1\n...\nb\n```\n" \
               "```sh\n# fails\nfalse\n```\n"
    cases = {
        "a document that holds": (document, None),
        "a fragment that is not printed": (document.replace("a 1\n", "a 2\n"), "did not print: a 2"),
        "fragments out of order": (document.replace("a 1\n...\nb\n", "b\na 1\n"), "did not print: a 1"),
        "a command that fails": (document.replace("X=1\n", "false\ntrue\n"), "ended with status 1"),
        "a failure that does not come": (document.replace("false", "true"), "should have failed"),
    }
    problems = []
    for title, (text, expected) in cases.items():
        steps = read_steps(text)
        found = check(steps, run(shell_script(steps), pathlib.Path(sys.executable)))
        if (found and expected is None) or (expected and not any(expected in each for each in found)):
            problems.append(f"{title}: {found}")
    quoting = "```yaml\na: 1\n```\n"
    if unquoted(quoting, ["b: 2\na: 1\n"]) or not unquoted(quoting, ["a: 2\n"]):
        problems.append("a yaml block that no manifest has is not found, or one that it has is")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("document", nargs="?", type=pathlib.Path)
    parser.add_argument("--binary", type=pathlib.Path)
    parser.add_argument("--quotes", type=pathlib.Path)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        problems = self_test()
    elif arguments.document is None or arguments.binary is None:
        parser.error("a document and --binary are needed")
    else:
        text = arguments.document.read_text()
        steps = read_steps(text)
        problems = check(steps, run(shell_script(steps), arguments.binary), arguments.verbose)
        if arguments.quotes:
            problems += unquoted(text, [each.read_text() for each in arguments.quotes.rglob("*.yaml")])
        if not steps:
            problems.append("the document has no sh block")
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems" if problems else "ok")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

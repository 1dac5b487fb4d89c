"""Sums up what sitecustomize.py recorded; the status is 1 when an answer broke its model.

usage: report.py FILE
"""

import collections
import json
import sys

with open(sys.argv[1], encoding="utf-8") as lines:
    answers = [json.loads(line) for line in lines]
problems = collections.Counter(
    f"{answer['operation']} ({answer['status']}): {problem}" for answer in answers for problem in answer["problems"])
for problem, count in sorted(problems.items()):
    print(f"{problem} ({count} times)")
operations = {answer["operation"] for answer in answers}
errors = sum(answer["status"] >= 300 for answer in answers)
print(f"{len(answers)} answers of {len(operations)} operations, {errors} of them errors; "
      f"{sum(problems.values())} break their models")
sys.exit(1 if problems or not answers else 0)

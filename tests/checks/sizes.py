#!/usr/bin/env python3
"""Holds files and functions to the hard sizes of the house style.

A function is measured from the first line of its signature to its closing brace. The scanner knows braces, strings,
comments and initializer lists, and no more C++ than that.

usage: sizes.py [ROOT] | sizes.py --self-test
"""

import pathlib
import re
import sys

HEADER_LINES = 300
SOURCE_LINES = 600
TEST_LINES = 800
FUNCTION_LINES = 60
PARAMETERS = 5

FOLDERS = ("controller", "reconcilers", "tests")
SUFFIXES = {".h", ".cpp", ".cc"}

TOKEN = re.compile(
    r'R"(?P<tag>[^\s()\\]{0,16})\(.*?\)(?P=tag)"'  # a raw string
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'"        # a character, not the separator of 1'000
    r"|//[^\n]*|/\*.*?\*/"
    r"|^[ \t]*#(?:[^\n\\]|\\.|\\\n)*",             # a directive with its continuation lines
    re.DOTALL | re.MULTILINE)

TYPE_HEAD = re.compile(r"^(?:template\s*<.*>\s*)?(?:typedef\s+)?(?:inline\s+)?(?:namespace|class|struct|enum|union|extern)\b",
                       re.DOTALL)
CONTROL_HEAD = re.compile(r"^(?:if|for|while|switch|catch|do|else|try)\b")
OPERATOR = re.compile(r"\boperator\s*(?:\(\s*\)|\[\s*\]|[^\s\w(]+)")
NOT_PARAMETERS = re.compile(r"\b(?:noexcept|alignas|decltype|requires|__attribute__|explicit)\s*$")


def blank_literals(text):
    """The text with strings, comments and directives blanked, line for line."""
    return TOKEN.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


def without_templates(head):
    """The head without a leading template<...>."""
    while True:
        match = re.match(r"\s*template\s*<", head)
        if not match:
            return head
        depth, index = 1, match.end()
        while index < len(head) and depth:
            depth += {"<": 1, ">": -1}.get(head[index], 0)
            index += 1
        head = head[index:]


def top_level(text, wanted):
    """Where `wanted` occurs outside all brackets."""
    depth = 0
    for index, char in enumerate(text):
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif char == wanted and depth == 0:
            yield index


def parameter_list(head):
    """The span of the parentheses that hold the parameters, or None."""
    depth, start = 0, 0
    for index, char in enumerate(head):
        if char == "(":
            if depth == 0:
                start = index
            depth += 1
        elif char == ")":
            depth -= 1
            if depth == 0 and not NOT_PARAMETERS.search(head[:start]):
                return start, index
    return None


def count_parameters(text):
    depth, count = 0, 1 if text.strip() not in ("", "void") else 0
    for char in text:
        if char in "([{<":
            depth += 1
        elif char in ")]}>":
            depth -= 1
        elif char == "," and depth == 0:
            count += 1
    return count


class Function:
    def __init__(self, name, parameters, line):
        self.name = name
        self.parameters = parameters
        self.line = line
        self.lines = 0


def as_function(head, line):
    """The Function that a head before `{` begins; None for anything else."""
    head = OPERATOR.sub("operator_", without_templates(head)).strip()
    if not head or TYPE_HEAD.match(head) or CONTROL_HEAD.match(head):
        return None
    span = parameter_list(head)
    if span is None or any(index < span[0] for index in top_level(head, "=")):
        return None
    name = re.search(r"([\w:~]+)\s*$", head[:span[0]])
    if name is None:
        return None
    return Function(name.group(1), count_parameters(head[span[0] + 1:span[1]]), line)


def opens_initializer(head):
    """Whether a `{` after this head initializes a member of a constructor: `X() : a_{1}, b_`."""
    span = parameter_list(head)
    if span is None:
        return False
    rest = head[span[1] + 1:].replace("::", "  ")
    return next(top_level(rest, ":"), None) is not None and bool(re.search(r"[\w>]\s*$", rest))


class Scanner:
    """Walks blanked text once, keeping the scopes that are open."""

    def __init__(self, text):
        self.text = text
        self.functions = []
        self.open = []          # (kind, Function or None, parentheses open in the scope around)
        self.parentheses = 0
        self.head_start = 0

    def scan(self):
        for index, char in enumerate(self.text):
            if char == "(":
                self.parentheses += 1
            elif char == ")":
                self.parentheses -= 1
            elif char == "{":
                self.enter(index)
            elif char == "}":
                self.leave(index)
            elif char == ";" and self.parentheses == 0:
                self.head_start = index + 1
        return self.functions

    def line_at(self, index):
        return self.text.count("\n", 0, index) + 1

    def head(self, index):
        raw = self.text[self.head_start:index]
        label = re.match(r"\s*(?:public|protected|private)\s*:(?!:)", raw)
        start = self.head_start + (label.end() if label else 0)
        raw = self.text[start:index]
        return raw.strip(), self.line_at(start + len(raw) - len(raw.lstrip()))

    def enter(self, index):
        kind, function = "other", None
        inside_function = any(scope[1] for scope in self.open)
        if self.parentheses == 0 and not inside_function:
            head, line = self.head(index)
            if opens_initializer(head):
                kind = "initializer"
            else:
                function = as_function(head, line)
        elif self.parentheses:
            kind = "argument"
        self.open.append((kind, function, self.parentheses))
        self.parentheses = 0
        if kind == "other":
            self.head_start = index + 1

    def leave(self, index):
        if not self.open:
            return
        kind, function, self.parentheses = self.open.pop()
        if function:
            function.lines = self.line_at(index) - function.line + 1
            self.functions.append(function)
        if kind == "other":
            self.head_start = index + 1


def functions_of(text):
    return Scanner(blank_literals(text)).scan()


def problems_of(name, text):
    problems = []
    lines = len(text.splitlines())
    limit = TEST_LINES if name.startswith("tests/") else HEADER_LINES if name.endswith(".h") else SOURCE_LINES
    if lines > limit:
        problems.append(f"{name}: {lines} lines, at most {limit}")
    for function in functions_of(text):
        if function.lines > FUNCTION_LINES:
            problems.append(f"{name}:{function.line}: {function.name} has {function.lines} lines, at most {FUNCTION_LINES}")
        if function.parameters > PARAMETERS:
            problems.append(
                f"{name}:{function.line}: {function.name} has {function.parameters} parameters, at most {PARAMETERS}")
    return problems


def check_tree(root):
    problems = []
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file():
                problems += problems_of(path.relative_to(root).as_posix(), path.read_text(errors="replace"))
    return problems


# ---- self-test --------------------------------------------------------------------------------------------------

SAMPLE = r'''
#define BLOCK(x) if (x) { \
  return; }
namespace a::b {
template <class T, class U = std::map<int, int>>
struct Shape : Base<T> {
 public:
  Shape(int first, std::map<int, int> second) : first_{first}, second_(second), third_{} {
    run([&](int x) { return x; });
  }
  bool operator()(int a, int b) const noexcept(false) { return a == b; }
  std::string text = f("{");
};
const std::vector<Row> kRows = make({
    {1, "}"},
});
/// A brace { in a comment.
auto name(std::pair<int, int> p, const char* q = "a,b", int r = g(1, 2)) -> int {
  const char* raw = R"x({{{)x";
  char c = '{';
  int big = 1'000'000;
  if (p) { return 1; }
  return 0;
}
}  // namespace a::b
'''

SAMPLE_FUNCTIONS = [("Shape", 2), ("operator_", 2), ("name", 3)]


def self_test():
    failures = []
    found = [(f.name, f.parameters) for f in functions_of(SAMPLE)]
    if found != SAMPLE_FUNCTIONS:
        failures.append(f"the sample holds {SAMPLE_FUNCTIONS}, found {found}")
    body = "  x();\n"
    cases = {
        "a long function": ("controller/a.cpp", "void f() {\n" + body * 59 + "}\n", "f has 61 lines"),
        "a long member": ("controller/a.h", "class A {\n int f() const {\n" + body * 59 + "}\n};\n", "f has 61 lines"),
        "a long constructor": ("controller/a.cpp", "A::A()\n    : a_{1},\n      b_{2} {\n" + body * 57 + "}\n", "A::A has 61"),
        "six parameters": ("controller/a.cpp", "int f(int a, int b, P<int, int> c, int d, int e, int g) {}\n", "6 parameters"),
        "a long header": ("controller/a.h", "\n" * 301, "301 lines"),
        "a long source": ("reconcilers/a.cpp", "\n" * 601, "601 lines"),
        "a long test": ("tests/a/a.cpp", "\n" * 801, "801 lines"),
    }
    for title, (name, text, expected) in cases.items():
        if not any(expected in problem for problem in problems_of(name, text)):
            failures.append(f"not found: {title}: {problems_of(name, text)}")
    allowed = {
        "controller/a.cpp": "void f(int a, int b, int c, int d, int e) {\n" + body * 58 + "}\n",
        "controller/b.cpp": "const Table kTable[] = {\n" + "  {1},\n" * 200 + "};\n",
        "controller/c.cpp": "namespace n {\n" + "int a();\n" * 200 + "}\n",
    }
    for name, text in allowed.items():
        failures += [f"refused wrongly: {problem}" for problem in problems_of(name, text)]
    return failures


def main():
    if sys.argv[1:] == ["--self-test"]:
        problems = self_test()
    else:
        default = pathlib.Path(__file__).resolve().parents[2]
        problems = check_tree(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default)
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems" if problems else "ok")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

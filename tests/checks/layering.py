#!/usr/bin/env python3
"""Holds every #include to the folder tree.

CMakeLists.txt declares one or more modules a folder, `datamesh_module(name FOLDER f SOURCES ... DEPENDS ...)`. A file
may include what lies in its own folder and in the folders of the modules that its own module depends on, directly or
through others. Third-party headers, locks and the real clock each have their places, listed below.

usage: layering.py [ROOT] | layering.py --self-test
"""

import fnmatch
import pathlib
import re
import sys
import tempfile

SOURCE_FOLDERS = ("controller", "reconcilers")
SUFFIXES = {".h", ".cpp", ".cc"}

# A third-party header (by prefix) -> the files that may include it.
THIRD_PARTY = {
    "nlohmann/": ["controller/base/json.h"],
    "tl/expected.hpp": ["controller/base/result.h"],
    "simdjson": ["controller/base/*.cpp", "controller/aws/*.cpp", "controller/kube/*.cpp"],
    "pugixml.hpp": ["controller/aws/*.cpp"],
    "spdlog/": ["controller/base/log.cpp"],
    "fmt/": ["controller/base/log.cpp"],
    "yaml-cpp/": ["controller/base/yaml*.cpp"],
    "sqlite3.h": ["controller/embedded/*"],
    "boost/": ["controller/http/*", "controller/engine/asio_executor.*"],
    "cpprest/": ["controller/http/*"],
    "pplx/": ["controller/http/*"],
    "prometheus/": ["controller/telemetry/*"],
    "CLI/": ["controller/cli/*"],
    "re2/": ["controller/*.cpp", "reconcilers/*.cpp"],
    "openssl/": ["controller/http/*", "controller/aws/*", "controller/cli/*.cpp", "controller/embedded/*.cpp",
                 "controller/kube/base64.cpp", "controller/kube/documents.cpp"],
    "civetweb": [],
    "curl/": [],
    "gtest/": [],
    "gmock/": [],
    "benchmark/": [],
}

# Standard headers that only some folders need.
RESTRICTED_STANDARD = {
    "regex": [],
    "mutex": ["controller/base/log.cpp", "controller/cli/remote_access.*", "controller/http/*", "controller/telemetry/*", "controller/embedded/*",
              "controller/aws/*", "controller/kube/*", "controller/engine/mailbox.*",
              "controller/engine/asio_executor.*"],
    "coroutine": [],
    "future": ["controller/http/client.cpp"],
}
RESTRICTED_STANDARD["shared_mutex"] = RESTRICTED_STANDARD["mutex"]
RESTRICTED_STANDARD["condition_variable"] = RESTRICTED_STANDARD["mutex"]

# What reads the real clock -> the files that may.
REAL_CLOCK = re.compile(r"\bsystem_clock::now\b|\bgettimeofday\s*\(|\btime\s*\(\s*(?:nullptr|NULL|0)\s*\)")
REAL_CLOCK_FILES = ["controller/base/clock.cpp"]

# Headers of the system with a folder in their name; anything else of the form <a/b> is a third party.
SYSTEM_PREFIXES = ("sys/", "netinet/", "arpa/", "linux/", "net/")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
MODULE = re.compile(r"^\s*datamesh_module\(([^)]*)\)", re.MULTILINE)
KEYWORDS = {"FOLDER", "SOURCES", "ALONE", "DEPENDS", "LINKS"}


class Module:
    def __init__(self, name, fields):
        self.name = name
        self.folder = "".join(fields["FOLDER"])
        self.sources = {f"{self.folder}/{source}" for source in fields["SOURCES"] + fields["ALONE"]}
        self.depends = fields["DEPENDS"]


def without_cmake_comments(text):
    return re.sub(r"#[^\n]*", "", text)


def read_modules(text):
    """The modules of a CMakeLists.txt, by name."""
    modules = {}
    for match in MODULE.finditer(without_cmake_comments(text)):
        words = match.group(1).split()
        fields = {keyword: [] for keyword in KEYWORDS}
        keyword = None
        for word in words[1:]:
            if word in KEYWORDS:
                keyword = word
            elif keyword:
                fields[keyword].append(word)
        modules[words[0]] = Module(words[0], fields)
    return modules


def reachable(modules, names):
    """The modules that `names` depend on, directly or not, with themselves."""
    seen = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in seen and name in modules:
            seen.add(name)
            waiting.extend(modules[name].depends)
    return seen


def without_comments(text):
    """The text with comments blanked; strings stay, for includes are written like them."""
    pattern = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)

    def blank(match):
        token = match.group(0)
        return token if token.startswith('"') else re.sub(r"[^\n]", " ", token)

    return pattern.sub(blank, text)


def may(path, patterns):
    return any(fnmatch.fnmatch(path, pattern) for pattern in patterns)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


class Checker:
    def __init__(self, root):
        self.root = root
        self.problems = []
        cmake = (root / "CMakeLists.txt").read_text()
        self.cmake = without_cmake_comments(cmake)
        self.modules = read_modules(cmake)

    def report(self, where, message):
        self.problems.append(f"{where}: {message}")

    def run(self):
        self.check_modules()
        for folder in SOURCE_FOLDERS:
            for path in sorted((self.root / folder).rglob("*")):
                if path.suffix in SUFFIXES and path.is_file():
                    self.check_file(path)
        return self.problems

    def check_modules(self):
        for module in self.modules.values():
            for name in module.depends:
                if name not in self.modules:
                    self.report("CMakeLists.txt", f"module {module.name} depends on {name}, which does not exist")
                elif module.name in reachable(self.modules, [name]):
                    self.report("CMakeLists.txt", f"modules {module.name} and {name} depend on each other")

    def allowed_folders(self, relative, folder):
        """The folders that a file may include, or None when it belongs to no module."""
        own = [m.name for m in self.modules.values() if relative in m.sources]
        own = own or [m.name for m in self.modules.values() if m.folder == folder]
        if own:
            return {folder} | {self.modules[name].folder for name in reachable(self.modules, own)}
        return None

    def check_file(self, path):
        relative = path.relative_to(self.root).as_posix()
        folder = path.parent.relative_to(self.root).as_posix()
        text = without_comments(path.read_text(errors="replace"))
        allowed = self.allowed_folders(relative, folder)
        is_source = path.suffix != ".h"
        if is_source and not any(relative in m.sources for m in self.modules.values()) and relative not in self.cmake:
            self.report(relative, "no module and no executable of CMakeLists.txt lists it")
        for match in INCLUDE.finditer(text):
            where = f"{relative}:{line_of(text, match.start())}"
            if match.group(1) == '"':
                self.check_own(where, match.group(2), allowed)
            else:
                self.check_foreign(where, relative, match.group(2))
        for match in REAL_CLOCK.finditer(text):
            if not may(relative, REAL_CLOCK_FILES):
                self.report(f"{relative}:{line_of(text, match.start())}",
                            f"reads the real clock ({match.group(0)}); take a Clock")

    def check_own(self, where, header, allowed):
        if not header.startswith(tuple(f"{folder}/" for folder in SOURCE_FOLDERS)):
            self.report(where, f'"{header}" is not written from the root of the project')
            return
        if not (self.root / header).is_file():
            self.report(where, f'"{header}" does not exist')
        target = header.rsplit("/", 1)[0]
        if allowed is None:
            allowed = {"controller/cli"}  # an executable names the command line and nothing else
        if target not in allowed:
            self.report(where, f'"{header}" is against the layers: CMakeLists.txt gives this folder no way to {target}')

    def check_foreign(self, where, relative, header):
        if header in RESTRICTED_STANDARD:
            if not may(relative, RESTRICTED_STANDARD[header]):
                self.report(where, f"<{header}> has no place here; it may stand in: "
                                   f"{', '.join(RESTRICTED_STANDARD[header]) or 'no file'}")
            return
        for prefix, places in THIRD_PARTY.items():
            if header.startswith(prefix):
                if not may(relative, places):
                    self.report(where, f"<{header}> has no place here; it may stand in: "
                                       f"{', '.join(places) or 'no file'}")
                return
        if "/" in header and not header.startswith(SYSTEM_PREFIXES):
            self.report(where, f"<{header}> is a third party that {pathlib.Path(__file__).name} does not know")


# ---- self-test --------------------------------------------------------------------------------------------------

TREE = {
    "CMakeLists.txt": """
datamesh_module(base FOLDER controller/base SOURCES clock.cpp LINKS x::y)
datamesh_module(lake FOLDER controller/lake SOURCES lake.cpp DEPENDS base)
datamesh_module(cli FOLDER controller/cli SOURCES cli.cpp DEPENDS lake)  # base comes through lake
add_executable(datamesh controller/main.cc)
""",
    "controller/base/clock.cpp": '#include "controller/base/clock.h"\nauto t = std::chrono::system_clock::now();\n',
    "controller/base/clock.h": "#pragma once\n#include <chrono>\n",
    "controller/lake/lake.cpp": '#include <sys/stat.h>\n#include "controller/base/clock.h"\n',
    "controller/cli/cli.h": "// #include <mutex>\n",
    "controller/cli/cli.cpp": '#include <CLI/CLI.hpp>\n#include "controller/base/clock.h"\n',
    "controller/main.cc": '#include "controller/cli/cli.h"\n',
}

VIOLATIONS = {
    "an include against the layers": ("controller/base/clock.h", '#include "controller/cli/cli.h"\n', "against the layers"),
    "an executable that reaches past the command line": ("controller/main.cc", '#include "controller/base/clock.h"\n',
                                                         "against the layers"),
    "a third party out of its folder": ("controller/lake/lake.cpp", "#include <sqlite3.h>\n", "no place here"),
    "an unknown third party": ("controller/lake/lake.cpp", "#include <zmq/zmq.hpp>\n", "does not know"),
    "std::regex": ("controller/lake/lake.cpp", "#include <regex>\n", "no place here"),
    "a lock in the lake": ("controller/lake/lake.cpp", "#include <mutex>\n", "no place here"),
    "the real clock outside base": ("controller/lake/lake.cpp", "auto t = std::chrono::system_clock::now();\n", "real clock"),
    "an include relative to the file": ("controller/lake/lake.cpp", '#include "lake.h"\n', "not written from the root"),
    "a header that does not exist": ("controller/lake/lake.cpp", '#include "controller/base/none.h"\n', "does not exist"),
    "a source that nothing builds": ("controller/lake/dead.cpp", "\n", "lists it"),
    "a module that does not exist": ("CMakeLists.txt", "datamesh_module(a FOLDER controller/a DEPENDS none)\n",
                                     "does not exist"),
    "a cycle": ("CMakeLists.txt", "datamesh_module(a FOLDER controller/a DEPENDS b)\n"
                                  "datamesh_module(b FOLDER controller/b DEPENDS a)\n", "depend on each other"),
}


def problems_of(tree):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in tree.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        return Checker(root).run()


def self_test():
    failures = [f"the clean tree is refused: {problem}" for problem in problems_of(TREE)]
    for title, (name, addition, expected) in VIOLATIONS.items():
        tree = dict(TREE)
        tree[name] = tree.get(name, "") + addition
        if not any(expected in problem for problem in problems_of(tree)):
            failures.append(f"not found: {title}")
    return failures


def main():
    if sys.argv[1:] == ["--self-test"]:
        problems = self_test()
    else:
        default = pathlib.Path(__file__).resolve().parents[2]
        problems = Checker(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default).run()
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems" if problems else "ok")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Carries out the steps of the Dockerfile in plain chroots, and looks at what they give.

Needs root, debootstrap and a mirror of Debian; takes as long as a full build. Ends with 77 where it cannot run.

usage: prove.py [--binary DATAMESH] [--ccache FOLDER] [--work FOLDER]
  --binary   put this binary into the place of what the build stage would compile: proves the rest in a few minutes
  --ccache   copy this folder of ccache into the build stage, so that what was compiled before is not compiled again
  --work     keep the chroots there; the next run uses the base system again
"""

import argparse
import fnmatch
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
SKIPPED = 77
BASE = {"debian:12-slim": "bookworm"}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def say(text):
    print(text, flush=True)


def instructions(text):
    """(word, rest) of every instruction, with continuation lines joined."""
    joined = text.replace("\\\n", " ")
    for line in joined.splitlines():
        if line.strip() and not line.startswith("#"):
            word, rest = line.split(None, 1)
            yield word.upper(), " ".join(rest.split())


def is_ignored(path):
    """Whether .dockerignore keeps a path of the project out of the build."""
    ignored = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            parts = [str(path), *map(str, path.parents)]
            if any(fnmatch.fnmatchcase(part, pattern.lstrip("!")) for part in parts):
                ignored = not pattern.startswith("!")
    return ignored


class Stage:
    """A chroot with what an image keeps beside its files: working folder, environment, user, command."""

    def __init__(self, root):
        self.root = root
        self.folder = "/"
        self.environment = {"PATH": PATH, "HOME": "/root"}
        self.user = None
        self.entry_point, self.command = [], []

    def inside(self, path):
        return self.root / os.path.normpath(os.path.join(self.folder, path)).lstrip("/")

    def run(self, command, *, as_user=False, timeout=3600):
        chroot = ["chroot"] + ([f"--userspec={self.user}"] if as_user and self.user else [])
        # Without terminal and without this machine's environment, as in a container.
        return subprocess.run([*chroot, str(self.root), *command], env=self.environment, stdin=subprocess.DEVNULL,
                              text=True, capture_output=True, timeout=timeout)


def make_base(work, image):
    base = work / "base"
    if not (base / "etc/debian_version").is_file():
        say(f"debootstrap {BASE[image]}")
        done = subprocess.run(["debootstrap", "--variant=minbase", BASE[image], str(base)], text=True,
                              capture_output=True, timeout=1800)
        if done.returncode != 0:
            print(f"SKIPPED: debootstrap failed here: {done.stdout[-800:]}{done.stderr[-400:]}")
            sys.exit(SKIPPED)
    return base


def begin_stage(work, base, number):
    root = work / f"stage-{number}"
    if root.exists():
        remove(root)
    subprocess.run(["cp", "-a", str(base), str(root)], check=True)
    for file in ("resolv.conf", "hosts"):
        shutil.copy(f"/etc/{file}", root / "etc" / file)
    return Stage(root)


def copy_tree(source, target, keep):
    for path in [source] if source.is_file() else sorted(source.rglob("*")):
        if path.is_file() and keep(path):
            to = target if source.is_file() else target / path.relative_to(source)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, to)


class Prover:
    def __init__(self, options, work):
        self.options, self.work = options, work
        self.stages, self.names = [], {}

    @property
    def stage(self):
        return self.stages[-1]

    def carry_out(self, word, rest):
        step = {"FROM": self.begin, "WORKDIR": self.enter, "COPY": self.copy, "RUN": self.run_step, "ENV": self.set_variable,
                "USER": self.set_user, "EXPOSE": lambda _: None, "ENTRYPOINT": self.set_entry_point,
                "CMD": self.set_command}.get(word)
        if step is None:
            sys.exit(f"The Dockerfile uses {word}, which this script does not know.")
        step(rest)

    def begin(self, rest):
        words = rest.split()
        if words[0] not in BASE:
            sys.exit(f"The base image {words[0]} is unknown to this script.")
        self.stages.append(begin_stage(self.work, make_base(self.work, words[0]), len(self.stages)))
        if len(words) == 3:
            self.names[words[2]] = self.stage

    def enter(self, rest):
        self.stage.folder = os.path.join(self.stage.folder, rest)
        self.stage.inside(".").mkdir(parents=True, exist_ok=True)

    def copy(self, rest):
        words = rest.split()
        if words[0].startswith("--from="):
            source = self.names[words[0].split("=", 1)[1]].root / words[1].lstrip("/")
            copy_tree(source, self.stage.inside(words[2]), lambda path: True)
            return
        if not (ROOT / words[0]).exists():
            sys.exit(f"COPY {words[0]}: there is no such file in the project.")
        copy_tree(ROOT / words[0], self.stage.inside(words[1]), lambda path: not is_ignored(path.relative_to(ROOT)))

    def run_step(self, rest):
        if self.options.binary and rest.startswith("cmake "):
            say("RUN cmake …: the given binary stands in")
            target = self.stage.inside("build/datamesh")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self.options.binary, target)
            return
        if self.options.binary and rest.startswith(".ci/prepare"):
            say("RUN .ci/prepare: passed over, since nothing is compiled")
            rest = "apt-get update -qq && apt-get install -qq --yes --no-install-recommends binutils"
        if self.options.ccache and rest.startswith("cmake "):
            self.bring_ccache()
        say(f"RUN {rest}")
        done = self.stage.run(["/bin/sh", "-c", f"cd {shlex.quote(self.stage.folder)} && {rest}"])
        if done.returncode != 0:
            sys.exit(f"FAILED with {done.returncode}: RUN {rest}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")

    def bring_ccache(self):
        """The sources are elsewhere in here, so paths must not count."""
        target = self.stage.root / "root/.cache/ccache"
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", self.options.ccache, str(target)], check=True)
        self.stage.environment |= {"CCACHE_BASEDIR": "/", "CCACHE_NOHASHDIR": "1",
                                   "CCACHE_SLOPPINESS": "time_macros,include_file_mtime,include_file_ctime"}

    def set_variable(self, rest):
        name, value = rest.split("=", 1)
        self.stage.environment[name] = value

    def set_user(self, rest):
        self.stage.user = rest

    def set_entry_point(self, rest):
        self.stage.entry_point = json.loads(rest)

    def set_command(self, rest):
        self.stage.command = json.loads(rest)


def mount(stage):
    """Mounts what a container engine gives every container; answers with where. Never a folder of this machine: what is
    mounted there would go with the chroot when somebody removes it."""
    point = stage.root / "proc"
    subprocess.run(["mount", "-t", "proc", "proc", str(point)], check=True, capture_output=True)
    return point


def remove(folder):
    """Removes a folder, and never what is mounted below it."""
    below = [line.split()[1] for line in pathlib.Path("/proc/self/mounts").read_text().splitlines()
             if line.split()[1].startswith(f"{folder.resolve()}/")]
    if below:
        sys.exit(f"Something is still mounted in {folder}; unmount it, then remove the folder: {' '.join(below)}")
    shutil.rmtree(folder)


def check_result(stage):
    """What a pod asks of the image. Answers with what does not hold."""
    problems = []

    def claim(holds, text):
        say(f"{'ok' if holds else 'FAILED'}: {text}")
        if not holds:
            problems.append(text)

    user, group = (stage.user or "0:0").split(":")
    claim(user.isdigit() and int(user) > 0 and group.isdigit(), f"the user is a number and not root: {stage.user}")
    version = stage.run([*stage.entry_point, "version"], as_user=True)
    claim(version.returncode == 0, f"the binary runs as that user: {version.stdout.strip()}{version.stderr.strip()}")
    libraries = stage.run(["ldd", stage.entry_point[0]])
    claim("not found" not in libraries.stdout, "every library is there")
    usage = stage.run([*stage.entry_point, "--help"], as_user=True)
    claim(stage.command == ["run"] and usage.returncode == 0, "the command is `run`")
    claim(stage.run(["sh", "-c", "touch /usr/local/bin/x"], as_user=True).returncode != 0, "that user cannot write /usr")
    claim(stage.run(["sh", "-c", "touch /var/lib/datamesh/x && rm /var/lib/datamesh/x"], as_user=True).returncode == 0,
          "that user can write the state folder")
    for tool in ("g++", "cmake", "git", "python3"):
        claim(stage.run(["sh", "-c", f"command -v {tool}"]).returncode != 0, f"{tool} is not in the image")
    size = int(subprocess.run(["du", "-sm", "--exclude=proc", "--exclude=dev", str(stage.root)], capture_output=True,
                              text=True).stdout.split()[0])
    claim(size < 400, f"the image is {size} MiB, below 400")
    return problems


def prove(options, work):
    prover, points = Prover(options, work), []
    try:
        for word, rest in instructions((ROOT / "Dockerfile").read_text()):
            prover.carry_out(word, rest)
            if word == "FROM":
                points.append(mount(prover.stage))
        return check_result(prover.stage)
    finally:
        for point in reversed(points):
            subprocess.run(["umount", str(point)], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary")
    parser.add_argument("--ccache")
    parser.add_argument("--work", type=pathlib.Path)
    options = parser.parse_args()
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        print("SKIPPED: root and debootstrap are needed to carry out the Dockerfile.")
        sys.exit(SKIPPED)
    if options.work:
        options.work.mkdir(parents=True, exist_ok=True)
        problems = prove(options, options.work)
    else:
        work = pathlib.Path(tempfile.mkdtemp())
        problems = prove(options, work)
        remove(work)
    print(f"image: {'proven' if not problems else 'NOT proven'}")
    sys.exit(1 if problems else 0)


main()

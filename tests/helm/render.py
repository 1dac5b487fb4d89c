#!/usr/bin/env python3
"""Renders the chart with several values and looks at what comes out; reads no cluster. Needs helm 3.

`go install helm.sh/helm/v3/cmd/helm@<version>` makes one.

usage: render.py [DATAMESH]
  With the binary: it takes the options that the chart gives it.
"""

import json
import pathlib
import re
import sys
import tempfile

import tools
from tools import CHART, ROOT

HELM = tools.find_tool("HELM", "helm")
VALUES = ROOT / "tests/helm/values"
CLUSTER = ["--kube-version", "1.30.0"]  # a helm that Go installed takes 1.20 for the cluster's

# (what is wrong, values, a part of the message)
REFUSED = [
    ("two replicas of the embedded lake", "replicaCount=2", "replicaCount must be 1"),
    ("two replicas without an election", "lake.type=aws,replicaCount=2,leaderElection.enabled=false",
     "leaderElection.enabled must be true"),
    ("both monitors", "metrics.serviceMonitor.enabled=true,metrics.podMonitor.enabled=true", "not both"),
    ("a ServiceMonitor without a Service", "metrics.serviceMonitor.enabled=true,metrics.service.enabled=false",
     "needs metrics.service.enabled"),
    ("a typo at the top", "replicaCounts=1", "replicaCounts"),
    ("a typo below", "leaderElection.leaseDurations=60s", "leaseDurations"),
    ("a duration without a unit", "leaderElection.leaseDuration=60", "leaseDuration"),
    ("a lake that there is not", "lake.type=azure", "lake"),
    ("a role that is no ARN", "lake.aws.roleArn=operator", "roleArn"),
    ("a log level that there is not", "operator.logLevel=loud", "logLevel"),
    ("no worker", "operator.workers=0", "workers"),
]


class Rendered:
    """What `helm template` printed, by kind and name, as text."""

    def __init__(self, text):
        self.text = text
        self.objects = {}
        for document in re.split(r"^---\n", text, flags=re.M):
            kind = re.search(r"^kind: (\w+)$", document, re.M)
            name = re.search(r"^metadata:\n(?:  .*\n)*?  name: (\S+)$", document, re.M)
            if kind and name:
                self.objects[(kind.group(1), name.group(1))] = document

    def kinds(self):
        return {kind for kind, _ in self.objects}

    def one(self, kind):
        found = [document for (its, _), document in self.objects.items() if its == kind]
        return found[0] if len(found) == 1 else ""


def template(*options):
    return tools.run(HELM, "template", "mesh", CHART, "--namespace", "mesh-system", *CLUSTER, *options)


def check_lint(report):
    for values in [None, *sorted(VALUES.glob("*.yaml"))]:
        options = ["--values", values] if values else []
        done = tools.run(HELM, "lint", "--strict", CHART, *CLUSTER, *options)
        report.claim(done.returncode == 0, f"helm lint --strict {values or ''}:\n{done.stdout}{done.stderr}")


def check_refusals(report):
    for what, values, part in REFUSED:
        done = template("--set", values)
        report.claim(done.returncode != 0 and part in done.stderr, f"{what} is refused with '{part}':\n{done.stderr}")


def rules_of(role):
    """(groups, resources, verbs) of every rule of a role."""
    return re.findall(r"^  - apiGroups: \[(.*)\]\n    resources: \[(.*)\]\n(?:    resourceNames: .*\n)?    verbs: \[(.*)\]$",
                      role, re.M)


def check_rights(report, name, rendered):
    roles = {key: text for key, text in rendered.objects.items() if key[0] in ("ClusterRole", "Role")}
    for (kind, role), text in roles.items():
        rules = rules_of(text)
        report.claim(rules and len(rules) == text.count("apiGroups:"), f"{name}: the rules of {role} are understood")
        for groups, resources, verbs in rules:
            report.claim("*" not in groups + resources + verbs, f"{name}: {role} grants no wildcard")
            report.claim("secrets" not in resources, f"{name}: {role} reads no secret")
            allowed = {"datamesh.dev"}
            if role.endswith("-controller"):
                allowed |= {'"", events.k8s.io'}
            if kind == "Role":
                allowed = {"coordination.k8s.io"}
            report.claim(groups in allowed, f"{name}: {role} asks for nothing of {groups}")
            if groups == '"", events.k8s.io':
                report.claim(resources == "events", f"{name}: {role} asks for Events and no other object of the core")
    for (_, role), text in roles.items():
        if role.endswith("-edit"):
            report.claim("accounts" not in text, f"{name}: an editor declares no Account")


def check_pod(report, name, rendered):
    pod = rendered.one("Deployment")
    for part in ("runAsNonRoot: true", "readOnlyRootFilesystem: true", "allowPrivilegeEscalation: false",
                 "type: RuntimeDefault", "path: /healthz", "path: /readyz", "enableServiceLinks: false",
                 "terminationGracePeriodSeconds: 45", "topologySpreadConstraints:", "- --metrics-listen=0.0.0.0:8080"):
        report.claim(part in pod, f"{name}: the pod has {part}")
    report.claim(re.search(r"drop:\n +- ALL", pod), f"{name}: every capability is dropped")
    limits = re.search(r"limits:\n((?: +\w+: .*\n)+?) +requests:", pod)
    report.claim(limits and "cpu" not in limits.group(1), f"{name}: no limit of the CPU")


def check_crds(report, name, rendered, policy):
    for path in sorted((ROOT / "crds").glob("*.yaml")):
        crd = rendered.objects.get(("CustomResourceDefinition", re.search(r"  name: (\S+)", path.read_text()).group(1)))
        if not report.claim(crd, f"{name}: {path.name} is rendered"):
            continue
        report.claim(("helm.sh/resource-policy: keep" in crd) == policy, f"{name}: keep policy of {path.name}")
        plain = re.sub(r"^metadata:\n(?:  .*\n)*?(?=  name:)", "metadata:\n", crd.split("\n", 1)[1], flags=re.M)
        report.claim(plain.strip() == path.read_text().strip(), f"{name}: {path.name} is rendered unchanged")


def check_options(report, name, rendered):
    """The command takes the options of the pod: it ends for want of a kubeconfig, not for a wrong command line."""
    if len(sys.argv) < 2 or "--lake=" in rendered.one("Deployment"):  # an option of a later version
        return
    pod = rendered.one("Deployment")
    options = re.findall(r"^ +- (.*)$", pod.split("          args:\n", 1)[1].split("          ports:", 1)[0], re.M)
    with tempfile.TemporaryDirectory() as folder:
        options = [option.replace("/var/lib/datamesh", folder) for option in options]
        done = tools.run(sys.argv[1], *options, f"--kubeconfig={folder}/none")
    report.claim(done.returncode == 1 and "no kubeconfig is there" in done.stderr,
                 f"{name}: the command takes {' '.join(options)}:\n{done.returncode} {done.stderr}")


def check_default(report, rendered):
    pod = rendered.one("Deployment")
    report.claim("replicas: 1\n" in pod and "type: Recreate" in pod, "default: one replica, replaced after it ended")
    report.claim("claimName: mesh-datamesh-operator-state" in pod, "default: the lake is on a volume")
    report.claim("resource-policy: keep" in rendered.one("PersistentVolumeClaim"), "default: the volume is kept")
    report.claim("--leader-elect" in pod and "--lake" not in pod, "default: the election runs, on the embedded lake")
    check_crds(report, "default", rendered, policy=True)


def check_embedded(report, rendered):
    pod = rendered.one("Deployment")
    report.claim("PersistentVolumeClaim" not in rendered.text and "emptyDir: {}" in pod, "embedded: no volume")
    report.claim("lease" not in pod and "Role" not in rendered.kinds(), "embedded: no election, no right to a lease")
    report.claim("--sweep-interval=1m30s" in pod and "--log-level=debug" in pod, "embedded: options reach the command")
    check_crds(report, "embedded", rendered, policy=False)


def check_aws(report, rendered):
    pod = rendered.one("Deployment")
    report.claim("replicas: 2\n" in pod and "maxUnavailable: 0" in pod, "aws: two replicas, replaced one by one")
    report.claim('image: "images.example.org/datamesh-operator@sha256:0123' in pod, "aws: the digest names the image")
    for part in ("--lake=aws", "--lease-namespace=leases", "--lease-name=mesh-a", "--lease-duration=60s",
                 "--renew-deadline=40s", "--retry-period=10s", "--context=none", "mountPath: /etc/ca", "AWS_REGION",
                 "priorityClassName: system-cluster-critical", "team: platform"):
        report.claim(part in pod, f"aws: the pod has {part}")
    account = rendered.one("ServiceAccount")
    report.claim('role-arn: "arn:aws:iam::111122223333:role/datamesh-operator"' in account, "aws: the role is annotated")
    report.claim('namespace: leases' in rendered.one("Role") and '["mesh-a"]' in rendered.one("Role"),
                 "aws: the right to the lease is where the lease is, and to no other")
    declaring = rendered.objects.get(("ClusterRole", "mesh-system-mesh-account-admin"), "")
    report.claim("aggregate-to-admin" in declaring, "aws: admins may declare Accounts where that is wanted")
    policy = rendered.one("NetworkPolicy")
    report.claim("monitoring" in policy and "- port: 443" in policy and "6443" not in policy, "aws: the network is closed")


def check_monitoring(report, rendered):
    report.claim("release: prometheus" in rendered.one("ServiceMonitor"), "monitoring: labels of the ServiceMonitor")
    report.claim("replacement: mesh-datamesh-operator" in rendered.one("ServiceMonitor"), "monitoring: the job is named")
    rule = rendered.one("PrometheusRule")
    plain = (CHART / "files/alerts.yaml").read_text()
    wanted = set(re.findall(r"alert: (\w+)", plain)) - {"DatameshDrift", "DatameshWorkersSaturated"}
    report.claim(set(re.findall(r"alert: (\w+)", rule)) == wanted, "monitoring: every alert but the disabled ones")
    report.claim('job="datamesh-operator"' not in rule and "mesh-system" in rule, "monitoring: alerts ask for this job")
    report.claim(rule.count("https://git.example.org/datamesh/blob/main/docs/operations.md#") == len(wanted),
                 "monitoring: runbooks have the address")
    inside = rendered.one("ConfigMap").split("datamesh-operator.json: |\n", 1)[-1]
    dashboard = json.loads("".join(line[4:] for line in inside.splitlines(True)))
    report.claim(dashboard == json.loads((CHART / "files/dashboard.json").read_text()), "monitoring: the dashboard is whole")
    check_rendered_rules(report, rule)


def check_rendered_rules(report, rule):
    promtool = tools.shutil.which(tools.os.environ.get("PROMTOOL", "promtool"))
    if not promtool:
        print("no promtool here: the rendered rules are not checked with it")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "rules.yaml"
        path.write_text("".join(line[2:] + "\n" for line in rule.split("\nspec:\n", 1)[1].splitlines()))
        done = tools.run(promtool, "check", "rules", path)
        report.claim(done.returncode == 0, f"monitoring: promtool takes the rendered rules:\n{done.stdout}{done.stderr}")


def check_bare(report, rendered):
    report.claim(rendered.kinds() == {"Deployment", "PodMonitor"}, f"bare: nothing more than asked, not {rendered.kinds()}")
    pod = rendered.one("Deployment")
    report.claim("claimName: made-elsewhere" in pod and "serviceAccountName: made-elsewhere" in pod, "bare: what exists is used")
    report.claim("podMetricsEndpoints:" in rendered.one("PodMonitor"), "bare: pods are read one by one")


def main():
    report = tools.Report("render")
    check_lint(report)
    check_refusals(report)
    looks = {"default": check_default, "embedded": check_embedded, "aws": check_aws, "monitoring": check_monitoring,
             "bare": check_bare}
    report.claim({path.stem for path in VALUES.glob("*.yaml")} == set(looks) - {"default"}, "every values file is looked at")
    for name, look in looks.items():
        options = [] if name == "default" else ["--values", VALUES / f"{name}.yaml"]
        done = template(*options)
        if not report.claim(done.returncode == 0, f"{name} renders:\n{done.stderr}"):
            continue
        rendered = Rendered(done.stdout)
        check_pod(report, name, rendered)
        check_rights(report, name, rendered)
        check_options(report, name, rendered)
        look(report, rendered)
    report.end()


main()

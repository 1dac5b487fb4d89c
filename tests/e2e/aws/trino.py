"""Trino with its Iceberg connector, as a role of the consumer: Glue and STS are the endpoint without TLS, the objects lie
in moto's S3 (shops.py).

usage: trino.py OWNER CONSUMER FOLDER-OF-TRINO PLAIN-ENDPOINT JAVA
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

import boto3

import shops as lake

ROWS = "SELECT city, fare * 2 FROM lake.{}.rides WHERE fare > 15 ORDER BY city"
check = lake.Checks("Trino")


def lay_out(folder, shops, port, endpoint):
    """What Trino wants to read at its start. It signs with the machine's key and assumes the role."""
    keys = boto3.Session(profile_name="default").get_credentials()
    (folder / "catalog").mkdir()
    (folder / "config.properties").write_text(
        f"coordinator=true\nnode-scheduler.include-coordinator=true\nhttp-server.http.port={port}\n"
        f"discovery.uri=http://127.0.0.1:{port}\nnode.environment=e2e\nnode.internal-address=127.0.0.1\n"
        f"http-server.http.enabled=true\nnode.bind-ip=127.0.0.1\n"
        f"catalog.config-dir={folder}/catalog\nquery.max-memory=200MB\nquery.max-memory-per-node=150MB\n"
        "memory.heap-headroom-per-node=100MB\n")
    (folder / "catalog" / "lake.properties").write_text(
        "connector.name=iceberg\niceberg.catalog.type=glue\n"
        f"hive.metastore.glue.region=us-east-1\nhive.metastore.glue.endpoint-url={endpoint}\n"
        f"hive.metastore.glue.sts.region=us-east-1\nhive.metastore.glue.sts.endpoint={endpoint}\n"
        f"hive.metastore.glue.iam-role={shops.reader}\n"
        f"hive.metastore.glue.aws-access-key={keys.access_key}\nhive.metastore.glue.aws-secret-key={keys.secret_key}\n"
        f"fs.native-s3.enabled=true\ns3.endpoint={shops.store}\ns3.region=us-east-1\ns3.path-style-access=true\n"
        "s3.aws-access-key=any\ns3.aws-secret-key=any\n"
        "iceberg.metadata-cache.enabled=false\n")
    (folder / "catalog" / "lake.properties").chmod(0o600)


def command(java, trino, folder):
    libraries = trino / "server" / "lib"
    return [java, "-Xmx1500M", "--add-modules=jdk.incubator.vector",
            "--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED",
            "-Djdk.attach.allowAttachSelf=true", "-Dfile.encoding=UTF-8", f"-Dconfig={folder}/config.properties",
            f"-Dnode.id=e2e", "-Dlog.levels-file=/dev/null", "-cp", f"{libraries}/*", "io.trino.server.TrinoServer"]


class Trino:
    def __init__(self, port):
        self.address = f"http://127.0.0.1:{port}"

    def ask(self, path, text=None):
        request = urllib.request.Request(path if path.startswith("http") else self.address + path,
                                         data=text and text.encode(), headers={"X-Trino-User": "e2e"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def wait(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if not self.ask("/v1/info")["starting"]:
                    return
            except OSError:
                pass
            time.sleep(0.3)
        raise RuntimeError("Trino did not get ready")

    def select(self, sql):
        """Rows as tuples, or the text of the error. A server that has just started may not know its own node yet."""
        for _ in range(100):
            out = self.answer(sql)
            if not isinstance(out, str) or not out.startswith("NO_NODES_AVAILABLE"):
                break
            time.sleep(0.2)
        return out

    def answer(self, sql):
        rows, answer = [], self.ask("/v1/statement", sql)
        while True:
            if "error" in answer:
                failure = answer["error"]
                causes, info = [], failure.get("failureInfo")
                while info:
                    causes.append(f"{info.get('type')}: {info.get('message')}")
                    info = info.get("cause")
                return f"{failure['errorName']}: {' / '.join(causes)}"
            rows += [tuple(row) for row in answer.get("data", [])]
            if "nextUri" not in answer:
                return rows
            answer = self.ask(answer["nextUri"])


def main():
    owner, consumer, folder, endpoint, java = sys.argv[1:6]
    # Its own environment must not lead its SDK elsewhere.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHONPATH", "JAVA_"))}
    port = lake.free_port()
    with tempfile.TemporaryDirectory() as scratch, lake.store() as store:
        shops = lake.Shops(owner, consumer, "trino_shops", store)
        lay_out(pathlib.Path(scratch), shops, port, endpoint)
        log = pathlib.Path(scratch) / "log"
        trino = pathlib.Path(folder)
        with log.open("w") as out:
            try:
                with lake.running("Trino", command(java, trino, scratch), port, 150, env=environment, stdout=out,
                                  stderr=subprocess.STDOUT, cwd=trino / "server"):
                    shops.write()
                    shops.share()
                    server = Trino(port)
                    server.wait(120)
                    lake.grants_decide(check, shops, lambda: server.select(ROWS.format(shops.link)))
                    shown = server.select(f"SHOW TABLES FROM lake.{shops.link}")
                    check("what was not granted is not listed", shown == [], shown)
            except RuntimeError as error:
                check("the server starts", False, f"{error}\n{log.read_text()[-3000:]}")
    return 1 if check.failed else 0


lake.end_when_told()
sys.exit(main())

"""Apache Spark with Iceberg's GlueCatalog, as a role of the consumer: profile, certificate and endpoint are those of
the endpoint's files, over TLS; the objects lie in moto's S3 (shops.py).

usage: spark.py OWNER CONSUMER FOLDER-WITH-ICEBERG'S-JARS CA

Needs java, keytool and pyspark.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

import shops as lake

ROWS = "SELECT city, fare * 2 FROM lake.{}.rides WHERE fare > 15 ORDER BY city"
check = lake.Checks("Spark")


def trust(ca, folder):
    """A trust store of Java's with that certificate and no other."""
    path = folder / "trust.p12"
    subprocess.run(["keytool", "-importcert", "-noprompt", "-alias", "datamesh", "-file", ca, "-keystore", path,
                    "-storetype", "PKCS12", "-storepass", "changeit"], check=True, timeout=60, capture_output=True)
    return path


def settings(shops, jars, trusted):
    java = f"-Djavax.net.ssl.trustStore={trusted} -Djavax.net.ssl.trustStorePassword=changeit"
    return {
        "spark.master": "local[1]", "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.sql.shuffle.partitions": "1",
        "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1", "spark.driver.memory": "1g",
        "spark.jars": ",".join(map(str, sorted(jars.glob("*.jar")))), "spark.driver.extraJavaOptions": java,
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.lake.cache-enabled": "false",
        "spark.sql.catalog.lake.catalog-impl": "org.apache.iceberg.aws.glue.GlueCatalog",
        "spark.sql.catalog.lake.warehouse": f"s3://{shops.bucket}",
        "spark.sql.catalog.lake.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        "spark.sql.catalog.lake.s3.endpoint": shops.store, "spark.sql.catalog.lake.s3.path-style-access": "true",
        "spark.sql.catalog.lake.s3.access-key-id": "any", "spark.sql.catalog.lake.s3.secret-access-key": "any"}


def session(chosen):
    from pyspark.sql import SparkSession
    builder = SparkSession.builder.appName("datamesh")
    for name, value in chosen.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def attempt(spark, sql):
    """Rows as tuples, or the text of the error without its stack."""
    try:
        return [tuple(row) for row in spark.sql(sql).collect()]
    except Exception as error:  # pylint: disable=broad-except
        return re.split(r"\n\s+at |JVM stacktrace", str(error))[0][:2000]


def main():
    owner, consumer, jars, ca = sys.argv[1:5]
    os.environ["AWS_PROFILE"] = "walk-reader"
    os.environ["AWS_REGION"] = "us-east-1"
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    with tempfile.TemporaryDirectory() as scratch, lake.store() as store:
        shops = lake.Shops(owner, consumer, "spark_shops", store)
        shops.write()
        shops.share()
        spark = session(settings(shops, pathlib.Path(jars), trust(ca, pathlib.Path(scratch))))
        try:
            spark.sparkContext.setLogLevel("OFF")
            lake.grants_decide(check, shops, lambda: attempt(spark, ROWS.format(shops.link)))
            shown = attempt(spark, f"SHOW TABLES IN lake.{shops.link}")
            check("what was not granted is not listed", shown == [], shown)
        finally:
            spark.stop()
    return 1 if check.failed else 0


lake.end_when_told()
sys.exit(main())

"""Consumers select rows with DuckDB: an Iceberg table that PyIceberg finds through a link, and plain Parquet files
behind a table of Hive's kind (shops.py).

usage: rows.py OWNER CONSUMER
"""

import sys

import botocore.exceptions
import duckdb
import pyarrow.dataset

import shops as lake

REFUSED = ("AccessDeniedException", "EntityNotFoundException", "NoSuchTableError")
check = lake.Checks("rows")


def attempt(read):
    """What `read` returns, or the name of what it raised."""
    try:
        return read()
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    except Exception as error:  # pylint: disable=broad-except
        return type(error).__name__ if type(error).__name__ in REFUSED else repr(error)


def iceberg(sql, shops):
    table = shops.catalog("walk-reader").load_table(f"{shops.link}.rides")
    return table.scan().to_duckdb("rides").execute(sql).fetchall()


def plain(sql, shops):
    """Only the columns that GetTable shows are read from the files."""
    shown = lake.client("walk-reader", "glue").get_table(DatabaseName=shops.link, Name="plain")["Table"]["StorageDescriptor"]
    files = pyarrow.dataset.dataset(shown["Location"].removeprefix("s3://").rstrip("/"), filesystem=shops.objects(),
                                    format="parquet")
    connection = duckdb.connect()
    connection.register("plain", files.to_table(columns=[column["Name"] for column in shown["Columns"]]))
    return connection.execute(sql).fetchall()


def read_iceberg(shops):
    sql = "SELECT city, fare * 2 FROM rides WHERE fare > 15 ORDER BY city"
    lake.grants_decide(check, shops, lambda: attempt(lambda: iceberg(sql, shops)))


def read_plain(shops):
    sql = "SELECT city, sum(fare) FROM plain GROUP BY city ORDER BY city"
    granted = shops.columns("plain", ["id", "city", "fare"])
    rows = attempt(lambda: plain(sql, shops))
    check("a role without a grant selects nothing of the Parquet table", rows in REFUSED, rows)
    shops.grant(granted, ["SELECT"])
    rows = attempt(lambda: plain(sql, shops))
    check("a role that was granted columns selects them", rows == [("Bern", 10.0), ("Lima", 20.0), ("Oslo", 40.0)], rows)
    rows = attempt(lambda: plain("SELECT email FROM plain", shops))
    check("a column that was not granted is none", "BinderException" in str(rows) and "email" in str(rows), rows)
    shops.revoke(granted, ["SELECT"])
    rows = attempt(lambda: plain(sql, shops))
    check("after the revoke it selects no column", rows in REFUSED, rows)


def main():
    print(f"duckdb {duckdb.__version__}")
    with lake.store() as store:
        shops = lake.Shops(sys.argv[1], sys.argv[2], "shops", store)
        shops.write()
        shops.share()
        read_iceberg(shops)
        read_plain(shops)
    return 1 if check.failed else 0


lake.end_when_told()
sys.exit(main())

"""Reads by other programs what this library saves, and compares it with what they read of the files that it was loaded from.

Run by hand, with the scratch environment of `write.py`:

    cargo run -p conformance-tests --example write_files -- folder
    scratch/bin/python read.py folder
"""

import csv
import datetime as dt
import decimal
import gzip
import json
import math
import pathlib
import sys

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

OURS = pathlib.Path(sys.argv[1]).resolve()
THEIRS = pathlib.Path(__file__).resolve().parent
UTC = dt.timezone.utc


def plain(value):
    """One value for all that mean the same: instants in UTC, numbers of numpy as those of Python, NaN as a word, maps as pairs."""
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, pd.Timestamp):
        value = value.to_pydatetime(warn=False)
    if isinstance(value, dt.datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if hasattr(value, "item") and not isinstance(value, (list, tuple)) and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else value
    if isinstance(value, decimal.Decimal):
        return value.normalize() if value else decimal.Decimal(0)
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, pl.Series):
        value = value.to_list()
    if hasattr(value, "asDict"):
        value = value.asDict()
    if isinstance(value, dict):
        # A map may come as one of "key" and "value", a struct as one of its fields.
        return tuple(sorted(((k, plain(v)) for k, v in value.items()), key=repr))
    if isinstance(value, (list, tuple)):
        items = [plain(v) for v in value]
        entry = lambda v: isinstance(v, tuple) and len(v) == 2 and (isinstance(v[0], str) or v[0] == ("key", v[0][1]) and v[1][0] == "value")
        if items and all(entry(v) for v in items):
            pairs = [(v[0][1], v[1][1]) if isinstance(v[0], tuple) else v for v in items]
            return tuple(sorted(pairs, key=repr))
        return tuple(items) if items else ()
    return value


def rows(columns):
    names = list(columns)
    return [{name: plain(columns[name][i]) for name in names} for i in range(len(columns[names[0]]) if names else 0)]


def by_arrow(path):
    table = pq.read_table(path)
    return rows({name: table[name].cast(pa.timestamp("us", tz=table[name].type.tz)).to_pylist() if pa.types.is_timestamp(table[name].type) else table[name].to_pylist() for name in table.column_names})


def by_pandas(path):
    frame = pd.read_parquet(path, dtype_backend="pyarrow")
    return rows({name: [None if v is pd.NA else v for v in frame[name].tolist()] for name in frame.columns})


def by_polars(path):
    frame = pl.read_parquet(path)
    return rows({name: frame[name].to_list() for name in frame.columns})


def by_duckdb(path):
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    answer = connection.execute(f"SELECT * FROM read_parquet('{path}')")
    names, found = [column[0] for column in answer.description], answer.fetchall()
    return rows({name: [row[i] for row in found] for i, name in enumerate(names)})


def spark_reader():
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        return None
    session = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC").config("spark.sql.timeType.enabled", "true").getOrCreate()

    def read(path):
        frame = session.read.parquet(str(path))
        found = frame.collect()
        return rows({name: [row[name] for row in found] for name in frame.columns})

    return read


READERS = {"pyarrow": by_arrow, "pandas": by_pandas, "polars": by_polars, "duckdb": by_duckdb, "spark": spark_reader()}
failed = done = 0


def check(reader, what, wanted, got):
    global failed, done
    done += 1
    if wanted != got:
        failed += 1
        print(f"{reader} reads {what} as\n  {got}\nand not\n  {wanted}")


for ours in sorted(OURS.glob("*.parquet")):
    theirs = THEIRS / (ours.name.split(".")[0] + ".parquet")
    for name, read in READERS.items():
        if read is None:
            continue
        wanted = by_arrow(theirs)
        try:
            got = read(ours)
        except Exception as error:
            got = f"{type(error).__name__}: {error}"
        check(name, ours.name, wanted, got)
for ours in sorted(OURS.glob("*.arrow")):
    table = pa.ipc.open_file(ours).read_all()
    wanted = by_arrow(THEIRS / (ours.stem + ".parquet"))
    check("pyarrow", ours.name, wanted, rows({name: table[name].to_pylist() for name in table.column_names}))
    frame = pl.read_ipc(ours)
    check("polars", ours.name, wanted, rows({name: frame[name].to_list() for name in frame.columns}))

hive = sorted([(1, 2023, "a b"), (2, 2023, "ü/x"), (3, 2024, "a b"), (4, 2024, None)])
table = ds.dataset(OURS / "hive", partitioning="hive").to_table()
check("pyarrow", "hive", hive, sorted(zip(*(table[name].to_pylist() for name in ("v", "year", "word")))))
frame = pl.scan_parquet(OURS / "hive", hive_partitioning=True).collect()
check("polars", "hive", hive, sorted(zip(*(frame[name].to_list() for name in ("v", "year", "word")))))
found = duckdb.sql(f"SELECT v, year, word FROM read_parquet('{OURS}/hive/**/*.parquet', hive_partitioning = true)").fetchall()
check("duckdb", "hive", hive, sorted(found))
if READERS["spark"]:
    check("spark", "hive", hive, sorted((row["v"], row["year"], row["word"]) for row in READERS["spark"](OURS / "hive")))

moments = by_arrow(THEIRS / "pyarrow_moments.parquet")
texts = [[None if row[name] is None else str(row[name]) for name in ("us", "date", "time")] for row in moments]
for path in ("moments.csv", "moments.csv.gz"):
    with (gzip.open if path.endswith("gz") else open)(OURS / path, "rt") as lines:
        found = list(csv.reader(lines))
    same = [[None if cell == "" else cell.replace("T", " ") for cell in row] for row in found[1:]]
    check("csv", path, (["us", "date", "time"], len(texts)), (found[0], len(same)))
    for wanted, got in zip(texts, same):
        check("csv", path, wanted, got)
lines = [json.loads(line) for line in (OURS / "moments.json").read_text().splitlines()]
check("json", "moments.json", len(texts), len(lines))
print(f"{done - failed} of {done} readings are right")
sys.exit(failed > 0)

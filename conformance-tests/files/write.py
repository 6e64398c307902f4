"""Writes the small Parquet files of other programs that the suite reads (`rules/others.rs` says what is in them).

Run by hand, never by the tests:

    python3 -m venv scratch && scratch/bin/pip install pyarrow pandas polars duckdb pytz pyspark
    scratch/bin/python write.py [folder]

Spark needs a Java runtime; without pyspark its files are left as they are.
"""

import datetime as dt
import decimal
import pathlib
import shutil
import sys

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
HERE = HERE if HERE.is_dir() else HERE.parent
NONE = None
UTC = dt.timezone.utc
EPOCH = dt.datetime(1970, 1, 1)
D = decimal.Decimal

# Four rows, one of them with nulls. `rules/others.rs` has the same values again, written apart from these.
N = [1, 2, 3, 4]
TEXT = ["plain", NONE, "", "ü木🦀"]
WORD = ["a", "b", NONE, "a"]
BYTES = [b"\x00\xff", NONE, b"", b"abc"]
MICROS = [946684799_999999, NONE, 0, -1]
MILLIS = [946684799_999, NONE, 0, -1]
DATES = [dt.date(2024, 2, 29), NONE, dt.date(1970, 1, 1), dt.date(1582, 12, 31)]
TIMES = [dt.time(23, 59, 59, 999999), NONE, dt.time(0), dt.time(1, 2, 3)]
SMALL = [D("1234567.89"), NONE, D("0.00"), D("-0.01")]
MIDDLE = [D("123456789012345.678"), NONE, D("0.000"), D("-0.001")]
LARGE = [D("1234567890123456789012345678.0123456789"), NONE, D("0E-10"), D("-1E-10")]
FLOATS = [1.5, NONE, float("nan"), -0.0]
BOOLS = [True, NONE, False, True]
LISTS = [[1, NONE, 3], NONE, [], [4]]
TEXTS = [["x", NONE], NONE, [], ["ü"]]
PAIRS = [{"x": 1, "y": "a"}, NONE, {"x": NONE, "y": NONE}, {"x": 4, "y": ""}]
DEEP = [[{"k": 1, "v": ["p"]}, NONE], NONE, [], [{"k": NONE, "v": []}]]
MAPS = [[("a", 1), ("b", NONE)], NONE, [], [("c", 3)]]


def at(micros):
    return [NONE if m is NONE else EPOCH + dt.timedelta(microseconds=m) for m in micros]


def texts():
    dictionary = pa.array(WORD).dictionary_encode()
    return pa.table({
        "n": pa.array(N, pa.int64()),
        "text": pa.array(TEXT, pa.string()),
        "large_text": pa.array(TEXT, pa.large_string()),
        "view_text": pa.array(TEXT, pa.string_view()),
        "word": dictionary,
        "large_word": pa.DictionaryArray.from_arrays(dictionary.indices.cast(pa.int8()), dictionary.dictionary.cast(pa.large_string())),
        "bytes": pa.array(BYTES, pa.binary()),
        "large_bytes": pa.array(BYTES, pa.large_binary()),
        "view_bytes": pa.array(BYTES, pa.binary_view()),
        "fixed_bytes": pa.array([b"abcd", NONE, b"\0\0\0\0", b"\xff\xff\xff\xff"], pa.binary(4)),
    })


def moments():
    nanos = [NONE if m is NONE else m * 1000 for m in MICROS]
    return pa.table({
        "ns": pa.array(nanos, pa.timestamp("ns")),
        "us": pa.array(MICROS, pa.timestamp("us")),
        "ms": pa.array(MILLIS, pa.timestamp("ms")),
        "utc": pa.array(MICROS, pa.timestamp("us", tz="UTC")),
        "zoned": pa.array(MICROS, pa.timestamp("us", tz="Europe/Berlin")),
        "zoned_ms": pa.array(MILLIS, pa.timestamp("ms", tz="UTC")),
        "date": pa.array(DATES, pa.date32()),
        "time": pa.array(TIMES, pa.time64("us")),
        "time_ms": pa.array([NONE if t is NONE else t.replace(microsecond=t.microsecond // 1000 * 1000) for t in TIMES], pa.time32("ms")),
    })


def numbers():
    table = {"small": pa.array(SMALL, pa.decimal128(9, 2)), "middle": pa.array(MIDDLE, pa.decimal128(18, 3)), "large": pa.array(LARGE, pa.decimal128(38, 10))}
    for bits in (8, 16, 32, 64):
        table[f"i{bits}"] = pa.array([2 ** (bits - 1) - 1, NONE, 0, -(2 ** (bits - 1))], getattr(pa, f"int{bits}")())
        table[f"u{bits}"] = pa.array([2**bits - 1, NONE, 0, 1], getattr(pa, f"uint{bits}")())
    table |= {"float": pa.array(FLOATS, pa.float32()), "double": pa.array(FLOATS, pa.float64()), "bool": pa.array(BOOLS)}
    return pa.table(table)


def nested():
    deep = pa.list_(pa.struct([("k", pa.int64()), ("v", pa.list_(pa.string()))]))
    return pa.table({
        "list": pa.array(LISTS, pa.list_(pa.int64())),
        "large_list": pa.array(LISTS, pa.large_list(pa.int64())),
        "texts": pa.array(TEXTS, pa.list_(pa.string())),
        "pair": pa.array(PAIRS, pa.struct([("x", pa.int64()), ("y", pa.string())])),
        "deep": pa.array(DEEP, deep),
        "map": pa.array(MAPS, pa.map_(pa.string(), pa.int64())),
    })


def arrow():
    for name, make in (("texts", texts), ("moments", moments), ("numbers", numbers), ("nested", nested)):
        pq.write_table(make(), HERE / f"pyarrow_{name}.parquet")
        # What a reader knows without the schema of Arrow in the footer.
        pq.write_table(make(), HERE / f"pyarrow_{name}_bare.parquet", store_schema=False, write_statistics=False)
    pq.write_table(numbers().select(["small", "middle"]), HERE / "pyarrow_decimals_in_integers.parquet", store_decimal_as_integer=True)
    pq.write_table(moments().select(["us"]), HERE / "pyarrow_int96.parquet", use_deprecated_int96_timestamps=True)
    pq.write_table(moments().select(["us", "ms", "date"]), HERE / "pyarrow_version1.parquet", version="1.0", coerce_timestamps="us")
    # Data pages of the second kind, their encodings, an index of pages, checksums, row groups of two rows.
    plain = texts().select(["n", "text", "bytes"])
    encodings = {"n": "DELTA_BINARY_PACKED", "text": "DELTA_BYTE_ARRAY", "bytes": "DELTA_LENGTH_BYTE_ARRAY"}
    pq.write_table(plain, HERE / "pyarrow_pages2.parquet", data_page_version="2.0", use_dictionary=False, column_encoding=encodings,
                   write_page_index=True, write_page_checksum=True, row_group_size=2, compression="zstd")
    split = {"i32": "BYTE_STREAM_SPLIT", "double": "BYTE_STREAM_SPLIT"}
    pq.write_table(numbers().select(["i32", "double"]), HERE / "pyarrow_split.parquet", use_dictionary=False, column_encoding=split)
    for codec in ("none", "snappy", "gzip", "brotli", "lz4", "zstd"):
        pq.write_table(plain, HERE / f"pyarrow_{codec}.parquet", compression=codec)
    pq.write_table(plain.slice(0, 0), HERE / "pyarrow_empty.parquet")
    keyed = pa.table({"v": pa.array(N, pa.int64()), "year": pa.array([2023, 2023, 2024, 2024]), "word": pa.array(["a b", "ü/x", "a b", NONE])})
    folder(HERE / "pyarrow_hive")
    pq.write_to_dataset(keyed, HERE / "pyarrow_hive", partition_cols=["year", "word"], basename_template="part-{i}.parquet")


def folder(path):
    shutil.rmtree(path, ignore_errors=True)


def pandas():
    frame = pd.DataFrame({
        "n": N,
        "text": TEXT,
        "word": pd.Categorical(WORD),
        "us": pd.to_datetime(pd.Series(at(MICROS))).astype("datetime64[ns]"),
        "zoned": pd.to_datetime(pd.Series(at(MICROS))).astype("datetime64[us]").dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin"),
        "i32": pd.array([2147483647, NONE, 0, -2147483648], dtype="Int32"),
        "bool": pd.array(BOOLS, dtype="boolean"),
    }).set_index("text")
    # An index that is no range becomes a column behind the others.
    frame.to_parquet(HERE / "pandas_index.parquet")


def polars():
    frame = pl.DataFrame({
        "n": N, "text": TEXT, "word": pl.Series(WORD, dtype=pl.Categorical), "bytes": BYTES,
        "us": pl.Series(at(MICROS), dtype=pl.Datetime("us")), "ns": pl.Series(at(MICROS), dtype=pl.Datetime("ns")),
        "ms": pl.Series(MILLIS, dtype=pl.Int64).cast(pl.Datetime("ms")),
        "zoned": pl.Series(at(MICROS), dtype=pl.Datetime("us")).dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Berlin"),
        "date": DATES, "time": TIMES, "small": pl.Series(SMALL, dtype=pl.Decimal(9, 2)), "large": pl.Series(LARGE, dtype=pl.Decimal(38, 10)),
        "list": pl.Series(LISTS, dtype=pl.List(pl.Int64)), "pair": pl.Series(PAIRS, dtype=pl.Struct({"x": pl.Int64, "y": pl.String})),
        "deep": pl.Series(DEEP, dtype=pl.List(pl.Struct({"k": pl.Int64, "v": pl.List(pl.String)}))),
    })
    frame.write_parquet(HERE / "polars_all.parquet")
    frame.select("n", "text", "list").write_parquet(HERE / "polars_groups.parquet", row_group_size=2, statistics=False, compression="lz4")
    keyed = pl.DataFrame({"v": N, "year": [2023, 2023, 2024, 2024], "word": ["a b", "ü/x", "a b", NONE]})
    folder(HERE / "polars_hive")
    keyed.write_parquet(HERE / "polars_hive", partition_by=["year", "word"], mkdir=True)


def duck():
    source = nested().select(["list", "pair", "map"])
    both = duckdb.connect()
    both.execute("SET TimeZone = 'UTC'")
    both.register("a", texts().select(["n", "text", "bytes"]))
    both.register("b", moments().select(["us", "ms", "utc", "date", "time"]))
    both.register("c", numbers().select(["small", "middle", "large", "i8", "u8", "i32", "u64", "double", "bool"]))
    both.register("d", source)
    joined = "SELECT * FROM a POSITIONAL JOIN b POSITIONAL JOIN c POSITIONAL JOIN d"
    both.execute(f"COPY ({joined}) TO '{HERE / 'duckdb_all.parquet'}' (FORMAT parquet)")
    both.execute(f"COPY (SELECT n, text FROM a) TO '{HERE / 'duckdb_version2.parquet'}' (FORMAT parquet, PARQUET_VERSION v2, CODEC 'zstd')")
    folder(HERE / "duckdb_hive")
    keyed = "(VALUES (1, 2023, 'a b'), (2, 2023, 'ü/x'), (3, 2024, 'a b'), (4, 2024, NULL)) t(v, year, word)"
    both.execute(f"COPY (SELECT v::BIGINT v, year, word FROM {keyed}) TO '{HERE / 'duckdb_hive'}' (FORMAT parquet, PARTITION_BY (year, word))")


def spark():
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        print("no pyspark: files of Spark stay as they are")
        return
    from pyspark.sql import functions as f, types as t

    session = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC").getOrCreate()
    fields = [
        t.StructField("n", t.LongType(), False), t.StructField("text", t.StringType()), t.StructField("bytes", t.BinaryType()),
        t.StructField("date", t.DateType()), t.StructField("small", t.DecimalType(9, 2)), t.StructField("middle", t.DecimalType(18, 3)),
        t.StructField("large", t.DecimalType(38, 10)), t.StructField("i8", t.ByteType()), t.StructField("i32", t.IntegerType()),
        t.StructField("double", t.DoubleType()), t.StructField("bool", t.BooleanType()), t.StructField("list", t.ArrayType(t.LongType())),
        t.StructField("pair", t.StructType([t.StructField("x", t.LongType()), t.StructField("y", t.StringType())])),
        t.StructField("map", t.MapType(t.StringType(), t.LongType())), t.StructField("micros", t.LongType()),
    ]
    i8, i32 = [127, NONE, 0, -128], [2147483647, NONE, 0, -2147483648]
    pairs = [p and (p["x"], p["y"]) for p in PAIRS]
    maps = [NONE if m is NONE else dict(m) for m in MAPS]
    binary = [NONE if b is NONE else bytearray(b) for b in BYTES]
    rows = list(zip(N, TEXT, binary, DATES, SMALL, MIDDLE, LARGE, i8, i32, FLOATS, BOOLS, LISTS, pairs, maps, MICROS))
    frame = session.createDataFrame(rows, t.StructType(fields)).coalesce(1)
    whole = frame.withColumn("utc", f.expr("timestamp_micros(micros)")).withColumn("us", f.expr("to_timestamp_ntz(timestamp_micros(micros))")).drop("micros")

    def put(frame, name, **conf):
        for key, value in conf.items():
            session.conf.set(key.replace("__", "."), value)
        scratch = HERE / "scratch"
        frame.write.mode("overwrite").parquet(str(scratch))
        shutil.move(next(scratch.glob("*.parquet")), HERE / name)
        folder(scratch)
        for key in conf:
            session.conf.unset(key.replace("__", "."))

    put(whole, "spark_micros.parquet", spark__sql__parquet__outputTimestampType="TIMESTAMP_MICROS")
    put(whole.select("n", "utc"), "spark_int96.parquet", spark__sql__parquet__outputTimestampType="INT96")
    put(whole.select("n", "small", "middle", "large", "list", "map"), "spark_legacy.parquet", spark__sql__parquet__writeLegacyFormat="true")
    keyed = session.createDataFrame(list(zip(N, [2023, 2023, 2024, 2024], ["a b", "ü/x", "a b", NONE])), "v long, year int, word string")
    folder(HERE / "spark_hive")
    keyed.coalesce(1).write.partitionBy("year", "word").parquet(str(HERE / "spark_hive"))
    for path in (HERE / "spark_hive").rglob(".*.crc"):
        path.unlink()
    session.stop()


for write in (arrow, pandas, polars, duck, spark):
    write()
size = sum(path.stat().st_size for path in HERE.rglob("*") if path.is_file())
print(f"{size} bytes in {HERE}")

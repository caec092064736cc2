"""ADBC over Flight SQL: a token with and without a client's certificate, bound parameters, metadata, a long answer at flat
memory, cancellation."""

import os
import pathlib
import threading
import time

import adbc_driver_flightsql.dbapi as flightsql
import polars
import pyarrow
from adbc_driver_flightsql import DatabaseOptions
from gateway import AUTHORITY, BY_POPULATION, FLIGHT, FOLDER, PEOPLE, TOKEN, check

ROWS = int(os.environ.get("GATEWAY_LONG_ROWS", "10000000"))


def connect(certificate: bool = False, **changes):
    options = {
        DatabaseOptions.AUTHORIZATION_HEADER.value: f"Bearer {TOKEN}",
        DatabaseOptions.TLS_ROOT_CERTS.value: pathlib.Path(AUTHORITY).read_text(),
    }
    if certificate:
        options[DatabaseOptions.MTLS_CERT_CHAIN.value] = (FOLDER / "certs" / "client.crt").read_text()
        options[DatabaseOptions.MTLS_PRIVATE_KEY.value] = (FOLDER / "certs" / "client.key").read_text()
    options |= changes
    return flightsql.connect(f"grpc+tls://localhost:{FLIGHT}", db_kwargs=options, autocommit=True)


def memory() -> int:
    """The gateway's memory in MiB."""
    status = pathlib.Path(f"/proc/{os.environ['GATEWAY_SERVING']}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) >> 10


def main() -> None:
    checks = 0
    for certificate in (False, True):
        with connect(certificate) as connection, connection.cursor() as cursor:
            cursor.execute(BY_POPULATION)
            check(cursor.fetchall(), "ADBC")
            checks += 1
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM people WHERE population = $1 AND score >= $2", ["KAZ", 5.5])
        (count,) = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM people WHERE population = 'KAZ' AND score >= 5.5")
        assert cursor.fetchone() == (count,) and count > 0
        frame = polars.read_database(BY_POPULATION, connection)
        check(frame.rows(), "polars over ADBC")
        objects = connection.adbc_get_objects(depth="all").read_all().to_pylist()
        tables = {table["table_name"] for schema in objects[0]["catalog_db_schemas"] for table in schema["db_schema_tables"]}
        assert {"people", "samples", "variants", "scores"} <= tables, tables
        schema = connection.adbc_get_table_schema("people")
        assert schema.names == ["iid", "population", "score", "affected"], schema
        assert connection.adbc_get_info()["vendor_name"] == "Steppe"
        assert connection.adbc_get_table_types() == ["TABLE"]
        checks += 6

        most = 0
        before = memory()
        cursor.execute(f"SELECT value, value * 2 AS twice, 'some text' AS t FROM generate_series(1, {ROWS})")
        began, first, count = time.monotonic(), None, 0
        for batch in cursor.fetch_record_batch():
            first = first or time.monotonic() - began
            count += batch.num_rows
            most = max(most, memory())
        took = time.monotonic() - began
        assert count == ROWS, count
        assert most - before < 200, (before, most)
        print(f"{ROWS} rows in {took:.1f} s, the first after {first * 1000:.0f} ms; memory {before} to {most} MiB")
        checks += 2

        slow = "SELECT count(*) FROM generate_series(1, 1000000) a(x), generate_series(1, 1000000) b(y) WHERE (x * y) % 7 = 3"
        threading.Timer(0.7, cursor.adbc_cancel).start()
        began = time.monotonic()
        try:
            cursor.execute(slow)
            cursor.fetchall()
        except Exception as error:
            assert time.monotonic() - began < 5, error
            checks += 1
        else:
            raise AssertionError("it was not cancelled")
    bad = {DatabaseOptions.AUTHORIZATION_HEADER.value: "Bearer wrong"}
    for change in (bad, {DatabaseOptions.TLS_ROOT_CERTS.value: (FOLDER / "other" / "ca.crt").read_text()}):
        try:
            with connect(**change) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except Exception:
            checks += 1
        else:
            raise AssertionError(change)
    basic = {DatabaseOptions.AUTHORIZATION_HEADER.value: "", "username": "ada", "password": TOKEN}
    basic.pop(DatabaseOptions.AUTHORIZATION_HEADER.value)
    options = {DatabaseOptions.TLS_ROOT_CERTS.value: pathlib.Path(AUTHORITY).read_text()} | basic
    with flightsql.connect(f"grpc+tls://localhost:{FLIGHT}", db_kwargs=options, autocommit=True) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM people")
            assert cursor.fetchone() == (PEOPLE,)
            checks += 1
    import adbc_driver_flightsql

    print(f"ADBC {adbc_driver_flightsql.__version__}, pyarrow {pyarrow.__version__}: {checks} checks")


if __name__ == "__main__":
    main()

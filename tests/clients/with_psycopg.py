"""psycopg 3: prepared statements, binary results, server-side parts, cancellation, transactions, pipelines."""

import threading
import time

import psycopg
from gateway import AUTHORITY, BY_POPULATION, PEOPLE, POSTGRES, TOKEN, check, postgres_uri


def connect(**options):
    return psycopg.connect(postgres_uri(), **options)


def main() -> None:
    checks = 0
    with connect() as connection:
        check(connection.execute(BY_POPULATION).fetchall(), "psycopg")
        with connection.cursor(binary=True) as cursor:
            check(cursor.execute(BY_POPULATION).fetchall(), "psycopg, binary")
        for _ in range(8):  # from the fifth on it is prepared
            row = connection.execute("SELECT count(*) FROM people WHERE population = %s", ["KAZ"]).fetchone()
            assert row == (334,), row
        rows = connection.execute("SELECT iid FROM people WHERE score >= %s ORDER BY iid", [9.5]).fetchall()
        assert rows and all(iid.startswith("P") for (iid,) in rows)
        row = connection.execute("SELECT true, 1, 1.5, 'ä', NULL, date '2026-11-22'").fetchone()
        assert (row[0], row[1], float(row[2]), row[3], row[4], str(row[5])) == (True, 1, 1.5, "ä", None, "2026-11-22"), row
        checks += 5
    with connect(autocommit=True) as connection:
        with connection.pipeline():
            first = connection.execute("SELECT 1")
            second = connection.execute("SELECT count(*) FROM people")
            assert first.fetchone() == (1,) and second.fetchone() == (PEOPLE,)
        with connection.transaction():
            assert connection.execute("SELECT current_user").fetchone() == ("ada",)
        streamed = sum(1 for _ in connection.cursor().stream("SELECT value FROM generate_series(1, 200000)"))
        assert streamed == 200_000
        checks += 3
        for text, state in [("SELECT nothing FROM people", "42703"), ("DROP TABLE people", "25006"), ("SELEC", "42601")]:
            try:
                connection.execute(text)
            except psycopg.Error as error:
                assert error.sqlstate == state, (text, error.sqlstate, error)
                checks += 1
            else:
                raise AssertionError(text)
        slow = "SELECT count(*) FROM generate_series(1, 1000000) a(x), generate_series(1, 1000000) b(y) WHERE (x * y) % 7 = 3"
        timer = threading.Timer(0.5, connection.cancel_safe)
        timer.start()
        began = time.monotonic()
        try:
            connection.execute(slow)
        except psycopg.errors.QueryCanceled:
            assert time.monotonic() - began < 3
            checks += 1
        else:
            raise AssertionError("it was not cancelled")
        try:
            connection.cursor().copy("COPY people TO STDOUT").__enter__()
        except psycopg.Error as error:
            assert error.sqlstate == "25006", error
            checks += 1
    refused = [
        dict(password=""),
        dict(password="wrong"),
        dict(user="postgres"),
        dict(sslmode="disable", sslrootcert=""),
    ]
    for change in refused:
        options = dict(host="localhost", port=POSTGRES, user="ada", password=TOKEN, dbname="steppe")
        options |= dict(sslmode="verify-full", sslrootcert=AUTHORITY) | change
        try:
            psycopg.connect(**options)
        except psycopg.OperationalError:
            checks += 1
        else:
            raise AssertionError(change)
    print(f"psycopg {psycopg.__version__}: {checks} checks")


if __name__ == "__main__":
    main()

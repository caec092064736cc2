#!/usr/bin/env python3
"""What sql.sh measures, as lines of text: sql_analysts.py WORKDIR GATEWAY_PID FLIGHT_PORT POSTGRES_PORT ANALYSTS THREADS"""
import pathlib
import random
import statistics
import sys
import threading
import time

import adbc_driver_flightsql.dbapi as flightsql
import duckdb
import psycopg
from adbc_driver_flightsql import DatabaseOptions

WORK, GATEWAY = pathlib.Path(sys.argv[1]), int(sys.argv[2])
FLIGHT, POSTGRES, ANALYSTS, THREADS = (int(word) for word in sys.argv[3:7])

# Prevalence by decile of one score and population, with the percentiles that nobody asked for before.
BY_DECILE = """
    SELECT p.population, floor(s.percentile_band / 10) + 1 AS decile, count(*) AS people, avg(p.t2d) AS prevalence
    FROM scores s JOIN pheno p USING (sample_key) WHERE s.score = '{score}' GROUP BY 1, 2 ORDER BY 1, 2
"""
# The same: the percentile of a value that n are below and t have is 100 (n + t/2) / N, on a grid of 5.
BY_DECILE_DUCKDB = """
    WITH one AS (SELECT sample_id, sum FROM '{work}/run/scores.parquet' WHERE score = '{score}'),
    places AS (SELECT sample_id, rank() OVER by_sum - 1 AS below, count(*) OVER (PARTITION BY sum) AS same,
                      count(*) OVER () AS n FROM one WINDOW by_sum AS (ORDER BY sum)),
    bands AS (SELECT sample_id, least(floor(20 * (below + same / 2) / n), 19) * 5 AS band FROM places)
    SELECT p.population, floor(band / 10) + 1 AS decile, count(*) AS people, avg(p.t2d) AS prevalence
    FROM bands JOIN read_csv('{work}/pheno.csv') p ON sample_id = p.iid GROUP BY 1, 2 ORDER BY 1, 2
"""
MOMENTS = """
    SELECT p.population, count(*) AS people, avg(s.sum) AS mean, stddev(s.sum) AS sd
    FROM scores s JOIN pheno p USING (sample_key) WHERE s.score = '{score}' GROUP BY 1 ORDER BY 1
"""
AUC = "SELECT auc(s.sum, p.t2d) FROM scores s JOIN pheno p USING (sample_key) WHERE s.score = '{score}'"
COUNTS = "SELECT population, count(*) AS people, avg(t2d) AS prevalence FROM pheno GROUP BY 1 ORDER BY 1"
MIXED = [BY_DECILE, MOMENTS, AUC, COUNTS]


def connect(user: str) -> psycopg.Connection:
    token = (WORK / "certs" / f"{user}.token").read_text().strip()
    return psycopg.connect(
        host="localhost", port=POSTGRES, user=user, password=token, dbname="steppe", autocommit=True,
        sslmode="verify-full", sslrootcert=str(WORK / "certs" / "ca.crt"),
    )


def timed(act) -> tuple[float, list]:
    start = time.perf_counter()
    rows = act()
    return time.perf_counter() - start, rows


def processes() -> list[pathlib.Path]:
    """The gateway and the process that serves."""
    children = (pathlib.Path("/proc") / str(GATEWAY) / "task" / str(GATEWAY) / "children").read_text().split()
    return [pathlib.Path("/proc") / str(pid) for pid in [GATEWAY, *children]]


def field(file: str, name: str) -> int:
    """The sum of a number over the processes."""
    lines = [line for process in processes() for line in (process / file).read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith(name))


def wait_until_served() -> None:
    for _ in range(600):
        try:
            connect("a0").close()
            return
        except psycopg.Error:
            time.sleep(0.1)
    raise SystemExit("the gateway does not serve: see gateway.log")


def shown(times: list[float]) -> str:
    return f"median {statistics.median(times):.3f} s, {min(times):.3f} to {max(times):.3f}"


def beside_duckdb() -> None:
    """One question about ten scores, by turns, each score new to both; then one score again."""
    database = duckdb.connect(config={"threads": THREADS})
    ours, theirs, read = [], [], []
    with connect("a0") as connection:
        for number in range(1, 12):
            score = f"SCORE{number}"
            before = field("io", "rchar:")
            own, rows = timed(lambda: connection.execute(BY_DECILE.format(score=score)).fetchall())
            bytes_read = field("io", "rchar:") - before
            statement = BY_DECILE_DUCKDB.format(work=WORK, score=score)
            other, expected = timed(lambda: database.execute(statement).fetchall())
            # Means have six digits.
            same = len(rows) == len(expected) == 30 and all(
                one[:3] == two[:3] and abs(one[3] - two[3]) <= 1e-6 for one, two in zip(rows, expected, strict=True)
            )
            if not same:
                raise SystemExit(f"{score}: {rows} is not {expected}")
            if number == 1:
                print(f"prevalence by decile and population, the very first, which opens files: steppe {own:.3f} s; "
                      f"DuckDB {other:.3f} s; {own / other:.2f}x")
            else:
                ours.append(own), theirs.append(other), read.append(bytes_read)
        again = [timed(lambda: connection.execute(BY_DECILE.format(score="SCORE11")).fetchall())[0] for _ in range(5)]
    print(f"the second, of another score: steppe {ours[0]:.3f} s; DuckDB {theirs[0]:.3f} s; "
          f"{ours[0] / theirs[0]:.2f}x")
    print(f"ten scores one after the other: steppe {shown(ours)}; DuckDB {shown(theirs)}; "
          f"{statistics.median(ours) / statistics.median(theirs):.2f}x; last score again {shown(again)}")
    file = (WORK / "run" / "scores.parquet").stat().st_size
    print(f"read for it: {statistics.median(read) / 1e6:.1f} MB of scores.parquet's {file / 1e6:.0f} MB and of pheno.csv")


def one_analyst(user: str, first: int, times: list[float], pause: float = 0.0) -> None:
    with connect(user) as connection:
        for place, statement in enumerate(MIXED):
            # Who reads an answer before the next question does so for some time, not for a fixed one.
            time.sleep(random.uniform(0, 2 * pause))
            text = statement.format(score=f"SCORE{first + place}")
            times.append(timed(lambda: connection.execute(text).fetchall())[0])


def many_analysts() -> None:
    single: list[float] = []
    for number in range(1, 6):
        one_analyst(f"a{number}", 100 + 10 * number, single)
    alone = p95(single)
    for first, pause in ((200, 0.0), (300, 10.0)):
        together: list[float] = []
        analysts = [
            threading.Thread(target=one_analyst, args=(f"a{number}", first + number, together, pause))
            for number in range(6, ANALYSTS + 1)
        ]
        wall, _ = timed(lambda: [one.start() for one in analysts] and [one.join() for one in analysts])
        print(f"mixed questions: one analyst p95 {alone:.3f} s; {len(analysts)} at once, {pause:.0f} s from answer to "
              f"question, median {statistics.median(together):.3f} s, p95 {p95(together):.3f} s, "
              f"{p95(together) / alone:.1f}x, {len(together)} answers in {wall:.1f} s")


def p95(times: list[float]) -> float:
    return sorted(times)[int(0.95 * len(times))]


def long_answer() -> None:
    options = {
        DatabaseOptions.AUTHORIZATION_HEADER.value: "Bearer " + (WORK / "certs" / "rosa.token").read_text().strip(),
        DatabaseOptions.TLS_ROOT_CERTS.value: (WORK / "certs" / "ca.crt").read_text(),
    }
    before = field("status", "VmRSS:")
    with (
        flightsql.connect(f"grpc+tls://localhost:{FLIGHT}", db_kwargs=options, autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        start = time.perf_counter()
        cursor.execute("SELECT sample_key, score, sum FROM scores LIMIT 10000000")
        rows, first, most = 0, None, 0
        for batch in cursor.fetch_record_batch():
            first = first or time.perf_counter() - start
            rows += batch.num_rows
            most = max(most, field("status", "VmRSS:"))
    print(f"10 million rows: first after {first:.3f} s, all {rows} after {time.perf_counter() - start:.1f} s, "
          f"memory {before // 1024} to {most // 1024} MiB")


wait_until_served()
beside_duckdb()
many_analysts()
long_answer()
print(f"most memory of each process together: {field('status', 'VmHWM:') // 1024} MiB")

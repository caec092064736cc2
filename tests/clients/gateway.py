"""Where the gateway of these tests is, and what its tables hold."""

import os
import pathlib

FOLDER = pathlib.Path(os.environ["GATEWAY_FOLDER"])
POSTGRES = int(os.environ["GATEWAY_POSTGRES"])
FLIGHT = int(os.environ["GATEWAY_FLIGHT"])
AUTHORITY = str(FOLDER / "certs" / "ca.crt")
TOKEN = (FOLDER / "ada.token").read_text()
PEOPLE = 1000

BY_POPULATION = """
    SELECT population, count(*) AS n, avg(score) AS mean, sum(affected) AS cases
    FROM people GROUP BY population ORDER BY population
"""


def postgres_uri(driver: str = "postgresql") -> str:
    """The address of the Postgres wire, with everything that a client needs."""
    options = f"sslmode=verify-full&sslrootcert={AUTHORITY}"
    return f"{driver}://ada:{TOKEN}@localhost:{POSTGRES}/steppe?{options}"


def expected() -> list[tuple[str, int, float, int]]:
    """What `BY_POPULATION` gives, worked out here."""
    populations: dict[str, list[tuple[float, int]]] = {}
    lines = (FOLDER / "people.csv").read_text().splitlines()[1:]
    for line in lines:
        _, population, score, affected = line.split(",")
        populations.setdefault(population, []).append((float(score), int(affected)))
    rows = []
    for population, people in sorted(populations.items()):
        mean = sum(score for score, _ in people) / len(people)
        rows.append((population, len(people), mean, sum(case for _, case in people)))
    return rows


def check(rows: list, of: str) -> None:
    """Whether rows are those of `BY_POPULATION`."""
    right = expected()
    assert len(rows) == len(right), (of, rows)
    for (population, n, mean, cases), (population_, n_, mean_, cases_) in zip(rows, right, strict=True):
        assert (population, int(n), int(cases)) == (population_, n_, cases_), (of, rows)
        assert abs(float(mean) - mean_) < 1e-9, (of, rows)

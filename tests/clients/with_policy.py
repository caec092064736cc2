"""The same cohort under a policy: an analyst's groups, notices and refusals by psycopg and by ADBC."""

import pathlib

import adbc_driver_flightsql.dbapi as flightsql
import psycopg
from adbc_driver_flightsql import DatabaseOptions
from gateway import AUTHORITY, FLIGHT, POSTGRES, TOKEN, postgres_uri

BY_SITE = "SELECT site, count(*) AS n FROM visits GROUP BY site ORDER BY site"


def refused(execute, statement: str) -> str:
    """What somebody is told instead of an answer."""
    try:
        execute(statement)
    except (psycopg.Error, flightsql.Error) as error:
        return str(error)
    raise AssertionError(f"it was answered: {statement}")


def main() -> None:
    checks = 0
    notices = []
    with psycopg.connect(postgres_uri(), autocommit=True) as connection:
        connection.add_notice_handler(lambda notice: notices.append(notice.message_primary))
        groups = connection.execute(BY_SITE).fetchall()
        assert groups and all(n >= 5 for _, n in groups) and "island" not in dict(groups), groups
        assert any("are left out" in notice for notice in notices), notices
        told = refused(connection.execute, "SELECT * FROM visits LIMIT 3")
        assert "rows of persons are not shown to your role" in told, told
        few = refused(connection.execute, "SELECT count(*) FROM visits WHERE site = 'island'")
        assert "could be about few people" in few, few
        checks += 4
    options = {
        DatabaseOptions.AUTHORIZATION_HEADER.value: f"Bearer {TOKEN}",
        DatabaseOptions.TLS_ROOT_CERTS.value: pathlib.Path(AUTHORITY).read_text(),
    }
    with (
        flightsql.connect(f"grpc+tls://localhost:{FLIGHT}", db_kwargs=options, autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(BY_SITE)
        assert cursor.fetchall() == groups, groups
        for statement in ("SELECT * FROM visits LIMIT 3", "SELECT count(*) FROM visits WHERE site = 'island'"):
            told = refused(lambda text: (cursor.execute(text), cursor.fetchall()), statement)
            assert "rows of persons" in told or "could be about few people" in told, told
        cursor.execute("SELECT s.score, count(*) FROM scores s JOIN visits v USING (sample_key) GROUP BY s.score")
        assert sorted(cursor.fetchall()) == [("SCORE1", 600), ("SCORE2", 600)]
        checks += 4
    print(f"under a policy: {checks} checks by psycopg and ADBC at ports {POSTGRES} and {FLIGHT}")


if __name__ == "__main__":
    main()

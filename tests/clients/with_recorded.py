"""What DBeaver, Metabase, Grafana, pgAdmin and pgcli ask when they connect, as it was recorded of them."""

import pathlib

import psycopg
from gateway import postgres_uri

GOOD = (psycopg.pq.ExecStatus.TUPLES_OK, psycopg.pq.ExecStatus.COMMAND_OK)


def main() -> None:
    folder = pathlib.Path(__file__).parent / "recorded"
    with psycopg.connect(postgres_uri(), autocommit=True) as connection:
        for file in sorted(folder.glob("*.sql")):
            queries = [query.strip() for query in file.read_text().split("\n;;")]
            queries = [query for query in queries if query]
            for query in queries:
                result = connection.pgconn.exec_(query.encode())
                assert result.status in GOOD, (file.name, query, result.error_message.decode())
            print(f"{file.stem}: {len(queries)} recorded queries")


if __name__ == "__main__":
    main()

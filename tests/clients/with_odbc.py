"""ODBC by PostgreSQL's own driver, from Python's pyodbc."""

import os

import pyodbc
from gateway import AUTHORITY, BY_POPULATION, PEOPLE, POSTGRES, TOKEN, check


def main() -> None:
    # The driver finds the authority where libpq looks for it.
    os.environ["PGSSLROOTCERT"] = AUTHORITY
    # ODBC has no longer connection strings than 4096 characters or so, and a token fits.
    text = (
        f"Driver=PostgreSQL Unicode;Server=localhost;Port={POSTGRES};Database=steppe;"
        f"Uid=ada;Pwd={{{TOKEN}}};SSLmode=verify-full"
    )
    connection = pyodbc.connect(text, autocommit=True)
    cursor = connection.cursor()
    check([tuple(row) for row in cursor.execute(BY_POPULATION).fetchall()], "ODBC")
    (count,) = cursor.execute("SELECT count(*) FROM people WHERE population = ?", "KAZ").fetchone()
    assert count == 334, count
    names = [row.table_name for row in cursor.tables()]
    assert "people" in names, names
    columns = [row.column_name for row in cursor.columns(table="people")]
    assert columns == ["iid", "population", "score", "affected"], columns
    assert len(cursor.execute("SELECT * FROM people").fetchall()) == PEOPLE
    connection.autocommit = False
    cursor.execute("SELECT 1")
    connection.rollback()
    print(f"ODBC, pyodbc {pyodbc.version}: 6 checks")


if __name__ == "__main__":
    main()

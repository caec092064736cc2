"""SQLAlchemy: its own questions on connecting, reflection, expressions; pandas and polars on top of it."""

import pandas
import polars
import sqlalchemy
from gateway import BY_POPULATION, PEOPLE, check, postgres_uri


def main() -> None:
    engine = sqlalchemy.create_engine(postgres_uri("postgresql+psycopg"))
    checks = 0
    with engine.connect() as connection:
        rows = connection.execute(sqlalchemy.text(BY_POPULATION)).fetchall()
        check([tuple(row) for row in rows], "SQLAlchemy")
        inspector = sqlalchemy.inspect(engine)
        # What is read from one file is a view.
        names = inspector.get_table_names() + inspector.get_view_names()
        assert "people" in names, names
        columns = [column["name"] for column in sqlalchemy.inspect(engine).get_columns("people")]
        assert columns == ["iid", "population", "score", "affected"], columns
        people = sqlalchemy.Table("people", sqlalchemy.MetaData(), autoload_with=engine)
        count = sqlalchemy.func.count()
        query = sqlalchemy.select(people.c.population, count).where(people.c.score > 5).group_by(people.c.population)
        assert len(connection.execute(query).fetchall()) == 3
        checks += 4
    frame = pandas.read_sql(BY_POPULATION, engine)
    check(list(frame.itertuples(index=False, name=None)), "pandas")
    assert len(pandas.read_sql_query("SELECT * FROM people", engine)) == PEOPLE
    checks += 2
    with engine.connect() as connection:
        frame = polars.read_database(BY_POPULATION, connection)
        check(frame.rows(), "polars")
        checks += 1
    versions = f"SQLAlchemy {sqlalchemy.__version__}, pandas {pandas.__version__}, polars {polars.__version__}"
    print(f"{versions}: {checks} checks")


if __name__ == "__main__":
    main()

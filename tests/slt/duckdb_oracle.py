"""What DuckDB answers to the records of this folder, over the Parquet that Steppe reads.

    duckdb_oracle.py check STUDY    every expected answer is DuckDB's
    duckdb_oracle.py write STUDY    puts DuckDB's answers in

STUDY is the folder that fixture.sh made. A role has a folder of records. DuckDB knows nothing of policies: the tables of
a role are made here, by other means than Steppe's, of the people whom the policy (policy.toml) lets the role see. In the
place of pseudonyms are sample ids. A record that DuckDB would write otherwise has its own text in comments above it,
`# duckdb: SELECT ...` (several lines are joined). Where groups of few people are left out of an answer, that text has a
last column `small`, which is true for groups that must not be there; `# left out: N` says how many others may be missing,
which are those that Steppe leaves out to protect the small ones: the rest must be there, with DuckDB's numbers.
"""

import json
import math
import pathlib
import sys

import duckdb

HERE = pathlib.Path(__file__).parent
GRID = 5
CONSENT = "p.consent = 'yes'"
PEOPLE = {"analyst": CONSENT, "steward": CONSENT, "researcher": CONSENT + " AND p.site IN ('north', 'south')"}
NORMAL_SQUARED = math.sqrt(2 * math.pi)


def both(scores, cases):
    """The pairs in which nothing is missing; of nobody there is not even a list."""
    return [(s, c) for s, c in zip(scores or [], cases or []) if s is not None and c is not None]


def auc(scores, cases):
    """Mann and Whitney: the share of pairs of a case and a control in which the case has more, ties counting half."""
    pairs = both(scores, cases)
    if not pairs:
        return None
    won = sum((s > t) + 0.5 * (s == t) for s, c in pairs if c for t, d in pairs if not d)
    of = sum(1 for _, c in pairs if c) * sum(1 for _, c in pairs if not c)
    return won / of if of else None


def odds_ratio_per_sd(scores, cases):
    """Logistic regression by Newton's method."""
    pairs = both(scores, cases)
    if not pairs:
        return None
    mean = sum(s for s, _ in pairs) / len(pairs)
    sd = math.sqrt(sum((s - mean) ** 2 for s, _ in pairs) / (len(pairs) - 1))
    a = b = 0.0
    for _ in range(50):
        g0 = g1 = h00 = h01 = h11 = 0.0
        for s, c in pairs:
            x = (s - mean) / sd
            p = 1 / (1 + math.exp(-a - b * x))
            g0 += c - p
            g1 += (c - p) * x
            h00 += p * (1 - p)
            h01 += p * (1 - p) * x
            h11 += p * (1 - p) * x * x
        determinant = h00 * h11 - h01 * h01
        a += (h11 * g0 - h01 * g1) / determinant
        b += (h00 * g1 - h01 * g0) / determinant
    return math.exp(b)


def liability_r2(scores, cases, prevalence):
    """Lee et al. 2012, equation 15; the quantile by bisection."""
    pairs = both(scores, cases)
    if not pairs:
        return None
    n = len(pairs)
    ms, mc = sum(s for s, _ in pairs) / n, sum(c for _, c in pairs) / n
    cov = sum((s - ms) * (c - mc) for s, c in pairs)
    r2 = cov * cov / (sum((s - ms) ** 2 for s, _ in pairs) * sum((c - mc) ** 2 for _, c in pairs))
    k = prevalence[0]
    low, high = -10.0, 10.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if math.erfc(middle / math.sqrt(2)) / 2 > k else (low, middle)
    height = math.exp(-low * low / 2) / NORMAL_SQUARED
    mean = height / k
    excess = mean * (mc - k) / (1 - k)
    theta = excess * (excess - low)
    scale = (k * (1 - k)) ** 2 / (height * height * mc * (1 - mc))
    return r2 * scale / (1 + r2 * theta * scale)


def open_study(study, role):
    """A database with the tables of a role."""
    db = duckdb.connect()
    for function, lists in ((auc, 2), (odds_ratio_per_sd, 2), (liability_r2, 3)):
        db.create_function("py_" + function.__name__, function, ["DOUBLE[]"] * lists, "DOUBLE", null_handling="special")
    db.execute("CREATE MACRO auc(s, c) AS py_auc(list(s::DOUBLE), list(c::DOUBLE))")
    db.execute("CREATE MACRO odds_ratio_per_sd(s, c) AS py_odds_ratio_per_sd(list(s::DOUBLE), list(c::DOUBLE))")
    db.execute("CREATE MACRO liability_r2(s, c, k) AS py_liability_r2(list(s::DOUBLE), list(c::DOUBLE), list(k::DOUBLE))")
    def runs(file, folders):
        return " UNION ALL BY NAME ".join(f"SELECT '{run}' AS run, * FROM '{study}/{run}/{file}'" for run in folders)
    table = f"read_csv('{study}/phenotypes.csv', types = {{'consent': 'VARCHAR'}})"
    db.execute(f"""
        CREATE TABLE seen AS SELECT s.sample_id FROM '{study}/cohort/samples.parquet' s
          JOIN {table} p ON p.iid = s.sample_id WHERE {PEOPLE[role]};
        CREATE TABLE samples AS SELECT sample_id AS sample_key, sex, founder, phenotype
          FROM '{study}/cohort/samples.parquet' JOIN seen USING (sample_id);
        CREATE TABLE phenotypes AS SELECT iid AS sample_key, t2d, age, days, bmi, site, consent
          FROM {table} p JOIN seen ON iid = sample_id;
        CREATE TABLE sample_ancestry AS SELECT run, IID AS sample_key, most_similar AS population,
          * EXCLUDE (run, "#FID", IID, most_similar) FROM ({runs('ancestry.parquet', ['ancestry'])}) JOIN seen ON IID = sample_id;
        CREATE TABLE plain AS SELECT * EXCLUDE (family_id, sample_id), sample_id AS sample_key
          FROM ({runs('scores.parquet', ['first', 'second'])}) JOIN seen USING (sample_id);
        CREATE TABLE placed AS SELECT plain.*, population,
          (sum - avg(sum) OVER w) / stddev_samp(sum) OVER w AS z,
          100.0 * (rank() OVER (w ORDER BY sum) - 1 + count(*) OVER (w, sum) / 2.0) / count(*) OVER w AS percentile,
          100.0 * (rank() OVER (v ORDER BY sum) - 1 + count(*) OVER (v, sum) / 2.0) / count(*) OVER v AS population_percentile
          FROM plain LEFT JOIN sample_ancestry a USING (sample_key)
          WINDOW w AS (PARTITION BY plain.run, score), v AS (PARTITION BY plain.run, score, population)
        """.replace("count(*) OVER (w, sum)", "count(*) OVER (PARTITION BY plain.run, score, sum)")
        .replace("count(*) OVER (v, sum)", "count(*) OVER (PARTITION BY plain.run, score, population, sum)"))
    # Of two runs' variants the fewer decide whether a score is one of few, which are not seen by row, nor in groups where
    # the minimum cell is below 20.
    small = "WHERE score NOT IN ('STP_small', 'STP_other_array')"
    band = lambda column: f"least(floor({column} / {GRID}) * {GRID}, {100 - GRID})::INT AS {column}_band"
    z = "round(z, 1) AS z" if role == "steward" else "z"
    fine = "EXCLUDE (z, percentile, population_percentile, population)"
    if role == "steward":
        kept = "run, score, sample_key"
    else:
        kept = "* " + fine + (", percentile, population_percentile" if role == "researcher" else "")
    db.execute(f"CREATE TABLE scores AS SELECT {kept}, {z}, {band('percentile')}, {band('population_percentile')} FROM placed {small}")
    db.execute(f"""
        CREATE TABLE calibrated_scores AS SELECT run, IID AS sample_key, * EXCLUDE (run, "#FID", IID)
          FROM ({runs('calibrated.parquet', ['calibrated'])}) JOIN seen ON IID = sample_id;
        CREATE VIEW variants AS SELECT index, chromosome, position, id, counted_allele, other_allele
          FROM '{study}/cohort/variants.parquet';
        CREATE VIEW match_log AS {runs('match_log.parquet', ['first', 'second'])};
        CREATE VIEW score_variants AS SELECT * FROM match_log WHERE status = 'matched';
        CREATE VIEW populations AS SELECT run, population, mean_admixture, admixture_error
          FROM ({runs('populations.parquet', ['ancestry'])});
        CREATE VIEW metrics AS SELECT * RENAME ("group" AS group_name, "interval" AS interval_method)
          FROM ({runs('metrics.parquet', ['evaluated'])})
          WHERE (n IS NULL OR n = 0 OR n >= 10) AND (cases IS NULL OR cases = 0 OR cases >= 10)
            AND (n::INT - cases::INT IS NULL OR n::INT - cases::INT = 0 OR n::INT - cases::INT >= 10)""")
    records = []
    for run in ("first", "second", "ancestry", "calibrated", "evaluated"):
        record = json.loads((pathlib.Path(study) / run / "run.json").read_text())
        scores = record.get("scores") or []
        records.append((run, record["kind"], record["job"], record["cohort"]["genome_build"], record["cohort"]["variants"],
                        len(scores), sum(1 for s in scores if s["skipped"]), record["cohort"]["digest"]))
        for s in scores:
            db.execute("CREATE TABLE IF NOT EXISTS score_sets (run TEXT, score TEXT, result TEXT, skipped TEXT, rows BIGINT, "
                       "rows_matched BIGINT, rows_excluded BIGINT, rows_unmatched BIGINT, rows_unsupported BIGINT, "
                       "overlap_rows DOUBLE, overlap_weight DOUBLE, overlap_variance DOUBLE)")
            db.execute("INSERT INTO score_sets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                       [run, s["name"], "skipped" if s["skipped"] else "pass", s["skipped"], s["rows"], s["rows_matched"],
                        s["rows_excluded"], s["rows_unmatched"], s["rows_unsupported"], s["overlap_rows"],
                        s["overlap_weight"], s["overlap_variance"]])
    db.execute("CREATE TABLE runs (run TEXT, kind TEXT, job TEXT, genome_build TEXT, variants BIGINT, scores BIGINT, "
               "scores_skipped BIGINT, cohort_digest TEXT)")
    db.executemany("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", records)
    db.execute("CREATE VIEW jobs AS SELECT job, kind, run, variants, scores FROM runs")
    db.execute("CREATE TABLE cohorts AS SELECT 'bio' AS cohort, 10 AS minimum_cell, 5 AS percentile_grid, 'ledger' AS protection")
    return db


def shown(value):
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return "NULL" if math.isnan(value) else repr(value)
    return str(value) or "(empty)"


def is_ordered(sql):
    return "ORDER BY" in sql.rsplit(")", 1)[-1].upper()


def are_equal(one, other):
    try:
        one, other = float(one), float(other)
    except ValueError:
        return one == other
    return abs(one - other) <= 1e-9 * max(abs(other), 1e-3)


def rows_equal(one, other):
    one, other = one.split(), other.split()
    return len(one) == len(other) and all(map(are_equal, one, other))


def blocks(text):
    return text.rstrip("\n").split("\n\n")


def directives(block):
    """The lines of a block without its comments, DuckDB's text, and how many rows may be missing."""
    lines = block.split("\n")
    own = [line for line in lines if not line.startswith("#")]
    texts = [line.removeprefix("# duckdb:").strip() for line in lines if line.startswith("# duckdb:")]
    missing = [int(line.split(":")[1]) for line in lines if line.startswith("# left out:")]
    return own, " ".join(texts), (missing or [None])[0]


def answer(db, sql):
    cursor = db.execute(sql)
    names = [column[0] for column in cursor.description]
    kinds = [str(column[1]) for column in cursor.description]
    letter = lambda kind: "T" if kind in ("VARCHAR", "BOOLEAN", "STRING", "bool") else "R" if "DOUBLE" in kind or "DECIMAL" in kind else "I"
    return names, "".join(map(letter, kinds)), cursor.fetchall()


def expected(db, block, answers):
    """The lines that a query's block should have, the rows that must not be there, and how many rows were left out."""
    own, text, missing = directives(block)
    at = own.index("----")
    sql = "\n".join(own[1:at])
    names, kinds, rows = answer(db, text or sql)
    rows = [[shown(cell) for cell in row] for row in rows]
    left_out = 0
    if names[-1] == "small":
        rows, kinds = [row[:-1] for row in rows if row[-1] != "true"], kinds[:-1]
    rows = [" ".join(row) for row in rows]
    if missing is not None:
        there = answers.get(sql) if answers is not None else own[at + 1 :]
        kept = [row for row in rows if any(rows_equal(row, other) or answers is not None and near(row, other) for other in there or [])]
        left_out, rows = len(rows) - len(kept), kept
        assert left_out == missing or answers is not None, f"{sql}\n{left_out} rows are missing, and {missing} may be"
    if not is_ordered(sql):
        rows.sort()
    return own, at, kinds, rows, left_out


def near(one, other):
    """The same but for rounding, for choosing rows of an answer."""
    def close(a, b):
        try:
            return abs(float(a) - float(b)) <= 1e-3 * max(abs(float(b)), 1e-3)
        except ValueError:
            return a == b
    one, other = one.split(), other.split()
    return len(one) == len(other) and all(map(close, one, other))


def go_over(study, role, writes, answers):
    db = open_study(study, role)
    wrong = queries = 0
    for file in sorted((HERE / role).glob("*.slt")):
        changed = []
        for block in blocks(file.read_text()):
            if "----" not in block.split("\n"):
                changed.append(block)
                continue
            queries += 1
            try:
                own, at, kinds, rows, left_out = expected(db, block, answers)
            except Exception as error:
                print(f"{file.name}: {error}\n{block}\n", file=sys.stderr)
                wrong += 1
                changed.append(block)
                continue
            comments = [line for line in block.split("\n") if line.startswith("#")]
            if writes:
                comments = [f"# left out: {left_out}" if line.startswith("# left out:") else line for line in comments]
                changed.append("\n".join(comments + [f"query {kinds}"] + own[1 : at + 1] + rows))
                continue
            there = list(own[at + 1 :])
            for row in rows:
                found = next((other for other in there[: 1 if is_ordered(" ".join(own[1:at])) else None] if rows_equal(other, row)), None)
                if found is not None:
                    there.remove(found)
                else:
                    there.append("missing: " + row)
            if there:
                wrong += 1
                print(f"{file}:\n{block}\n  differs by {there}\n", file=sys.stderr)
        if writes:
            file.write_text("\n\n".join(changed) + "\n")
    return queries, wrong


def main():
    mode, study = sys.argv[1:3]
    answers = None
    if len(sys.argv) > 3:
        answers = {}
        for line in open(sys.argv[3], encoding="utf-8"):
            record = json.loads(line)
            answers[record["role"], record["sql"]] = [" ".join(row) for row in record["rows"]]
    total = failed = 0
    for role in PEOPLE:
        of_role = None if answers is None else {sql: rows for (whose, sql), rows in answers.items() if whose == role}
        queries, wrong = go_over(study, role, mode == "write", of_role)
        print(f"{role}: {queries} answers, {wrong} are not DuckDB's")
        total, failed = total + queries, failed + wrong
    sys.exit(1 if failed or not total else 0)


main()

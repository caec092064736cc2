"""Reads a cohort store and a result with DuckDB and pyarrow, and compares them with the PLINK files."""

import glob
import sys

import duckdb
import pyarrow.parquet as parquet

prefix, cohort, scores = sys.argv[1:4]

samples = [line.split() for line in open(prefix + ".fam", encoding="utf-8")]
variants = [line.split() for line in open(prefix + ".bim", encoding="utf-8")]
with open(prefix + ".bed", "rb") as bed:
    assert bed.read(3) == b"\x6c\x1b\x01"
    packed = bed.read()
row_bytes = (len(samples) + 3) // 4
# .bed codes 0, 1, 2, 3 are two copies of allele 1, missing, one, none.
TILE_CODE = (2, 3, 1, 0)


def genotype(variant, sample):
    byte = packed[variant * row_bytes + sample // 4]
    return TILE_CODE[byte >> 2 * (sample % 4) & 3]


query = duckdb.connect()
rows = query.execute(f"SELECT family_id, sample_id FROM '{cohort}/samples.parquet' ORDER BY index").fetchall()
assert rows == [(fields[0], fields[1]) for fields in samples], "samples by DuckDB"
rows = query.execute(
    f"SELECT id, position, counted_allele, other_allele FROM '{cohort}/variants.parquet' ORDER BY index"
).fetchall()
assert rows == [(v[1], int(v[3]), v[4], v[5]) for v in variants], "variants by DuckDB"

decoded = 0
first = 0
for block in sorted(glob.glob(f"{cohort}/genotypes/*")):
    block_samples = None
    for part in sorted(glob.glob(f"{block}/*.parquet")):
        file = parquet.ParquetFile(part)
        block_samples = int(file.metadata.metadata[b"steppe.samples"])
        by_arrow = file.read()
        by_duck = query.execute(
            f"SELECT variant_index, genotypes FROM '{part}' ORDER BY variant_index"
        ).fetchall()
        pairs = zip(by_arrow["variant_index"].to_pylist(), by_arrow["genotypes"].to_pylist())
        assert by_duck == list(pairs), f"DuckDB and pyarrow differ on {part}"
        for variant, codes in by_duck:
            for sample in range(block_samples):
                code = codes[sample // 4] >> 2 * (sample % 4) & 3
                assert code == genotype(variant, first + sample), (part, variant, sample)
                decoded += 1
    first += block_samples
assert first == len(samples) and decoded == len(samples) * len(variants), "every genotype was compared"

table = {}
with open(scores + "/scores.sscore", encoding="utf-8") as text:
    names = text.readline().lstrip("#").rstrip("\n").split("\t")
    for line in text:
        fields = dict(zip(names, line.rstrip("\n").split("\t")))
        table[fields["IID"]] = fields
long = query.execute(
    f"SELECT sample_id, score, sum, average, allele_count, denominator FROM '{scores}/scores.parquet'"
).fetchall()
assert len(long) == len(samples)
for sample, score, total, average, alleles, denominator in long:
    fields = table[sample]
    assert float(fields[score + "_SUM"]) == total, sample
    assert int(fields["ALLELE_CT"]) == alleles and int(fields["DENOM"]) == denominator, sample
    if denominator:
        assert float(fields[score + "_AVG"]) == average, sample
assert parquet.read_table(scores + "/scores.parquet").num_rows == len(samples)
log = query.execute(f"SELECT status, count(*) FROM '{scores}/match_log.parquet' GROUP BY status").fetchall()
assert sum(count for _, count in log) == len(variants), log
print(f"{decoded} genotypes and {len(long)} scores agree in DuckDB, pyarrow and the files")

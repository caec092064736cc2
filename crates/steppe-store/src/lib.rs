//! The cohort store: Parquet tiles, variant and sample tables, manifest and checksums on object stores.

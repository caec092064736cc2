//! Readers and writers of PLINK 1 files, PGS scoring files and sample lists.

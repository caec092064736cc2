//! The passes as DataFusion operators, scoring jobs on top of them, and the SQL tables.

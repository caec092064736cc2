//! Integration tests of what people may see.

#[cfg(test)]
mod it {
    mod cells;
    mod export;
    mod fuzz;
    mod leakage;
    mod ledger;
    mod ledger_attack;
    mod noise;
    mod policy;
    mod policy_access;
    mod statement_caps;
}

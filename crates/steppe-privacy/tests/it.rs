//! Integration tests of what people may see.

#[cfg(test)]
mod it {
    mod cells;
    mod fuzz;
    mod ledger;
    mod ledger_attack;
    mod policy;
    mod policy_access;
    mod statement_caps;
}

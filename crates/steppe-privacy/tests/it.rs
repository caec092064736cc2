//! Integration tests of what people may see.

#[cfg(test)]
mod it {
    mod cells;
    mod ledger;
    mod ledger_attack;
    mod policy;
    mod policy_access;
}

//! Matching against pgscatalog-match's own answers, its properties, and its speed.

#[cfg(test)]
mod it {
    pub(crate) mod log;
    mod parity;
    mod properties;
    pub(crate) mod shared_data;
    pub(crate) mod tables;
    mod timing;
}

//! Reports made and read back.

#[cfg(test)]
mod it {
    mod example;
    mod fit;
    mod page;
    mod plots;
}

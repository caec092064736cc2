//! Reports made and read back.

#[cfg(test)]
mod it {
    mod browser;
    mod example;
    mod fit;
    mod made_up;
    mod page;
    mod pages;
    mod pictures;
    mod plots;
    mod screens;
}

//! Cohorts made, read, damaged and interrupted.

mod it {
    mod corruption;
    mod fileset;
    mod refusals;
    mod resume;
    mod round_trip;
}

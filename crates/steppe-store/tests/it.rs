//! Cohorts made, read, damaged and interrupted.

#[cfg(test)]
mod it {
    mod corruption;
    mod fileset;
    mod fuzz_manifest;
    mod refusals;
    mod resume;
    mod round_trip;
    mod s3;
    mod tile_cache;
    mod transient;
}

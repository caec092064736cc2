//! What regenie's step 1 leaves for its step 2: predictions by chromosome left out, and the lists that name them.
//!
//! Format: `write_predictions`, `write_ID_header` and `write_chr_row` in regenie's `Data.cpp`, and the documentation of
//! `--pred`. Every line ends in a blank before its end. Numbers are the shortest that read back to the same double,
//! where regenie prints six digits; step 2 reads both. Samples stand in the caller's order, where regenie sorts them;
//! step 2 finds them by the header.

mod list;
mod predictions;

pub use list::{PredictionFile, write_prediction_list};
pub use predictions::{PredictionWriter, WHOLE_GENOME};

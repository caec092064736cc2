use std::path::{Path, PathBuf};

use crate::{
    FormatError, Malformed,
    output::{Output, check_field},
};

/// One line of a list: a trait and the file with its predictions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PredictionFile {
    /// The trait's name, as the phenotype file has it.
    pub trait_name: String,
    /// The file; regenie writes absolute paths.
    pub path: PathBuf,
}

/// Writes `PREFIX_pred.list` (of .loco files) or `PREFIX_prs.list` (of .prs files).
///
/// # Errors
/// A trait's name or a path is empty, has blanks or is not UTF-8, or the file can not be written.
pub fn write_prediction_list(path: &Path, files: &[PredictionFile]) -> Result<(), FormatError> {
    let mut output = Output::create(path)?;
    for PredictionFile { trait_name, path: file } in files {
        check_field(path, "trait", trait_name)?;
        let Some(text) = file.to_str() else {
            let remedy = "write to a folder with a name in UTF-8";
            return Err(Malformed::new(path, "the path of the predictions is not UTF-8", remedy)
                .value(&file.display().to_string())
                .into());
        };
        check_field(path, "path", text)?;
        output.write(|list| writeln!(list, "{trait_name} {text}"))?;
    }
    output.finish()
}

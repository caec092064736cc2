use std::path::{Path, PathBuf};

use super::{BedReader, BimRecord, FamTable, open_bed, open_bim, read_fam};
use crate::{FileNote, FormatError, Malformed};

/// Where the three files of a fileset are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilesetPaths {
    /// The genotypes.
    pub bed: PathBuf,
    /// The variants.
    pub bim: PathBuf,
    /// The samples.
    pub fam: PathBuf,
}

impl FilesetPaths {
    /// The files `PREFIX.bed`, `PREFIX.bim` and `PREFIX.fam`; `prefix` may also be the .bed itself.
    pub fn from_prefix(prefix: &Path) -> Self {
        let stem = if prefix.extension().is_some_and(|extension| extension == "bed") {
            prefix.with_extension("")
        } else {
            prefix.to_owned()
        };
        let with = |extension: &str| {
            let mut name = stem.clone().into_os_string();
            name.push(extension);
            PathBuf::from(name)
        };
        Self { bed: with(".bed"), bim: with(".bim"), fam: with(".fam") }
    }

    /// Refuses a fileset of which a file is missing.
    fn check_presence(&self) -> Result<(), FormatError> {
        for path in [&self.bed, &self.bim, &self.fam] {
            if path.exists() {
                continue;
            }
            let remedy = if self.bed.with_extension("pgen").exists() {
                "this is a plink2 fileset: convert it with plink2 --pfile PREFIX --make-bed --out NEW"
            } else {
                "a PLINK 1 fileset is PREFIX.bed, PREFIX.bim and PREFIX.fam: give their common PREFIX"
            };
            return Err(Malformed::new(path, "there is no such file", remedy).into());
        }
        Ok(())
    }
}

/// A fileset that was checked as a whole: every row of the .fam and .bim was read, and the .bed has the right length.
#[derive(Debug)]
pub struct Fileset {
    /// The files.
    pub paths: FilesetPaths,
    /// The samples.
    pub fam: FamTable,
    /// The genotypes, one row per variant of the .bim.
    pub bed: BedReader,
    /// What is odd about the .bim.
    pub bim_notes: Vec<FileNote>,
}

impl Fileset {
    /// Reads the .fam and the .bim through and opens the .bed; `on_variant` is given every variant in order, also
    /// those before an error.
    ///
    /// # Errors
    /// A file is missing or broken, or the .bed disagrees with the others in count.
    pub fn open(paths: &FilesetPaths, mut on_variant: impl FnMut(&BimRecord)) -> Result<Self, FormatError> {
        paths.check_presence()?;
        let fam = read_fam(&paths.fam)?;
        let mut bim = open_bim(&paths.bim)?;
        let mut record = BimRecord::default();
        let mut variants = 0;
        while bim.read_into(&mut record)? {
            on_variant(&record);
            variants += 1;
        }
        let bed = open_bed(&paths.bed, fam.records.len(), variants)?;
        Ok(Self { paths: paths.clone(), fam, bed, bim_notes: bim.notes() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_may_have_dots() {
        for (prefix, bim) in
            [("a/b", "a/b.bim"), ("a/b.bed", "a/b.bim"), ("chr1.v2", "chr1.v2.bim"), (".bed", ".bed.bim")]
        {
            assert_eq!(FilesetPaths::from_prefix(Path::new(prefix)).bim, Path::new(bim));
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let paths = FilesetPaths::from_prefix(&folder.path().join("x"));
        let message = |paths: &FilesetPaths| Fileset::open(paths, |_| ()).unwrap_err().to_string();
        assert!(message(&paths).contains("x.bed: there is no such file"));
        std::fs::write(folder.path().join("x.pgen"), "").unwrap();
        assert!(message(&paths).contains("plink2 --pfile"));
    }
}

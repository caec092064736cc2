//! Writes scoring files of format 2.0, one score each.

use std::path::Path;

use steppe_genome::{Chromosome, GenomeBuild};

use crate::{
    FormatError, Malformed,
    number::shortest,
    output::{Output, check_field},
};

/// What the PGS Catalog writes for what is not reported.
const NOT_REPORTED: &str = "NR";

const COLUMNS: &str = "rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight";

/// What the header of a new score says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewScore {
    /// `pgs_id` and `pgs_name`: ASCII letters, digits, `_`, `-` and `.`, with a letter or a digit first.
    pub name: String,
    /// `trait_reported`; not reported where empty.
    pub trait_reported: String,
    /// `genome_build` of the positions; not reported where unknown.
    pub genome_build: Option<GenomeBuild>,
    /// `weight_type`, such as `beta` or `log(OR)`; not reported where empty.
    pub weight_type: String,
    /// `citation`; not reported where empty.
    pub citation: String,
    /// `license`; left out where empty.
    pub license: String,
    /// `variants_number`: how many rows there will be.
    pub variants: u64,
}

/// One row of a new score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NewScoreRow<'a> {
    /// `rsID`: the variant's id; empty or `.` where it has none.
    pub id: &'a str,
    /// `chr_name`.
    pub chromosome: &'a Chromosome,
    /// `chr_position`, 1-based; 0 where unknown.
    pub position: u32,
    /// `effect_allele`.
    pub effect_allele: &'a str,
    /// `other_allele`.
    pub other_allele: &'a str,
    /// `effect_weight`, finite, per copy of the effect allele.
    pub weight: f64,
}

/// Writes a score row by row; the file gets its name when it is finished.
///
/// [`super::read_scoring_file`] reads the same weights back, bit by bit.
#[derive(Debug)]
pub struct ScoringFileWriter {
    output: Output,
    variants: u64,
    rows: u64,
}

impl ScoringFileWriter {
    /// Starts the file and writes its header.
    ///
    /// # Errors
    /// The name has other characters; a text has a line break or another control character; the file can not be
    /// created or written.
    pub fn create(path: &Path, score: &NewScore) -> Result<Self, FormatError> {
        check_name(path, &score.name)?;
        let header = header(path, score)?;
        let mut output = Output::create(path)?;
        output.write(|file| writeln!(file, "{header}{COLUMNS}"))?;
        Ok(Self { output, variants: score.variants, rows: 0 })
    }

    /// Writes one row.
    ///
    /// # Errors
    /// The weight is not finite; an allele is empty; the row has neither an id nor a place; a text has blanks; the
    /// file can not be written.
    pub fn write(&mut self, row: &NewScoreRow<'_>) -> Result<(), FormatError> {
        let path = self.output.path();
        check_field(path, "effect_allele", row.effect_allele)?;
        check_field(path, "other_allele", row.other_allele)?;
        let chromosome = row.chromosome.label();
        check_field(path, "chr_name", &chromosome)?;
        let id = if row.id == "." { "" } else { row.id };
        if !id.is_empty() {
            check_field(path, "rsID", id)?;
        } else if row.position == 0 {
            let problem = "the variant has neither an id nor a position";
            let remedy = "give it either: nobody could find it";
            return Err(Malformed::new(path, problem, remedy).field("rsID").into());
        }
        if !row.weight.is_finite() {
            let problem = "the weight is not a finite number";
            return Err(Malformed::new(path, problem, "leave out the variant, or fit it again")
                .field("effect_weight")
                .value(&row.weight.to_string())
                .into());
        }
        self.rows += 1;
        let position = if row.position == 0 { String::new() } else { row.position.to_string() };
        let (effect, other, weight) = (row.effect_allele, row.other_allele, shortest(row.weight));
        self.output
            .write(|file| writeln!(file, "{id}\t{chromosome}\t{position}\t{effect}\t{other}\t{weight}"))
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// There are more or fewer rows than the header says, or none; the file can not be written.
    pub fn finish(self) -> Result<(), FormatError> {
        if self.rows != self.variants || self.rows == 0 {
            let problem = format!("{} rows were written of {} variants", self.rows, self.variants);
            let remedy = "write every variant of the score, and at least one";
            return Err(Malformed::new(self.output.path(), problem, remedy).field("variants_number").into());
        }
        self.output.finish()
    }
}

/// Refuses a name that is no single word in every file and table it gets into.
fn check_name(path: &Path, name: &str) -> Result<(), FormatError> {
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    if name.bytes().all(usual) && name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(());
    }
    let remedy = "name it with ASCII letters, digits, _, - and ., and a letter or a digit first";
    Err(Malformed::new(path, "this is no name of a score", remedy).field("pgs_id").value(name).into())
}

fn header(path: &Path, score: &NewScore) -> Result<String, FormatError> {
    let or_not = |text: &str| if text.trim().is_empty() { NOT_REPORTED } else { text.trim() }.to_owned();
    let build = score.genome_build.map_or(NOT_REPORTED, GenomeBuild::as_str);
    // trait_mapped, trait_efo and pgp_id are the Catalog's to give; the format wants the keys.
    let mut keys = vec![
        ("pgs_id", score.name.clone()),
        ("pgs_name", score.name.clone()),
        ("trait_reported", or_not(&score.trait_reported)),
        ("trait_mapped", NOT_REPORTED.to_owned()),
        ("trait_efo", NOT_REPORTED.to_owned()),
        ("genome_build", build.to_owned()),
        ("variants_number", score.variants.to_string()),
        ("weight_type", or_not(&score.weight_type)),
        ("pgp_id", NOT_REPORTED.to_owned()),
        ("citation", or_not(&score.citation)),
    ];
    if !score.license.trim().is_empty() {
        keys.push(("license", score.license.trim().to_owned()));
    }
    let mut header = "###PGS CATALOG SCORING FILE\n#format_version=2.0\n".to_owned();
    for (key, value) in keys {
        if value.chars().any(char::is_control) {
            let remedy = "write it in one line, without control characters";
            let refused = Malformed::new(path, "the text can not be a header line", remedy);
            return Err(refused.field(key).value(&value).into());
        }
        match key {
            "pgs_id" => header.push_str("##POLYGENIC SCORE (PGS) INFORMATION\n"),
            "pgp_id" => header.push_str("##SOURCE INFORMATION\n"),
            _ => {}
        }
        header.push_str(&format!("#{key}={value}\n"));
    }
    Ok(header)
}

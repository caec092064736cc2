//! `scores.sscore`: plink2's columns and names, with numbers in full precision.
//!
//! plink2 shares one denominator over all score columns of a file. Ours are each score's own; where all scores
//! share theirs (always, when there is one) the columns have plink2's names, otherwise each is preceded by the
//! score's name: `<score>_ALLELE_CT`, `<score>_DENOM`, `<score>_NAMED_ALLELE_DOSAGE_SUM`.

use std::{io::Write, path::Path};

use super::{
    OutputRecord,
    hashing::HashingFile,
    in_order::in_order,
    values::{KeptSample, KeptSamples, ScoreValues, Value},
};
use crate::{
    EngineError,
    score::{ScoreJob, Scores},
};

/// The file's name.
pub(super) const FILE: &str = "scores.sscore";

/// About as many bytes one thread formats at a time: few enough that they stay in its cache until they are written.
const CHUNK_BYTES: usize = 1 << 20;

struct Table<'a> {
    job: &'a ScoreJob,
    scores: Vec<ScoreValues<'a>>,
    with_family: bool,
    with_phenotype: bool,
    shared_counts: bool,
}

/// Writes all scores of all passes.
pub(super) fn write(
    folder: &Path,
    job: &ScoreJob,
    kept: &KeptSamples,
    passes: &[Scores],
) -> Result<OutputRecord, EngineError> {
    let mut scores = Vec::new();
    for pass in passes {
        for lane in 0..pass.scores.len() {
            scores.push(ScoreValues::new(job, pass, lane)?);
        }
    }
    let samples = &job.samples;
    let table = Table {
        job,
        with_family: kept.indices().any(|index| samples.family_id.get(index) != "0"),
        with_phenotype: kept.indices().any(|index| !is_missing_phenotype(samples.phenotype.get(index))),
        shared_counts: scores.windows(2).all(|pair| pair[0].counts().signature == pair[1].counts().signature),
        scores,
    };
    let mut file = HashingFile::create(folder, FILE)?;
    file.write_all(table.header().as_bytes()).map_err(EngineError::write(FILE))?;
    let chunk = (CHUNK_BYTES / table.line_bytes()).max(16);
    let chunks: Vec<(u32, &[KeptSample])> = kept
        .blocks
        .iter()
        .flat_map(|block| block.samples.chunks(chunk).map(|samples| (block.block, samples)))
        .collect();
    in_order(
        job.options.threads,
        chunks.len(),
        &|chunk| table.rows(chunks[chunk].0, chunks[chunk].1),
        &mut |text| file.write_all(&text).map_err(EngineError::write(FILE)),
    )?;
    file.finish()
}

fn is_missing_phenotype(text: &str) -> bool {
    matches!(text, "-9" | "0" | "" | "NA" | "nan" | "NaN" | "na")
}

impl Table<'_> {
    fn header(&self) -> String {
        let mut header = String::from(if self.with_family { "#FID\tIID" } else { "#IID" });
        if self.with_phenotype {
            header.push_str("\tPHENO1");
        }
        let mut push = |score: Option<&str>, name: &str| {
            header.push('\t');
            if let Some(score) = score {
                header.push_str(score);
                header.push('_');
            }
            header.push_str(name);
        };
        let counted = if self.shared_counts { &self.scores[..1] } else { &self.scores[..] };
        for score in counted {
            let prefix = (!self.shared_counts).then_some(score.column().name.as_str());
            for name in ["ALLELE_CT", "DENOM", "NAMED_ALLELE_DOSAGE_SUM"] {
                push(prefix, name);
            }
        }
        for suffix in ["AVG", "SUM"] {
            for score in &self.scores {
                push(Some(&score.column().name), suffix);
            }
        }
        header.push('\n');
        header
    }

    /// About the bytes of a line.
    fn line_bytes(&self) -> usize {
        let counts = if self.shared_counts { 1 } else { self.scores.len() };
        48 + 44 * self.scores.len() + 24 * counts
    }

    /// The lines of some samples of one block.
    fn rows(&self, block: u32, samples: &[KeptSample]) -> Result<Vec<u8>, EngineError> {
        let mut values: Vec<Vec<Value>> = Vec::with_capacity(self.scores.len());
        for score in &self.scores {
            let mut column = Vec::with_capacity(samples.len());
            score.of_block(block, samples, &mut |value| column.push(value))?;
            values.push(column);
        }
        let mut text = Vec::with_capacity(samples.len() * self.line_bytes());
        let mut number = zmij::Buffer::new();
        for (row, sample) in samples.iter().enumerate() {
            self.person(sample.index, &mut text);
            let counted = if self.shared_counts { 1 } else { values.len() };
            for column in values.iter().take(counted) {
                push_counts(&column[row], &mut number, &mut text);
            }
            for column in &values {
                push_float(column[row].average(), &mut number, &mut text);
            }
            for column in &values {
                push_float(column[row].sum, &mut number, &mut text);
            }
            text.push(b'\n');
        }
        Ok(text)
    }

    fn person(&self, index: usize, text: &mut Vec<u8>) {
        let samples = &self.job.samples;
        if self.with_family {
            text.extend_from_slice(samples.family_id.get(index).as_bytes());
            text.push(b'\t');
        }
        text.extend_from_slice(samples.sample_id.get(index).as_bytes());
        if self.with_phenotype {
            let phenotype = samples.phenotype.get(index);
            let shown = if is_missing_phenotype(phenotype) { "NA" } else { phenotype };
            text.push(b'\t');
            text.extend_from_slice(shown.as_bytes());
        }
    }
}

fn push_counts(value: &Value, number: &mut zmij::Buffer, text: &mut Vec<u8>) {
    for count in [value.alleles, value.denominator] {
        text.push(b'\t');
        push_integer(count, text);
    }
    if value.dosage.fract() == 0.0 {
        text.push(b'\t');
        push_integer(value.dosage as u64, text);
    } else {
        push_float(value.dosage, number, text);
    }
}

fn push_integer(mut value: u64, text: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    text.extend_from_slice(&digits[at..]);
}

/// A tab and the shortest text that reads back to the same number; `nan` as plink2 writes it.
fn push_float(value: f64, number: &mut zmij::Buffer, text: &mut Vec<u8>) {
    text.push(b'\t');
    if value.is_finite() {
        let shortest = number.format_finite(value);
        text.extend_from_slice(shortest.strip_suffix(".0").unwrap_or(shortest).as_bytes());
    } else {
        text.extend_from_slice(b"nan");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(value: f64) -> String {
        let mut text = Vec::new();
        push_float(value, &mut zmij::Buffer::new(), &mut text);
        String::from_utf8_lossy(&text[1..]).into_owned()
    }

    #[test]
    fn numbers_read_back() {
        for value in [0.0, -1.0, 0.1 + 0.2, 1e-300, -123_456.789e12] {
            assert_eq!(text_of(value).parse(), Ok(value));
        }
        assert_eq!((text_of(2.0).as_str(), text_of(f64::NAN).as_str()), ("2", "nan"));
        let mut digits = Vec::new();
        push_integer(10_203, &mut digits);
        assert_eq!(digits, b"10203");
    }
}

//! Rows into columns.

mod cells;
mod effect;
mod variant;
mod weight;

use std::path::Path;

use steppe_genome::{Chromosome, EffectType, is_acgt};

use self::{
    cells::Cells,
    variant::{allele, identity, is_missing, several_alleles},
    weight::WeightForm,
};
use super::{
    columns::Role,
    fields::{Fields, Separator},
    layout::Layout,
    tally::Tally,
};
use crate::{
    FormatError, NoteKind,
    scoring_file::{ScoringRows, UnsupportedKind, UnsupportedRow, weights},
};

/// Reads rows one after the other into columns.
pub(super) struct RowReader<'a> {
    path: &'a Path,
    layout: &'a Layout,
    harmonised: bool,
    default_effect: EffectType,
    fields: Fields,
    pub(super) rows: ScoringRows,
    pub(super) unsupported: Vec<UnsupportedRow>,
    /// One hash per row of what makes two rows speak of the same thing; 0 where nothing does.
    pub(super) keys: Vec<u64>,
    pub(super) tally: Tally,
    /// The last chromosome, as text and read: files list one chromosome after the other.
    chromosome: (String, Option<Chromosome>),
    /// The score that a file of pgscatalog-format says it holds.
    pub(super) accession: Option<String>,
    row_number: u64,
}

impl<'a> RowReader<'a> {
    pub(super) fn new(
        path: &'a Path,
        layout: &'a Layout,
        harmonised: bool,
        (default, tally): (EffectType, Tally),
        expected_rows: usize,
    ) -> Self {
        let scores = layout.scores.len();
        Self {
            path,
            layout,
            harmonised,
            default_effect: default,
            fields: Fields::default(),
            rows: ScoringRows::with_capacity(scores, expected_rows),
            unsupported: Vec::new(),
            keys: Vec::with_capacity(expected_rows),
            tally,
            chromosome: (String::new(), None),
            accession: None,
            row_number: 0,
        }
    }

    /// Reads one row.
    pub(super) fn add(&mut self, number: u64, line: &str) -> Result<(), FormatError> {
        self.split(number, line)?;
        let fields = std::mem::take(&mut self.fields);
        let cells = Cells { path: self.path, layout: self.layout, fields: &fields, line, number };
        let added = self.add_cells(&cells);
        self.fields = fields;
        self.row_number += 1;
        added
    }

    fn split(&mut self, number: u64, line: &str) -> Result<(), FormatError> {
        let columns = self.layout.names.len();
        self.fields.split(line, self.layout.separator);
        self.fields.drop_trailing_empty(columns);
        let found = self.fields.len();
        let blanks_can_be_left_out = self.layout.separator == Separator::Tab;
        if found > columns || (found < columns && !blanks_can_be_left_out) {
            let problem = format!("the row has {found} fields, and the columns are {columns}");
            let remedy = "make the row as long as the line of column names; the file may be cut or mixed up";
            return Err(crate::Malformed::new(self.path, problem, remedy).line(number).value(line).into());
        }
        if found < columns {
            self.tally.add(NoteKind::Other, "rows that end before the last column", number, "");
        }
        Ok(())
    }

    fn add_cells(&mut self, cells: &Cells<'_>) -> Result<(), FormatError> {
        self.check_accession(cells)?;
        if let Some(kind) = effect::unsupported_kind(cells)? {
            return self.add_unsupported(cells, kind);
        }
        let effect_type = if let [_, _, ..] = self.layout.weights.as_slice() {
            self.push_weights(cells)?;
            self.default_effect
        } else {
            self.push_weight(cells)?
        };
        self.push_variant(cells, effect_type)?;
        self.push_frequency(cells)?;
        self.rows.line.push(cells.number);
        self.rows.row_number.push(self.row_number);
        self.rows.effect_type.push(effect_type);
        Ok(())
    }

    fn add_unsupported(&mut self, cells: &Cells<'_>, kind: UnsupportedKind) -> Result<(), FormatError> {
        let weight = weight::weight_form(cells)?.magnitude();
        let id = match cells.get(Role::Id) {
            id if !is_missing(id) => id.to_owned(),
            _ => match (cells.get(Role::Chromosome), cells.get(Role::Position)) {
                ("", _) | (_, "") => String::new(),
                (chromosome, position) => format!("{chromosome}:{position}"),
            },
        };
        let effect_allele = cells.get(Role::EffectAllele).to_owned();
        let (line, row_number) = (cells.number, self.row_number);
        self.unsupported.push(UnsupportedRow { line, row_number, kind, weight, id, effect_allele });
        Ok(())
    }

    /// The weight of a file of one score, and the row's effect type.
    fn push_weight(&mut self, cells: &Cells<'_>) -> Result<EffectType, FormatError> {
        let form = weight::weight_form(cells)?;
        let effect_type = effect::effect_type(cells, form, self.default_effect)?;
        let weight = match form {
            WeightForm::Weight(weight) => weight,
            WeightForm::Logarithm(column, weight) => {
                let label = "no effect_weight: the weight is the natural logarithm of OR or HR";
                self.tally.add(NoteKind::Other, label, cells.number, cells.layout.name(column));
                weight
            }
            WeightForm::Dosage(weights) => {
                // The column of dosage weights starts with the first row that has them.
                self.rows.dosage_weights.resize(self.rows.len(), [0.0; 3]);
                self.rows.dosage_weights.push(weights);
                0.0
            }
        };
        if self.layout.has_dosage_weights() && effect_type != EffectType::Dosage {
            self.note_unused_dosages(cells);
        }
        if !self.rows.dosage_weights.is_empty() {
            self.rows.dosage_weights.resize(self.rows.len() + 1, [0.0; 3]);
        }
        self.note_underflow(cells, self.layout.weights.first().copied(), weight);
        self.rows.weights[0].push(weight);
        Ok(effect_type)
    }

    /// The weights of a table of several scores.
    fn push_weights(&mut self, cells: &Cells<'_>) -> Result<(), FormatError> {
        for (score, &column) in self.layout.weights.iter().enumerate() {
            let weight = weight::number(cells, column)?;
            if weight == 0.0 {
                self.note_underflow(cells, Some(column), weight);
            }
            self.rows.weights[score].push(weight);
        }
        Ok(())
    }

    fn note_underflow(&mut self, cells: &Cells<'_>, column: Option<usize>, weight: f64) {
        let text = column.map_or("", |column| cells.cell(column));
        if weight == 0.0 && weights::underflows(text) {
            self.tally.add(
                NoteKind::Other,
                "weights too small for a 64-bit float, read as 0",
                cells.number,
                text,
            );
        }
    }

    fn note_unused_dosages(&mut self, cells: &Cells<'_>) {
        let dosage = cells.get(Role::Dosage0);
        if !dosage.is_empty() {
            let label = "rows with effect_weight and dosage weights: effect_weight is used";
            self.tally.add(NoteKind::Other, label, cells.number, dosage);
        }
    }

    fn push_variant(&mut self, cells: &Cells<'_>, effect_type: EffectType) -> Result<(), FormatError> {
        let id = self.id(cells);
        let (chromosome, position) = self.place(cells)?;
        let placed = chromosome.is_some() && position != 0;
        if !placed && id.is_empty() && !self.harmonised {
            let remedy = "give chr_name and chr_position, or rsID";
            return Err(cells.bad(Role::Id, "the row has neither a position nor an id", remedy));
        }
        if self.harmonised && !placed {
            let label = "rows whose harmonisation failed: they have no position";
            self.tally.add(NoteKind::FailedHarmonisation, label, cells.number, id);
        }
        self.note_place(cells, chromosome.as_ref(), id);
        let effect_allele = self.effect_allele(cells)?;
        let other_allele = self.other_allele(cells);
        let key = identity(cells, self.harmonised, chromosome.as_ref(), position, id);
        let key = key.map_or(0, |key| variant::finish_key(key, &effect_allele, &other_allele, effect_type));
        self.keys.push(key);
        self.rows.chromosome.push(chromosome);
        self.rows.position.push(position);
        self.rows.id.push(id);
        self.rows.effect_allele.push(&effect_allele);
        self.rows.other_allele.push(&other_allele);
        Ok(())
    }

    fn id<'c>(&self, cells: &Cells<'c>) -> &'c str {
        let id = cells.get(Role::Id);
        let harmonised = if self.harmonised { cells.get(Role::HarmonisedId) } else { "" };
        match (is_missing(id), is_missing(harmonised)) {
            (false, _) => id,
            (true, false) => harmonised,
            (true, true) => "",
        }
    }

    /// Chromosome and position; in a harmonised file the harmonised ones, even where they are empty.
    fn place(&mut self, cells: &Cells<'_>) -> Result<(Option<Chromosome>, u32), FormatError> {
        let (chromosome, position) = if self.harmonised {
            (Role::HarmonisedChromosome, Role::HarmonisedPosition)
        } else {
            (Role::Chromosome, Role::Position)
        };
        let text = cells.get(chromosome);
        if text != self.chromosome.0 {
            let read = (!is_missing(text)).then(|| Chromosome::parse(text));
            self.chromosome = (text.to_owned(), read);
        }
        Ok((self.chromosome.1.clone(), variant::position(cells, position, self.harmonised)?))
    }

    fn note_place(&mut self, cells: &Cells<'_>, chromosome: Option<&Chromosome>, id: &str) {
        match chromosome {
            Some(Chromosome::Contig(name)) => {
                self.tally.add(NoteKind::Contigs, "contigs, never matched by position", cells.number, name);
            }
            Some(Chromosome::Unplaced) => {
                let label = "chromosome 0, never matched by position";
                self.tally.add(NoteKind::UnplacedVariants, label, cells.number, id);
            }
            _ => {}
        }
        if !id.is_ascii() {
            self.tally.add(NoteKind::NonAsciiIds, "ids with characters outside ASCII", cells.number, id);
        }
    }

    fn effect_allele<'c>(&mut self, cells: &Cells<'c>) -> Result<std::borrow::Cow<'c, str>, FormatError> {
        let text = cells.get(Role::EffectAllele);
        if text.is_empty() {
            return Err(cells.bad(
                Role::EffectAllele,
                "the effect allele is empty",
                "give the allele that the weight counts",
            ));
        }
        let effect_allele = self.upper_case(cells, text);
        if !is_acgt(&effect_allele) {
            let label = "effect alleles that are not of A, C, G and T: kept, matched only where they can be";
            self.tally.add(NoteKind::UnusualAlleles, label, cells.number, text);
        }
        Ok(effect_allele)
    }

    /// The other allele, or the one that harmonisation inferred; none where it says several.
    fn other_allele<'c>(&mut self, cells: &Cells<'c>) -> std::borrow::Cow<'c, str> {
        let inferred = if self.harmonised { cells.get(Role::HarmonisedOtherAllele) } else { "" };
        let text = match cells.get(Role::OtherAllele) {
            other if is_missing(other) => inferred,
            other => other,
        };
        if is_missing(text) {
            return "".into();
        }
        if several_alleles(text) {
            self.tally.add(NoteKind::Other, "several other alleles: none is used", cells.number, text);
            return "".into();
        }
        self.upper_case(cells, text)
    }

    fn upper_case<'c>(&mut self, cells: &Cells<'c>, text: &'c str) -> std::borrow::Cow<'c, str> {
        let allele = allele(text);
        if matches!(allele, std::borrow::Cow::Owned(_)) {
            let label = "alleles in lower case, read as upper case";
            self.tally.add(NoteKind::LowerCaseAlleles, label, cells.number, text);
        }
        allele
    }

    fn push_frequency(&mut self, cells: &Cells<'_>) -> Result<(), FormatError> {
        if cells.layout.at(Role::Frequency).is_some() {
            self.rows.frequency.push(variant::frequency(cells)?);
        }
        Ok(())
    }

    /// Files of pgscatalog-format may hold several scores one after the other; we read one.
    fn check_accession(&mut self, cells: &Cells<'_>) -> Result<(), FormatError> {
        let text = cells.get(Role::Accession);
        match &self.accession {
            _ if text.is_empty() => Ok(()),
            Some(before) if before == text => Ok(()),
            Some(before) => {
                let problem = format!("the file holds several scores, {before} before this one");
                Err(cells.bad(Role::Accession, &problem, "split it into one file per score"))
            }
            None => {
                self.accession = Some(text.to_owned());
                Ok(())
            }
        }
    }
}

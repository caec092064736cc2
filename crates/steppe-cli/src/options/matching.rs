use clap::{ArgAction, Args, ValueEnum};
use steppe_engine::score::MatchSettings;
use steppe_formats::scoring_file::{ReadOptions, ScoringFormat, TableColumns, TableHeader};
use steppe_genome::{
    EffectType,
    matching::{Ambiguous, MatchBy, MatchOptions},
};

use steppe_server::wire::job::Matching;

use super::fraction;

/// Which scoring files, how they are read, and how they are matched.
#[derive(Debug, Args)]
pub(crate) struct MatchingOptions {
    /// Scoring files: a file, a folder, a glob pattern, or @LIST with one of them a line; repeatable.
    ///
    /// PGS Catalog files (plain or harmonised), their relaxed form for custom files, and bare tables of id, allele
    /// and weights; gzip and zstd are read as they are.
    #[arg(long = "score", value_name = "FILE", required = true, num_args = 1.., action = ArgAction::Append)]
    pub(crate) scores: Vec<String>,
    #[command(flatten)]
    pub(crate) rules: MatchingRules,
}

/// How scoring files are read and matched.
#[derive(Debug, Args)]
pub(crate) struct MatchingRules {
    /// Columns of a bare table: ID,ALLELE,WEIGHT[,WEIGHT...] by name or number, or chr=,pos=,id=,effect=,other=,weight=.
    #[arg(long, value_name = "COLUMNS", help_heading = "Reading scoring files")]
    score_columns: Option<TableColumns>,
    /// What the first line of such a table is: read (it names the columns and scores), skip, or none.
    #[arg(long, value_name = "KIND", requires = "score_columns", help_heading = "Reading scoring files")]
    score_header: Option<TableHeader>,
    /// Effect type of rows that do not say theirs.
    #[arg(long, value_enum, default_value_t = EffectTypeOption::Additive, help_heading = "Reading scoring files")]
    effect_type: EffectTypeOption,
    /// Vouch that scoring files that do not name their genome build are in the cohort's.
    #[arg(long, help_heading = "Reading scoring files")]
    assume_build: bool,
    /// Least share of a score's rows that must match; a score below it is skipped.
    #[arg(long, value_name = "SHARE", default_value = "0.75", value_parser = fraction, help_heading = "Matching")]
    min_overlap: f64,
    /// What becomes of A/T and C/G variants, whose strand the letters can not tell.
    #[arg(long, value_enum, default_value_t = AmbiguousOption::Drop, help_heading = "Matching")]
    ambiguous: AmbiguousOption,
    /// What rows are looked up by.
    #[arg(long, value_enum, default_value_t = MatchByOption::Auto, help_heading = "Matching")]
    match_by: MatchByOption,
    /// Keep rows whose variant is one of several at a multi-allelic site.
    #[arg(long, help_heading = "Matching")]
    keep_multiallelic: bool,
    /// Leave out rows that match only after complementing the alleles.
    #[arg(long, help_heading = "Matching")]
    ignore_strand_flips: bool,
    /// Of several rows that match one variant keep the first, instead of none.
    #[arg(long, help_heading = "Matching")]
    keep_first_match: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EffectTypeOption {
    /// w times the dosage
    Additive,
    /// w for one copy or two
    Dominant,
    /// w for two copies
    Recessive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AmbiguousOption {
    /// take them as they stand
    Keep,
    /// leave them out
    Drop,
    /// decide by comparing allele frequencies, leave out what that can not decide
    ByFrequency,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MatchByOption {
    /// by position where the row has one, else by id
    Auto,
    /// by chromosome and position only
    Position,
    /// by variant id only
    Id,
}

impl MatchingOptions {
    /// The settings of a job.
    pub(crate) fn settings(&self) -> MatchSettings {
        self.rules.settings(&self.scores)
    }
}

impl MatchingRules {
    /// The settings of a job on some scoring files.
    pub(crate) fn settings(&self, scores: &[String]) -> MatchSettings {
        MatchSettings {
            scores: scores.to_vec(),
            read: self.read_options(),
            rules: MatchOptions {
                by: match self.match_by {
                    MatchByOption::Auto => MatchBy::Auto,
                    MatchByOption::Position => MatchBy::Position,
                    MatchByOption::Id => MatchBy::Id,
                },
                ambiguous: match self.ambiguous {
                    AmbiguousOption::Keep => Ambiguous::Keep,
                    AmbiguousOption::Drop => Ambiguous::Drop,
                    AmbiguousOption::ByFrequency => Ambiguous::by_frequency(),
                },
                keep_multiallelic: self.keep_multiallelic,
                ignore_strand_flips: self.ignore_strand_flips,
                keep_first_match: self.keep_first_match,
            },
            min_overlap: self.min_overlap,
            accept_unknown_build: self.assume_build,
        }
    }

    /// The same for a coordinator.
    pub(crate) fn for_coordinator(&self) -> Matching {
        let header = self.score_columns.as_ref().map(|columns| self.score_header.unwrap_or(columns.header));
        let text = str::to_owned;
        Matching {
            by: name_of(&self.match_by),
            ambiguous: name_of(&self.ambiguous),
            keep_multiallelic: self.keep_multiallelic,
            ignore_strand_flips: self.ignore_strand_flips,
            keep_first_match: self.keep_first_match,
            min_overlap: Some(self.min_overlap),
            assume_build: self.assume_build,
            effect_type: name_of(&self.effect_type),
            columns: self.score_columns.as_ref().map(ToString::to_string).unwrap_or_default(),
            header: match header {
                None => String::new(),
                Some(TableHeader::Read) => text("read"),
                Some(TableHeader::Skip) => text("skip"),
                Some(TableHeader::None) => text("none"),
            },
        }
    }

    fn read_options(&self) -> ReadOptions {
        let format = match &self.score_columns {
            Some(columns) => ScoringFormat::Table(TableColumns {
                header: self.score_header.unwrap_or(columns.header),
                ..columns.clone()
            }),
            None => ScoringFormat::Auto,
        };
        let default_effect = match self.effect_type {
            EffectTypeOption::Additive => EffectType::Additive,
            EffectTypeOption::Dominant => EffectType::Dominant,
            EffectTypeOption::Recessive => EffectType::Recessive,
        };
        ReadOptions { format, default_effect }
    }
}

/// The word that an option is given by.
fn name_of(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use steppe_formats::scoring_file::ColumnRef;

    use super::*;

    #[derive(Debug, Parser)]
    struct Only {
        #[command(flatten)]
        options: MatchingOptions,
    }

    fn settings(arguments: &[&str]) -> Result<MatchSettings, clap::Error> {
        let all = ["x", "--score", "a.txt", "b.txt", "--score", "@more.list"].iter().chain(arguments);
        Only::try_parse_from(all).map(|only| only.options.settings())
    }

    #[test]
    fn defaults_are_pgscatalog_matchs() {
        let settings = settings(&[]).expect("defaults parse");
        assert_eq!(settings.scores, ["a.txt", "b.txt", "@more.list"]);
        assert_eq!(settings.rules, MatchOptions::default());
        assert_eq!(settings.read, ReadOptions::default());
        assert_eq!((settings.min_overlap, settings.accept_unknown_build), (0.75, false));
    }

    #[test]
    fn columns_and_header_make_a_table() {
        let settings =
            settings(&["--score-columns", "1,A1,3-4", "--score-header", "none"]).expect("columns parse");
        let ScoringFormat::Table(columns) = settings.read.format else { panic!("it is a table") };
        assert_eq!(columns.effect_allele, ColumnRef::Name("A1".into()));
        assert_eq!(columns.weights, [ColumnRef::Number(3), ColumnRef::Number(4)]);
        assert_eq!(columns.header, TableHeader::None);
    }

    #[test]
    fn a_header_without_columns_is_refused() {
        assert!(settings(&["--score-header", "none"]).is_err());
        assert!(settings(&["--score-columns", "1,2"]).is_err());
        assert!(settings(&["--min-overlap", "75"]).is_err());
        assert!(settings(&["--ambiguous", "guess"]).is_err());
    }
}

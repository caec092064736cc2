/// What can be wrong with a word of the vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GenomeError {
    /// A genome build that is none of those that we know.
    #[error("unknown genome build {value:?}: give GRCh37 (hg19) or GRCh38 (hg38)")]
    UnknownBuild {
        /// The text as it was given.
        value: String,
    },
}

use steppe_genome::GenomeBuild;

/// What the `#key=value` lines of a scoring file say. A bare table has none of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// `format_version`, `2.0` in the PGS Catalog's files.
    pub format_version: Option<String>,
    /// `pgs_id`, or its aliases `score_id` and `omicspred_id`.
    pub pgs_id: Option<String>,
    /// `pgs_name`.
    pub pgs_name: Option<String>,
    /// `trait_reported`.
    pub trait_reported: Option<String>,
    /// `trait_mapped`, split at `|`.
    pub trait_mapped: Vec<String>,
    /// `trait_efo`, split at `|`.
    pub trait_efo: Vec<String>,
    /// `genome_build`: the build of the author's positions; `None` where absent or `NR`.
    pub genome_build: Option<GenomeBuild>,
    /// The harmonisation, where both `HmPOS_build` and `HmPOS_date` are there.
    pub harmonised: Option<Harmonised>,
    /// `pgp_id`, the publication.
    pub pgp_id: Option<String>,
    /// `citation`.
    pub citation: Option<String>,
    /// `variants_number`, as the header claims it.
    pub variants_number: Option<u64>,
    /// `weight_type`; `None` where absent or `NR`.
    pub weight_type: Option<String>,
    /// `license`.
    pub license: Option<String>,
    /// Every other key with its value, in the file's order.
    pub other: Vec<(String, String)>,
}

impl Header {
    /// The build that the rows' positions are in: the harmonised one where the file is harmonised. `None` where the
    /// file does not say; nobody may guess it.
    pub fn build(&self) -> Option<GenomeBuild> {
        match &self.harmonised {
            Some(harmonised) => Some(harmonised.build),
            None => self.genome_build,
        }
    }
}

/// The PGS Catalog's harmonisation of a file to a build (`HmPOS_*`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Harmonised {
    /// `HmPOS_build`.
    pub build: GenomeBuild,
    /// `HmPOS_date`.
    pub date: String,
    /// `HmPOS_match_chr`, JSON as it stands.
    pub match_chr: Option<String>,
    /// `HmPOS_match_pos`, JSON as it stands.
    pub match_pos: Option<String>,
}

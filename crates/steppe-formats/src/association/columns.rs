//! Which columns a table has, and how its file is called.

/// The regression; it decides the file's extension and the names of the statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// A quantitative trait: `.glm.linear`.
    Linear,
    /// Case/control, plain logistic regression (plink2's `no-firth`): `.glm.logistic`.
    Logistic,
    /// Case/control, Firth's regression where the logistic one does not converge (plink2's default):
    /// `.glm.logistic.hybrid`, with a column `FIRTH?`.
    LogisticHybrid,
    /// Case/control, Firth's regression throughout: `.glm.firth`.
    Firth,
}

impl Model {
    /// The end of the file's name, as in `out.TRAIT.glm.linear`.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Linear => "glm.linear",
            Self::Logistic => "glm.logistic",
            Self::LogisticHybrid => "glm.logistic.hybrid",
            Self::Firth => "glm.firth",
        }
    }

    /// Whether the trait is quantitative.
    pub(super) fn is_linear(self) -> bool {
        self == Self::Linear
    }
}

/// How the effect of a case/control trait is written; of a quantitative one it is always BETA.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Effect {
    /// OR and LOG(OR)_SE.
    #[default]
    OddsRatio,
    /// BETA and SE (plink2's `cols=+beta`).
    Beta,
}

/// The columns beyond those that plink2 always writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AssociationColumns {
    /// A1_FREQ (plink2's `cols=+a1freq`).
    pub a1_frequency: bool,
    /// How the effect of a case/control trait is written.
    pub effect: Effect,
}

impl AssociationColumns {
    /// Whether the effect is an odds ratio.
    pub(super) fn has_odds_ratio(self, model: Model) -> bool {
        !model.is_linear() && self.effect == Effect::OddsRatio
    }

    /// The line of column names.
    pub(super) fn header(self, model: Model) -> String {
        let mut names = vec!["#CHROM", "POS", "ID", "REF", "ALT", "A1"];
        if self.a1_frequency {
            names.push("A1_FREQ");
        }
        if model == Model::LogisticHybrid {
            names.push("FIRTH?");
        }
        names.extend(["TEST", "OBS_CT"]);
        names.extend(if self.has_odds_ratio(model) { ["OR", "LOG(OR)_SE"] } else { ["BETA", "SE"] });
        names.extend([if model.is_linear() { "T_STAT" } else { "Z_STAT" }, "P", "ERRCODE"]);
        names.join("\t")
    }
}

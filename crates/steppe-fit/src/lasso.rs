//! The path of penalised regressions over all variants: lasso, elastic net and ridge, for gaussian, binomial and Cox
//! responses, by the BASIL loop (Qian et al. 2020, doi:10.1371/journal.pgen.1009141).
//!
//! For each lambda the fit minimises
//!
//! L(η)/Σw + λ Σ_j p_j (α|β_j| + (1 − α)/2 β_j²),  η = b₀ + Zγ + Xβ
//!
//! with L half the weighted squared error, the weighted negative log-likelihood, or Cox's negative log partial likelihood
//! with Breslow's ties; covariates Z and the intercept are not penalised. X is coded 0, 1, 2, a missing call as the
//! matrix's mean, not standardised unless asked for.
//!
//! Only a strong set of variants is in memory. A batch of lambdas is solved on it; one adjoint pass then gives the
//! gradients of all variants at all these lambdas, of all traits, from which every lambda gets its certificate. Lambdas
//! are accepted up to the first that some variant outside violates.

mod basil;
mod candidates;
mod certificate;
mod checkpoint;
mod design;
mod driver;
mod features;
mod input;
mod metrics;
mod observer;
mod options;
mod path;
mod store;

pub use certificate::Certificate;
pub use checkpoint::{Checkpoint, ExactFloat, SavedPoint, TraitCheckpoint};
pub use driver::fit_lasso;
pub use input::{LassoProblem, Populations, Response, Role, Trait};
pub use metrics::MetricKind;
pub use observer::{Observer, Progress};
pub use options::{LambdaPath, LassoOptions};
pub use path::{Coefficient, LassoPath, PathPoint};

//! Tables, plots as SVG and a self-contained HTML report. Knows nothing of where data come from: whoever has results fills
//! plain structs ([`FitReport`], [`CalibrationReport`], [`PersonReport`], or [`Page`] and [`Plot`] for anything else) and
//! gets strings to write.
//!
//! A page loads nothing: no scripts, no fonts, no images. Plots are part of it, in a wide and a narrow layout, with text as
//! text and a description for screen readers. Page and plots are dark where the reader prefers it, and light in print.
//! Pages are in English, Kazakh or Russian ([`Language`]); plots are PNG pictures too, with a font of the library's own.

mod calibration;
mod density;
mod error;
mod fit;
mod language;
mod markup;
mod number;
mod origin;
mod page;
mod palette;
mod person;
mod plot;
mod png;
mod scale;
mod text_width;

pub use calibration::{
    CalibrationChange, CalibrationReport, Change, Decile, DecileOdds, Distance, EvaluationRow, Exclusion,
    Finding, Indicator, Insufficiency, Measure, Outcome, Pca, PcaGroup, PcaRole, PopulationDistribution,
    PopulationPeople, Reliability, ReliabilityPoint, ReportingStandard, ScoreDistribution, ScoreMatch,
    Transfer, Untested,
};
pub use density::Density;
pub use error::ReportError;
pub use fit::{
    Family, FitReport, LambdaRow, LeftOut, Metric, PopulationMetric, Provenance, SampleCount, Timing,
    TopVariant, VariantPath,
};
pub use language::Language;
pub use origin::Origin;
pub use page::{Align, Block, Column, Figure, Page, Section, Table};
pub use person::{MissingKind, MissingVariants, PersonReport, PersonVariant, Place};
pub use plot::{
    Cloud, CloudGroup, CloudPanel, Estimate, Format, Level, LinePlot, Mark, PanelPlot, PanelPoint,
    PanelSeries, Path, PathPlot, Plot, PlotPanel, Point, PointRange, RangeSeries, Ridge, RidgeColumn, Ridges,
    Series, Step, TopAxis, Waterfall,
};
pub use scale::{Axis, AxisKind};

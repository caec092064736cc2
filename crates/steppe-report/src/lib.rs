//! Tables, plots as SVG and a self-contained HTML report. Knows nothing of where data come from: whoever has results fills
//! plain structs ([`FitReport`], or [`Page`] and [`Plot`] for anything else) and gets strings to write.
//!
//! A page loads nothing: no scripts, no fonts, no images. Plots are part of it, in a wide and a narrow layout, with text as
//! text and a description for screen readers. Page and plots are dark where the reader prefers it, and light in print.

mod fit;
mod markup;
mod number;
mod page;
mod palette;
mod plot;
mod scale;
mod text_width;

pub use fit::{
    Family, FitReport, LambdaRow, LeftOut, Metric, PopulationMetric, Provenance, SampleCount, Timing,
    TopVariant, VariantPath,
};
pub use page::{Align, Block, Column, Figure, Page, Section, Table};
pub use plot::{
    Estimate, Format, Level, LinePlot, Mark, Path, PathPlot, Plot, Point, PointRange, RangeSeries, Series,
    TopAxis,
};
pub use scale::{Axis, AxisKind};

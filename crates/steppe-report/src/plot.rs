mod cloud;
mod frame;
mod grid;
mod legend;
mod line_plot;
mod marks;
mod panels;
mod path_plot;
mod point_range;
mod ridges;
mod shapes;
mod spread;
mod waterfall;

pub use cloud::{Cloud, CloudGroup, CloudPanel};
pub use line_plot::{Level, LinePlot, Mark, Point, Series, TopAxis};
pub use panels::{PanelPlot, PanelPoint, PanelSeries, PlotPanel};
pub use path_plot::{Path, PathPlot};
pub use point_range::{Estimate, PointRange, RangeSeries};
pub use ridges::{Ridge, RidgeColumn, Ridges};
pub use waterfall::{Step, Waterfall};

use crate::language::Language;
use crate::markup::Element;
use crate::palette;

/// For what width of page a plot is laid out. Text has the same size in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Format {
    /// 720 pixels: a page of a journal, a screen.
    #[default]
    Wide,
    /// 360 pixels: a column of a journal, a telephone.
    Narrow,
}

impl Format {
    pub(crate) fn width(self) -> f64 {
        match self {
            Self::Wide => 720.0,
            Self::Narrow => 360.0,
        }
    }
}

/// A plot of any kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Plot {
    /// Lines with bands and marked points.
    Lines(LinePlot),
    /// Many thin lines, the most important ones labelled.
    Paths(PathPlot),
    /// Estimates with intervals, a row for each.
    PointRanges(PointRange),
    /// Points with intervals in panels that share their axes.
    Panels(PanelPlot),
    /// Clouds of many points.
    Clouds(Cloud),
    /// Distributions, one above the other.
    Ridges(Ridges),
    /// Steps from one value to another.
    Waterfalls(Waterfall),
}

/// What a kind of plot draws: the height that it took and its elements.
struct Drawing {
    height: f64,
    elements: Vec<Element>,
}

impl Plot {
    /// The plot as an SVG file of its own, dark on dark screens. Its numbers are English.
    pub fn svg(&self, format: Format) -> String {
        self.svg_in(format, Language::English)
    }

    /// The same with numbers and description in a language; the plot's own texts stay as they are.
    pub fn svg_in(&self, format: Format, language: Language) -> String {
        let style = Element::of_text("style", palette::plot_style());
        self.element(format, "plot", Some(style), language).render()
    }

    /// The title for screen readers.
    pub(crate) fn title(&self) -> &str {
        match self {
            Self::Lines(plot) => &plot.title,
            Self::Paths(plot) => &plot.title,
            Self::PointRanges(plot) => &plot.title,
            Self::Panels(plot) => &plot.title,
            Self::Clouds(plot) => &plot.title,
            Self::Ridges(plot) => &plot.title,
            Self::Waterfalls(plot) => &plot.title,
        }
    }

    fn describe(&self, language: Language) -> String {
        match self {
            Self::Lines(plot) => plot.describe(language),
            Self::Paths(plot) => plot.describe(language),
            Self::PointRanges(plot) => plot.describe(language),
            Self::Panels(plot) => plot.describe(language),
            Self::Clouds(plot) => plot.describe(language),
            Self::Ridges(plot) => plot.describe(language),
            Self::Waterfalls(plot) => plot.describe(language),
        }
    }

    fn draw(&self, format: Format, language: Language) -> Drawing {
        match self {
            Self::Lines(plot) => plot.draw(format, language),
            Self::Paths(plot) => plot.draw(format, language),
            Self::PointRanges(plot) => plot.draw(format, language),
            Self::Panels(plot) => plot.draw(format, language),
            Self::Clouds(plot) => plot.draw(format, language),
            Self::Ridges(plot) => plot.draw(format, language),
            Self::Waterfalls(plot) => plot.draw(format, language),
        }
    }

    /// The plot for a page that has the style sheet of plots. `id` is unique in the page.
    pub(crate) fn element(
        &self,
        format: Format,
        id: &str,
        style: Option<Element>,
        language: Language,
    ) -> Element {
        let drawing = self.draw(format, language);
        let (width, height) = (format.width(), drawing.height.ceil());
        Element::new("svg")
            .with("xmlns", "http://www.w3.org/2000/svg")
            .class("plot")
            .with("viewBox", format!("0 0 {width} {height}"))
            .with("width", width)
            .with("height", height)
            .with("font-family", "Helvetica, Arial, Liberation Sans, sans-serif")
            .with("role", "img")
            .with("aria-labelledby", format!("{id}-title {id}-desc"))
            .child(Element::of_text("title", self.title()).with("id", format!("{id}-title")))
            .child(Element::of_text("desc", self.describe(language)).with("id", format!("{id}-desc")))
            .children(style)
            .child(shapes::filled(
                Element::new("rect").with("width", width).with("height", height),
                &palette::PAPER,
            ))
            .children(drawing.elements)
    }
}

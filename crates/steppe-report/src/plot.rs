mod frame;
mod legend;
mod line_plot;
mod marks;
mod path_plot;
mod point_range;
mod shapes;
mod spread;

pub use line_plot::{Level, LinePlot, Mark, Point, Series, TopAxis};
pub use path_plot::{Path, PathPlot};
pub use point_range::{Estimate, PointRange, RangeSeries};

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
}

/// What a kind of plot draws: the height that it took and its elements.
struct Drawing {
    height: f64,
    elements: Vec<Element>,
}

impl Plot {
    /// The plot as an SVG file of its own, dark on dark screens.
    pub fn svg(&self, format: Format) -> String {
        let style = Element::of_text("style", palette::plot_style());
        self.element(format, "plot", Some(style)).render()
    }

    /// The plot for a page that has the style sheet of plots. `id` is unique in the page.
    pub(crate) fn element(&self, format: Format, id: &str, style: Option<Element>) -> Element {
        let (title, description, drawing) = match self {
            Self::Lines(plot) => (&plot.title, plot.describe(), plot.draw(format)),
            Self::Paths(plot) => (&plot.title, plot.describe(), plot.draw(format)),
            Self::PointRanges(plot) => (&plot.title, plot.describe(), plot.draw(format)),
        };
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
            .child(Element::of_text("title", title).with("id", format!("{id}-title")))
            .child(Element::of_text("desc", description).with("id", format!("{id}-desc")))
            .children(style)
            .child(shapes::filled(
                Element::new("rect").with("width", width).with("height", height),
                &palette::PAPER,
            ))
            .children(drawing.elements)
    }
}

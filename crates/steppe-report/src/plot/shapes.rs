use crate::markup::Element;
use crate::palette::{INK, PAPER, Shade};

/// Size of labels and of axis titles, in pixels.
pub(super) const LABEL: f64 = 12.0;
/// Size of tick labels.
pub(super) const TICK: f64 = 11.5;

/// A coordinate to a tenth of a pixel.
pub(super) fn coordinate(value: f64) -> String {
    let tenths = (value * 10.0).round() / 10.0;
    // Adding 0 turns −0 into 0.
    format!("{}", tenths + 0.0)
}

pub(super) fn filled(element: Element, shade: &Shade) -> Element {
    element.class(format!("f-{}", shade.class)).with("fill", shade.light)
}

pub(super) fn stroked(element: Element, shade: &Shade, width: f64) -> Element {
    element
        .class(format!("s-{}", shade.class))
        .with("fill", "none")
        .with("stroke", shade.light)
        .with("stroke-width", width)
}

/// A straight line between two points.
pub(super) fn segment(from: (f64, f64), to: (f64, f64), shade: &Shade, width: f64) -> Element {
    let line = Element::new("line")
        .with("x1", coordinate(from.0))
        .with("y1", coordinate(from.1))
        .with("x2", coordinate(to.0))
        .with("y2", coordinate(to.1));
    stroked(line, shade, width)
}

/// Where a text stands against its point.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A line of text whose baseline begins, is centred or ends at the point.
pub(super) fn text(at: (f64, f64), size: f64, anchor: Anchor, shade: &Shade, text: &str) -> Element {
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let element = Element::new("text")
        .with("x", coordinate(at.0))
        .with("y", coordinate(at.1))
        .with("font-size", size)
        .with("text-anchor", anchor);
    filled(element, shade).text(text)
}

/// Like [`text`], with a rim in the paper's colour that keeps it readable over lines.
pub(super) fn haloed(at: (f64, f64), size: f64, anchor: Anchor, content: &str) -> Element {
    // The rim belongs to a group around the text: an element has one class for its fill or its stroke.
    Element::new("g")
        .class(format!("s-{}", PAPER.class))
        .with("stroke", PAPER.light)
        .with("stroke-width", 4)
        .with("stroke-linejoin", "round")
        .with("paint-order", "stroke")
        .child(text(at, size, anchor, &INK, content))
}

/// Path data through the points; `None` breaks the line. A point between two breaks becomes a dot under round line caps.
pub(super) fn path_data(points: impl IntoIterator<Item = Option<(f64, f64)>>) -> String {
    let mut data = String::new();
    let mut run = 0;
    let end_run = |data: &mut String, run: usize| {
        if run == 1 {
            data.push_str("h0");
        }
    };
    for point in points {
        let Some((x, y)) = point else {
            end_run(&mut data, run);
            run = 0;
            continue;
        };
        data.push(if run == 0 { 'M' } else { 'L' });
        data.push_str(&coordinate(x));
        data.push(' ');
        data.push_str(&coordinate(y));
        run += 1;
    }
    end_run(&mut data, run);
    data
}

/// A mark at a point; its shape tells series apart without colour.
pub(super) fn marker(series: usize, (x, y): (f64, f64), shade: &Shade) -> Element {
    let path = |data: String| Element::new("path").with("d", data);
    let (left, right) = (coordinate(x - 4.5), coordinate(x + 4.5));
    let element = match series % 4 {
        0 => Element::new("circle").with("cx", coordinate(x)).with("cy", coordinate(y)).with("r", 4.2),
        1 => path(format!("M{} {}h7.6v7.6h-7.6z", coordinate(x - 3.8), coordinate(y - 3.8))),
        2 => path(format!(
            "M{left} {}H{right}L{} {}z",
            coordinate(y + 3.8),
            coordinate(x),
            coordinate(y - 4.6)
        )),
        _ => path(format!("M{} {}l5 5l-5 5l-5 -5z", coordinate(x), coordinate(y - 5.0))),
    };
    filled(element, shade)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_point_is_a_dot() {
        let points = [Some((1.0, 2.0)), Some((3.04, -0.01)), None, None, Some((5.0, 6.0))];
        assert_eq!(path_data(points), "M1 2L3 0M5 6h0");
    }
}

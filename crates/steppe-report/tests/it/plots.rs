use proptest::prelude::*;
use roxmltree::Document;
use steppe_report::{
    Axis, Estimate, Format, Level, LinePlot, Mark, Path, PathPlot, Plot, Point, PointRange, RangeSeries,
    Series,
};

#[test]
fn long_names_stay_inside() {
    let long = "chr12:123456789:".to_owned() + &"ACGT".repeat(40);
    let paths = (0..20).map(|index| Path {
        name: format!("{index}{long}"),
        points: vec![(1.0, 0.0), (0.1, f64::from(index))],
        importance: f64::from(index),
    });
    let plot = PathPlot {
        x: Axis::log10("λ").descending(),
        paths: paths.collect(),
        marks: vec![Mark { x: 0.5, label: long.clone() }],
        ..PathPlot::default()
    };
    for format in [Format::Wide, Format::Narrow] {
        let svg = Plot::Paths(plot.clone()).svg(format);
        let svg = Document::parse(&svg).expect("well-formed");
        let is_text = |node: &roxmltree::Node<'_, '_>| node.has_tag_name((SVG, "text"));
        let longest = svg.descendants().filter(is_text).filter_map(|node| node.text()).map(str::len).max();
        assert!(longest < Some(100), "{longest:?}");
    }
}

const SVG: &str = "http://www.w3.org/2000/svg";

/// Coordinates of a path without curves.
fn corners(data: &str) -> Vec<(f64, f64)> {
    let numbers = data.split(['M', 'L', 'h', 'z', ' ']).filter(|text| !text.is_empty());
    let numbers: Vec<f64> = numbers.map(|text| text.parse().expect("a number")).collect();
    numbers.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}

fn line_plot(series: Vec<Series>) -> LinePlot {
    LinePlot {
        title: "A & B".to_owned(),
        description: "Two lines.".to_owned(),
        x: Axis::log10("λ").descending(),
        y: Axis::linear("R²"),
        series,
        ..LinePlot::default()
    }
}

fn series(name: &str, values: &[(f64, f64)]) -> Series {
    let points = values.iter().map(|&(x, y)| Point { x, y, band: None }).collect();
    Series { name: name.to_owned(), points }
}

#[test]
fn lines_lie_where_their_values_are() {
    let plot = line_plot(vec![series("a", &[(1.0, 0.0), (0.1, 0.5), (0.01, 1.0)])]);
    let svg = Plot::Lines(plot).svg(Format::Wide);
    let svg = Document::parse(&svg).expect("well-formed");
    let line =
        svg.descendants().find(|node| node.attribute("stroke-linejoin") == Some("round")).expect("a line");
    let places = corners(line.attribute("d").expect("data"));
    let [a, b, c] = places[..] else { panic!("three points: {places:?}") };
    assert!(a.0 < b.0 && a.1 > b.1, "larger lambdas to the left, larger values above");
    assert!((b.0 - f64::midpoint(a.0, c.0)).abs() < 0.11 && (b.1 - f64::midpoint(a.1, c.1)).abs() < 0.11);
}

#[test]
fn screen_readers_get_title_and_values() {
    let mut plot = line_plot(vec![series("a", &[(1.0, 0.25), (0.1, 0.5)])]);
    plot.marks.push(Mark { x: 0.1, label: "chosen".to_owned() });
    let svg = Plot::Lines(plot).svg(Format::Narrow);
    let svg = Document::parse(&svg).expect("well-formed");
    let text = |name: &str| {
        svg.descendants().find(|node| node.has_tag_name((SVG, name))).and_then(|node| node.text())
    };
    assert_eq!(text("title"), Some("A & B"));
    let expected = "Two lines. a: 2 points, from 0.250 at 1.00 to 0.500 at 0.100; highest 0.500 at 0.100. Marked: chosen at 0.100.";
    assert_eq!(text("desc"), Some(expected));
    assert_eq!(svg.root_element().attribute("role"), Some("img"));
}

#[test]
fn a_missing_value_breaks_the_line() {
    let plot =
        line_plot(vec![series("a", &[(1.0, 0.1), (0.5, 0.2), (0.2, f64::NAN), (0.1, 0.4), (0.0, 0.5)])]);
    let svg = Plot::Lines(plot).svg(Format::Wide);
    let svg = Document::parse(&svg).expect("well-formed");
    let line =
        svg.descendants().find(|node| node.attribute("stroke-linejoin") == Some("round")).expect("a line");
    let data = line.attribute("d").expect("data");
    assert_eq!((data.matches('M').count(), data.matches('L').count(), data.ends_with("h0")), (2, 1, true));
}

#[test]
fn series_differ_by_colour_and_dash() {
    let many =
        (0..42).map(|index| series(&index.to_string(), &[(1.0, f64::from(index)), (0.1, 0.0)])).collect();
    let svg = Plot::Lines(line_plot(many)).svg(Format::Wide);
    let svg = Document::parse(&svg).expect("well-formed");
    let lines = svg.descendants().filter(|node| node.attribute("stroke-linejoin") == Some("round"));
    let mut looks: Vec<_> =
        lines.map(|line| (line.attribute("stroke"), line.attribute("stroke-dasharray"))).collect();
    looks.sort_unstable();
    looks.dedup();
    assert_eq!(looks.len(), 42);
}

#[test]
fn legend_is_above_the_data() {
    let names = ["a long name of a series", "another long name", "a third one that is long", "and a fourth"];
    let lines = names.iter().map(|name| series(name, &[(1.0, 0.0), (0.1, 1.0)])).collect();
    let svg = Plot::Lines(line_plot(lines)).svg(Format::Narrow);
    let svg = Document::parse(&svg).expect("well-formed");
    let lowest_name = svg
        .descendants()
        .filter(|node| node.text().is_some_and(|text| names.contains(&text)))
        .filter_map(|node| node.attribute("y")?.parse::<f64>().ok())
        .fold(0.0, f64::max);
    let data = svg.descendants().filter(|node| node.attribute("stroke-linejoin") == Some("round"));
    let highest = data.flat_map(|line| corners(line.attribute("d").unwrap_or_default())).map(|place| place.1);
    let highest = highest.fold(f64::INFINITY, f64::min);
    assert!(lowest_name > 0.0 && lowest_name + 4.0 < highest, "{lowest_name} {highest}");
}

#[test]
fn point_ranges_keep_rows_and_text() {
    let estimate = |row: &str, value, interval| Estimate { row: row.to_owned(), value, interval };
    let plot = PointRange {
        title: "R²".to_owned(),
        axis: Axis::linear("R²").including(0.0),
        interval: "95% CI".to_owned(),
        series: vec![
            RangeSeries {
                name: "a".to_owned(),
                estimates: vec![estimate("EUR", 0.3, Some((0.2, 0.4))), estimate("KAZ", 0.1, None)],
            },
            RangeSeries { name: "b".to_owned(), estimates: vec![estimate("KAZ", 0.05, Some((-0.01, 0.2)))] },
        ],
        ..PointRange::default()
    };
    let svg = Plot::PointRanges(plot).svg(Format::Wide);
    let svg = Document::parse(&svg).expect("well-formed");
    let texts: Vec<&str> = svg
        .descendants()
        .filter(|node| node.has_tag_name((SVG, "text")))
        .filter_map(|node| node.text())
        .collect();
    assert_eq!(texts.iter().filter(|text| **text == "KAZ").count(), 1);
    for text in ["0.300 (0.200–0.400)", "0.100", "0.050 (−0.010 to 0.200)"] {
        assert!(texts.contains(&text), "{text}: {texts:?}");
    }
}

proptest! {
    #[test]
    fn everything_is_inside_the_picture(
        values in prop::collection::vec((-5.0..5.0, -1e6..1e6), 1..40),
        level in -1e6..1e6,
        narrow in any::<bool>(),
    ) {
        let values: Vec<(f64, f64)> = values.into_iter().map(|(x, y): (f64, f64)| (10_f64.powf(x), y)).collect();
        let mut plot = line_plot(vec![series("a", &values), series("b", &values)]);
        plot.marks = values.iter().take(3).map(|&(x, _)| Mark { x, label: "a marked place".to_owned() }).collect();
        plot.levels.push(Level { y: level, label: "level".to_owned() });
        let format = if narrow { Format::Narrow } else { Format::Wide };
        let svg = Plot::Lines(plot).svg(format);
        let svg = Document::parse(&svg).expect("well-formed");
        let size = |name: &str| svg.root_element().attribute(name).and_then(|text| text.parse::<f64>().ok());
        let (width, height) = size("width").zip(size("height")).expect("a size");
        for line in svg.descendants().filter(|node| node.attribute("stroke-linejoin") == Some("round")) {
            for (x, y) in corners(line.attribute("d").unwrap_or_default()) {
                prop_assert!((0.0..=width).contains(&x) && (0.0..=height).contains(&y));
            }
        }
    }
}

use std::sync::Arc;

use resvg::usvg::{Group, Node, Options, Rect, TextChunk, Tree, fontdb};
use steppe_report::{
    CalibrationReport, Density, Format, Language, Measure, Outcome, PersonReport, Plot, ReportError,
};

use super::made_up;

/// Lays out the texts of a picture with the font of the library, as a program that draws it does.
fn laid_out(svg: &str) -> Tree {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(include_bytes!("../../src/png/regular.ttf").to_vec());
    fonts.set_sans_serif_family("Steppe Report Sans");
    let options = Options { fontdb: Arc::new(fonts), ..Options::default() };
    Tree::from_str(svg, &options).expect("a picture")
}

/// Texts with the boxes that they take.
fn boxes(group: &Group, found: &mut Vec<(String, Rect)>) {
    for node in group.children() {
        match node {
            Node::Group(group) => boxes(group, found),
            Node::Text(text) => {
                let written = text.chunks().iter().map(TextChunk::text).collect();
                found.push((written, text.abs_bounding_box()));
            }
            _ => {}
        }
    }
}

/// Every text within the picture, and none over another one.
fn assert_texts_have_room(name: &str, svg: &str) {
    let tree = laid_out(svg);
    let mut texts = Vec::new();
    boxes(tree.root(), &mut texts);
    let (width, height) = (tree.size().width(), tree.size().height());
    assert!(!texts.is_empty(), "{name}");
    for (text, at) in &texts {
        let inside =
            at.left() >= -0.5 && at.right() <= width + 0.5 && at.top() >= -0.5 && at.bottom() <= height + 0.5;
        assert!(inside, "{name}: {text} at {at:?} leaves {width} × {height}");
    }
    // The boxes hold the room above small letters too: two lines may touch by a few pixels.
    for (index, (text, at)) in texts.iter().enumerate() {
        for (other, beside) in &texts[index + 1..] {
            let across = at.right().min(beside.right()) - at.left().max(beside.left());
            let down = at.bottom().min(beside.bottom()) - at.top().max(beside.top());
            assert!(across < 1.0 || down < 3.5, "{name}: {text} over {other}: {across} × {down}");
        }
    }
}

fn assert_all_have_room(plots: Vec<(String, Plot)>, language: Language) {
    for (name, plot) in plots {
        for format in [Format::Wide, Format::Narrow] {
            let name = format!("{name}, {format:?}, {}", language.code());
            assert_texts_have_room(&name, &plot.svg_in(format, language));
        }
    }
}

fn person_plots(person: &PersonReport, language: Language) -> Vec<(String, Plot)> {
    person.plots(language).into_iter().map(|(name, plot)| (name.to_owned(), plot)).collect()
}

#[test]
fn texts_have_room_in_every_language() {
    for language in Language::ALL {
        assert_all_have_room(made_up::calibration().plots(language), language);
        assert_all_have_room(person_plots(&made_up::person(), language), language);
    }
}

/// Names as long as a careless user makes them.
fn with_long_names() -> (CalibrationReport, PersonReport) {
    let long = |name: &str| format!("{name} Қазақстан Республикасы, WWWWMMMM, {}", "щШ–Ж".repeat(30));
    let mut report = made_up::calibration();
    for row in &mut report.distributions[0].populations {
        row.population = long(&row.population);
    }
    for row in &mut report.reliability {
        row.population = long(&row.population);
    }
    for row in &mut report.calibration {
        row.population = long(&row.population);
    }
    for row in &mut report.deciles {
        (row.population, row.score) = (long(&row.population), long(&row.score));
    }
    for group in report.pca.iter_mut().flat_map(|pca| &mut pca.groups) {
        group.name = long(&group.name);
    }
    for (name, _) in report.transfer.iter_mut().flat_map(|transfer| &mut transfer.series) {
        *name = long(name);
    }
    let mut person = made_up::person();
    for variant in &mut person.variants {
        variant.name = long(&variant.name);
    }
    (report, person)
}

#[test]
fn long_names_have_room() {
    let (report, person) = with_long_names();
    assert_all_have_room(report.plots(Language::Russian), Language::Russian);
    assert_all_have_room(person_plots(&person, Language::Russian), Language::Russian);
}

#[test]
fn extreme_values_have_room() {
    let mut report = made_up::calibration();
    for (row, value) in report.calibration.iter_mut().zip([1e12, 1e-12, f64::NAN]) {
        let outcome = Outcome::Measured(Measure { value, interval: Some((value / 1e6, value * 1e6)) });
        row.expected_observed.before = Some(outcome.clone());
        row.slope.before = Some(outcome.clone());
        row.intercept.after = Some(outcome);
    }
    for (row, scale) in report.distributions[0].populations.iter_mut().zip([1e9, 1e-9, 1.0]) {
        row.before = Density::of(&[0.0, scale, 2.0 * scale, 3.5 * scale]);
        row.after = Density::of(&[f64::INFINITY, -1e300, 1e300]);
    }
    for (row, value) in
        report.deciles.iter_mut().flat_map(|row| &mut row.deciles).zip([1e200, 1e-200, -1.0, f64::NAN])
    {
        (row.odds_ratio, row.interval) = (Some(value), Some((0.0, f64::INFINITY)));
    }
    for point in report.reliability.iter_mut().flat_map(|row| &mut row.calibrated) {
        (point.predicted, point.observed) = (f64::NAN, f64::INFINITY);
    }
    for people in report.pca.iter_mut().flat_map(|pca| &mut pca.groups).map(|group| &mut group.coordinates) {
        people[0] = vec![1e280, -1e280, f64::NAN];
        people[1] = Vec::new();
    }
    let mut person = made_up::person();
    person.variants[0].change = 1e15;
    person.variants[1].change = f64::NAN;
    for language in Language::ALL {
        assert_all_have_room(report.plots(language), language);
        assert_all_have_room(person_plots(&person, language), language);
        for (name, plot) in report.plots(language).into_iter().chain(person_plots(&person, language)) {
            let svg = plot.svg_in(Format::Wide, language);
            let document = roxmltree::Document::parse(&svg).expect("well-formed");
            let attributes = document.descendants().flat_map(|node| node.attributes());
            for attribute in
                attributes.filter(|a| ["d", "x", "y", "x1", "y1", "width", "transform"].contains(&a.name()))
            {
                let value = attribute.value();
                assert!(!value.contains("NaN") && !value.contains("inf"), "{name}: {value}");
            }
        }
    }
}

#[test]
fn pngs_are_pictures_and_always_the_same() {
    let report = made_up::calibration();
    for (name, png) in report.pngs(Language::Kazakh, 1.5).expect("pictures") {
        assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n", "{name}");
        let width = u32::from_be_bytes([png[16], png[17], png[18], png[19]]);
        assert_eq!(width, 1_080, "{name}");
    }
    let person = made_up::person();
    let pictures = person.pngs(Language::Russian, 1.0).expect("pictures");
    assert_eq!(pictures, person.pngs(Language::Russian, 1.0).expect("pictures"));
    assert_eq!(pictures.len(), 2);
    assert_ne!(pictures, person.pngs(Language::Kazakh, 1.0).expect("pictures"), "the words are drawn");
    for scale in [0.0, -1.0, 1e6, f32::NAN] {
        let error = person.pngs(Language::English, scale).expect_err("no such picture");
        assert!(matches!(error, ReportError::Size { .. }), "{error}");
    }
}

use std::fs;
use std::path::Path;

use roxmltree::{Document, ParsingOptions};
use steppe_report::{Family, FitReport, Format, Metric};

use super::example;

/// The page parsed; well-formed XML although it is HTML.
fn parse(html: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(html, options).expect("well-formed")
}

fn text_of(document: &Document<'_>) -> String {
    document.descendants().filter(roxmltree::Node::is_text).filter_map(|node| node.text()).collect()
}

/// The page and plots of the example are left in the target directory to be looked at.
#[test]
fn example_has_every_part() {
    let report = example::fit();
    let html = report.html();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::write(folder.join("fit.html"), &html).expect("written");
    for (name, svg) in report.svgs() {
        fs::write(folder.join(format!("{name}.svg")), &svg).expect("written");
        Document::parse(&svg).expect("well-formed");
    }
    for (name, plot) in report.plots() {
        fs::write(folder.join(format!("{name}-narrow.svg")), plot.svg(Format::Narrow)).expect("written");
    }
    let names: Vec<&str> = report.plots().iter().map(|plot| plot.0).collect();
    assert_eq!(names, ["validation", "coefficients", "populations", "certificate"]);

    let page = parse(&html);
    let count = |name: &str| page.descendants().filter(|node| node.has_tag_name(name)).count();
    let drawn = page.descendants().filter(|node| node.attribute("class") == Some("wide")).count();
    assert_eq!((drawn, count("table"), count("section"), count("h1")), (4, 9, 8, 1));
    let chosen: Vec<_> =
        page.descendants().filter(|node| node.attribute("class") == Some("chosen")).collect();
    let cells = chosen[0].children().filter(roxmltree::Node::is_element).filter_map(|node| node.text());
    let expected = format!("{:.4}", report.lambdas[43].lambda);
    assert_eq!((chosen.len(), cells.into_iter().next()), (1, Some(expected.as_str())));
    let text = text_of(&page);
    for part in ["58,112 variants", "PC11", "Left out: ", "Steppe 0.1.0", "blake3:"] {
        assert!(text.contains(part), "{part}");
    }
}

#[test]
fn ids_are_unique_and_references_resolve() {
    let html = example::fit().html();
    let page = parse(&html);
    let mut ids: Vec<&str> = page.descendants().filter_map(|node| node.attribute("id")).collect();
    ids.sort_unstable();
    let total = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), total);
    for node in page.descendants() {
        let labels = node.attribute("aria-labelledby").into_iter().flat_map(str::split_whitespace);
        let links = node.attribute("href").into_iter().map(|link| link.trim_start_matches('#'));
        for id in labels.chain(links) {
            assert!(ids.contains(&id), "{id}");
        }
    }
}

#[test]
fn page_loads_nothing() {
    let html = example::fit().html();
    let page = parse(&html);
    for node in page.descendants().filter(roxmltree::Node::is_element) {
        assert!(
            !["script", "link", "img", "iframe", "object", "image", "use"].contains(&node.tag_name().name())
        );
        for attribute in node.attributes() {
            assert!(
                !["src", "srcset", "xlink:href", "style"].contains(&attribute.name())
                    && !attribute.name().starts_with("on")
            );
            assert!(attribute.name() != "href" || attribute.value().starts_with('#'));
        }
    }
}

/// Text from files must never become markup.
#[test]
fn hostile_names_stay_text() {
    let hostile = "<script>alert(\"1\")</script>&amp;'\u{0}]]>";
    let mut report = example::fit();
    report.trait_name = hostile.to_owned();
    report.paths[0].name = hostile.to_owned();
    report.paths[0].effects[43] = 9.0;
    report.top_variants[0].effect_allele = hostile.to_owned();
    report.population_metrics[0].population = hostile.to_owned();
    report.provenance.command = hostile.to_owned();
    report.warnings = vec![hostile.to_owned()];
    let html = report.html();
    assert!(!html.contains("<script"));
    let text = text_of(&parse(&html));
    let shown = hostile.replace('\u{0}', "\u{fffd}");
    assert!(text.matches(&shown).count() > 10, "{}", text.matches(&shown).count());
    for (_, svg) in report.svgs() {
        Document::parse(&svg).expect("well-formed");
    }
}

#[test]
fn nothing_known_is_a_page_too() {
    let report = FitReport::default();
    assert!(report.plots().is_empty());
    let html = report.html();
    let page = parse(&html);
    assert_eq!(page.descendants().filter(|node| node.has_tag_name("section")).count(), 0);
    assert!(text_of(&page).contains("none was chosen"));
}

#[test]
fn values_without_a_place_do_no_harm() {
    let mut report = example::fit();
    report.metric = Metric::Auc;
    report.family = Family::Binomial;
    for (row, value) in report.lambdas.iter_mut().zip([f64::NAN, f64::INFINITY, 0.0, -1.0, 1e308, 1e-320]) {
        (row.lambda, row.kkt_violation, row.validation) = (value, value, Some(value));
    }
    report.paths[0].effects = vec![f64::NAN; 60];
    report.paths[1].effects = Vec::new();
    report.chosen = Some(600);
    for (_, svg) in report.svgs() {
        let svg = Document::parse(&svg).expect("well-formed");
        for attribute in svg
            .descendants()
            .flat_map(|node| node.attributes())
            .filter(|a| ["d", "x", "y", "cx", "points"].contains(&a.name()))
        {
            assert!(
                !attribute.value().contains("NaN") && !attribute.value().contains("inf"),
                "{}",
                attribute.value()
            );
        }
    }
    parse(&report.html());
}

#[test]
fn warnings_follow_from_the_data() {
    let mut report = example::fit();
    report.warnings.clear();
    assert!(!report.html().contains("Warning."));
    report.chosen = Some(59);
    assert!(report.html().contains("--lambda-min-ratio"));
    report.lambdas[3].kkt_violation = 0.02;
    report.lambdas[4].kkt_violation = f64::NAN;
    let html = report.html();
    assert!(html.contains(
        "2 of 60 models violate the optimality conditions by more than 0.001 of λ, the worst by 0.020"
    ));
    report.chosen = Some(0);
    report.lambdas[0].active_variants = 0;
    assert!(report.html().contains("the same for everyone"));
}

#[test]
fn cases_stand_beside_samples() {
    let mut report = example::fit();
    for count in &mut report.samples {
        count.cases = Some(count.samples / 10);
    }
    let html = report.html();
    let text = text_of(&parse(&html));
    assert!(text.contains("7,000 (700)") && text.contains("20,000 (2,000)"));
}

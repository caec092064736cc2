use roxmltree::{Document, Node, ParsingOptions};
use steppe_report::{
    CalibrationReport, Density, Insufficiency, Language, PersonReport, PopulationDistribution,
    PopulationPeople, ScoreDistribution, ScoreMatch, Untested,
};

use super::made_up;

fn parse(html: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, nodes_limit: 1_000_000, ..ParsingOptions::default() };
    Document::parse_with_options(html, options).expect("well-formed")
}

fn text_of(node: Node<'_, '_>) -> String {
    node.descendants().filter(Node::is_text).filter_map(|node| node.text()).collect()
}

fn named<'a>(document: &'a Document<'a>, name: &'static str) -> impl Iterator<Item = Node<'a, 'a>> {
    document.descendants().filter(move |node| node.tag_name().name() == name)
}

/// Pages of every kind: full, with nothing, with one person, with one population and no phenotype.
fn pages() -> Vec<(String, Language, String)> {
    let reports = [
        ("full", made_up::calibration()),
        ("empty", CalibrationReport::default()),
        ("one person", one_person()),
    ];
    let people = [("full", made_up::person()), ("empty", PersonReport::default())];
    let mut pages = Vec::new();
    for language in Language::ALL {
        for (name, report) in &reports {
            pages.push((format!("calibration, {name}"), language, report.html(language)));
        }
        for (name, person) in &people {
            pages.push((format!("person, {name}"), language, person.html(language)));
        }
    }
    pages
}

/// A target of one person, of whom nothing is known but a score.
fn one_person() -> CalibrationReport {
    CalibrationReport {
        scores: vec![ScoreMatch { name: "s".to_owned(), rows: 10, matched: 2, ..ScoreMatch::default() }],
        people: vec![PopulationPeople { people: 1, ..PopulationPeople::default() }],
        distributions: vec![ScoreDistribution {
            score: "s".to_owned(),
            populations: vec![PopulationDistribution {
                before: Density::of(&[0.3]),
                ..PopulationDistribution::default()
            }],
        }],
        ..CalibrationReport::default()
    }
}

#[test]
fn ids_are_unique_and_references_resolve() {
    for (page, _, html) in pages() {
        let document = parse(&html);
        let mut ids: Vec<&str> = document.descendants().filter_map(|node| node.attribute("id")).collect();
        ids.sort_unstable();
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "{page}");
        for node in document.descendants() {
            let labels = node.attribute("aria-labelledby").into_iter().flat_map(str::split_whitespace);
            let links = node.attribute("href").into_iter().map(|link| link.trim_start_matches('#'));
            for id in labels.chain(links) {
                assert!(ids.binary_search(&id).is_ok(), "{page}: {id}");
            }
        }
    }
}

#[test]
fn pages_load_nothing() {
    for (page, _, html) in pages() {
        let document = parse(&html);
        for node in document.descendants().filter(Node::is_element) {
            let name = node.tag_name().name();
            assert!(!["script", "link", "img", "iframe", "object", "image", "use"].contains(&name), "{page}");
            for attribute in node.attributes() {
                let name = attribute.name();
                assert!(
                    !["src", "srcset", "style"].contains(&name) && !name.starts_with("on"),
                    "{page}: {name}"
                );
                assert!(name != "href" || attribute.value().starts_with('#'), "{page}");
            }
        }
    }
}

#[test]
fn pages_can_be_read_aloud() {
    for (page, language, html) in pages() {
        let document = parse(&html);
        assert_eq!(document.root_element().attribute("lang"), Some(language.code()));
        let level = |node: &Node<'_, '_>| node.tag_name().name().strip_prefix('h')?.parse::<u32>().ok();
        let levels: Vec<u32> = document.descendants().filter_map(|node| level(&node)).collect();
        assert_eq!(levels.first(), Some(&1), "{page}");
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1 && pair[1] > 1), "{page}: {levels:?}");
        assert!(
            named(&document, "th")
                .all(|cell| cell.attribute("scope").is_some() && !text_of(cell).trim().is_empty()),
            "{page}: a header without scope or text"
        );
        for svg in named(&document, "svg") {
            assert_eq!(svg.attribute("role"), Some("img"));
            for part in ["title", "desc"] {
                let text = svg.children().find(|node| node.tag_name().name() == part).map(text_of);
                assert!(
                    text.is_some_and(|text| text.len() > 10 || part == "title" && !text.is_empty()),
                    "{page}: {part}"
                );
            }
        }
        for figure in named(&document, "figure").filter(|figure| figure.attribute("class") != Some("table")) {
            let is = |name: &str| figure.descendants().any(|node| node.tag_name().name() == name);
            let is_table = figure.attribute("class").is_some_and(|class| class.starts_with("table"));
            assert!(is_table || is("svg") && is("details") && is("summary") && is("table"), "{page}");
            assert!(is("figcaption"), "{page}");
        }
        for scroll in document.descendants().filter(|node| node.attribute("class") == Some("scroll")) {
            assert!(
                scroll.attribute("tabindex") == Some("0") && scroll.attribute("aria-labelledby").is_some()
            );
        }
    }
}

#[test]
fn no_place_of_a_message_stays_empty() {
    for (page, language, html) in pages() {
        let document = parse(&html);
        let body = named(&document, "body").next().expect("a body");
        let text = text_of(body);
        assert!(!text.contains(['{', '}']), "{page}, {}", language.code());
        assert!(!text.contains("NaN") && !text.contains(".."), "{page}, {}", language.code());
    }
}

/// Numbers of Kazakh and Russian pages have decimal commas, in tables and in plots.
#[test]
fn numbers_are_of_the_language() {
    let decimal = |text: &str, mark: char| {
        let characters: Vec<char> = text.chars().collect();
        characters
            .windows(3)
            .any(|three| three[1] == mark && three[0].is_ascii_digit() && three[2].is_ascii_digit())
    };
    for (page, language, html) in pages() {
        let document = parse(&html);
        let cells = document.descendants().filter(|node| node.attribute("class") == Some("number"));
        let labels = named(&document, "text");
        let texts: Vec<String> = cells.chain(labels).chain(named(&document, "desc")).map(text_of).collect();
        let (wanted, other) = if language == Language::English { ('.', ',') } else { (',', '.') };
        let full = page.contains("full");
        assert!(!full || texts.iter().any(|text| decimal(text, wanted)), "{page}");
        for text in texts.iter().filter(|_| language != Language::English) {
            assert!(!decimal(text, other), "{page}, {}: {text}", language.code());
        }
    }
}

/// Words of other languages are only those that came with the data.
#[test]
fn pages_speak_one_language() {
    for language in [Language::Kazakh, Language::Russian] {
        let html = one_person().html(language);
        let document = parse(&html);
        let body = named(&document, "body").next().expect("a body");
        let text = text_of(body);
        let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| word.len() > 3);
        let foreign = words.filter(|word| word.chars().all(|c| c.is_ascii_alphabetic()));
        assert_eq!(foreign.collect::<Vec<_>>(), Vec::<&str>::new(), "{}", language.code());
    }
}

#[test]
fn the_full_report_has_every_part() {
    let report = made_up::calibration();
    let html = report.html(Language::English);
    let document = parse(&html);
    let drawn = document.descendants().filter(|node| node.attribute("class") == Some("wide")).count();
    assert_eq!((named(&document, "section").count(), drawn), (11, report.plots(Language::English).len()));
    let names: Vec<String> = report.plots(Language::Kazakh).into_iter().map(|plot| plot.0).collect();
    let expected = [
        "pca",
        "distribution-1",
        "distribution-2",
        "reliability",
        "expected-observed",
        "slope",
        "intercept",
        "transfer",
        "deciles",
    ];
    assert_eq!(names, expected);
    let text = text_of(document.root_element());
    for part in
        ["insufficient", "cases: 56 of 100", "1,674,030", "not stated", "blake3:", "of 25,600", "Warning."]
    {
        assert!(text.contains(part), "{part}");
    }
    // 22 items of the standard and its header row.
    let sheet = named(&document, "section")
        .find(|node| text_of(*node).starts_with("\nPRS reporting"))
        .expect("a sheet");
    assert_eq!(sheet.descendants().filter(|node| node.tag_name().name() == "tr").count(), 23);
}

#[test]
fn tiny_inputs_give_small_pages() {
    for language in Language::ALL {
        let html = one_person().html(language);
        let document = parse(&html);
        assert_eq!(named(&document, "svg").count(), 0);
        let items = named(&document, "li").filter(|item| item.children().all(|node| node.is_text())).count();
        assert_eq!(items, 5, "low overlap, no phenotypes, one person, and two that always hold");
    }
    let html = PersonReport::default().html(Language::Russian);
    assert_eq!(named(&parse(&html), "svg").count(), 0);
}

/// Text from files must never become markup, nor a message's place.
#[test]
fn hostile_names_stay_text() {
    let hostile = "<script>alert(\"1\")</script>{n}&amp;'\u{0}]]>";
    let mut report = made_up::calibration();
    report.trait_name = hostile.to_owned();
    report.scores[0].name = hostile.to_owned();
    report.people[2].population = hostile.to_owned();
    report.distributions[0].score = hostile.to_owned();
    report.distributions[0].populations[1].population = hostile.to_owned();
    report.reliability[0].population = hostile.to_owned();
    report.calibration[2].population = hostile.to_owned();
    report.deciles[0].score = hostile.to_owned();
    report.metrics[0].population = hostile.to_owned();
    report.origin.commands[0] = hostile.to_owned();
    report.standard.design = Some(hostile.to_owned());
    if let Some(pca) = &mut report.pca {
        pca.groups[0].name = hostile.to_owned();
    }
    let mut person = made_up::person();
    person.sample = hostile.to_owned();
    person.variants[0].name = hostile.to_owned();
    person.variants[1].genotype = hostile.to_owned();
    for language in Language::ALL {
        for (html, least) in [(report.html(language), 15), (person.html(language), 4)] {
            assert!(!html.contains("<script"));
            let text = text_of(parse(&html).root_element());
            let shown = hostile.replace('\u{0}', "\u{fffd}");
            assert!(text.matches(&shown).count() >= least, "{}", text.matches(&shown).count());
        }
        let svgs = report.svgs(language).into_iter().map(|svg| svg.1);
        for svg in svgs.chain(person.svgs(language).into_iter().map(|svg| svg.1)) {
            Document::parse(&svg).expect("well-formed");
        }
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for language in Language::ALL {
        assert_eq!(made_up::calibration().html(language), made_up::calibration().html(language));
        assert_eq!(made_up::person().html(language), made_up::person().html(language));
    }
}

/// Where data do not suffice the sections stay, with the reason, and no empty axes are drawn.
#[test]
fn what_could_not_be_measured_is_said_with_the_reason() {
    let section = |report: &CalibrationReport, language: Language, heading: &str| -> String {
        let html = report.html(language);
        let document = parse(&html);
        let found = named(&document, "section").map(text_of).find(|text| text.starts_with(heading));
        found.unwrap_or_else(|| panic!("no section {heading}"))
    };
    let mut few = made_up::calibration();
    let reason = || Some(Insufficiency::Cases { found: 12, needed: 50 });
    for bin in
        few.transfer.iter_mut().flat_map(|transfer| &mut transfer.series).flat_map(|series| &mut series.1)
    {
        (bin.value, bin.interval, bin.reason) = (None, None, reason());
    }
    for decile in few.deciles.iter_mut().flat_map(|row| &mut row.deciles) {
        (decile.odds_ratio, decile.interval, decile.reason) = (None, None, reason());
    }
    assert!(few.plots(Language::English).iter().all(|(name, _)| name != "transfer" && name != "deciles"));
    let untested = |untested| CalibrationReport {
        untested: Some(untested),
        transfer: None,
        deciles: Vec::new(),
        ..made_up::calibration()
    };
    for (language, headings, words) in [
        (
            Language::English,
            ["\nTransfer", "\nOdds by decile"],
            ["cases: 12 of 50", "no phenotypes", "everybody"],
        ),
        (
            Language::Kazakh,
            ["\nТасымалдану", "\nДецильдер"],
            ["12 / 50", "фенотиптер берілмеген", "бәрі калибрлеуді"],
        ),
        (
            Language::Russian,
            ["\nПереносимость", "\nШансы"],
            ["случаев: 12 из 50", "фенотипы не заданы", "на всех людях"],
        ),
    ] {
        for heading in headings {
            let reports =
                [few.clone(), untested(Untested::NoPhenotypes), untested(Untested::EverybodyTaught)];
            for (report, word) in reports.iter().zip(words) {
                let text = section(report, language, heading);
                assert!(text.contains(word), "{word}: {text}");
            }
        }
    }
    let none = CalibrationReport { transfer: None, deciles: Vec::new(), ..made_up::calibration() };
    assert!(!none.html(Language::English).contains("Odds by decile"));
}

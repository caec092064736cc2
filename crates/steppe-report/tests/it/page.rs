use proptest::prelude::*;
use roxmltree::{Document, ParsingOptions};
use steppe_report::{Block, Column, Page, Section, Table};

fn parse(html: &str) -> Document<'_> {
    Document::parse_with_options(html, ParsingOptions { allow_dtd: true, ..ParsingOptions::default() })
        .expect("well-formed")
}

#[test]
fn ragged_rows_lose_nothing() {
    let table = Table {
        caption: "Ragged".to_owned(),
        columns: vec![Column::text("name"), Column::number("value")],
        rows: vec![vec!["a".to_owned()], ["b", "1", "beyond"].map(str::to_owned).to_vec()],
        highlighted: None,
    };
    let section = Section { heading: "One".to_owned(), blocks: vec![Block::Table(table)] };
    let html = Page { title: "Tables".to_owned(), sections: vec![section], ..Page::default() }.html();
    let page = parse(&html);
    let rows: Vec<usize> = page
        .descendants()
        .filter(|node| node.has_tag_name("tr"))
        .map(|row| row.children().filter(roxmltree::Node::is_element).count())
        .collect();
    assert_eq!(rows, [3, 3, 3]);
    assert!(html.contains("beyond"));
    let numbers: Vec<_> =
        page.descendants().filter(|node| node.attribute("class") == Some("number")).collect();
    assert_eq!(numbers.len(), 3);
}

proptest! {
    #[test]
    fn every_text_arrives(texts in prop::collection::vec("[ -~\\n]{1,20}", 5)) {
        let [title, paragraph, code, cell, caption] = &texts[..] else { return Ok(()) };
        let table = Table {
            caption: caption.clone(),
            columns: vec![Column::text("x")],
            rows: vec![vec![cell.clone()]],
            highlighted: None,
        };
        let blocks = vec![Block::Paragraph(paragraph.clone()), Block::Preformatted(code.clone()), Block::Table(table)];
        let page = Page {
            title: title.clone(),
            facts: vec![(cell.clone(), code.clone())],
            sections: vec![Section { heading: title.clone(), blocks }],
            ..Page::default()
        };
        let html = page.html();
        let parsed = parse(&html);
        let of = |name: &str| -> Vec<String> {
            let nodes = parsed.descendants().filter(|node| node.has_tag_name(name));
            nodes.map(|node| node.text().unwrap_or_default().to_owned()).collect()
        };
        prop_assert_eq!(of("h1"), [title.clone()]);
        prop_assert_eq!(of("p"), [paragraph.clone()]);
        prop_assert_eq!(of("pre"), [code.clone()]);
        prop_assert_eq!(of("dd"), [code.clone()]);
        prop_assert!(of("th").contains(cell));
    }
}

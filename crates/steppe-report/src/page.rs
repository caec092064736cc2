mod table;

pub use table::{Align, Column, Table};

use crate::language::{Common, Language};
use crate::markup::Element;
use crate::palette;
use crate::plot::{Format, Plot};

/// A page of a report. Every text is shown as it is: nothing in it is markup.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Page {
    /// The language of all texts, and of what the page adds to them.
    pub language: Language,
    /// Title of the document and first heading.
    pub title: String,
    /// A sentence or two below the title: what came out.
    pub lead: String,
    /// The facts that a reader looks for first: name and value.
    pub facts: Vec<(String, String)>,
    /// What to know before anything else.
    pub warnings: Vec<String>,
    /// The body.
    pub sections: Vec<Section>,
    /// The last line.
    pub footer: String,
}

/// A part of a page under a heading.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// What is under it.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// Running text.
    Paragraph(String),
    /// Sentences, each for itself.
    List(Vec<String>),
    /// An aside.
    Note(String),
    /// Something that may be wrong.
    Warning(String),
    /// Text in fixed width with its line breaks: a command.
    Preformatted(String),
    /// A table. Tables are numbered through the page.
    Table(Table),
    /// A figure. Figures are numbered through the page.
    Figure(Box<Figure>),
}

/// A plot with the text below it.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The plot.
    pub plot: Plot,
    /// What it shows and how to read it.
    pub caption: String,
    /// What the plot shows as numbers, to be opened below it.
    pub data: Option<Table>,
}

/// Numbers of figures and tables, through the page.
struct Counters {
    language: Language,
    figures: usize,
    tables: usize,
}

impl Page {
    /// The page as one HTML document.
    pub fn html(&self) -> String {
        let mut counters = Counters { language: self.language, figures: 0, tables: 0 };
        let sections: Vec<Element> = self
            .sections
            .iter()
            .enumerate()
            .map(|(index, section)| section.element(index, &mut counters))
            .collect();
        let main = Element::new("main")
            .children([self.header()])
            .children((self.sections.len() > 2).then(|| self.contents()))
            .children(sections);
        let body = Element::new("body").child(main).child(Element::of_text("footer", &self.footer));
        let html = Element::new("html").with("lang", self.language.code()).child(self.head()).child(body);
        format!("<!DOCTYPE html>\n{}", html.render())
    }

    fn head(&self) -> Element {
        let meta = |name: &'static str, content: &'static str| {
            Element::new("meta").with("name", name).with("content", content)
        };
        // A page that can load nothing can not be made to tell anyone that it was read.
        let policy = Element::new("meta")
            .with("http-equiv", "Content-Security-Policy")
            .with("content", "default-src 'none'; style-src 'unsafe-inline'");
        Element::new("head")
            .child(Element::new("meta").with("charset", "utf-8"))
            .child(policy)
            .child(meta("viewport", "width=device-width, initial-scale=1"))
            .child(meta("color-scheme", "light dark"))
            .child(Element::of_text("title", &self.title))
            .child(Element::of_text("style", style_sheet()))
    }

    fn header(&self) -> Element {
        let lead = (!self.lead.is_empty()).then(|| Element::of_text("p", &self.lead).class("lead"));
        let fact = |(name, value): &(String, String)| {
            Element::new("div").child(Element::of_text("dt", name)).child(Element::of_text("dd", value))
        };
        let facts = Element::new("dl").class("facts").children(self.facts.iter().map(fact));
        Element::new("header")
            .child(Element::of_text("h1", &self.title))
            .children(lead)
            .children(
                self.warnings.iter().map(|text| aside("warning", self.language.text(Common::Warning), text)),
            )
            .children((!self.facts.is_empty()).then_some(facts))
    }

    fn contents(&self) -> Element {
        let link = |(index, section): (usize, &Section)| {
            let anchor =
                Element::of_text("a", &section.heading).with("href", format!("#{}", section_id(index)));
            Element::new("li").child(anchor)
        };
        let list = Element::new("ul").children(self.sections.iter().enumerate().map(link));
        Element::new("nav").with("aria-label", self.language.text(Common::Sections)).child(list)
    }
}

impl Section {
    fn element(&self, index: usize, counters: &mut Counters) -> Element {
        let blocks: Vec<Element> = self.blocks.iter().map(|block| block.element(counters)).collect();
        Element::new("section")
            .with("id", section_id(index))
            .child(Element::of_text("h2", &self.heading))
            .children(blocks)
    }
}

impl Block {
    fn element(&self, counters: &mut Counters) -> Element {
        match self {
            Self::Paragraph(text) => Element::of_text("p", text),
            Self::List(items) => {
                Element::new("ul").children(items.iter().map(|item| Element::of_text("li", item)))
            }
            Self::Note(text) => aside("note", counters.language.text(Common::Note), text),
            Self::Warning(text) => aside("warning", counters.language.text(Common::Warning), text),
            Self::Preformatted(text) => Element::of_text("pre", text),
            Self::Table(table) => {
                counters.tables += 1;
                table.element(counters.tables, counters.language)
            }
            Self::Figure(figure) => {
                counters.figures += 1;
                figure.element(counters.figures, counters.language)
            }
        }
    }
}

impl Figure {
    /// Both layouts; the style sheet shows the one that fits, and screen readers skip the other.
    fn element(&self, number: usize, language: Language) -> Element {
        let layout = |format: Format, class: &str| {
            let plot = self.plot.element(format, &format!("figure-{number}-{class}"), None, language);
            Element::new("div").class(class).child(plot)
        };
        let caption = Element::new("figcaption")
            .child(Element::of_text("b", language.fill(Common::Figure, &[("n", number.into())])))
            .text(format!(" {}", self.caption));
        Element::new("figure")
            .with("id", format!("figure-{number}"))
            .child(layout(Format::Wide, "wide"))
            .child(layout(Format::Narrow, "narrow"))
            .child(caption)
            .children(self.data.as_ref().map(|table| details(table, number, language)))
    }
}

/// The numbers behind a figure.
fn details(table: &Table, number: usize, language: Language) -> Element {
    let id = format!("figure-{number}-data");
    let name = language.fill(Common::FigureData, &[("n", number.into())]);
    let summary = Element::of_text("summary", name).with("id", &id);
    let note = (!table.caption.is_empty()).then(|| Element::of_text("p", &table.caption));
    Element::new("details").child(summary).children(note).child(table.scrolling(&id))
}

fn section_id(index: usize) -> String {
    format!("section-{}", index + 1)
}

/// The kind is said in words too: not all see the colour.
fn aside(class: &str, kind: &str, text: &str) -> Element {
    Element::new("p")
        .class(class)
        .with("role", "note")
        .child(Element::of_text("b", format!("{kind}.")))
        .text(format!(" {text}"))
}

fn style_sheet() -> String {
    [palette::page_variables().as_str(), include_str!("page/style.css"), palette::plot_style().as_str()]
        .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_sheet_needs_no_escapes() {
        // HTML does not decode entities in a style element: these characters would arrive changed.
        assert!(!style_sheet().contains(['<', '>', '&', '"', '\'']));
    }

    #[test]
    fn style_sheet_asks_for_nothing() {
        let style = style_sheet();
        assert!(!style.contains("url(") && !style.contains("@import") && !style.contains("@font-face"));
    }
}

use std::fmt::Display;

/// Elements that are written as `<x/>` when they are empty. HTML knows the form for its void elements and for SVG only.
const SELF_CLOSING: &[&str] = &["meta", "line", "rect", "path", "circle"];

/// An element of HTML or SVG. What is written is well-formed XML and valid HTML at once: elements are closed because they
/// are a tree, and every text and attribute is escaped on the way out.
#[derive(Clone, Debug)]
pub(crate) struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    children: Vec<Node>,
}

#[derive(Clone, Debug)]
enum Node {
    Element(Element),
    Text(String),
}

impl Element {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, attributes: Vec::new(), children: Vec::new() }
    }

    /// An element that holds nothing but a text.
    pub(crate) fn of_text(name: &'static str, text: impl Into<String>) -> Self {
        Self::new(name).text(text)
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Display) -> Self {
        self.attributes.push((name, value.to_string()));
        self
    }

    pub(crate) fn class(self, value: impl Display) -> Self {
        self.with("class", value)
    }

    pub(crate) fn child(mut self, child: Self) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    pub(crate) fn children(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children.into_iter().map(Node::Element));
        self
    }

    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.children.push(Node::Text(text.into()));
        self
    }

    /// The element and all in it as text, ended by a line break.
    pub(crate) fn render(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out.push('\n');
        out
    }

    fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(self.name);
        for (name, value) in &self.attributes {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            escape(value, out);
            out.push('"');
        }
        if self.children.is_empty() && SELF_CLOSING.contains(&self.name) {
            out.push_str("/>");
            return;
        }
        out.push('>');
        self.write_children(out);
        out.push_str("</");
        out.push_str(self.name);
        out.push('>');
    }

    /// Line breaks go between elements only where no text is beside them, so that they are never seen.
    fn write_children(&self, out: &mut String) {
        let broken =
            !self.children.is_empty() && !self.children.iter().any(|node| matches!(node, Node::Text(_)));
        for node in &self.children {
            match node {
                Node::Element(element) => {
                    if broken {
                        out.push('\n');
                    }
                    element.write(out);
                }
                Node::Text(text) => escape(text, out),
            }
        }
        if broken {
            out.push('\n');
        }
    }
}

/// Appends `text` with the five special characters as entities and characters that XML forbids as U+FFFD.
fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' => out.push(character),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other if other.is_control() => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn empty_elements_of_html_are_closed() {
        let page = Element::new("tr").child(Element::new("td")).child(Element::new("path").with("d", "M0 0"));
        assert_eq!(page.render(), "<tr>\n<td></td>\n<path d=\"M0 0\"/>\n</tr>\n");
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in any::<String>(), value in any::<String>()) {
            let rendered = Element::of_text("p", text.clone()).with("title", &value).render();
            let parsed = roxmltree::Document::parse(&rendered).expect("well-formed");
            let root = parsed.root_element();
            let shown = |text: &str| -> String {
                text.chars()
                    .map(|c| if c.is_control() && c != '\t' && c != '\n' || matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c })
                    .collect()
            };
            prop_assert_eq!(root.text().unwrap_or_default(), shown(&text));
            // XML turns a tab or line break of an attribute into a space.
            let value = shown(&value).replace(['\t', '\n'], " ");
            prop_assert_eq!(root.attribute("title"), Some(value.as_str()));
        }
    }
}

use super::{
    key::{Key, Member, Shape},
    registry::SECTIONS,
};

/// A settings file of a command: its required settings, and those that most clusters need.
pub fn example(member: Member) -> String {
    let mut text = String::new();
    for section in SECTIONS {
        let belonging = section.keys.iter().filter(|key| key.belongs_to(member));
        let lines: Vec<_> = belonging.filter_map(|key| Some((key, key.example?))).collect();
        if lines.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("[{}]\n", section.name));
        for (key, value) in lines {
            text.push_str(&format!("{} = {}\n", key.parts().1, literal(key, value)));
        }
    }
    text
}

/// A value as TOML writes it.
fn literal(key: &Key, value: &str) -> String {
    match key.kind.shape() {
        Shape::Text | Shape::Size => format!("{value:?}"),
        Shape::Whole | Shape::Switch => value.to_owned(),
        Shape::List => {
            let items: Vec<_> = value.split(',').map(|item| format!("{item:?}")).collect();
            format!("[{}]", items.join(", "))
        }
    }
}

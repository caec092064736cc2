use super::{Language, Value};

/// A key of the catalogue. Its texts have places: `{name}` for a value, `{name:person|people}` for a count with its noun,
/// whose forms are as many as the language has.
pub(crate) trait Message: Copy {
    /// English, Kazakh, Russian.
    fn texts(self) -> [&'static str; 3];
}

/// Keys with their three texts. A key that lacks a language does not compile.
macro_rules! catalogue {
    ($(#[$meta:meta])* $name:ident { $($key:ident: $english:literal, $kazakh:literal, $russian:literal;)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name {
            $($key),*
        }

        impl $crate::language::catalogue::Message for $name {
            fn texts(self) -> [&'static str; 3] {
                match self {
                    $(Self::$key => [$english, $kazakh, $russian]),*
                }
            }
        }

        #[cfg(test)]
        impl $name {
            /// All keys with their texts.
            pub(crate) fn all() -> Vec<(String, [&'static str; 3])> {
                use $crate::language::catalogue::Message as _;
                vec![$((format!("{}::{}", stringify!($name), stringify!($key)), Self::$key.texts())),*]
            }
        }
    };
}
pub(super) use catalogue;

/// The text with its places filled, in one pass: what goes in is never read again, whatever it holds. A place without a
/// value stays as it is.
pub(super) fn fill(language: Language, text: &str, values: &[(&str, Value<'_>)]) -> String {
    let mut filled = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, place, after)) = next_place(rest) {
        filled.push_str(before);
        let (name, forms) = place.split_once(':').unwrap_or((place, ""));
        match values.iter().find(|value| value.0 == name).map(|value| value.1) {
            Some(Value::Text(value)) => filled.push_str(value),
            Some(Value::Count(count)) => {
                filled.push_str(&language.count(count));
                if let Some(noun) =
                    forms.split('|').nth(language.noun_form(count)).filter(|noun| !noun.is_empty())
                {
                    filled.push(' ');
                    filled.push_str(noun);
                }
            }
            None => filled.push_str(&format!("{{{place}}}")),
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// What is before the next place, within its braces, and behind.
fn next_place(text: &str) -> Option<(&str, &str, &str)> {
    let (before, behind) = text.split_once('{')?;
    let (place, after) = behind.split_once('}')?;
    Some((before, place, after))
}

#[cfg(test)]
mod tests {
    use super::super::{Calibration, Common, Findings, Names, Person, Plots, Standard};
    use super::*;

    fn all() -> Vec<(String, [&'static str; 3])> {
        [
            Common::all(),
            Plots::all(),
            Names::all(),
            Calibration::all(),
            Findings::all(),
            Standard::all(),
            Person::all(),
        ]
        .concat()
    }

    /// Names of the places with the number of their forms, sorted.
    fn places(text: &str) -> Vec<(&str, usize)> {
        let mut places = Vec::new();
        let mut rest = text;
        while let Some((_, place, after)) = next_place(rest) {
            let (name, forms) =
                place.split_once(':').map_or((place, 0), |(name, forms)| (name, forms.split('|').count()));
            places.push((name, forms));
            rest = after;
        }
        places.sort_unstable();
        places
    }

    #[test]
    fn places_are_the_same_in_all_languages() {
        for (key, texts) in all() {
            let names = |text| {
                let mut names: Vec<&str> = places(text).into_iter().map(|place| place.0).collect();
                names.dedup();
                names
            };
            assert_eq!(names(texts[0]), names(texts[1]), "{key}, Kazakh");
            assert_eq!(names(texts[0]), names(texts[2]), "{key}, Russian");
            for (language, text) in Language::ALL.into_iter().zip(texts) {
                assert_eq!(text.matches('{').count(), places(text).len(), "{key}: a brace without its other");
                assert_eq!(text.matches('}').count(), places(text).len(), "{key}: a brace without its other");
                for (name, forms) in places(text) {
                    let known = [0, language.noun_forms()].contains(&forms);
                    assert!(known, "{key}: {name} has {forms} forms in {}", language.code());
                }
            }
        }
    }

    #[test]
    fn every_text_is_written_in_its_language() {
        let cyrillic = |text: &str| text.chars().filter(|c| ('\u{400}'..'\u{530}').contains(c)).count();
        // Symbols and abbreviations that no language writes in another way.
        let same = |text: &str| {
            text.split(|c: char| !c.is_alphabetic()).all(|word| word.is_empty() || LATIN.contains(&word))
        };
        let mut kazakh = 0;
        for (key, [english, kk, ru]) in all() {
            assert!(
                ![english, kk, ru].iter().any(|text| text.trim().is_empty() || text.trim() != *text),
                "{key}"
            );
            assert_eq!(cyrillic(english), 0, "{key}");
            for text in [kk, ru] {
                assert!(cyrillic(text) > 0 || same(text), "{key}: {text}");
            }
            kazakh += usize::from(kk.chars().any(|c| "әғқңөұүһі".contains(c)));
            assert!(
                !ru.chars().any(|c| "әғқңөұүһіӘҒҚҢӨҰҮҺІ".contains(c)),
                "{key}: a Kazakh letter in Russian: {ru}"
            );
        }
        assert!(
            kazakh * 10 > all().len() * 8,
            "{kazakh} of {} have letters that only Kazakh has",
            all().len()
        );
    }

    /// Words in Latin letters within Cyrillic texts.
    const LATIN: [&str; 22] = [
        "AUC",
        "R",
        "SD",
        "PC",
        "PRS",
        "RS",
        "PGS",
        "A",
        "T",
        "C",
        "G",
        "ECE",
        "Brier",
        "E",
        "O",
        "Nagelkerke",
        "Firth",
        "CI",
        "Steppe",
        "Z",
        "ePRS",
        "x",
    ];

    /// A Latin letter in a Cyrillic word looks right and is not: it can not be searched for nor read aloud.
    #[test]
    fn no_word_mixes_alphabets() {
        for (key, [_, kk, ru]) in all() {
            for text in [kk, ru] {
                let mut rest = text.to_owned();
                for (name, forms) in places(text) {
                    if forms == 0 {
                        rest = rest.replace(&format!("{{{name}}}"), " ");
                    } else {
                        rest = rest.replace(&format!("{{{name}:"), " ");
                    }
                }
                for word in rest.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()) {
                    let latin = word.chars().filter(char::is_ascii_alphabetic).count();
                    assert!(latin == 0 || LATIN.contains(&word), "{key}: {word}");
                }
            }
        }
    }

    #[test]
    fn what_goes_in_is_not_read_again() {
        let text = "{a} and {n:person|people}, {b}";
        let values = [("a", Value::Text("{b}")), ("n", Value::Count(1)), ("b", Value::Text("{n}"))];
        assert_eq!(fill(Language::English, text, &values), "{b} and 1 person, {n}");
        assert_eq!(fill(Language::English, "{c} {", &values), "{c} {");
    }
}

//! A reader of OpenMetrics text that takes nothing that the format does not say, and less where our own rules are
//! stricter. It panics at the first line that is wrong.

use std::collections::{BTreeMap, BTreeSet};

pub(super) type Labels = BTreeMap<String, String>;

#[derive(Debug, Default)]
pub(super) struct Family {
    pub(super) kind: String,
    pub(super) unit: Option<String>,
    /// The suffix after the family's name, the labels, the value.
    pub(super) samples: Vec<(String, Labels, f64)>,
}

#[derive(Debug)]
pub(super) struct Exposition(pub(super) BTreeMap<String, Family>);

impl Exposition {
    /// The value of a series by its full name and labels.
    pub(super) fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.find(name, labels).unwrap_or_else(|| panic!("no {name} {labels:?}"))
    }

    pub(super) fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels: Labels =
            labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let families = self.0.iter().filter_map(|(family, found)| Some((name.strip_prefix(family)?, found)));
        let mut samples = families.flat_map(|(suffix, family)| {
            family.samples.iter().filter(move |sample| sample.0 == suffix).map(|sample| (&sample.1, sample.2))
        });
        samples.find(|sample| *sample.0 == labels).map(|sample| sample.1)
    }
}

/// Reads and checks a whole exposition.
pub(super) fn read(text: &str) -> Exposition {
    let text = text.strip_suffix("# EOF\n").expect("an end");
    let mut families = BTreeMap::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let (name, help) = line.strip_prefix("# HELP ").expect(line).split_once(' ').expect(line);
        assert!(is_name(name), "{line}");
        assert!(
            help.ends_with('.') && !help.ends_with("..") && help.starts_with(char::is_uppercase),
            "{line}"
        );
        let kind = lines.next().and_then(|line| line.strip_prefix(&format!("# TYPE {name} "))).expect(name);
        let mut family = Family { kind: kind.to_owned(), ..Family::default() };
        if let Some(line) = lines.next_if(|line| line.starts_with("# UNIT ")) {
            family.unit = Some(line.strip_prefix(&format!("# UNIT {name} ")).expect(line).to_owned());
        }
        while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
            family.samples.push(sample(name, line));
        }
        check(name, &family);
        assert!(families.insert(name.to_owned(), family).is_none(), "{name} is there twice");
    }
    Exposition(families)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn sample(family: &str, line: &str) -> (String, Labels, f64) {
    let (series, value) = line.rsplit_once(' ').expect(line);
    let (name, labels) = match series.split_once('{') {
        Some((name, labels)) => (name, labels.strip_suffix('}').expect(line)),
        None => (series, ""),
    };
    let suffix = name.strip_prefix(family).unwrap_or_else(|| panic!("{line} is not of {family}"));
    let mut found = Labels::new();
    for label in labels.split(',').filter(|label| !label.is_empty()) {
        let (key, value) = label.split_once('=').expect(line);
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).expect(line);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte);
        assert!(is_name(key) && !value.is_empty() && value.bytes().all(plain), "{line}");
        assert!(found.insert(key.to_owned(), value.to_owned()).is_none(), "{line}");
    }
    let value: f64 = value.parse().expect(line);
    assert!(value.is_finite() && value >= 0.0, "{line}");
    (suffix.to_owned(), found, value)
}

fn check(name: &str, family: &Family) {
    match &family.unit {
        Some(unit) => assert!(name.ends_with(&format!("_{unit}")), "{name} does not end in {unit}"),
        None => assert!(!name.ends_with("_seconds") && !name.ends_with("_bytes"), "{name} hides its unit"),
    }
    assert!(!name.ends_with("_total") && !name.ends_with("_info"), "{name} ends in what is added");
    let suffixes: &[&str] = match family.kind.as_str() {
        "counter" => &["_total"],
        "gauge" => &[""],
        "info" => &["_info"],
        "histogram" => &["_bucket", "_sum", "_count"],
        other => panic!("{name} is a {other}"),
    };
    let mut seen = BTreeSet::new();
    for (suffix, labels, _) in &family.samples {
        assert!(suffixes.contains(&suffix.as_str()), "{name}{suffix}");
        assert!(seen.insert((suffix, labels)), "{name}{suffix} {labels:?} is there twice");
    }
    if family.kind == "histogram" {
        check_histogram(name, family);
    }
}

/// The buckets of every series rise to what is counted.
fn check_histogram(name: &str, family: &Family) {
    let mut buckets: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
    for (_, labels, value) in family.samples.iter().filter(|(suffix, ..)| suffix == "_bucket") {
        let mut labels = labels.clone();
        let bound = labels.remove("le").expect("a bound");
        let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().expect("a bound") };
        buckets.entry(labels).or_default().push((bound, *value));
    }
    for (suffix, labels, value) in &family.samples {
        assert_eq!(suffix == "_bucket", labels.contains_key("le"), "{name}{suffix}");
        if suffix == "_count" {
            let buckets = &buckets[labels];
            assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{name}");
            assert_eq!(buckets.last(), Some(&(f64::INFINITY, *value)), "{name}");
        }
    }
}

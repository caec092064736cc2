//! The pages in a browser: light, dark, on a phone and on paper. `STEPPE_SCREENSHOTS` names a folder to keep the pictures in.

use std::{fs, path::PathBuf};

use resvg::tiny_skia::Pixmap;
use serde_json::json;
use steppe_report::Language;

use super::{browser::Browser, made_up};

/// Width, height, and whether it is dark.
const LOOKS: [(&str, u32, u32, bool); 4] = [
    ("light", 1280, 900, false),
    ("dark", 1280, 900, true),
    ("phone", 360, 740, false),
    ("phone-dark", 360, 740, true),
];

/// What reaches beyond the window, or beyond its plot. Tables may be wider than the window in a part that scrolls.
const OVERFLOWING: &str = "(() => {
    const found = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) found.push(`page ${root.scrollWidth} > ${root.clientWidth}`);
    for (const element of document.querySelectorAll('body *')) {
        if (element.closest('.scroll') && !element.matches('.scroll') || element.closest('svg') && !element.matches('svg'))
            continue;
        const box = element.getBoundingClientRect();
        if (box.width > 0 && (box.right > root.clientWidth + 0.5 || box.left < -0.5))
            found.push(`${element.tagName} ${box.left} to ${box.right}`);
    }
    for (const plot of document.querySelectorAll('svg')) {
        const frame = plot.getBoundingClientRect();
        if (frame.width === 0) continue;
        for (const text of plot.querySelectorAll('text')) {
            const box = text.getBoundingClientRect();
            if (box.right > frame.right + 1 || box.left < frame.left - 1 || box.bottom > frame.bottom + 1
                || box.top < frame.top - 1) found.push(`label ${text.textContent}`);
        }
    }
    return found;
})()";

/// Every page: its name, its content, and words that must be seen on it.
fn pages() -> Vec<(String, String, Vec<String>)> {
    let (report, person) = (made_up::calibration(), made_up::person());
    let words = |language: Language, of: [[&str; 3]; 2]| -> Vec<String> {
        let at = Language::ALL.iter().position(|one| *one == language).expect("a language");
        of.iter().map(|texts| texts[at].to_owned()).collect()
    };
    let sections = [
        ["Odds by decile", "Децильдер бойынша шанстар", "Шансы по децилям"],
        ["Transfer: accuracy", "Тасымалдану: дәлдік", "Переносимость: точность"],
    ];
    let of_language = |language: Language| {
        let code = language.code();
        let calibration = (format!("calibration-{code}"), report.html(language), words(language, sections));
        let sample = vec![person.sample.clone(), person.score.clone()];
        [calibration, (format!("person-{code}"), person.html(language), sample)]
    };
    Language::ALL.into_iter().flat_map(of_language).collect()
}

/// Mean brightness of the picture's edge, 0 to 1.
fn brightness(png: &[u8]) -> f64 {
    let picture = Pixmap::decode_png(png).expect("a picture");
    let edge: Vec<f64> = (0..picture.height())
        .filter_map(|row| picture.pixel(0, row))
        .map(|pixel| f64::from(pixel.red()) + f64::from(pixel.green()) + f64::from(pixel.blue()))
        .collect();
    edge.iter().sum::<f64>() / (edge.len() as f64 * 765.0)
}

#[test]
fn pages_look_right_on_screens_and_paper() {
    let Some(mut browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let kept = std::env::var_os("STEPPE_SCREENSHOTS").map(PathBuf::from);
    let keep = |name: String, content: &[u8]| {
        if let Some(kept) = &kept {
            fs::create_dir_all(kept).expect("a folder");
            fs::write(kept.join(name), content).expect("a file");
        }
    };
    for (name, html, words) in pages() {
        let file = folder.path().join(format!("{name}.html"));
        fs::write(&file, html).expect("a page");
        for (look, width, height, dark) in LOOKS {
            browser.look(width, height, dark);
            browser.open(&file);
            let overflowing = browser.value(OVERFLOWING);
            assert_eq!(overflowing, json!([]), "{name} {look}");
            let text = browser.value("document.body.innerText");
            for word in &words {
                assert!(
                    text.as_str().is_some_and(|text| text.contains(word.as_str())),
                    "{name} {look}: {word}"
                );
            }
            let picture = browser.picture();
            assert_eq!(brightness(&picture) < 0.5, dark, "{name} {look}");
            keep(format!("{name}-{look}.png"), &picture);
            assert!(browser.complaints().is_empty(), "{name} {look}: {:?}", browser.complaints());
            let requests = browser.requests();
            assert!(requests.len() == 1 && requests[0].ends_with(".html"), "{name} {look}: {requests:?}");
        }
        browser.look(1280, 900, true);
        let paper = browser.print();
        assert!(paper.starts_with(b"%PDF-"), "{name}");
        keep(format!("{name}.pdf"), &paper);
    }
}

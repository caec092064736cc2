use std::path::Path;

use steppe_server::settings::{Member, document, example, registry};

use super::{Given, file};

/// Where the document is, from the package. In the workspace: `../../docs/configuration.md`.
const DOCUMENT: &str = "../../docs/configuration.md";

#[test]
fn the_document_is_that_of_the_registry() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT);
    if std::env::var_os("STEPPE_WRITE_DOCS").is_some_and(|value| value == "1") {
        std::fs::write(&path, document()).expect("docs can be written");
    }
    let written = std::fs::read_to_string(&path).expect("docs/configuration.md is there");
    assert!(written == document(), "docs/configuration.md is old; run this test with STEPPE_WRITE_DOCS=1");
}

#[test]
fn the_document_names_every_setting() {
    let document = document();
    for key in registry::keys(None) {
        assert!(document.contains(&format!("\n| `{}` |", key.name)), "{}", key.name);
        assert!(document.contains(&format!("`{}` |\n", key.variable())), "{}", key.name);
        assert!(!key.help.is_empty() && !key.help.ends_with('.'), "{}", key.name);
        assert!(key.long_help.is_empty() || key.long_help.ends_with('.'), "{}", key.name);
    }
}

#[test]
fn the_example_files_are_good_files() {
    for member in Member::ALL {
        let (_folder, path) = file(&example(member));
        let mut given = Given::default();
        given.flags = given.flags.with_config(path);
        let effective = given.effective(member).expect("an example that is right");
        for setting in effective {
            let named = registry::find(setting.key).and_then(|key| key.example).is_some();
            assert_eq!(setting.origin == "file", named, "{}", setting.key);
        }
    }
}

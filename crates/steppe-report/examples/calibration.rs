//! Writes the calibration report and the report about one person in all languages, from made-up input, with their plots as
//! SVG and PNG: `cargo run -p steppe-report --example calibration -- FOLDER`.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use steppe_report::Language;

#[path = "../tests/it/made_up.rs"]
mod made_up;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::args().nth(1).ok_or("give the folder to write to")?);
    fs::create_dir_all(&folder)?;
    let report = made_up::calibration();
    let person = made_up::person();
    for language in Language::ALL {
        let code = language.code();
        fs::write(folder.join(format!("calibration-{code}.html")), report.html(language))?;
        fs::write(folder.join(format!("person-{code}.html")), person.html(language))?;
        for (name, svg) in report.svgs(language) {
            fs::write(folder.join(format!("{name}-{code}.svg")), svg)?;
        }
        for (name, png) in report.pngs(language, 2.0)? {
            fs::write(folder.join(format!("{name}-{code}.png")), png)?;
        }
        for (name, png) in person.pngs(language, 2.0)? {
            fs::write(folder.join(format!("{name}-{code}.png")), png)?;
        }
    }
    Ok(())
}

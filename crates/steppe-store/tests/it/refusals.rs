use std::fs;

use steppe_store::{Cohort, Location, StoreError, import};

use super::fileset::{Fileset, options};

fn refusal(filesets: &[&Fileset]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let paths =
        ["a", "b"].iter().zip(filesets).map(|(name, fileset)| fileset.write(folder.path(), name)).collect();
    let out = folder.path().join("cohort");
    let message = import(&options(paths, &out)).unwrap_err().to_string();
    assert!(!out.exists(), "nothing is written");
    message
}

#[test]
fn filesets_that_do_not_belong_together() {
    let first = Fileset::random(1, 30, 20, &["1"]);
    let mut second = Fileset::random(2, 30, 20, &["2"]);
    second.fam.clone_from(&first.fam);

    let mut renamed = second.clone();
    renamed.fam[4].sample_id = "stranger".to_owned();
    let message = refusal(&[&first, &renamed]);
    assert!(
        message.contains("1 are only in") && message.contains("f1 stranger") && message.contains("f1 s4"),
        "{message}"
    );

    let mut fewer = second.clone();
    fewer.fam.pop();
    fewer.codes.iter_mut().for_each(|row| row.truncate(29));
    assert!(refusal(&[&first, &fewer]).contains("f9 s29"));

    let mut parent = second.clone();
    parent.fam[0].father_id = "someone".to_owned();
    assert!(refusal(&[&first, &parent]).contains("the parents of sample f0 s0"));

    let mut shared = second.clone();
    shared.bim[7] = first.bim[3].clone();
    let message = refusal(&[&first, &shared]);
    assert!(message.contains("a.bim:4 and ") && message.contains("b.bim:8"), "{message}");
}

#[test]
fn broken_beds_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let paths = Fileset::random(1, 30, 20, &["1"]).write(folder.path(), "x");
    let bed = fs::read(&paths.bed).unwrap();
    let sample_major = [&[0x6C, 0x1B, 0x00], &bed[3..]].concat();
    let out = folder.path().join("cohort");
    for broken in [&bed[..bed.len() - 1], &[&bed[..], b"x"].concat(), &sample_major, b"", &bed[1..]] {
        fs::write(&paths.bed, broken).unwrap();
        let error = import(&options(vec![paths.clone()], &out)).unwrap_err();
        assert!(matches!(error, StoreError::Format(_)), "{error}");
        assert!(!out.exists());
    }
}

#[test]
fn places_that_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let paths = Fileset::random(1, 30, 20, &["1"]).write(folder.path(), "x");
    let message = import(&options(vec![paths.clone()], folder.path())).unwrap_err().to_string();
    assert!(message.contains("something else is here"), "{message}");
    let out = folder.path().join("cohort");
    import(&options(vec![paths.clone()], &out)).unwrap();
    let other = Fileset::random(2, 30, 20, &["1"]).write(folder.path(), "y");
    let message = import(&options(vec![other], &out)).unwrap_err().to_string();
    assert!(message.contains("a cohort of other files"), "{message}");
    let missing = Cohort::open(&Location::local(folder.path().join("nowhere"))).unwrap_err();
    assert!(missing.to_string().contains("steppe import"), "{missing}");
}

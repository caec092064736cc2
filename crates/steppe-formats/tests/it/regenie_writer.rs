//! What step 2 of regenie reads, byte by byte.

use steppe_formats::regenie::{PredictionFile, PredictionWriter, WHOLE_GENOME, write_prediction_list};

#[test]
fn predictions_have_regenies_layout() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("fit_1.loco");
    let mut writer = PredictionWriter::create(&path, [("1", "a"), ("2", "b"), ("3", "c")]).expect("a file");
    writer.write(1, [Some(0.1 + 0.2), None, Some(-2.0)]).expect("a row");
    writer.write(23, [Some(1e-7), None, Some(0.0)]).expect("a row");
    writer.finish().expect("the file");
    let text = std::fs::read_to_string(&path).expect("the file");
    assert_eq!(text, "FID_IID 1_a 2_b 3_c \n1 0.30000000000000004 NA -2 \n23 1e-7 NA 0 \n");

    let prs = folder.path().join("fit_1.prs");
    let mut writer = PredictionWriter::create(&prs, [("1", "a")]).expect("a file");
    writer.write(WHOLE_GENOME, [Some(1.5)]).expect("a row");
    writer.finish().expect("the file");
    assert_eq!(std::fs::read_to_string(&prs).expect("the file"), "FID_IID 1_a \n0 1.5 \n");

    let list = folder.path().join("fit_pred.list");
    let file = |name: &str, path: &str| PredictionFile { trait_name: name.to_owned(), path: path.into() };
    write_prediction_list(&list, &[file("Y1", "/data/fit_1.loco"), file("Y2", "/data/fit_2.loco")])
        .expect("the list");
    let text = std::fs::read_to_string(&list).expect("the list");
    assert_eq!(text, "Y1 /data/fit_1.loco\nY2 /data/fit_2.loco\n");
    let error = write_prediction_list(&list, &[file("Y1", "/my data/x.loco")]).expect_err("a blank");
    assert!(error.to_string().contains("path: the text can not be one column"));
}

#[test]
fn what_step_2_could_not_read_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("fit_1.loco");
    let create = |samples: &[(&'static str, &'static str)]| {
        PredictionWriter::create(&path, samples.iter().copied()).map_err(|error| error.to_string())
    };
    let error = create(&[("secret id", "a")]).expect_err("a blank");
    assert!(error.contains("can not be part of one column") && !error.contains("secret"), "{error}");
    let error = create(&[("a_b", "c"), ("a", "b_c")]).expect_err("two of a name");
    assert!(error.contains("joined by _"), "{error}");
    let mut writer = create(&[("1", "a"), ("2", "b")]).expect("a file");
    writer.write(1, [None, Some(1.0)]).expect("a row");
    for (chromosome, predictions, piece) in [
        (1, vec![None, Some(1.0)], "chromosome 1: the chromosome has a row already"),
        (2, vec![None], "chromosome 2: there are 1 predictions of 2 samples"),
        (3, vec![None, Some(f64::NAN)], "chromosome 3: a prediction is not a finite number"),
    ] {
        let error = writer.write(chromosome, predictions).expect_err(piece).to_string();
        assert!(error.contains(piece), "{error}");
    }
    drop(writer);
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0);
}

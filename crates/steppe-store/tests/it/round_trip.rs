use std::collections::HashSet;

use steppe_genome::{Sex, VariantTable};
use steppe_store::{Codec, Cohort, CohortVariants, Location, NoProgress, Scratch, import, verify};

use super::fileset::{Fileset, Random, options, pack};

/// Reads a whole cohort by scans: codes by variant, then sample.
fn scan_all(cohort: &Cohort) -> Vec<Vec<u8>> {
    let manifest = cohort.manifest();
    let mut codes = vec![vec![9; manifest.samples as usize]; manifest.variants as usize];
    let reader = cohort.reader();
    let mut scratch = Scratch::new();
    for group in cohort.row_groups() {
        let block = cohort.blocks()[group.block as usize];
        let mut next = group.first_variant;
        reader
            .scan(group, &mut scratch, &mut |first, rows| {
                assert_eq!(first, next);
                assert_eq!(rows.bytes.len(), rows.rows * rows.stride);
                for (row, bytes) in rows.bytes.chunks_exact(rows.stride).enumerate() {
                    put(bytes, block.first_sample, rows.samples, &mut codes[first as usize + row]);
                }
                next += rows.rows as u32;
                Ok(())
            })
            .unwrap();
        assert_eq!(next, group.first_variant + group.rows);
    }
    codes
}

fn put(bytes: &[u8], first_sample: u32, samples: usize, into: &mut [u8]) {
    for sample in 0..samples {
        into[first_sample as usize + sample] = bytes[sample / 4] >> (2 * (sample % 4)) & 3;
    }
    let mut padding = bytes.to_vec();
    for sample in 0..samples {
        padding[sample / 4] &= !(3 << (2 * (sample % 4)));
    }
    assert!(padding.iter().all(|&byte| byte == 0), "padding is zero");
}

/// Reads some variants by selections.
fn check_select(cohort: &Cohort, codes: &[Vec<u8>], random: &mut Random) {
    let reader = cohort.reader();
    let mut scratch = Scratch::new();
    for group in cohort.row_groups() {
        let block = cohort.blocks()[group.block as usize];
        for one_in in [1, 3, 50] {
            let wanted: Vec<u32> = (group.first_variant..group.first_variant + group.rows)
                .filter(|_| random.below(one_in) == 0)
                .collect();
            let mut seen = Vec::new();
            reader
                .select(group, &wanted, &mut scratch, &mut |variants, rows| {
                    assert_eq!(variants.len(), rows.rows);
                    for (variant, bytes) in variants.iter().zip(rows.bytes.chunks_exact(rows.stride)) {
                        let first = block.first_sample as usize;
                        let expected = pack(&codes[*variant as usize][first..first + rows.samples]);
                        assert_eq!(bytes[..expected.len()], expected);
                    }
                    seen.extend_from_slice(variants);
                    Ok(())
                })
                .unwrap();
            assert_eq!(seen, wanted);
        }
    }
}

fn check_counts(cohort: &Cohort, fileset: &Fileset) {
    let variants = cohort.variants().unwrap();
    let samples = cohort.samples().unwrap();
    assert_eq!(samples.len(), fileset.fam.len());
    let count = |codes: &[u8], wanted: &dyn Fn(usize) -> bool| {
        let mut counts = [0; 4];
        codes
            .iter()
            .enumerate()
            .filter(|&(sample, _)| wanted(sample))
            .for_each(|(_, &code)| counts[code as usize] += 1);
        counts
    };
    for (variant, (codes, record)) in fileset.codes.iter().zip(&fileset.bim).enumerate() {
        let founder = |sample: usize| fileset.fam[sample].is_founder();
        let founder_of = |sex: Sex| move |sample: usize| founder(sample) && fileset.fam[sample].sex == sex;
        assert_eq!(variants.counts(variant), count(codes, &|_| true));
        assert_eq!(variants.founder_counts(variant), count(codes, &founder));
        match variants.founder_sex_counts(variant) {
            Some(by_sex) => {
                assert_eq!(by_sex.male, count(codes, &founder_of(Sex::Male)));
                assert_eq!(by_sex.female, count(codes, &founder_of(Sex::Female)));
                assert!(["X", "Y", "MT"].contains(&&*record.chromosome.label()));
            }
            None => assert!(!["X", "Y", "MT"].contains(&&*record.chromosome.label())),
        }
        assert_eq!(variants.chromosome(variant), &record.chromosome);
        assert_eq!(variants.position(variant), record.position);
        assert_eq!(variants.id(variant), record.id);
        assert_eq!(variants.counted_allele(variant), record.allele1);
        assert_eq!(variants.other_allele(variant), record.allele2);
    }
}

/// Some variants are the same rows as among all.
fn check_some_variants(cohort: &Cohort, random: &mut Random) {
    let all = cohort.variants().unwrap();
    for one_in in [1, 3, 1000] {
        let picked: Vec<usize> = (0..all.len()).filter(|_| random.below(one_in) == 0).collect();
        let ids: HashSet<&str> = picked.iter().map(|&at| all.id(at)).collect();
        let some = cohort
            .variants_where(&|chromosome, position, id| {
                assert!(position > 0 && !chromosome.label().is_empty());
                ids.contains(id)
            })
            .unwrap();
        assert_eq!((0..some.len()).map(|at| some.number(at) as usize).collect::<Vec<_>>(), picked);
        for (at, &number) in picked.iter().enumerate() {
            let row = |of: &CohortVariants, at| {
                let counts = (of.counts(at), of.founder_counts(at), of.founder_sex_counts(at));
                let text = format!("{} {} {}", of.id(at), of.counted_allele(at), of.other_allele(at));
                (of.chromosome(at).clone(), of.position(at), text, counts)
            };
            assert_eq!(row(&some, at), row(&all, number));
        }
        let half = all.len() as u32 / 2;
        let first = picked.partition_point(|&number| number < half as usize) as u32;
        assert_eq!(some.within(&(half..u32::MAX)), first..picked.len() as u32);
        assert_eq!(all.within(&(1..half)), 1..half);
    }
}

#[test]
fn genotypes_and_counts_come_back() {
    let mut random = Random(7);
    for (case, samples, variants, block, codec, chromosomes) in [
        (0, 1, 3, None, Codec::Uncompressed, &["1"] as &[&str]),
        (1, 37, 500, None, Codec::Uncompressed, &["1", "2", "X", "Y", "MT", "XY", "0", "GL1"]),
        (2, 1001, 700, Some(100), Codec::Uncompressed, &["1", "X"]),
        (3, 1001, 700, Some(257), Codec::Zstd, &["1", "X"]),
        (4, 4099, 300, Some(4000), Codec::Zstd, &["22"]),
        (5, 16_000, 4300, None, Codec::Uncompressed, &["1"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let fileset = Fileset::random(case, samples, variants, chromosomes);
        let out = folder.path().join("cohort");
        let mut options = options(vec![fileset.write(folder.path(), "x")], &out);
        (options.block_samples, options.codec) = (block, codec);
        let report = import(&options).unwrap();
        assert!(!report.already_imported);
        let cohort = Cohort::open(&Location::local(&out)).unwrap();
        assert_eq!(cohort.digest(), report.digest);
        assert!(scan_all(&cohort) == fileset.codes, "case {case}");
        check_select(&cohort, &fileset.codes, &mut random);
        check_counts(&cohort, &fileset);
        check_some_variants(&cohort, &mut random);
        let verified = verify(&cohort, &NoProgress).unwrap();
        assert_eq!(verified.rows, (variants * cohort.blocks().len()) as u64);
        assert!(!out.join("import.state").exists());
        assert!(import(&options).unwrap().already_imported);
    }
}

#[test]
fn filesets_join_and_samples_are_reordered() {
    let folder = tempfile::tempdir().unwrap();
    let first = Fileset::random(1, 333, 200, &["1", "2"]);
    let mut second = Fileset::random(2, 333, 150, &["3", "X"]);
    second.fam.clone_from(&first.fam);
    let shuffled = second.shuffled(5);
    let paths = vec![first.write(folder.path(), "a"), shuffled.write(folder.path(), "b")];
    let mut options = options(paths, &folder.path().join("cohort"));
    options.block_samples = Some(50);
    let report = import(&options).unwrap();
    assert_eq!(report.reordered.len(), 1);
    assert!(report.reordered[0].1 > 300);
    let cohort = Cohort::open(&options.out).unwrap();
    let mut joined = first.clone();
    joined.bim.extend(second.bim);
    joined.codes.extend(second.codes);
    assert!(scan_all(&cohort) == joined.codes);
    check_counts(&cohort, &joined);
    verify(&cohort, &NoProgress).unwrap();
}

#[test]
fn the_digest_depends_on_content_alone() {
    let folder = tempfile::tempdir().unwrap();
    let fileset = Fileset::random(3, 500, 400, &["1", "2", "3"]);
    let paths = fileset.write(folder.path(), "x");
    let digests: Vec<String> = [1, 2, 4]
        .into_iter()
        .map(|threads| {
            let mut options = options(vec![paths.clone()], &folder.path().join(format!("cohort{threads}")));
            (options.threads, options.block_samples) = (threads, Some(100));
            import(&options).unwrap().digest
        })
        .collect();
    assert!(digests.iter().all(|digest| *digest == digests[0]));
}

#[test]
fn a_fileset_that_jumps_between_chromosomes_is_not_cut_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut fileset = Fileset::random(4, 20, 3000, &["1"]);
    for (variant, record) in fileset.bim.iter_mut().enumerate() {
        record.chromosome = steppe_genome::Chromosome::parse(["1", "X"][variant % 2]);
    }
    let options = options(vec![fileset.write(folder.path(), "x")], &folder.path().join("cohort"));
    import(&options).unwrap();
    let cohort = Cohort::open(&options.out).unwrap();
    assert_eq!(cohort.manifest().parts.len(), 1);
    check_counts(&cohort, &fileset);
}

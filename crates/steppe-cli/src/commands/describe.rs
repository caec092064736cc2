use std::fmt::Write;

use clap::{Args, ValueEnum};
use serde_json::json;
use steppe_genome::Sex;
use steppe_store::{Codec, Cohort, Location, Manifest, SampleTable};

use crate::{
    console::print,
    exit::Outcome,
    render::{self, Align},
};

const EXAMPLES: &str = "\
Examples:
  steppe describe biobank
  steppe describe s3://bucket/biobank --format json | jq .variants";

/// Show what is inside a cohort: people, variants per chromosome, how it is stored, where it came from, and what was
/// odd about its sources.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct DescribeCommand {
    /// The cohort: the folder or object-store URL that steppe import wrote.
    #[arg(value_name = "COHORT")]
    cohort: String,
    /// How it is shown.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// for people
    Table,
    /// one object
    Json,
}

/// People by sex.
#[derive(Debug, Default, PartialEq, Eq)]
struct SexTally {
    females: u64,
    males: u64,
    unknown: u64,
}

impl DescribeCommand {
    /// Opens the cohort, which checks its small files, and shows it.
    pub(crate) fn run(&self) -> anyhow::Result<Outcome> {
        let location = Location::parse(&self.cohort)?;
        let cohort = Cohort::open(&location)?;
        let sexes = SexTally::of(&cohort.samples()?);
        let manifest = cohort.manifest();
        let text = match self.format {
            Format::Table => description(&location, cohort.digest(), manifest, &sexes),
            Format::Json => {
                serde_json::to_string_pretty(&document(&location, cohort.digest(), manifest, &sexes)?)?
            }
        };
        print(&text)?;
        Ok(Outcome::Done)
    }
}

impl SexTally {
    fn of(samples: &SampleTable) -> Self {
        let mut tally = Self::default();
        for sex in &samples.sex {
            match sex {
                Sex::Female => tally.females += 1,
                Sex::Male => tally.males += 1,
                Sex::Unknown => tally.unknown += 1,
            }
        }
        tally
    }
}

/// Variants per chromosome in order of appearance; parts that span chromosomes count as `mixed`.
fn chromosomes(manifest: &Manifest) -> Vec<(String, u64)> {
    let mut chromosomes: Vec<(String, u64)> = Vec::new();
    for part in &manifest.parts {
        let name = part.chromosome.as_deref().unwrap_or("mixed");
        match chromosomes.iter_mut().find(|(known, _)| known == name) {
            Some((_, variants)) => *variants += u64::from(part.variants),
            None => chromosomes.push((name.to_owned(), u64::from(part.variants))),
        }
    }
    chromosomes
}

fn description(location: &Location, digest: &str, manifest: &Manifest, sexes: &SexTally) -> String {
    let count = |value: u32| render::count(u64::from(value));
    let groups: usize = manifest.tiles.iter().map(|tile| tile.row_groups.len()).sum();
    let facts = [
        ("cohort", location.to_string()),
        ("digest", digest.to_owned()),
        ("genome build", manifest.genome_build.clone()),
        (
            "samples",
            format!(
                "{} ({} founders; {} female, {} male, {} of unknown sex)",
                count(manifest.samples),
                count(manifest.founders),
                render::count(sexes.females),
                render::count(sexes.males),
                render::count(sexes.unknown),
            ),
        ),
        ("variants", count(manifest.variants)),
        (
            "stored as",
            format!(
                "{} in {}; {} of up to {} samples, {}, {}",
                render::bytes(manifest.stored_bytes()),
                render::things(manifest.tiles.len() as u64 + 2, "file"),
                render::things(manifest.blocks.len() as u64, "block"),
                count(manifest.layout.block_samples),
                render::things(groups as u64, "row group"),
                match manifest.codec() {
                    Codec::Uncompressed => "not compressed",
                    Codec::Zstd => "compressed with Zstandard",
                },
            ),
        ),
        ("imported by", manifest.importer.clone()),
    ];
    let mut text = render::facts(&facts);
    let rows = chromosomes(manifest).into_iter().map(|(name, variants)| vec![name, render::count(variants)]);
    section(
        &mut text,
        "variants",
        &render::table([("chromosome", Align::Left), ("variants", Align::Right)], rows),
    );
    let rows = manifest
        .sources
        .iter()
        .map(|source| vec![source.name.clone(), render::bytes(source.bytes), source.blake3.clone()]);
    let columns = [("file", Align::Left), ("size", Align::Right), ("BLAKE3", Align::Left)];
    section(&mut text, "sources", &render::table(columns, rows));
    if !manifest.notes.is_empty() {
        let rows = manifest.notes.iter().map(|note| {
            vec![note.file.clone(), note.kind.clone(), render::count(note.count), note.detail.clone()]
        });
        let columns = [
            ("file", Align::Left),
            ("what", Align::Left),
            ("count", Align::Right),
            ("for example", Align::Left),
        ];
        section(&mut text, "read, and worth knowing", &render::table(columns, rows));
    }
    text
}

fn section(text: &mut String, title: &str, table: &str) {
    // Writing to a string does not fail.
    let _ = write!(text, "\n\n{title}\n{table}");
}

/// The manifest for scripts, without its long list of tiles.
fn document(
    location: &Location,
    digest: &str,
    manifest: &Manifest,
    sexes: &SexTally,
) -> serde_json::Result<serde_json::Value> {
    let mut document = json!({
        "location": location.to_string(),
        "digest": digest,
        "stored_bytes": manifest.stored_bytes(),
        "females": sexes.females,
        "males": sexes.males,
        "unknown_sex": sexes.unknown,
        "chromosomes": chromosomes(manifest)
            .into_iter()
            .map(|(name, variants)| json!({ "chromosome": name, "variants": variants }))
            .collect::<Vec<_>>(),
        "genotype_files": manifest.tiles.len(),
        "row_groups": manifest.tiles.iter().map(|tile| tile.row_groups.len()).sum::<usize>(),
    });
    let manifest = serde_json::to_value(manifest)?;
    if let (Some(document), serde_json::Value::Object(manifest)) = (document.as_object_mut(), manifest) {
        document.extend(manifest.into_iter().filter(|(key, _)| key != "tiles"));
    }
    Ok(document)
}

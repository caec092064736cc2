use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{ArgAction, Args, ValueEnum};
use steppe_formats::{FileNote, plink1::FilesetPaths};
use steppe_genome::GenomeBuild;
use steppe_store::{Codec, ImportOptions, ImportProgress, ImportReport, Location, import};

mod remotely;

use super::Session;
use crate::{
    console::print,
    exit::{Outcome, Usage},
    interrupt::raise_on_interrupt,
    options::{MemoryOption, RemoteOptions, ThreadsOption},
    progress::ImportBar,
    remote, render,
};

const EXAMPLES: &str = "\
Examples:
  One fileset (biobank.bed, biobank.bim, biobank.fam):
    steppe import --bfile biobank --build GRCh38 --out biobank.steppe

  One per chromosome, in this order; the same samples in any order:
    steppe import --bfile chr1 --bfile chr2 --bfile chr3 --build GRCh37 --out biobank.steppe
    steppe import --bfile-list chromosomes.list --build GRCh37 --out biobank.steppe

  To an object store, compressed; credentials from the environment (AWS_..., GOOGLE_..., AZURE_...):
    steppe import --bfile biobank --build GRCh38 --codec zstd --out s3://bucket/biobank

Everything is checked before anything is written. Interrupted, it leaves no cohort, and the same command goes on from
the finished parts. The same command on a finished cohort does nothing.

Exit status: 0 done, 2 input or command line refused (nothing was written), 130 interrupted, 1 other failures.";

/// Convert PLINK 1 files (.bed, .bim, .fam) to a cohort store: once, for every score to come.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct ImportCommand {
    /// Prefix of a .bed/.bim/.fam fileset; repeatable: the same samples, different variants.
    #[arg(long, value_name = "PREFIX", num_args = 1.., action = ArgAction::Append,
        required_unless_present = "bfile_list")]
    bfile: Vec<PathBuf>,
    /// A file with one prefix a line, relative to that file; # starts a comment.
    #[arg(long, value_name = "FILE")]
    bfile_list: Option<PathBuf>,
    /// The folder or object-store URL (file://, s3://, gs://, az://) of the cohort.
    #[arg(long, value_name = "COHORT")]
    out: String,
    /// The genome build that the positions are in. Never guessed: check it with whoever made the files.
    #[arg(long, value_name = "GRCh37|GRCh38")]
    build: GenomeBuild,
    /// How genotypes are stored.
    #[arg(long, value_enum, default_value_t = CodecOption::None, help_heading = "Storage")]
    codec: CodecOption,
    /// Most samples of a block [default: what the kernels are fastest with].
    #[arg(long, value_name = "N", help_heading = "Storage")]
    block_samples: Option<u32>,
    #[command(flatten)]
    threads: ThreadsOption,
    #[command(flatten)]
    memory: MemoryOption,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CodecOption {
    /// packed and not compressed: fastest to score
    None,
    /// Zstandard: smaller, for cold or remote storage
    Zstd,
}

impl ImportCommand {
    /// Imports, and says what was found.
    pub(crate) fn run(&self, remote: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        if remote::is_named(remote) {
            return self.run_remotely(remote, session);
        }
        let prefixes = self.prefixes()?;
        let options = ImportOptions {
            filesets: prefixes.iter().map(|prefix| FilesetPaths::from_prefix(prefix)).collect(),
            out: Location::parse(&self.out)?,
            build: self.build,
            block_samples: self.block_samples,
            threads: self.threads.count(),
            memory_bytes: self.memory.memory.0,
            codec: match self.codec {
                CodecOption::None => Codec::Uncompressed,
                CodecOption::Zstd => Codec::Zstd,
            },
            level: session.level,
            progress: Arc::new(steppe_store::NoProgress),
        };
        let report = run_import(options, session)?;
        print(&render::facts(&facts(&report, &self.out)))?;
        session.console.note(&format!("next:  steppe score --cohort {} --score FILES --out DIR", self.out));
        Ok(Outcome::Done)
    }

    /// The prefixes of the options and of the list, in that order.
    fn prefixes(&self) -> anyhow::Result<Vec<PathBuf>> {
        let mut prefixes = self.bfile.clone();
        if let Some(list) = &self.bfile_list {
            prefixes.extend(read_list(list)?);
        }
        if prefixes.is_empty() {
            return Err(Usage::refuse(
                "there is nothing to import",
                "name at least one fileset with --bfile PREFIX",
            ));
        }
        Ok(prefixes)
    }
}

/// Imports with a bar; Ctrl-C stops it in good order.
pub(super) fn run_import(mut options: ImportOptions, session: Session) -> anyhow::Result<ImportReport> {
    let bar = Arc::new(ImportBar::new(session.console, raise_on_interrupt(session.console)));
    options.progress = Arc::clone(&bar) as Arc<dyn ImportProgress>;
    let imported = import(&options);
    bar.clear();
    let report = imported?;
    for (fam, moved) in &report.reordered {
        session.console.note(&format!(
            "{}: its samples are in another order; {} of them were put in their place by id",
            fam.display(),
            render::count(*moved)
        ));
    }
    for note in &report.notes {
        session.console.note(&note_line(note));
    }
    Ok(report)
}

/// Reads a list of prefixes; relative ones are relative to the list.
fn read_list(list: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let text = fs::read_to_string(list).map_err(|error| {
        Usage::refuse(
            format!("{}: can not be read: {error}", list.display()),
            "give a text file with one prefix a line",
        )
    })?;
    let folder = list.parent().unwrap_or(Path::new(""));
    let prefixes = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    Ok(prefixes
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| folder.join(line))
        .collect())
}

fn note_line(note: &FileNote) -> String {
    let place = if note.first_line > 0 {
        format!("{}:{}", note.path.display(), note.first_line)
    } else {
        note.path.display().to_string()
    };
    let name = note.kind.as_str().replace('_', " ");
    let detail = if note.detail.is_empty() { String::new() } else { format!(" ({})", note.detail) };
    format!("note: {place}: {name}, {}{detail}", render::things(note.count, "time"))
}

fn facts(report: &ImportReport, out: &str) -> Vec<(&'static str, String)> {
    let count = |value: u32| render::count(u64::from(value));
    let speed = report.bed_bytes as f64 / report.seconds.max(1e-9);
    let mut facts = vec![
        ("cohort", out.to_owned()),
        ("digest", report.digest.clone()),
        ("samples", format!("{} ({} founders)", count(report.samples), count(report.founders))),
        ("variants", count(report.variants)),
        (
            "stored",
            format!(
                "{} in {} of samples x {} of variants",
                render::bytes(report.stored_bytes),
                render::things(report.blocks as u64, "block"),
                render::things(report.parts as u64, "run"),
            ),
        ),
    ];
    facts.push(if report.already_imported {
        ("work", "none: this cohort was there already, made of the same files".to_owned())
    } else {
        let time = render::duration(std::time::Duration::from_secs_f64(report.seconds.max(0.0)));
        let resumed = match report.resumed_parts {
            0 => String::new(),
            parts => {
                format!(", {} taken over from an interrupted import", render::things(parts as u64, "file"))
            }
        };
        let (bed, speed) = (render::bytes(report.bed_bytes), render::bytes(speed as u64));
        ("work", format!("{bed} of .bed in {time}, {speed}/s{resumed}"))
    });
    facts
}

#[cfg(test)]
mod tests {
    use steppe_formats::NoteKind;

    use super::*;

    #[test]
    fn lists_are_relative_to_themselves() {
        let folder = tempfile::tempdir().expect("a folder");
        let list = folder.path().join("sets.list");
        fs::write(&list, "\u{feff}# chromosomes\nchr1\r\n\n/data/chr2\n").expect("the list is written");
        let prefixes = read_list(&list).expect("the list is read");
        assert_eq!(prefixes, [folder.path().join("chr1"), PathBuf::from("/data/chr2")]);
        assert!(read_list(&folder.path().join("none")).is_err());
    }

    #[test]
    fn notes_say_where_and_how_often() {
        let note = FileNote {
            path: "a.bim".into(),
            kind: NoteKind::MissingVariantIds,
            count: 1200,
            first_line: 7,
            detail: "\".\"".to_owned(),
        };
        assert_eq!(note_line(&note), "note: a.bim:7: missing variant ids, 1,200 times (\".\")");
    }
}

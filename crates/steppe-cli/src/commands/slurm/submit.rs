use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{
    credentials::make_token,
    resources::Resources,
    sbatch,
    script::{Script, quote},
};
use crate::{
    commands::Session,
    console::print,
    exit::{Outcome, Usage},
    private_file::write_private,
    remote::location_url,
};

/// The script within the folder.
const SCRIPT: &str = "cluster.sbatch";

#[derive(Debug, Args)]
pub(super) struct SubmitOptions {
    /// The cluster's folder, on storage that all nodes share: keys, profile, logs, the job log.
    ///
    /// The job log there needs a file system that locks files. Jobs that run at the same time have a folder each.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Folder or URL where jobs keep what they work with; all nodes reach it [default: DIR/store].
    #[arg(long, value_name = "LOCATION")]
    store: Option<String>,
    /// Folders and URLs that the command may name, beside the working folder; repeatable.
    #[arg(long, value_name = "LOCATION")]
    allow: Vec<String>,
    /// Show the script, and do nothing.
    #[arg(long)]
    print: bool,
    /// What to run, as it follows steppe: score --cohort …
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
    #[command(flatten)]
    resources: Resources,
}

impl SubmitOptions {
    /// Writes the script and gives it to SLURM.
    pub(super) fn run(&self, session: Session) -> anyhow::Result<Outcome> {
        // Links stay as they are: nodes may reach what they lead to by another name.
        let dir = std::path::absolute(&self.dir)?;
        let script = self.script(&dir, &std::env::current_dir()?)?;
        if self.print {
            print(&script)?;
            return Ok(Outcome::Done);
        }
        let id = submit(&dir, &script, &search_path()?)?;
        print(&id)?;
        session.console.note(&format!(
            "job {id} waits in SLURM's queue; it writes slurm-{id}.out here, and its cluster to {dir}/log\n\
             while it runs:  steppe --profile {quoted} jobs list",
            dir = dir.display(),
            quoted = quote(&dir.to_string_lossy()),
        ));
        Ok(Outcome::Done)
    }

    /// The script, for a working folder.
    fn script(&self, dir: &Path, working: &Path) -> anyhow::Result<String> {
        let dir = plain(dir)?;
        let store = match &self.store {
            Some(url) if url.contains("://") => url.clone(),
            Some(folder) => std::path::absolute(folder)?.display().to_string(),
            None => format!("{dir}/store"),
        };
        let mut allow = vec![location_url(&working.display().to_string())?];
        for location in &self.allow {
            allow.push(location_url(location)?);
        }
        if let Some(odd) = allow.iter().find(|location| location.contains(',')) {
            return Err(Usage::refuse(
                format!("{odd}: a location with a comma can not be allowed"),
                "allow the folder above it",
            ));
        }
        let (resources, command) = (&self.resources, self.command.as_slice());
        Ok(Script { resources, dir, store: &store, allow: &allow, command }.text())
    }
}

/// Makes the folder with all that the script needs, and gives the script to the `sbatch` on `path`.
fn submit(dir: &Path, script: &str, path: &OsStr) -> anyhow::Result<String> {
    fs::create_dir_all(dir)?;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
    make_token(dir)?;
    let file = dir.join(SCRIPT);
    write_private(&file, script)?;
    sbatch::submit(&file, path)
}

/// The folder as text that srun takes for a file's name, and that can stand in the job log's URL.
fn plain(dir: &Path) -> anyhow::Result<&str> {
    let odd = |c: char| c.is_control() || "%\\?#".contains(c);
    dir.to_str().filter(|text| !text.contains(odd)).ok_or_else(|| {
        Usage::refuse(
            format!("{}: the folder's name has one of %\\?# or an odd character", dir.display()),
            "name another folder",
        )
    })
}

/// Where `sbatch` is looked for. SLURM hands it to the nodes, which shall find this steppe by it.
fn search_path() -> anyhow::Result<OsString> {
    let binary = std::env::current_exe()?;
    let known = std::env::var_os("PATH").unwrap_or_default();
    let folders = binary.parent().map(Path::to_owned).into_iter().chain(std::env::split_paths(&known));
    Ok(std::env::join_paths(folders)?)
}

#[cfg(test)]
mod tests {
    use clap::{Parser, error::ErrorKind};

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        options: SubmitOptions,
    }

    fn parse(line: &[&str]) -> Result<SubmitOptions, clap::Error> {
        Line::try_parse_from([&["submit"], line].concat()).map(|line| line.options)
    }

    fn script_of(line: &[&str]) -> anyhow::Result<String> {
        let options = parse(line)?;
        options.script(&options.dir, Path::new("/shared/me"))
    }

    #[test]
    fn deploy_has_what_is_printed() {
        let command = ["score", "--cohort", "cohort", "--score", "pgs", "--out", "result"];
        let line = [&["--print", "--dir", "/shared/me/run", "--"], &command[..]].concat();
        let expected = include_str!("../../../../../deploy/slurm/cluster.sbatch");
        assert_eq!(script_of(&line).expect("a script"), expected);
    }

    #[test]
    fn locations_are_absolute() {
        let line =
            ["--dir", "/d d", "--store", "s3://b/x", "--allow", "/a b", "--allow", "s3://b", "--", "score"];
        let text = script_of(&line).expect("a script");
        let has = |line: &str| assert!(text.lines().any(|known| known == line), "{line}: {text}");
        has("RUN='/d d'");
        has("STORE=s3://b/x");
        has("ALLOW='file:///shared/me,file:///a%20b,s3://b'");
        has("COMMAND=(score)");
    }

    #[test]
    fn what_can_not_be_is_refused() {
        for line in [
            ["--dir", "/d/100%", "--allow", "/a"],
            ["--dir", "/d\n", "--allow", "/a"],
            ["--dir", "/d", "--allow", "/a,b"],
        ] {
            let error = script_of(&[&line[..], &["--", "score"]].concat()).expect_err("it is refused");
            assert!(error.is::<Usage>(), "{error}");
        }
        let none = parse(&["--dir", "/d"]).expect_err("there is no command");
        assert_eq!(none.kind(), ErrorKind::MissingRequiredArgument);
        let odd = parse(&["--dir", "/d", "--mem", "1 G", "--", "score"]).expect_err("an odd value");
        assert_eq!(odd.kind(), ErrorKind::ValueValidation);
    }

    #[test]
    fn the_folder_has_what_the_script_needs() {
        let folder = tempfile::tempdir().expect("a folder");
        let (dir, programs) = (folder.path().join("it's a run"), folder.path().join("bin"));
        fs::create_dir(&programs).expect("a folder");
        sbatch::fake(&programs, r#"cd "${2%/*}" && [ -r token ] && [ -r token.pub ] && echo 17"#);
        let id = submit(&dir, "text", programs.as_os_str()).expect("a job");
        assert_eq!(id, "17");
        assert_eq!(fs::read_to_string(dir.join(SCRIPT)).expect("the script"), "text");
        assert_eq!(fs::metadata(&dir).expect("the folder").permissions().mode() & 0o777, 0o700);
    }
}

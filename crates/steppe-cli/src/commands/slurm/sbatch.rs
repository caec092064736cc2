use std::{ffi::OsStr, io, path::Path, process::Command};

use crate::exit::Usage;

/// Gives a script to SLURM, by the `sbatch` that is on `path`; the job's id.
pub(super) fn submit(script: &Path, path: &OsStr) -> anyhow::Result<String> {
    let answer = Command::new("sbatch").arg("--parsable").arg(script).env("PATH", path).output();
    let answer = match answer {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Usage::refuse(
                "sbatch is not on the PATH",
                "run this where SLURM's commands are, or take the script with --print",
            ));
        }
        answer => answer?,
    };
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if !answer.status.success() {
        return Err(Usage::refuse(
            format!("SLURM does not take the job: {}", said(&answer.stderr)),
            format!("change the options; the script is {}", script.display()),
        ));
    }
    // The id alone, or with the name of the SLURM cluster: 123;name.
    let answer = said(&answer.stdout);
    let id = answer.lines().last().unwrap_or_default().split(';').next().unwrap_or_default();
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        anyhow::bail!("sbatch gave no job's number but {answer:?}; look with squeue for what it has done");
    }
    Ok(id.to_owned())
}

/// Puts an `sbatch` that runs these lines of a shell into a folder.
#[cfg(test)]
pub(super) fn fake(folder: &Path, body: &str) {
    // Another process writes it: this one may fork meanwhile, and nobody can run a file that a fork has open.
    let write = r#"printf '#!/bin/sh\n%s\n' "$2" > "$1" && chmod 700 "$1""#;
    let mut command = Command::new("sh");
    command.args(["-c", write, "sh"]).arg(folder.join("sbatch")).arg(body);
    assert!(command.status().expect("a shell").success());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Submits with an `sbatch` that does this.
    fn with(body: &str) -> anyhow::Result<String> {
        let folder = tempfile::tempdir().expect("a folder");
        fake(folder.path(), body);
        submit(Path::new("a script"), folder.path().as_os_str())
    }

    #[test]
    fn the_job_id_is_what_sbatch_says() {
        let check = r#"[ "$1" = --parsable ] && [ "$2" = "a script" ] && [ $# = 2 ] || exit 9"#;
        assert_eq!(with(&format!("{check}; echo 4711")).expect("it is taken"), "4711");
        assert_eq!(with("echo '12;north'").expect("it is taken"), "12");
    }

    #[test]
    fn what_sbatch_refuses_is_refused() {
        let error = with("echo 'invalid account' >&2; exit 1").expect_err("it is refused");
        assert!(error.is::<Usage>() && error.to_string().contains("invalid account"), "{error}");
        let error = with("echo hello").expect_err("no number");
        assert!(!error.is::<Usage>() && error.to_string().contains("hello"), "{error}");
    }

    #[test]
    fn no_sbatch_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = submit(Path::new("x"), folder.path().as_os_str()).expect_err("there is none");
        assert!(error.is::<Usage>() && error.to_string().contains("--print"), "{error}");
    }
}

//! A disk that can be filled: an ext4 image of a few megabytes, mounted. Needs root.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    process::Command,
};

/// A mounted image. It is unmounted when it is dropped.
#[derive(Debug)]
pub struct SmallDisk {
    image: PathBuf,
    at: PathBuf,
}

impl SmallDisk {
    /// Makes a disk of some MiB and mounts it on a folder, which is made too. The image lies at `image`.
    ///
    /// # Errors
    /// No right to mount, no loop device, no `mkfs.ext4`.
    pub fn mount(image: &Path, at: &Path, mebibytes: u64) -> io::Result<Self> {
        fs::create_dir_all(at)?;
        fs::File::create(image)?.set_len(mebibytes << 20)?;
        run(Command::new("mkfs.ext4").args(["-q", "-F", "-m", "0", "-O", "^has_journal"]).arg(image))?;
        run(Command::new("mount").args(["-o", "loop"]).arg(image).arg(at))?;
        fs::remove_dir(at.join("lost+found"))?;
        Ok(Self { image: image.to_owned(), at: at.to_owned() })
    }

    /// Whether this process may mount.
    pub fn can_be_had() -> bool {
        let Ok(folder) = tempfile::tempdir() else { return false };
        Self::mount(&folder.path().join("image"), &folder.path().join("disk"), 2).is_ok()
    }

    fn filler(&self) -> PathBuf {
        self.at.join(".filler")
    }

    /// Takes all space but some bytes.
    ///
    /// # Errors
    /// Something else than that the disk is full.
    pub fn fill(&self, leave: u64) -> io::Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(self.filler())?;
        let block = vec![0x5a; 4096];
        loop {
            match file.write_all(&block) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::StorageFull => break,
                Err(error) => return Err(error),
            }
        }
        let length = file.metadata()?.len();
        file.set_len(length.saturating_sub(leave))?;
        file.sync_all()
    }

    /// Gives the space back.
    ///
    /// # Errors
    /// The file can not be removed.
    pub fn free(&self) -> io::Result<()> {
        fs::remove_file(self.filler())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A process that is being killed may still hold a file of it.
        if run(Command::new("umount").arg(&self.at)).is_err() {
            let _ = run(Command::new("umount").arg("-l").arg(&self.at));
        }
        let _ = fs::remove_file(&self.image);
    }
}

/// Runs a command of the system; an error is what it said.
pub(crate) fn run(command: &mut Command) -> io::Result<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(io::Error::other(format!("{command:?}: {said}")))
}

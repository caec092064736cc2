//! A stored file with one flipped bit, or cut short, until it is dropped.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use rand::Rng;

/// A damaged file.
#[derive(Debug)]
pub(super) struct Damaged {
    path: PathBuf,
    sound: Vec<u8>,
    how: How,
}

#[derive(Debug)]
enum How {
    Flipped { byte: usize, bit: u8 },
    Cut { bytes: usize },
}

impl Damaged {
    /// Flips a random bit, or, each fourth time, cuts the file at a random place.
    pub(super) fn somewhere(path: &Path, random: &mut impl Rng) -> Self {
        let sound = fs::read(path).expect("a stored file");
        let byte = random.random_range(0..sound.len());
        let how = if random.random_ratio(1, 4) {
            How::Cut { bytes: byte }
        } else {
            How::Flipped { byte, bit: random.random_range(0..8) }
        };
        Self::new(path, sound, how)
    }

    /// Flips a random bit.
    pub(super) fn flipped(path: &Path, random: &mut impl Rng) -> Self {
        let sound = fs::read(path).expect("a stored file");
        let how = How::Flipped { byte: random.random_range(0..sound.len()), bit: random.random_range(0..8) };
        Self::new(path, sound, how)
    }

    fn new(path: &Path, sound: Vec<u8>, how: How) -> Self {
        let mut broken = sound.clone();
        match how {
            How::Flipped { byte, bit } => broken[byte] ^= 1 << bit,
            How::Cut { bytes } => broken.truncate(bytes),
        }
        fs::write(path, broken).expect("a stored file");
        Self { path: path.to_owned(), sound, how }
    }
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        match self.how {
            How::Flipped { byte, bit } => write!(f, "{name}: bit {bit} of byte {byte} flipped"),
            How::Cut { bytes } => write!(f, "{name}: cut to {bytes} of {} bytes", self.sound.len()),
        }
    }
}

impl Drop for Damaged {
    fn drop(&mut self) {
        // A job that was done took its own files along.
        if self.path.exists() {
            let _ = fs::write(&self.path, &self.sound);
        }
    }
}

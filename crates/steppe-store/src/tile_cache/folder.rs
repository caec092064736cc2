use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use crate::StoreError;

/// The largest piece that is kept on disk: a row group of 64 MiB, and what is around its genotypes.
const LARGEST_PIECE: usize = 72 << 20;
/// The disk is cut into so many blocks where that leaves them large enough; one block is evicted at a time.
const BLOCKS: usize = 64;
/// A smaller disk is cut into smaller blocks: one is being filled and one is kept empty, in which nothing is found.
const FEWEST_BLOCKS: usize = 4;
/// Offsets in a block have 32 bits.
const LARGEST_BLOCK: usize = 2 << 30;
/// Pieces smaller than this do not come alone: a smaller disk is none.
const SMALLEST_BLOCK: usize = 64 << 10;
/// Pieces on disk start on pages.
pub(super) const PAGE: usize = 4 << 10;
/// How the block files of `foyer` are named.
const BLOCK_FILE: &str = "foyer-storage-direct-fs-";
/// Names the cache's shape, and is locked while the cache is open.
const SHAPE_FILE: &str = "steppe-tile-cache";

/// How a disk is cut into blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    /// Bytes of a block; it is also a file.
    pub(super) block_bytes: usize,
    /// How many there are; one is always kept empty for what comes next.
    pub(super) blocks: usize,
}

impl Shape {
    /// The shape of a disk of so many bytes; `None` where it is too small for anything.
    pub(super) fn of(disk_bytes: u64) -> Option<Self> {
        let disk = usize::try_from(disk_bytes).ok()?;
        let block = (disk / BLOCKS).clamp(LARGEST_PIECE + PAGE, LARGEST_BLOCK).min(disk / FEWEST_BLOCKS);
        let block_bytes = block / PAGE * PAGE;
        (block_bytes >= SMALLEST_BLOCK).then(|| Self { block_bytes, blocks: disk / block_bytes })
    }

    /// The largest entry that a block takes: it starts with a page of its own.
    pub(super) fn largest_entry(self) -> usize {
        (self.block_bytes - PAGE).min(LARGEST_PIECE)
    }

    fn describe(self) -> String {
        format!("steppe tile cache 1\nblock_bytes {}\nblocks {}\n", self.block_bytes, self.blocks)
    }
}

/// Makes a folder ready for a cache of a shape, and locks it. What an earlier run left is kept where the shape is the
/// same, and removed otherwise, so that the folder never holds more than its blocks.
pub(super) fn prepare(folder: &Path, shape: Shape) -> Result<File, StoreError> {
    let refuse = |problem: String| StoreError::TileCache { folder: folder.to_owned(), problem };
    let lock = lock(folder).map_err(refuse)?;
    let ready = || -> io::Result<()> {
        let mut file = &lock;
        let mut found = String::new();
        file.read_to_string(&mut found)?;
        if found == shape.describe() {
            return keep_one_empty(folder, shape);
        }
        file.set_len(0)?;
        for block in block_files(folder)? {
            fs::remove_file(block)?;
        }
        file.rewind()?;
        file.write_all(shape.describe().as_bytes())
    };
    ready().map_err(|error| refuse(error.to_string()))?;
    Ok(lock)
}

fn lock(folder: &Path) -> Result<File, String> {
    let open = || {
        fs::create_dir_all(folder)?;
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(folder.join(SHAPE_FILE))
    };
    let file = open().map_err(|error: io::Error| error.to_string())?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err("another cache is open in it".to_owned()),
        Err(fs::TryLockError::Error(error)) => Err(error.to_string()),
    }
}

fn block_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(BLOCK_FILE) {
            files.push(entry.path());
        }
    }
    Ok(files)
}

/// Removes the oldest block where all have something in them. `foyer` empties a block whenever it takes the last
/// empty one, but one that is opened with none, as after a crash, would wait for one for ever.
fn keep_one_empty(folder: &Path, shape: Shape) -> io::Result<()> {
    let mut oldest: Option<(SystemTime, PathBuf)> = None;
    let mut used = 0;
    for path in block_files(folder)? {
        let mut head = [0; PAGE];
        let empty = match File::open(&path).and_then(|mut file| file.read_exact(&mut head)) {
            Ok(()) => head.iter().all(|&byte| byte == 0),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => true,
            Err(error) => return Err(error),
        };
        if empty {
            continue;
        }
        used += 1;
        let written = fs::metadata(&path)?.modified()?;
        if oldest.as_ref().is_none_or(|(time, _)| written < *time) {
            oldest = Some((written, path));
        }
    }
    match oldest {
        Some((_, path)) if used >= shape.blocks => fs::remove_file(path),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_of_all_sizes() {
        let mut disk = 1u64;
        while disk < 64 << 40 {
            for disk in [disk - 1, disk, disk + 1, disk / 2 * 3] {
                let Some(shape) = Shape::of(disk) else {
                    assert!(disk < (FEWEST_BLOCKS * SMALLEST_BLOCK) as u64, "{disk}");
                    continue;
                };
                assert!(
                    shape.blocks >= FEWEST_BLOCKS && shape.block_bytes.is_multiple_of(PAGE),
                    "{disk}: {shape:?}"
                );
                assert!((shape.blocks * shape.block_bytes) as u64 <= disk, "{disk}: {shape:?}");
                assert!(shape.block_bytes <= LARGEST_BLOCK);
                if disk >= 320 << 20 {
                    assert_eq!(shape.largest_entry(), LARGEST_PIECE, "{disk}: {shape:?}");
                }
            }
            disk *= 2;
        }
        assert_eq!(Shape::of(0), None);
        assert_eq!(Shape::of(u64::MAX).map(|shape| shape.block_bytes), Some(LARGEST_BLOCK));
    }

    #[test]
    fn folders_are_locked_kept_and_emptied() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let shape = Shape { block_bytes: 64 << 10, blocks: 2 };
        let block = folder.path().join(format!("{BLOCK_FILE}00000000"));
        let other = folder.path().join("other");
        fs::write(&other, "not ours")?;
        let lock = prepare(folder.path(), shape)?;
        fs::write(&block, vec![1; shape.block_bytes])?;
        let error = prepare(folder.path(), shape).expect_err("a lock").to_string();
        assert!(error.contains("another cache is open"), "{error}");
        assert!(error.starts_with(&folder.path().display().to_string()), "{error}");
        drop(lock);
        drop(prepare(folder.path(), shape)?);
        assert!(block.exists());
        drop(prepare(folder.path(), Shape { blocks: 3, ..shape })?);
        assert!(!block.exists() && other.exists());
        Ok(())
    }

    #[test]
    fn a_full_folder_loses_its_oldest_block() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let shape = Shape { block_bytes: 64 << 10, blocks: 3 };
        let block = |number: usize| folder.path().join(format!("{BLOCK_FILE}{number:08}"));
        drop(prepare(folder.path(), shape)?);
        for (number, age) in [(0, 20), (1, 30), (2, 10)] {
            fs::write(block(number), vec![number as u8 + 1; shape.block_bytes])?;
            let time = SystemTime::now() - std::time::Duration::from_secs(age);
            File::options().write(true).open(block(number))?.set_modified(time)?;
        }
        drop(prepare(folder.path(), shape)?);
        assert_eq!([0, 1, 2].map(|number| block(number).exists()), [true, false, true]);
        drop(prepare(folder.path(), shape)?);
        assert_eq!([0, 1, 2].map(|number| block(number).exists()), [true, false, true]);
        Ok(())
    }
}

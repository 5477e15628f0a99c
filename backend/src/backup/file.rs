//! A file that gets its name only when it is whole.

use super::BackupError;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// A file for its owner alone, written under another name beside its own until it is finished. Dropped before that, it is
/// gone.
pub struct UnfinishedFile {
    path: PathBuf,
    part: PathBuf,
    file: File,
}

impl UnfinishedFile {
    /// Begins a file; one that is there already is kept until the new one is finished, and altogether unless it may be
    /// replaced.
    ///
    /// # Errors
    /// [`BackupError::Exists`], and when the operating system refuses.
    pub fn begin(path: &Path, may_replace: bool) -> Result<Self, BackupError> {
        if path.exists() && !may_replace {
            return Err(BackupError::Exists(path.to_owned()));
        }
        let failed = |source| BackupError::File { path: path.to_owned(), source };
        let name = path.file_name().ok_or_else(|| failed(io::ErrorKind::IsADirectory.into()))?;
        if path.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        let part = path.with_file_name(format!(".{}.{}.part", name.to_string_lossy(), std::process::id()));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&part).map_err(failed)?;
        Ok(Self { path: path.to_owned(), part, file })
    }

    /// What is written to.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Where it is until it is finished.
    pub fn part(&self) -> &Path {
        &self.part
    }

    /// Makes it durable and gives it its name.
    ///
    /// # Errors
    /// When the operating system refuses; then there is no such file, or still the one from before.
    pub fn finish(self) -> Result<(), BackupError> {
        let finished = self.file.sync_all().and_then(|()| fs::rename(&self.part, &self.path));
        finished
            .and_then(|()| sync_folder_of(&self.path))
            .map_err(|source| BackupError::File { path: self.path.clone(), source })
    }
}

impl Drop for UnfinishedFile {
    fn drop(&mut self) {
        // Finished, it has another name and this fails.
        let _ = fs::remove_file(&self.part);
    }
}

/// Makes the name of a file or folder durable.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        #[cfg(unix)]
        Some(folder) if folder.as_os_str().is_empty() => File::open(".")?.sync_all(),
        #[cfg(unix)]
        Some(folder) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

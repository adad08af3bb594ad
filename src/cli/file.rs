//! Files that appear under their name only when they are whole.

use anyhow::{Context, Result, bail, ensure};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file in the making; what was under its name before stays until it is finished.
#[derive(Debug)]
pub struct NewFile {
    /// As it was given, for messages.
    path: PathBuf,
    target: PathBuf,
    writer: BufWriter<tempfile::NamedTempFile>,
}

/// The path of a file that does not exist, in the real path of its folder.
fn beside_folder(path: &Path) -> std::io::Result<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(std::fs::canonicalize(folder)?.join(path.file_name().unwrap_or_default()))
}

impl NewFile {
    /// Begins a file; `inputs` must not be overwritten.
    pub fn create(path: &Path, inputs: &[&Path]) -> Result<NewFile> {
        let shown = path.display();
        // The file behind a link is replaced, not the link.
        let target = std::fs::canonicalize(path).or_else(|_| beside_folder(path)).unwrap_or_else(|_| path.to_owned());
        if let Ok(metadata) = std::fs::metadata(path) {
            ensure!(!metadata.is_dir(), "the output {shown} is a folder");
            ensure!(metadata.is_file(), "the output {shown} exists and is not a regular file");
            let same = |input: &&&Path| std::fs::canonicalize(input).ok() == std::fs::canonicalize(path).ok();
            if let Some(input) = inputs.iter().find(same) {
                bail!("the output {shown} is the input {}; give it another name", input.display());
            }
        }
        let folder = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        ensure!(path.file_name().is_some(), "the output {shown} names no file");
        ensure!(folder.is_dir(), "the output's folder {} does not exist", folder.display());
        let mut builder = tempfile::Builder::new();
        builder.prefix(".gpu-activations-");
        match std::fs::metadata(&target) {
            Ok(existing) => {
                builder.permissions(existing.permissions());
            }
            #[cfg(unix)]
            Err(_) => {
                builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
            }
            #[cfg(not(unix))]
            Err(_) => {}
        }
        let file = builder.tempfile_in(folder).with_context(|| format!("cannot write in {}", folder.display()))?;
        Ok(NewFile { path: path.to_owned(), target, writer: BufWriter::with_capacity(1 << 20, file) })
    }

    /// Where the file will be, whatever way it was named.
    pub fn target(&self) -> &Path {
        &self.target
    }

    pub fn writer(&mut self) -> &mut impl Write {
        &mut self.writer
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.writer.write_all(bytes).with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// Gives the file its name.
    pub fn finish(self) -> Result<()> {
        let NewFile { path, target, writer } = self;
        let shown = path.display();
        let file = writer.into_inner().map_err(|error| error.into_error());
        let file = file.with_context(|| format!("cannot write {shown}"))?;
        file.as_file().sync_all().with_context(|| format!("cannot write {shown}"))?;
        file.persist(&target).map_err(|error| error.error).with_context(|| format!("cannot write {shown}"))?;
        Ok(())
    }
}

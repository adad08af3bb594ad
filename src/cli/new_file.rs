//! Files that appear under their name only when they are whole. They leave nothing behind if the program ends before that.

use anyhow::{Context, Result, bail, ensure};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A file in the making. What was under its name before stays until it is finished.
#[derive(Debug)]
pub struct NewFile {
    /// The path as it was given, for messages.
    path: PathBuf,
    target: PathBuf,
    writer: BufWriter<tempfile::NamedTempFile>,
    // This is dropped after the file, which is gone or has its name by then.
    _unfinished: Unfinished,
}

/// The files in the making, under the names that they have meanwhile.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An entry of [`UNFINISHED`].
#[derive(Debug)]
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        unfinished().retain(|path| *path != self.0);
    }
}

/// Has signals that end the program remove the files in the making first. Only the first call does anything.
#[cfg(unix)]
fn watch_signals() -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    static WATCHED: Mutex<bool> = Mutex::new(false);
    let mut watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    if *watched {
        return Ok(());
    }
    let ending = [SIGHUP, SIGINT, SIGQUIT, SIGTERM].into_iter().filter(|&signal| !is_ignored(signal));
    let mut signals = signal_hook::iterator::Signals::new(ending.collect::<Vec<_>>())?;
    let watch = move || {
        if let Some(signal) = signals.forever().next() {
            // The lock is kept to the end, so that no other file begins.
            let unfinished = unfinished();
            unfinished.iter().for_each(|path| drop(std::fs::remove_file(path)));
            // This ends the program as the signal would have, with the status of a program that the signal ended.
            let _ = signal_hook::low_level::emulate_default_handler(signal);
            std::process::exit(128 + signal);
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(watch)?;
    *watched = true;
    Ok(())
}

/// Tells whether the program was started to go on at this signal, as nohup does. Only Linux makes that known.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// Begins a file under a name of its own in a folder.
fn begin(builder: &tempfile::Builder<'_, '_>, folder: &Path) -> std::io::Result<(tempfile::NamedTempFile, Unfinished)> {
    #[cfg(unix)]
    watch_signals()?;
    // The lock keeps a signal from finding the file without its entry.
    let mut unfinished = unfinished();
    let file = builder.tempfile_in(folder)?;
    unfinished.push(file.path().to_owned());
    let entry = Unfinished(file.path().to_owned());
    Ok((file, entry))
}

/// The path of a file that does not exist, in the real path of its folder.
fn beside_folder(path: &Path) -> std::io::Result<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(std::fs::canonicalize(folder)?.join(path.file_name().unwrap_or_default()))
}

impl NewFile {
    /// Begins a file. It must not overwrite one of the files `inputs`.
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
        let (file, unfinished) =
            begin(&builder, folder).with_context(|| format!("cannot write in {}", folder.display()))?;
        let writer = BufWriter::with_capacity(1 << 20, file);
        Ok(NewFile { path: path.to_owned(), target, writer, _unfinished: unfinished })
    }

    /// The path of the file, however it was named.
    pub fn target(&self) -> &Path {
        &self.target
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.writer.write_all(bytes).with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// Gives the file its name.
    pub fn finish(self) -> Result<()> {
        let NewFile { path, target, writer, _unfinished } = self;
        let shown = path.display();
        let file = writer.into_inner().map_err(|error| error.into_error());
        let file = file.with_context(|| format!("cannot write {shown}"))?;
        file.as_file().sync_all().with_context(|| format!("cannot write {shown}"))?;
        file.persist(&target).map_err(|error| error.error).with_context(|| format!("cannot write {shown}"))?;
        Ok(())
    }
}

//! Standard input and standard output, which `-` names in the place of a file. Both pass through a temporary file, so that
//! sizes are known before anything is computed and nothing is written before it is whole.

use anyhow::{Context, Result, ensure};
use std::fs::File;
use std::io::{BufWriter, IntoInnerError, IsTerminal, Read, Seek, Write};
use std::path::Path;

/// Bytes that are copied at once.
const COPIED: usize = 1 << 20;

pub fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The name of an input in messages.
pub fn input_name(path: &Path) -> String {
    if is_dash(path) { "standard input".to_owned() } else { path.display().to_string() }
}

/// A file without a name, which the system removes when the program ends, however it ends.
fn temporary_file() -> Result<File> {
    tempfile::tempfile().with_context(|| format!("cannot create a temporary file in {}", temporary_folder()))
}

fn temporary_folder() -> String {
    std::env::temp_dir().display().to_string()
}

/// Copies standard input to a temporary file, and goes back to its beginning.
pub fn spooled_input() -> Result<File> {
    let mut input = std::io::stdin().lock();
    ensure!(!input.is_terminal(), "standard input is a terminal; redirect a file or a pipe into it");
    let mut file = temporary_file()?;
    let mut buffer = vec![0; COPIED];
    loop {
        let count = match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error).context("cannot read standard input"),
        };
        file.write_all(&buffer[..count])
            .with_context(|| format!("cannot keep standard input in a temporary file in {}", temporary_folder()))?;
    }
    file.rewind().context("cannot read standard input from its temporary file")?;
    Ok(file)
}

/// Bytes that go to standard output once they are whole.
#[derive(Debug)]
pub struct SpooledOutput(BufWriter<File>);

impl SpooledOutput {
    pub fn create() -> Result<SpooledOutput> {
        ensure!(
            !std::io::stdout().is_terminal(),
            "standard output is a terminal; redirect it to a file or into a pipe"
        );
        Ok(SpooledOutput(BufWriter::with_capacity(COPIED, temporary_file()?)))
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.write_all(bytes).with_context(unkept)
    }

    /// Writes everything to standard output.
    pub fn finish(self) -> Result<()> {
        let mut file = self.0.into_inner().map_err(IntoInnerError::into_error).with_context(unkept)?;
        let unread = "cannot read standard output from its temporary file";
        file.rewind().context(unread)?;
        let mut output = std::io::stdout().lock();
        let mut buffer = vec![0; COPIED];
        loop {
            let count = file.read(&mut buffer).context(unread)?;
            if count == 0 {
                break;
            }
            output.write_all(&buffer[..count]).context("cannot write to standard output")?;
        }
        output.flush().context("cannot write to standard output")
    }
}

fn unkept() -> String {
    format!("cannot keep standard output in a temporary file in {}", temporary_folder())
}

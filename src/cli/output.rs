//! Printing: text to stdout, notes and progress to stderr, and numbers in JSON.

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::io::Write;

pub fn print(text: &str) -> Result<()> {
    std::io::stdout().write_all(text.as_bytes()).context("cannot write to stdout")
}

/// Writes a line to stderr. If that fails, the exit status alone tells what happened.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A bar on stderr if that is a terminal, and none if the work is 0.
pub fn progress_bar(work: u64) -> Result<ProgressBar> {
    let progress = if work > 0 { ProgressBar::new(work) } else { ProgressBar::hidden() };
    progress.set_style(ProgressStyle::with_template("{wide_bar} {percent}% {eta} {msg}")?);
    Ok(progress)
}

/// A number, or a word for infinities and NaN, which JSON lacks.
pub fn number(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { json!(value.to_string()) }
}

/// The shortest decimal that is this f32, not the widened one.
pub fn short(value: f32) -> Value {
    value.to_string().parse().map_or_else(|_| json!(value), number)
}

/// The JSON value that a text spells, or else the text as a word.
pub fn json_of(text: &str) -> Value {
    text.parse().unwrap_or_else(|_| json!(text))
}

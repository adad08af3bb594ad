//! The record of what is trained: JSON lines, the first of which says on what adapter, each other one a training. A run that
//! is killed loses the training under way and no other.

use crate::plan::Plan;
use crate::training::Outcome;
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Where trainings were done, and since when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    pub adapter: String,
    pub driver: String,
    /// The day of the first training, as YYYY-MM-DD.
    pub date: String,
}

/// A training with what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub plan: Plan,
    pub outcome: Outcome,
}

pub struct Record {
    path: PathBuf,
    file: File,
    pub origin: Origin,
    pub entries: Vec<Entry>,
}

impl Record {
    /// Opens a record, or begins one. A last line without an end is one whose writing was cut off, and is removed.
    pub fn open(path: &Path, origin: Origin) -> Result<Record> {
        let shown = path.display();
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = file.with_context(|| format!("cannot open {shown}"))?;
        let mut text = String::new();
        file.read_to_string(&mut text).with_context(|| format!("cannot read {shown}"))?;
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        file.set_len(whole.len() as u64).with_context(|| format!("cannot write {shown}"))?;
        let mut lines = whole.lines().enumerate();
        let mut record = Record { path: path.to_owned(), file, origin, entries: Vec::new() };
        match lines.next() {
            None => record.append(&record.origin.clone())?,
            Some((_, line)) => {
                let found: Origin = serde_json::from_str(line).with_context(|| {
                    format!("{shown}, line 1, does not say where it is from; another record's name?")
                })?;
                let here = &record.origin;
                ensure!(
                    found.adapter == here.adapter && found.driver == here.driver,
                    "{shown} is of {} ({}), but this is {} ({}); remove it, or name another record",
                    found.adapter,
                    found.driver,
                    here.adapter,
                    here.driver,
                );
                record.origin = found;
            }
        }
        for (index, line) in lines {
            let entry = serde_json::from_str(line)
                .with_context(|| format!("{shown}, line {}, is no training of this version; remove it", index + 1))?;
            record.entries.push(entry);
        }
        Ok(record)
    }

    /// What came of a plan, if it was trained.
    pub fn outcome(&self, plan: &Plan) -> Option<&Outcome> {
        self.entries.iter().find(|entry| entry.plan == *plan).map(|entry| &entry.outcome)
    }

    /// What came of a plan that must have been trained.
    pub fn needed(&self, plan: &Plan) -> Result<&Outcome> {
        self.outcome(plan).with_context(|| format!("{} lacks a training of {}", self.path.display(), plan.unit))
    }

    /// Keeps a training.
    pub fn keep(&mut self, entry: Entry) -> Result<()> {
        self.append(&entry)?;
        self.entries.push(entry);
        Ok(())
    }

    fn append(&mut self, value: &impl Serialize) -> Result<()> {
        let shown = self.path.display();
        let mut line = serde_json::to_string(value)?;
        line.push('\n');
        self.file.seek(SeekFrom::End(0)).with_context(|| format!("cannot write {shown}"))?;
        self.file.write_all(line.as_bytes()).with_context(|| format!("cannot write {shown}"))?;
        self.file.sync_data().with_context(|| format!("cannot write {shown}"))
    }
}

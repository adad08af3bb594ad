//! The record: what is kept, and what a killed run leaves.

use experiments::data::Task;
use experiments::initialization::Initialization;
use experiments::loss::Head;
use experiments::optimizer::Optimizer;
use experiments::plan::Plan;
use experiments::record::{Entry, Origin, Record};
use experiments::training::{Outcome, Trained};
use std::io::Write;

fn origin(date: &str) -> Origin {
    Origin { adapter: "a".to_owned(), driver: "d".to_owned(), date: date.to_owned() }
}

fn entry(unit: &str) -> Entry {
    let plan = Plan {
        task: Task::Digits,
        unit: unit.to_owned(),
        hidden: vec![4],
        initialization: Initialization::He { slope: 0.1 },
        optimizer: Optimizer::Sgd { momentum: 0.9 },
        rates: vec![0.003, 1e-7],
        seeds: vec![u64::MAX],
        batch: 8,
        epochs: 1,
        head: Head::OfTask,
        repeat: 0,
    };
    let network = Trained {
        rate: 0.003,
        seed: u64::MAX,
        losses: vec![Some(0.1), None],
        validation: vec![1.0 / 3.0],
        test: vec![0.7],
        errors: Some([Some(1.0 / 3.0), None]),
        gradient_norms: vec![Some(1e-30)],
        moments: [vec![None], vec![Some([0.1, 0.2])]],
        dead: vec![0.25],
        learned: vec![vec![("beta".to_owned(), Some(1.5))]],
        picture: vec![0, 255],
    };
    Entry { plan, outcome: Outcome { networks: vec![network], step_ms: 1.1 } }
}

#[test]
fn what_is_kept_is_found_again_after_the_last_line_was_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/record.jsonl");
    let mut record = Record::open(&path, origin("2026-01-01")).unwrap();
    record.keep(entry("relu")).unwrap();
    record.keep(entry("tanh")).unwrap();
    drop(record);
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"{\"plan\":{\"task\":\"dig").unwrap();

    let mut record = Record::open(&path, origin("2026-02-02")).unwrap();
    assert_eq!(record.origin, origin("2026-01-01"));
    assert_eq!(record.entries, [entry("relu"), entry("tanh")]);
    assert_eq!(record.outcome(&entry("tanh").plan), Some(&entry("tanh").outcome));
    assert!(record.outcome(&entry("silu").plan).is_none());
    record.keep(entry("silu")).unwrap();
    assert_eq!(Record::open(&path, origin("")).unwrap().entries.len(), 3);
}

#[test]
fn a_line_of_something_else_is_told_by_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.jsonl");
    Record::open(&path, origin("2026-01-01")).unwrap().keep(entry("relu")).unwrap();
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"{}\n").unwrap();
    let error = Record::open(&path, origin("")).err().unwrap();
    assert_eq!(error.to_string(), format!("{}, line 3, is no training of this version; remove it", path.display()));
}

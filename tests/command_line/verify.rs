//! `verify`.

use crate::{folder, refused, succeeded};
use std::process::Command;

#[test]
fn verify_reports_each_pass_and_storage() {
    let text = succeeded(folder().path(), &["verify", "softplus", "-p", "beta=2", "--json"]);
    let rows: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // y and dx in f32 at both accuracies and in 16 bits, and the gradient by beta.
    assert_eq!(rows.len(), 11);
    let fast: Vec<_> = rows.iter().filter(|row| row["accuracy"] == "fast").collect();
    assert!(fast.len() == 2 && fast.iter().all(|row| row["storage"] == "f32"), "{text}");
    assert_eq!([&rows[0], &rows[4]].map(|row| row["order"].as_u64()), [Some(0), Some(1)]);
    assert_eq!(rows.iter().filter(|row| row["parameter_gradient"] == "beta").count(), 3);
    for row in rows {
        assert_eq!(row["failed"], 0);
        assert!(row["worst_ulp"].as_f64() <= row["limit_ulp"].as_f64(), "{row}");
        assert!(row["count"].as_u64() >= Some(65_536), "{row}");
    }
}

#[test]
fn functions_along_an_axis_are_verified() {
    let text = succeeded(folder().path(), &["verify", "softmax", "-p", "temperature=2", "--json"]);
    let rows: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 6);
    assert!(rows.iter().all(|row| row["function"] == "softmax" && row["failed"] == 0), "{text}");
    assert_eq!(rows[0]["parameters"]["temperature"], 2);
    let folder = folder();
    refused(folder.path(), &["verify", "softmax", "-p", "mask=@mask.npy"], 2, &["files"]);
}

#[test]
fn verification_goes_on_from_its_record() {
    let folder = folder();
    let run = ["verify", "relu", "--step", "999983", "--accuracy", "highest", "--resume", "record.json", "--json"];
    let first = succeeded(folder.path(), &run);
    let record = folder.path().join("record.json");
    let mut content: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&record).unwrap()).unwrap();
    // As if it had stopped before the last block of one direction, and another run had found errors.
    let entries: Vec<String> = content["done"].as_object().unwrap().keys().cloned().collect();
    let of = |pass: &str| entries.iter().find(|key| key.contains(pass) && key.contains("f32")).unwrap();
    content["done"][of("forward")]["done"] = 1.into();
    content["done"][of("backward")]["reports"][0]["worst_ulp"] = "inf".into();
    content["done"][of("backward")]["reports"][0]["failed"] = 3.into();
    std::fs::write(&record, content.to_string()).unwrap();
    let second =
        Command::new(env!("CARGO_BIN_EXE_gpu-activations")).args(run).current_dir(folder.path()).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let second = String::from_utf8(second.stdout).unwrap();
    let (first, second): (Vec<&str>, Vec<&str>) = (first.lines().collect(), second.lines().collect());
    assert!(second[3].contains("\"worst_ulp\":\"inf\""), "{}", second[3]);
    for (index, (a, b)) in first.iter().zip(&second).enumerate().filter(|(index, _)| *index != 0 && *index != 3) {
        assert_eq!(a, b, "{index}");
    }
    // One block was repeated, so it counts twice.
    let count = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["count"].as_u64().unwrap();
    assert!(count(second[0]) > count(first[0]));
    let other = ["verify", "relu", "--step", "7", "--resume", "record.json"];
    refused(folder.path(), &other, 1, &["record.json", "step", "999983", "7"]);
    std::fs::write(&record, "{}").unwrap();
    refused(folder.path(), &run, 1, &["record.json", "adapters", "null"]);
    std::fs::write(&record, "nonsense").unwrap();
    refused(folder.path(), &run, 1, &["record.json", "no record of verify"]);
}

#[test]
fn verify_compares_one_order() {
    let folder = folder();
    let rows = |order: &str| -> Vec<serde_json::Value> {
        let text = succeeded(folder.path(), &["verify", "elu", "-p", "alpha=2", "--order", order, "--json"]);
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    for (order, pass, kinds) in [("0", "forward", 4), ("1", "backward", 7), ("2", "backward", 4)] {
        let rows = rows(order);
        assert_eq!(rows.len(), kinds, "{rows:?}");
        for row in rows {
            assert_eq!((row["order"].to_string().as_str(), row["pass"].as_str()), (order, Some(pass)), "{row}");
        }
    }
    refused(folder.path(), &["verify", "softmax", "--order", "2"], 2, &["--order 2", "softmax"]);
    refused(folder.path(), &["verify", "relu", "--order", "3"], 2, &["3", "0..=2"]);
}

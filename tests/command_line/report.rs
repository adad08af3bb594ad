//! `report`.

use crate::{folder, refused, succeeded};

#[test]
fn report_tells_what_a_device_does_and_how_fast() {
    let folder = folder();
    let text = succeeded(folder.path(), &["report", "softsign", "glu", "-o", "report.json"]);
    for word in ["first use", "in a batch", "softsign", "f32 fast", "within their limits"] {
        assert!(text.contains(word), "{word} is missing in {text}");
    }
    let report = std::fs::read_to_string(folder.path().join("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["version"], env!("CARGO_PKG_VERSION"));
    assert!(report["device"]["arithmetic"]["fuses_fma"].is_boolean(), "{report}");
    // Two functions, forward and backward, in f32 at both accuracies and in f16.
    let throughput = report["throughput"].as_array().unwrap();
    assert_eq!(throughput.len(), 12);
    assert!(throughput.iter().all(|row| row["ratio_to_copy"].as_f64() > Some(0.0)), "{report}");
    // Forward and backward, in f32 at both accuracies, f16 and bf16; glu on three arrays.
    let accuracy = report["accuracy"]["rows"].as_array().unwrap();
    assert_eq!(accuracy.len(), 8 + 3 * 8);
    assert!(accuracy.iter().all(|row| row["failed"] == 0), "{report}");
}

#[test]
fn a_report_that_cannot_be_written_or_made_is_refused_first() {
    let folder = folder();
    refused(folder.path(), &["report", "relu", "-o", "no/such/report.json"], 1, &["no/such"]);
    refused(folder.path(), &["report", "relus", "-o", "report.json"], 2, &["relus", "relu"]);
    refused(folder.path(), &["report", "relu"], 2, &["--output"]);
    refused(folder.path(), &["report", "relu", "-o", "r.json", "--adapter", "no such card"], 1, &["no such card"]);
}

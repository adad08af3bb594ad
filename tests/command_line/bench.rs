//! `bench`.

use crate::{folder, refused, succeeded};

#[test]
fn bench_reports_each_function_pass_and_shape() {
    let folder = folder();
    let bench = |rest: &[&str]| succeeded(folder.path(), &[&["bench", "--samples", "1"], rest].concat());
    let text = bench(&["elu", "-p", "alpha=2", "--shape", "5", "--shape", "64x32", "--storage", "f16", "--json"]);
    let rows: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let labels = |row: &serde_json::Value| {
        [&row["function"], &row["pass"], &row["storage"], &row["elements"]].map(ToString::to_string).join(" ")
    };
    let expected = [
        r#""elu" "forward" "f16" 5"#,
        r#""elu" "backward" "f16" 5"#,
        r#""elu" "forward" "f16" 2048"#,
        r#""elu" "backward" "f16" 2048"#,
    ];
    assert_eq!(rows.iter().map(labels).collect::<Vec<_>>(), expected);
    for row in &rows {
        let positive = |key: &str| row[key].as_f64().is_some_and(|value| value > 0.0);
        assert!(positive("gb_per_s") && positive("ratio_to_copy") && row["adapter"].is_string(), "{row}");
        assert_eq!(row["parameters"]["alpha"], 2.0, "{row}");
    }
    let text = bench(&["softmax", "logsumexp", "glu", "--shape", "8x16", "--axis", "0"]);
    // The adapter comes first.
    assert_eq!(text.lines().count(), 1 + 3 * 2, "{text}");

    let wrong = |rest: &[&str], words: &[&str]| refused(folder.path(), &[&["bench"], rest].concat(), 2, words);
    wrong(&["relu", "--shape", "0x4"], &["0x4", "4096x1024"]);
    wrong(&["relu", "--shape", "99999999999x99999999999"], &["99999999999", "elements"]);
    wrong(&["softmax", "--shape", "4x4", "--axis", "2"], &["axis 2", "(4, 4)"]);
    wrong(&["relu", "--axis", "0"], &["--axis 0", "axis"]);
    wrong(&["glu", "--shape", "4x5"], &["5", "(4, 5)"]);
    wrong(&["softmax", "--shape", "65536x65536"], &["(65536, 65536)", "elements"]);
    wrong(&["relu", "--samples", "0"], &["--samples", "0"]);
    wrong(&["rellu"], &["rellu", "relu"]);
    refused(folder.path(), &["bench", "relu", "--shape", "1099511627776"], 1, &["bytes"]);
}

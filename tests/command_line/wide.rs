//! Files of f64, which are read as f32.

use crate::{folder, header, read, refused, run, succeeded, write};
use half::f16;
use npyz::Order;
use std::path::Path;

/// Runs a command, and returns the lines on stderr that mention f64.
fn said_of_f64(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let output = run(folder, arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments:?}: {said}");
    said.lines().filter(|line| line.contains("f64")).map(str::to_owned).collect()
}

/// Numbers that f32 lacks, halfway cases, and numbers beyond f32.
const NUMBERS: [f64; 12] = [
    0.1,
    -0.1,
    1.0 + f64::EPSILON,
    16_777_217.0,
    16_777_219.0,
    -16_777_217.0,
    1e300,
    -1e300,
    1e-300,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

#[test]
fn numbers_are_rounded_to_the_nearest_f32() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    for order in [Order::C, Order::Fortran] {
        write(path("wide.npy"), &[3, 4], order, &NUMBERS);
        write(path("narrow.npy"), &[3, 4], order, &NUMBERS.map(|number| number as f32));
        for function in ["identity", "softmax"] {
            for device in ["gpu", "cpu"] {
                let forward = |input, output| ["forward", function, input, "-o", output, "--device", device];
                let said = said_of_f64(folder.path(), &forward("wide.npy", "y.npy"));
                assert_eq!(said, ["wide.npy holds f64, which is rounded to f32"]);
                assert!(said_of_f64(folder.path(), &forward("narrow.npy", "z.npy")).is_empty());
                // The bytes include the header, which says f32.
                let (y, z) = (std::fs::read(path("y.npy")).unwrap(), std::fs::read(path("z.npy")).unwrap());
                assert!(y == z, "{function} on {device}");
            }
        }
    }
}

#[test]
fn a_file_of_f64_is_streamed_in_chunks() {
    let folder = folder();
    let x: Vec<f64> = (0..5_000_003).map(|i| f64::from(i % 1001) / 10.0 - 50.0).collect();
    write(folder.path().join("long.npy"), &[x.len() as u64], Order::C, &x);
    succeeded(folder.path(), &["forward", "relu", "long.npy", "-o", "y.npy"]);
    let (_, _, y) = read::<f32>(folder.path().join("y.npy"));
    assert!(y == x.iter().map(|&x| (x as f32).max(0.0)).collect::<Vec<_>>());
}

#[test]
fn x_and_dy_may_be_f32_and_f64() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let dy: Vec<f32> = (0..12).map(|i| i as f32 / 4.0).collect();
    // Element (i, j) of shape (3, 4) in Fortran order.
    let turned: Vec<f64> = (0..12).map(|n| f64::from(dy[n % 3 * 4 + n / 3])).collect();
    let (_, _, x) = read::<f32>(path("x.npy"));
    write(path("dy.npy"), &[3, 4], Order::C, &dy);
    write(path("wide_x.npy"), &[3, 4], Order::C, &x.iter().map(|&x| f64::from(x)).collect::<Vec<_>>());
    write(path("wide_dy.npy"), &[3, 4], Order::Fortran, &turned);
    for function in ["gelu", "softmax"] {
        let mut results = Vec::new();
        for (x, dy, files) in [
            ("x.npy", "dy.npy", None),
            ("wide_x.npy", "dy.npy", Some("wide_x.npy holds")),
            ("x.npy", "wide_dy.npy", Some("wide_dy.npy holds")),
            ("wide_x.npy", "wide_dy.npy", Some("wide_x.npy and wide_dy.npy hold")),
        ] {
            let said = said_of_f64(folder.path(), &["backward", function, x, "--grad", dy, "-o", "dx.npy"]);
            let expected = files.map(|files| format!("{files} f64, which is rounded to f32"));
            assert_eq!(said, Vec::from_iter(expected));
            results.push(read::<f32>(path("dx.npy")));
        }
        assert!(results.iter().all(|result| *result == results[0]), "{function}: {results:?}");
    }
    let said = said_of_f64(folder.path(), &["backward", "relu", "wide_x.npy", "--grad", "wide_x.npy", "-o", "dx.npy"]);
    assert_eq!(said, ["wide_x.npy holds f64, which is rounded to f32"]);
    std::fs::remove_file(path("dx.npy")).unwrap();
    write(path("half.npy"), &[3, 4], Order::C, &[f16::ONE; 12]);
    let backward = ["backward", "relu", "half.npy", "--grad", "wide_dy.npy", "-o", "dx.npy"];
    refused(folder.path(), &backward, 1, &["wide_dy.npy", "f64", "half.npy", "f16"]);
}

#[test]
fn a_parameter_may_be_a_file_of_f64() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    write(path("wide.npy"), &[4], Order::C, &[0.1_f64, 0.2, -0.3, 4.0]);
    write(path("narrow.npy"), &[4], Order::C, &[0.1_f32, 0.2, -0.3, 4.0]);
    let mut results = Vec::new();
    for (parameter, line) in [("wide.npy", Some("wide.npy holds f64, which is rounded to f32")), ("narrow.npy", None)] {
        let alpha = format!("alpha=@{parameter}");
        let start = ["backward", "prelu", "x.npy", "--grad", "x.npy", "-o", "dx.npy", "--axis", "1"];
        let parameters = ["-p", &alpha, "--param-grad", "alpha=dalpha.npy"];
        let said = said_of_f64(folder.path(), &[&start[..], &parameters].concat());
        assert_eq!(said, Vec::from_iter(line));
        results.push((read::<f32>(path("dx.npy")), read::<f32>(path("dalpha.npy"))));
    }
    assert_eq!(results[0], results[1]);
    for output in ["dx.npy", "dalpha.npy"] {
        std::fs::remove_file(path(output)).unwrap();
    }
    write(path("huge.npy"), &[1], Order::C, &[1e300_f64]);
    let forward = ["forward", "prelu", "x.npy", "-o", "y.npy", "-p", "alpha=@huge.npy"];
    refused(folder.path(), &forward, 1, &["huge.npy", "inf", "finite"]);
}

#[test]
fn a_truncated_file_of_f64_is_refused() {
    let folder = folder();
    let text = String::from_utf8_lossy(&header("(3,)")).replace("<f4", "<f8");
    // The byte before the version is not UTF-8.
    let mut bytes = header("(3,)");
    bytes.splice(10.., text.bytes().skip(text.find('{').unwrap()));
    bytes.extend([0; 23]);
    std::fs::write(folder.path().join("short.npy"), bytes).unwrap();
    let words = ["short.npy", "truncated", "(3,)", "f64", "24 bytes", "23"];
    refused(folder.path(), &["forward", "relu", "short.npy", "-o", "y.npy"], 1, &words);
}

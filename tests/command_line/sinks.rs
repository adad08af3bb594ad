//! `-p sink=…` of softmax and log_softmax.

use crate::{folder, read, refused, succeeded, write};
use half::f16;
use npyz::Order;

/// exp(ln 2 · n), so that shares are fractions.
fn scores(powers: &[i32]) -> Vec<f32> {
    powers.iter().map(|&power| power as f32 * std::f32::consts::LN_2).collect()
}

fn close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 2e-6, "{found}, not {expected}");
    }
}

/// Two heads of two rows of two keys. Sinks of 0 and ln 2 add 1 and 2 to the sums.
#[test]
fn a_number_or_a_file_that_broadcasts() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    write(path("x.npy"), &[2, 2, 2], Order::C, &scores(&[0, 1, 0, 0, 1, 1, 2, 0]));
    write(path("dy.npy"), &[2, 2, 2], Order::C, &[1.0_f32, 0.0, 2.0, 1.0, 0.0, 3.0, 1.0, 1.0]);
    write(path("heads.npy"), &[2, 1, 1], Order::C, &scores(&[0, 1]));
    write(path("rows.npy"), &[2, 1], Order::C, &scores(&[0, 1]));
    write(path("half.npy"), &[1], Order::C, &[f16::ZERO]);
    let y = |sums: [f32; 4]| -> Vec<f32> {
        let weights = [[1.0, 2.0], [1.0, 1.0], [2.0, 2.0], [4.0, 1.0_f32]];
        weights.iter().zip(sums).flat_map(|(pair, sum)| pair.map(|weight| weight / sum)).collect()
    };
    for device in ["gpu", "cpu"] {
        for (sink, sums) in [
            ("sink=0", [4.0, 3.0, 5.0, 6.0]),
            ("sink=-inf", [3.0, 2.0, 4.0, 5.0]),
            ("sink=@half.npy", [4.0, 3.0, 5.0, 6.0]),
            ("sink=@heads.npy", [4.0, 3.0, 6.0, 7.0]),
            ("sink=@rows.npy", [4.0, 4.0, 5.0, 7.0]),
        ] {
            succeeded(folder.path(), &["forward", "softmax", "x.npy", "-o", "y.npy", "-p", sink, "--device", device]);
            close(&read::<f32>(path("y.npy")).2, &y(sums));
            let log = ["forward", "log_softmax", "x.npy", "-o", "y.npy", "-p", sink, "--device", device];
            succeeded(folder.path(), &log);
            close(&read::<f32>(path("y.npy")).2, &y(sums).iter().map(|share| share.ln()).collect::<Vec<_>>());
        }
        // −s·Σ y·dy for each row: shares of the sink times means of dy.
        let of_rows = [-1.0 / 4.0 * (1.0 / 4.0), -1.0 / 3.0 * 1.0, -2.0 / 6.0 * 1.0, -2.0 / 7.0 * (5.0 / 7.0)];
        let backward = ["backward", "softmax", "x.npy", "--grad", "dy.npy", "-o", "dx.npy", "--device", device];
        let of_heads = ["-p", "sink=@heads.npy", "--param-grad", "sink=ds.npy"];
        succeeded(folder.path(), &[&backward[..], &of_heads].concat());
        let (shape, _, gradient) = read::<f32>(path("ds.npy"));
        assert_eq!(shape, [2, 1, 1]);
        close(&gradient, &[of_rows[0] + of_rows[1], of_rows[2] + of_rows[3]]);
        // The first row's shares are 1/4 and 1/2, and the mean of dy is 1/4.
        close(&read::<f32>(path("dx.npy")).2[..2], &[1.0 / 4.0 * 3.0 / 4.0, -1.0 / 2.0 / 4.0]);
        let of_all = ["-p", "sink=0.6931472", "--param-grad", "sink=ds.npy", "--axis", "-1"];
        succeeded(folder.path(), &[&backward[..], &of_all].concat());
        let (shape, _, gradient) = read::<f32>(path("ds.npy"));
        assert_eq!(shape, [1]);
        let means = [(1.0, 5.0), (3.0, 4.0), (6.0, 6.0), (5.0, 7.0_f32)];
        close(&gradient, &[means.iter().map(|(weighted, sum)| -2.0 * weighted / (sum * sum)).sum()]);
    }
}

#[test]
fn long_files_are_streamed_with_their_sinks() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let (rows, length) = (70_001_u64, 64_u64);
    let sinks: Vec<f32> = (0..rows).map(|row| (row % 97) as f32 / 10.0 - 4.0).collect();
    write(path("x.npy"), &[rows, length], Order::C, &vec![0.0_f32; (rows * length) as usize]);
    write(path("sinks.npy"), &[rows, 1], Order::C, &sinks);
    succeeded(folder.path(), &["forward", "softmax", "x.npy", "-o", "y.npy", "-p", "sink=@sinks.npy"]);
    let (_, _, y) = read::<f32>(path("y.npy"));
    for (row, sink) in sinks.iter().enumerate() {
        let expected = 1.0 / (f64::from(*sink).exp() + 64.0);
        assert!((f64::from(y[row * 64 + row % 64]) - expected).abs() < 1e-8, "row {row}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let folder = folder();
    write(folder.path().join("two.npy"), &[3, 4], Order::C, &[0.0_f32; 12]);
    let forward = |name, sink| ["forward", name, "x.npy", "-o", "y.npy", "-p", sink];
    refused(folder.path(), &forward("softmin", "sink=0"), 2, &["softmin takes no sink; softmax and log_softmax do"]);
    refused(folder.path(), &forward("softmax", "sink=deep"), 2, &["sink=deep", "neither a number nor @FILE.npy"]);
    refused(folder.path(), &forward("softmax", "sink=@two.npy"), 1, &["two.npy", "(3, 4)", "(3, 1)"]);
    refused(folder.path(), &forward("softmax", "sink=@missing.npy"), 1, &["missing.npy"]);
    let backward = ["backward", "softmax", "x.npy", "--grad", "x.npy", "-o", "dx.npy", "--param-grad", "sink=ds.npy"];
    refused(folder.path(), &backward, 2, &["softmax has no sink here"]);
    let double = ["double-backward", "softmax", "x.npy", "--grad", "x.npy", "--tangent", "x.npy", "-o", "dx.npy"];
    refused(folder.path(), &[&double[..], &["-p", "sink=0"]].concat(), 2, &["double-backward takes no sink"]);
}

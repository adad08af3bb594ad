//! `forward` and `backward` of elementwise functions.

use crate::{folder, read, refused, succeeded, write};
use half::f16;
use npyz::Order;

/// Shapes and orders of files. The values are whole, and half of each is exact in f16, too.
#[test]
fn any_shape_order_and_type() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let shapes: [&[u64]; 6] = [&[], &[0], &[3, 0, 2], &[1], &[7], &[2, 3, 5]];
    let forward = ["forward", "LeakyReLU", "in.npy", "-o", "out.npy", "-p", "negative_slope=0.5"];
    let backward = ["backward", "leaky_relu", "in.npy", "--grad", "dy.npy", "-o", "dx.npy", "-p", "Negative-Slope=0.5"];
    for device in ["auto", "cpu"] {
        for shape in shapes {
            for order in [Order::C, Order::Fortran] {
                let count: u64 = shape.iter().product();
                let x: Vec<f32> = (0..count).map(|i| i as f32 - 14.0).collect();
                let y: Vec<f32> = x.iter().map(|&x| if x > 0.0 { x } else { 0.5 * x }).collect();
                let dx: Vec<f32> = x.iter().map(|&x| if x > 0.0 { 2.0 } else { 1.0 }).collect();
                let options = ["--device", device];
                write(path("in.npy"), shape, order, &x);
                write(path("dy.npy"), shape, order, &vec![2.0_f32; x.len()]);
                succeeded(folder.path(), &[&forward[..], &options].concat());
                succeeded(folder.path(), &[&backward[..], &options].concat());
                assert_eq!(read::<f32>(path("out.npy")), (shape.to_vec(), order, y.clone()));
                assert_eq!(read::<f32>(path("dx.npy")), (shape.to_vec(), order, dx));
                let half = |values: &[f32]| values.iter().map(|&value| f16::from_f32(value)).collect::<Vec<_>>();
                write(path("in.npy"), shape, order, &half(&x));
                succeeded(folder.path(), &[&forward[..], &options].concat());
                assert_eq!(read::<f16>(path("out.npy")), (shape.to_vec(), order, half(&y)));
            }
        }
    }
}

#[test]
fn x_and_dy_of_different_orders_meet_element_by_element() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let c: Vec<f32> = (0..24).map(|i| i as f32 + 1.0).collect();
    // Element (i, j, k) of shape (2, 3, 4) in Fortran order.
    let fortran: Vec<f32> = (0..24).map(|n| c[n % 2 * 12 + n / 2 % 3 * 4 + n / 6]).collect();
    write(path("x_c.npy"), &[2, 3, 4], Order::C, &[1.0_f32; 24]);
    write(path("x_f.npy"), &[2, 3, 4], Order::Fortran, &[1.0_f32; 24]);
    write(path("dy_c.npy"), &[2, 3, 4], Order::C, &c);
    write(path("dy_f.npy"), &[2, 3, 4], Order::Fortran, &fortran);
    for (x, dy, order, expected) in [("x_c", "dy_f", Order::C, &c), ("x_f", "dy_c", Order::Fortran, &fortran)] {
        let (x, dy) = (format!("{x}.npy"), format!("{dy}.npy"));
        succeeded(folder.path(), &["backward", "relu", &x, "--grad", &dy, "-o", "dx.npy"]);
        assert_eq!(read::<f32>(path("dx.npy")), (vec![2, 3, 4], order, expected.clone()));
    }
}

#[test]
fn a_file_of_several_chunks() {
    let folder = folder();
    let x: Vec<f32> = (0..9_000_001).map(|i| (i % 1001) as f32 - 500.0).collect();
    write(folder.path().join("long.npy"), &[x.len() as u64], Order::C, &x);
    succeeded(folder.path(), &["forward", "relu", "long.npy", "-o", "y.npy"]);
    let (_, _, y) = read::<f32>(folder.path().join("y.npy"));
    assert!(y == x.iter().map(|x| x.max(0.0)).collect::<Vec<_>>());
}

#[test]
fn dy_must_match_x() {
    let folder = folder();
    write(folder.path().join("turned.npy"), &[4, 3], Order::C, &[1.0_f32; 12]);
    write(folder.path().join("half.npy"), &[3, 4], Order::C, &[f16::ONE; 12]);
    let backward = |dy| ["backward", "relu", "x.npy", "--grad", dy, "-o", "dx.npy"];
    refused(folder.path(), &backward("turned.npy"), 1, &["turned.npy", "(4, 3)", "x.npy", "(3, 4)"]);
    refused(folder.path(), &backward("half.npy"), 1, &["half.npy", "f16", "x.npy", "f32"]);
}

#[test]
fn a_range_may_depend_on_a_later_parameter() {
    let folder = folder();
    let gated = |bounds: &[&'static str]| -> Vec<&str> {
        let start = ["forward", "gated", "x.npy", "-o", "y.npy", "--device", "cpu", "-p", "activation=hard_tanh"];
        start.into_iter().chain(bounds.iter().flat_map(|bound| ["-p", bound])).collect()
    };
    succeeded(folder.path(), &gated(&["min=2", "gate=first", "max=3"]));
    refused(folder.path(), &gated(&["min=2"]), 2, &["max is 1", "at least min"]);
}

#[test]
fn a_name_may_have_parameters() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    write(path("x.npy"), &[2, 2], Order::C, &[-2.0_f32, 2.0, -4.0, 1.0]);
    for (name, option, expected) in [
        ("leaky_relu(negative_slope=0.5)", "", [-1.0, 2.0, -2.0, 1.0]),
        ("Threshold(threshold=0.5)", "value=7", [7.0, 2.0, 7.0, 1.0]),
        ("hard-tanh( min = -3 , max = 1.5 )", "", [-2.0, 1.5, -3.0, 1.0]),
    ] {
        let mut arguments = vec!["forward", name, "x.npy", "-o", "y.npy"];
        arguments.extend(if option.is_empty() { vec![] } else { vec!["-p", option] });
        succeeded(folder.path(), &arguments);
        assert_eq!(read::<f32>(path("y.npy")).2, expected, "{name}");
    }
    std::fs::remove_file(path("y.npy")).unwrap();
    succeeded(folder.path(), &["forward", "gated(activation=leaky_relu, negative_slope=0.5)", "x.npy", "-o", "y.npy"]);
    assert_eq!(read::<f32>(path("y.npy")), (vec![2, 1], Order::C, vec![-4.0, -4.0]));
    succeeded(folder.path(), &["plot", "elu(alpha=0.5)", "-o", "elu.svg"]);
    assert!(std::fs::read_to_string(path("elu.svg")).unwrap().contains("elu"));
    let forward =
        |name: &'static str, more: &[&'static str]| [&["forward", name, "x.npy", "-o", "z.npy"], more].concat();
    let twice = forward("elu(alpha=0.5)", &["-p", "Alpha=0.5"]);
    refused(folder.path(), &twice, 2, &["Alpha", "given twice"]);
    refused(folder.path(), &forward("elu(alpha=0.5", &[]), 2, &["elu(alpha=0.5", "NAME(KEY=VALUE, ...)"]);
    refused(folder.path(), &forward("elu(beta=0.5)", &[]), 2, &["elu", "beta", "alpha"]);
    refused(folder.path(), &forward("softplus(beta=0)", &[]), 2, &["softplus", "beta", "2^-126"]);
}

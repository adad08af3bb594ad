//! `derivative` and `double-backward`.

use crate::{folder, read, refused, succeeded, write};
use half::f16;
use npyz::Order;

/// relu_squared, whose first derivative is 2x above 0 and whose second is 2.
#[test]
fn both_orders_on_a_device_and_by_the_reference() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let x: Vec<f32> = (0..12).map(|i| i as f32 - 5.5).collect();
    for device in ["auto", "cpu"] {
        for (order, of) in [("1", 2.0), ("2", 0.0)] {
            let derivative =
                ["derivative", "relu_squared", "x.npy", "-o", "d.npy", "--order", order, "--device", device];
            succeeded(folder.path(), &derivative);
            let expected = x.iter().map(|&x| if x <= 0.0 { 0.0 } else { of * x + if of == 0.0 { 2.0 } else { 0.0 } });
            assert_eq!(read::<f32>(path("d.npy")), (vec![3, 4], Order::C, expected.collect::<Vec<_>>()));
        }
        succeeded(folder.path(), &["derivative", "relu_squared", "x.npy", "-o", "d.npy", "--device", device]);
        assert_eq!(read::<f32>(path("d.npy")).2[11], 11.0);
    }
}

#[test]
fn any_shape_order_and_type() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let double = ["double-backward", "relu2", "in.npy", "--grad", "dy.npy", "--tangent", "v.npy", "-o", "dx.npy"];
    for device in ["auto", "cpu"] {
        for shape in [&[][..], &[0], &[3, 0, 2], &[7], &[2, 3, 5]] {
            for order in [Order::C, Order::Fortran] {
                let count: u64 = shape.iter().product();
                let x: Vec<f32> = (0..count).map(|i| i as f32 - 3.0).collect();
                write(path("in.npy"), shape, order, &x);
                write(path("dy.npy"), shape, order, &vec![0.5_f32; x.len()]);
                write(path("v.npy"), shape, order, &vec![4.0_f32; x.len()]);
                succeeded(folder.path(), &[&double[..], &["--grad-out", "ddy.npy", "--device", device]].concat());
                let dx: Vec<f32> = x.iter().map(|&x| if x > 0.0 { 4.0 } else { 0.0 }).collect();
                let ddy: Vec<f32> = x.iter().map(|&x| 8.0 * x.max(0.0)).collect();
                assert_eq!(read::<f32>(path("dx.npy")), (shape.to_vec(), order, dx.clone()));
                assert_eq!(read::<f32>(path("ddy.npy")), (shape.to_vec(), order, ddy));
                let half = |values: &[f32]| values.iter().map(|&value| f16::from_f32(value)).collect::<Vec<_>>();
                write(path("in.npy"), shape, order, &half(&x));
                write(path("dy.npy"), shape, order, &half(&vec![0.5; x.len()]));
                write(path("v.npy"), shape, order, &half(&vec![4.0; x.len()]));
                succeeded(folder.path(), &[&double[..], &["--device", device]].concat());
                assert_eq!(read::<f16>(path("dx.npy")), (shape.to_vec(), order, half(&dx)));
            }
        }
    }
}

#[test]
fn inputs_of_different_orders_meet_element_by_element() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let c: Vec<f32> = (0..6).map(|i| i as f32 + 1.0).collect();
    let fortran = [1.0_f32, 4.0, 2.0, 5.0, 3.0, 6.0];
    write(path("in.npy"), &[2, 3], Order::C, &c);
    write(path("f.npy"), &[2, 3], Order::Fortran, &fortran);
    let double = ["double-backward", "relu2", "in.npy", "--grad", "in.npy", "--tangent", "f.npy", "-o", "dx.npy"];
    succeeded(folder.path(), &double);
    assert_eq!(read::<f32>(path("dx.npy")).2, [2.0, 8.0, 18.0, 32.0, 50.0, 72.0]);
}

/// A slope for each column, and one for each element.
#[test]
fn parameters_from_files() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    write(path("in.npy"), &[2, 2], Order::C, &[0.0_f32, 0.0, -1e30, 3.0]);
    write(path("alpha.npy"), &[2], Order::C, &[0.5_f32, 3.0]);
    write(path("ones.npy"), &[2, 2], Order::C, &[1.0_f32; 4]);
    for device in ["auto", "cpu"] {
        let alpha = ["-p", "alpha=@alpha.npy", "--axis", "1", "--device", device];
        succeeded(
            folder.path(),
            &[&["derivative", "elu", "in.npy", "-o", "d.npy", "--order", "2"][..], &alpha].concat(),
        );
        assert_eq!(read::<f32>(path("d.npy")).2, [0.5, 3.0, 0.0, 0.0]);
        let double =
            ["double-backward", "elu", "in.npy", "--grad", "ones.npy", "--tangent", "ones.npy", "-o", "dx.npy"];
        succeeded(folder.path(), &[&double[..], &["--grad-out", "ddy.npy"], &alpha].concat());
        assert_eq!(read::<f32>(path("dx.npy")).2, [0.5, 3.0, 0.0, 0.0]);
        assert_eq!(read::<f32>(path("ddy.npy")).2, [0.5, 3.0, 0.0, 1.0]);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let folder = folder();
    write(folder.path().join("turned.npy"), &[4, 3], Order::C, &[1.0_f32; 12]);
    write(folder.path().join("half.npy"), &[3, 4], Order::C, &[f16::ONE; 12]);
    let double = |dy, v| ["double-backward", "relu", "x.npy", "--grad", dy, "--tangent", v, "-o", "dx.npy"];
    refused(folder.path(), &double("x.npy", "turned.npy"), 1, &["v in turned.npy", "(4, 3)", "x.npy", "(3, 4)"]);
    refused(folder.path(), &double("turned.npy", "x.npy"), 1, &["dy in turned.npy", "(4, 3)", "x.npy", "(3, 4)"]);
    refused(folder.path(), &double("x.npy", "half.npy"), 1, &["half.npy", "f16", "x.npy", "f32"]);
    refused(folder.path(), &double("-", "-"), 2, &["standard input", "dy and v"]);
    let same = [&double("x.npy", "x.npy")[..], &["--grad-out", "./dx.npy"]].concat();
    refused(folder.path(), &same, 1, &["two outputs", "dx.npy"]);
    let over = [&double("x.npy", "x.npy")[..], &["--grad-out", "x.npy"]].concat();
    refused(folder.path(), &over, 1, &["x.npy"]);
    refused(folder.path(), &["double-backward", "relu", "x.npy", "-o", "dx.npy"], 2, &["--grad", "--tangent"]);
    refused(folder.path(), &["derivative", "relu", "x.npy", "-o", "d.npy", "--order", "3"], 2, &["3", "1..=2"]);
    let along = ["derivative", "softmax", "x.npy", "-o", "d.npy"];
    refused(folder.path(), &along, 2, &["derivative", "softmax", "along an axis"]);
    let axis = ["derivative", "relu", "x.npy", "-o", "d.npy", "--axis", "0"];
    refused(folder.path(), &axis, 2, &["--axis 0", "relu"]);
}

/// Softmax of equal scores: with two entries y = 1/2, ddy = (v - mean)/2, and dx = 0. The bilinear unit: value·gate.
#[test]
fn gradients_of_gradients_along_an_axis() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    write(path("x.npy"), &[2, 2], Order::C, &[0.0_f32, 5.0, 0.0, 5.0]);
    write(path("dy.npy"), &[2, 2], Order::C, &[1.0_f32, 3.0, 0.0, 1.0]);
    write(path("v.npy"), &[2, 2], Order::Fortran, &[4.0_f32, 0.0, 0.0, 8.0]);
    write(path("unit.npy"), &[1, 2], Order::C, &[3.0_f32, 5.0]);
    write(path("one.npy"), &[1, 1], Order::C, &[2.0_f32]);
    write(path("two.npy"), &[1, 2], Order::C, &[1.0_f32, 10.0]);
    for device in ["auto", "cpu"] {
        let softmax = ["double-backward", "softmax", "x.npy", "--grad", "dy.npy", "--tangent", "v.npy", "-o", "dx.npy"];
        let rest = ["--grad-out", "ddy.npy", "--axis", "0", "--device", device];
        succeeded(folder.path(), &[&softmax[..], &rest].concat());
        assert_eq!(read::<f32>(path("dx.npy")), (vec![2, 2], Order::C, vec![0.0; 4]));
        assert_eq!(read::<f32>(path("ddy.npy")), (vec![2, 2], Order::C, vec![1.0, -2.0, -1.0, 2.0]));
        let unit =
            ["double-backward", "bilinear", "unit.npy", "--grad", "one.npy", "--tangent", "two.npy", "-o", "dx.npy"];
        succeeded(folder.path(), &[&unit[..], &["--grad-out", "ddy.npy", "--device", device]].concat());
        assert_eq!(read::<f32>(path("dx.npy")), (vec![1, 2], Order::C, vec![20.0, 2.0]));
        assert_eq!(read::<f32>(path("ddy.npy")), (vec![1, 1], Order::C, vec![35.0]));
    }
    let other = |name, dy, v| ["double-backward", name, "unit.npy", "--grad", dy, "--tangent", v, "-o", "dx.npy"];
    refused(
        folder.path(),
        &other("sparsemax", "two.npy", "two.npy"),
        2,
        &["sparsemax has no double backward", "log_softmax"],
    );
    refused(
        folder.path(),
        &other("bilinear", "one.npy", "one.npy"),
        1,
        &["v in one.npy", "(1, 1)", "unit.npy", "(1, 2)"],
    );
    refused(
        folder.path(),
        &other("bilinear", "two.npy", "two.npy"),
        1,
        &["dy in two.npy", "(1, 2)", "unit.npy", "(1, 1)"],
    );
}

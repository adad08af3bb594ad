//! `forward` and `backward` along an axis, and with parameters from files.

use crate::{folder, read, refused, succeeded, write};
use gpu_activations::{Axis, AxisFunction};
use half::f16;
use npyz::{Order, TypeStr, WriterBuilder};

/// A directory with x of shape (2, 3, 4), gradients of several shapes, a parameter for each channel, and a mask.
fn arrays() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let numbers = |len: usize| (0..len).map(|i| (i * 7 % 23) as f32 / 4.0 - 2.5).collect::<Vec<f32>>();
    write(at("x.npy"), &[2, 3, 4], Order::C, &numbers(24));
    write(at("dy.npy"), &[2, 3, 4], Order::C, &numbers(24));
    write(at("half.npy"), &[2, 3, 2], Order::C, &numbers(12));
    write(at("alpha.npy"), &[3], Order::C, &[0.5_f32, 0.0, -1.0]);
    write(at("mask.npy"), &[2, 3, 4], Order::C, &(0..24).map(|i| u8::from(i % 3 > 0)).collect::<Vec<u8>>());
    folder
}

#[test]
fn functions_along_an_axis_agree_with_the_reference() {
    let folder = arrays();
    let at = |name: &str| folder.path().join(name);
    let x: Vec<f64> = read::<f32>(at("x.npy")).2.into_iter().map(f64::from).collect();
    let axis = Axis::new(&[2, 3, 4], 1).unwrap();
    let softmax = AxisFunction::Softmax { temperature: 0.5 };
    let mask: Vec<bool> = (0..24).map(|i| i % 3 > 0).collect();
    for device in ["gpu", "cpu"] {
        let options = ["--axis", "-2", "-p", "temperature=0.5", "-p", "mask=@mask.npy", "--device", device];
        succeeded(folder.path(), &[&["forward", "softmax", "x.npy", "-o", "y.npy"], &options[..]].concat());
        let (shape, _, y) = read::<f32>(at("y.npy"));
        assert_eq!(shape, [2, 3, 4]);
        for (y, expected) in y.iter().zip(softmax.forward(&axis, Some(&mask), &x).unwrap()) {
            assert!((f64::from(*y) - expected).abs() < 1e-6, "{y}, not {expected}");
        }
        let options = ["-p", "activation=mish", "-p", "gate=first", "-p", "layout=interleaved", "--device", device];
        succeeded(folder.path(), &[&["forward", "gated", "x.npy", "-o", "g.npy"], &options[..]].concat());
        assert_eq!(read::<f32>(at("g.npy")).0, [2, 3, 2]);
        succeeded(
            folder.path(),
            &["backward", "glu", "x.npy", "--grad", "half.npy", "-o", "dx.npy", "--device", device],
        );
        assert_eq!(read::<f32>(at("dx.npy")).0, [2, 3, 4]);
        succeeded(folder.path(), &["forward", "maxout", "x.npy", "-o", "m.npy", "-p", "pieces=4", "--device", device]);
        assert_eq!(read::<f32>(at("m.npy")).0, [2, 3, 1]);
    }
}

#[test]
fn parameters_come_from_files_and_their_gradients_go_to_files() {
    let folder = arrays();
    let at = |name: &str| folder.path().join(name);
    let (x, dy) = (read::<f32>(at("x.npy")).2, read::<f32>(at("dy.npy")).2);
    for device in ["gpu", "cpu"] {
        let options = ["-p", "alpha=@alpha.npy", "--axis", "1", "--param-grad", "alpha=dalpha.npy", "--device", device];
        succeeded(
            folder.path(),
            &[&["backward", "prelu", "x.npy", "--grad", "dy.npy", "-o", "dx.npy"], &options[..]].concat(),
        );
        let alpha = [0.5, 0.0, -1.0];
        let dx: Vec<f32> = (0..24).map(|i| dy[i] * if x[i] > 0.0 { 1.0 } else { alpha[i / 4 % 3] }).collect();
        assert_eq!(read::<f32>(at("dx.npy")).2, dx);
        let (shape, _, sums) = read::<f32>(at("dalpha.npy"));
        assert_eq!(shape, [3]);
        for (channel, sum) in sums.iter().enumerate() {
            let terms = (0..24).filter(|i| i / 4 % 3 == channel).map(|i| f64::from(dy[i]) * f64::from(x[i].min(0.0)));
            assert!((f64::from(*sum) - terms.sum::<f64>()).abs() < 1e-5, "{channel}");
        }
    }
    // The drawn slopes belong to the elements, for any order of the file.
    succeeded(folder.path(), &["forward", "rrelu", "x.npy", "-o", "a.npy", "-p", "seed=5"]);
    let fortran: Vec<f32> = (0..24).map(|i| x[i % 2 * 12 + i / 2 % 3 * 4 + i / 6]).collect();
    write(at("f.npy"), &[2, 3, 4], Order::Fortran, &fortran);
    succeeded(folder.path(), &["forward", "rrelu", "f.npy", "-o", "b.npy", "-p", "seed=5"]);
    assert_eq!(read::<f32>(at("a.npy")).2, read::<f32>(at("b.npy")).2);
}

#[test]
fn wrong_shapes_and_options_are_named() {
    let folder = arrays();
    let path = folder.path();
    let forward =
        |name: &'static str, more: &[&'static str]| [&["forward", name, "x.npy", "-o", "y.npy"], more].concat();
    let backward =
        |more: &[&'static str]| [&["backward", "prelu", "x.npy", "--grad", "dy.npy", "-o", "y.npy"], more].concat();
    refused(path, &forward("softmax", &["--axis", "3"]), 1, &["axis 3", "(2, 3, 4)", "-3 to 2"]);
    refused(path, &forward("glu", &["--axis", "1"]), 1, &["axis 1", "(2, 3, 4)", "3", "2"]);
    refused(path, &forward("maxout", &["-p", "pieces=3"]), 1, &["(2, 3, 4)", "4", "multiple of 3"]);
    refused(
        path,
        &forward("prelu", &["-p", "alpha=@alpha.npy", "--axis", "0"]),
        1,
        &["(3,)", "axis 0", "(2, 3, 4)", "(2,)"],
    );
    refused(path, &forward("prelu", &["-p", "alpha=@alpha.npy"]), 1, &["(3,)", "broadcast", "(2, 3, 4)", "--axis"]);
    write(path.join("wide.npy"), &[2, 3], Order::C, &[1_u8; 6]);
    refused(
        path,
        &forward("softmax", &["-p", "mask=@wide.npy"]),
        1,
        &["mask", "(2, 3)", "broadcast", "(2, 3, 4)", "x.npy"],
    );
    write(path.join("turned.npy"), &[4, 3, 2], Order::C, &[0.5_f32; 24]);
    refused(path, &forward("prelu", &["-p", "alpha=@turned.npy"]), 1, &["(4, 3, 2)", "(2, 3, 4)", "--axis"]);
    refused(path, &forward("softmax", &["-p", "temperature=0"]), 2, &["temperature", "0", "above 0"]);
    refused(path, &forward("crelu", &["-p", "mask=@mask.npy"]), 2, &["crelu", "no mask"]);
    refused(path, &forward("softmax", &["-p", "mask=@x.npy"]), 1, &["'<f4'", "bool"]);
    refused(path, &forward("gated", &["-p", "activation=mishh"]), 2, &["mishh", "mish"]);
    refused(path, &forward("softmaxx", &[]), 2, &["softmaxx", "softmax"]);
    refused(path, &forward("relu", &["--axis", "0"]), 2, &["--axis", "relu"]);
    refused(path, &forward("rrelu", &["-p", "seed=-1"]), 2, &["seed", "-1"]);
    refused(path, &forward("softmax", &["-p", "dim=1"]), 2, &["\"dim\"", "--axis 1"]);
    refused(path, &forward("gelu", &["-p", "approximate=tanh"]), 2, &["\"approximate\"", "gelu_tanh"]);
    refused(path, &forward("gated", &["-p", "activation=softmax"]), 2, &["softmax", "along an axis"]);
    refused(path, &forward("softmax", &["-p", "temperature=-1e38"]), 2, &["-1e38,"]);
    refused(path, &forward("softplus", &["-p", "beta=-1e-45"]), 2, &["beta is -1e-45,"]);
    refused(path, &backward(&["--param-grad", "alpha=y.npy"]), 1, &["y.npy", "two outputs"]);
    refused(path, &backward(&["--param-grad", "alpha=./y.npy"]), 1, &["./y.npy", "two outputs"]);
    refused(path, &backward(&["--param-grad", "beta=b.npy"]), 2, &["beta", "alpha"]);
    let dy = ["backward", "softmax", "x.npy", "--grad", "half.npy", "-o", "y.npy"];
    refused(path, &dy, 1, &["half.npy", "(2, 3, 2)", "(2, 3, 4)", "axis 2"]);
}

/// The shapes of a parameter's file that fit an axis of x, of shape (2, 3, 4) unless another is given.
#[test]
fn a_parameter_file_fits_an_axis_only_as_numpy_broadcasts_it() {
    let folder = arrays();
    write(folder.path().join("y122.npy"), &[1, 2, 2], Order::C, &[-1.0_f32; 4]);
    write(folder.path().join("y23.npy"), &[2, 6], Order::C, &[-1.0_f32; 12]);
    let run = |x: &'static str, axis: &'static str, shape: &[u64]| {
        let count = shape.iter().product::<u64>() as usize;
        let values: Vec<f32> = (0..count).map(|value| value as f32).collect();
        write(folder.path().join("p.npy"), shape, Order::C, &values);
        ["forward", "prelu", x, "-o", "y.npy", "-p", "alpha=@p.npy", "--axis", axis]
    };
    let fitting: [(&str, &str, &[&[u64]]); 4] = [
        ("x.npy", "1", &[&[3], &[3, 1], &[1, 3, 1], &[1], &[], &[1, 1, 1, 1]]),
        ("x.npy", "0", &[&[2], &[2, 1, 1]]),
        ("x.npy", "-1", &[&[4], &[1, 4], &[1, 1, 4]]),
        ("y122.npy", "2", &[&[2], &[1, 2]]),
    ];
    for (x, axis, shapes) in fitting {
        for &shape in shapes {
            succeeded(folder.path(), &run(x, axis, shape));
            let (x_shape, _, x_values) = read::<f32>(folder.path().join(x));
            let (_, _, y) = read::<f32>(folder.path().join("y.npy"));
            let at = if axis == "-1" { 2 } else { axis.parse::<usize>().unwrap() };
            let inner: u64 = x_shape[at + 1..].iter().product();
            let shared = shape.iter().product::<u64>() == 1;
            for (index, (x, y)) in x_values.iter().zip(&y).enumerate() {
                let alpha = if shared { 0 } else { index as u64 / inner % x_shape[at] };
                let expected = if *x > 0.0 { *x } else { alpha as f32 * x };
                assert_eq!(*y, expected, "{shape:?} along axis {axis}, element {index}");
            }
        }
    }
    std::fs::remove_file(folder.path().join("y.npy")).unwrap();
    let unfitting: [(&str, &str, &[&[u64]]); 4] = [
        ("x.npy", "1", &[&[1, 3], &[3, 1, 1], &[3, 4], &[2], &[1, 1, 3, 1]]),
        ("x.npy", "0", &[&[2, 1], &[1, 2]]),
        ("y122.npy", "2", &[&[2, 1], &[1, 2, 1]]),
        ("y23.npy", "1", &[&[2, 3], &[3, 2], &[6, 1]]),
    ];
    for (x, axis, shapes) in unfitting {
        for &shape in shapes {
            let arguments = run(x, axis, shape);
            let lengths: Vec<String> = shape.iter().map(u64::to_string).collect();
            let shown =
                if shape.len() == 1 { format!("({},)", lengths[0]) } else { format!("({})", lengths.join(", ")) };
            refused(folder.path(), &arguments, 1, &["p.npy", &shown, "x's shape", &format!("axis {axis}")]);
        }
    }
}

#[test]
fn the_order_of_parameters_does_not_matter() {
    let folder = arrays();
    let forward = |output: &'static str, first: &'static str, second: &'static str| {
        succeeded(folder.path(), &["forward", "gated", "x.npy", "-o", output, "-p", first, "-p", second]);
    };
    forward("a.npy", "beta=1.702", "activation=swish");
    forward("b.npy", "activation=swish", "beta=1.702");
    let read = |name: &str| read::<f32>(folder.path().join(name)).2;
    assert_eq!(read("a.npy"), read("b.npy"));
}

#[test]
fn arrays_without_elements_are_evaluated() {
    let shapes: [&[u64]; 4] = [&[0], &[3, 0], &[0, 3], &[2, 0, 4]];
    std::thread::scope(|scope| {
        for shape in shapes {
            scope.spawn(move || evaluates_without_elements(shape));
        }
    });
}

/// Every function along each axis, in both directions, with all optional operands.
fn evaluates_without_elements(shape: &[u64]) {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    write(path("x.npy"), shape, Order::C, &[0.0_f32; 0]);
    write(path("h.npy"), shape, Order::C, &[f16::ZERO; 0]);
    write(path("mask.npy"), shape, Order::C, &[0_u8; 0]);
    for input in ["x.npy", "h.npy"] {
        let written = |name: &str| match input {
            "x.npy" => read::<f32>(path(name)).0,
            _ => read::<f16>(path(name)).0,
        };
        let zeros = |name: &str, shape: &[u64]| {
            let count = shape.iter().product::<u64>() as usize;
            match input {
                "x.npy" => write(path(name), shape, Order::C, &vec![0.0_f32; count]),
                _ => write(path(name), shape, Order::C, &vec![f16::ZERO; count]),
            }
        };
        let evaluate = |pass: &str, name: &str, more: &[&str]| {
            let start = [pass, name, input, "-o", "y.npy"];
            let gradient: &[&str] = if pass == "backward" { &["--grad", "dy.npy"] } else { &[] };
            succeeded(folder.path(), &[&start[..], gradient, more].concat());
        };
        // The reference computes in f64 for every type.
        for device in if input == "x.npy" { &["gpu", "cpu"][..] } else { &["gpu"] } {
            for (axis, &length) in shape.iter().enumerate() {
                let axis_text = axis.to_string();
                let options = ["--axis", &axis_text, "--device", device];
                // One of the gated units, which share their kernels.
                let unit = |name: &str| ["swiglu", "geglu", "reglu", "bilinear", "gated"].contains(&name);
                for (name, function) in AxisFunction::all().iter().filter(|(name, _)| !unit(name)) {
                    let lengths: Vec<usize> = shape.iter().map(|&length| length as usize).collect();
                    let result = function.output_shape(&Axis::new(&lengths, axis as isize).unwrap());
                    let Ok(result) = result else { continue };
                    let result: Vec<u64> = result.into_iter().map(|length| length as u64).collect();
                    zeros("dy.npy", &result);
                    let mask: &[&str] = if function.takes_mask() { &["-p", "mask=@mask.npy"] } else { &[] };
                    evaluate("forward", name, &[&options[..], mask].concat());
                    assert_eq!(written("y.npy"), result, "{name} of {shape:?} along {axis}");
                    evaluate("backward", name, &[&options[..], mask].concat());
                    assert_eq!(written("y.npy"), shape, "{name} of {shape:?} along {axis}");
                }
                zeros("dy.npy", shape);
                zeros("alpha.npy", &[length]);
                let from_file = ["-p", "alpha=@alpha.npy"];
                evaluate("forward", "prelu", &[&options[..], &from_file].concat());
                let gradient = ["--param-grad", "alpha=dalpha.npy"];
                evaluate("backward", "prelu", &[&options[..], &from_file, &gradient].concat());
                assert_eq!((written("y.npy"), written("dalpha.npy")), (shape.to_vec(), vec![length]));
            }
            zeros("dy.npy", shape);
            for (name, more) in [
                ("gelu", &[][..]),
                ("rrelu", &["-p", "seed=3"]),
                ("prelu", &["--param-grad", "alpha=dalpha.npy"]),
                ("xielu", &["--param-grad", "alpha_n=dalpha.npy"]),
            ] {
                let options = [&["--device", device][..], more].concat();
                evaluate("backward", name, &options);
                assert_eq!(written("y.npy"), shape, "{name}");
                let without: &[&str] = if more.first() == Some(&"--param-grad") { &options[..2] } else { &options };
                evaluate("forward", name, without);
                assert_eq!(written("y.npy"), shape, "{name}");
            }
        }
    }
}

/// More elements than are read at once, with a mask and with channels. The last read is shorter than the others.
#[test]
fn outer_entries_are_streamed() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let (rows, length) = (300_001, 17);
    let x: Vec<f32> = (0..rows * length).map(|i| ((i * 7919) % 1999) as f32 / 250.0 - 4.0).collect();
    let mask: Vec<u8> = (0..x.len()).map(|i| u8::from(i % 5 != 2)).collect();
    let shape = [rows as u64, length as u64];
    write(path("long.npy"), &shape, Order::C, &x);
    let mut file = std::fs::File::create(path("mask.npy")).unwrap();
    let dtype = npyz::DType::Plain("|u1".parse::<TypeStr>().unwrap());
    let options = npyz::WriteOptions::new().dtype(dtype).shape(&shape);
    let mut writer = options.writer(&mut file).begin_nd().unwrap();
    writer.extend(mask.iter().copied()).unwrap();
    writer.finish().unwrap();
    write(path("alpha.npy"), &[length as u64], Order::C, &(0..length).map(|i| i as f32 / 8.0).collect::<Vec<_>>());
    succeeded(folder.path(), &["forward", "softmax", "long.npy", "-o", "y.npy", "-p", "mask=@mask.npy"]);
    let options = ["-p", "alpha=@alpha.npy", "--axis", "1"];
    succeeded(folder.path(), &[&["forward", "prelu", "long.npy", "-o", "z.npy"], &options[..]].concat());
    let (_, _, y) = read::<f32>(path("y.npy"));
    let (_, _, z) = read::<f32>(path("z.npy"));
    for row in [0, 1, 246_722, 246_723, 246_724, rows - 1] {
        let part = row * length..(row + 1) * length;
        let kept: Vec<bool> = mask[part.clone()].iter().map(|&byte| byte != 0).collect();
        let wide: Vec<f64> = x[part.clone()].iter().map(|&x| x.into()).collect();
        let axis = Axis::last(&[length]).unwrap();
        let expected = AxisFunction::Softmax { temperature: 1.0 }.forward(&axis, Some(&kept), &wide).unwrap();
        for (index, expected) in part.clone().zip(expected) {
            assert!((f64::from(y[index]) - expected).abs() <= 3e-7 * expected, "softmax, row {row}: {}", y[index]);
            let alpha = (index % length) as f32 / 8.0;
            assert_eq!(z[index], if x[index] > 0.0 { x[index] } else { alpha * x[index] }, "prelu, row {row}");
        }
    }
}

/// Every shape that numpy broadcasts onto x of shape (2, 3, 4).
const BROADCAST: [&[u64]; 9] =
    [&[4], &[3, 1], &[3, 4], &[1, 3, 1], &[2, 1, 1], &[2, 3, 1], &[2, 1, 4], &[1, 1, 4], &[2, 3, 4]];

/// The index within an array of this shape of what belongs to an element of x.
fn broadcast_index(shape: &[u64], element: usize) -> usize {
    let at = [element / 12, element / 4 % 3, element % 4];
    let own = &at[3 - shape.len()..];
    shape.iter().zip(own).fold(0, |index, (&length, &at)| index * length as usize + if length == 1 { 0 } else { at })
}

#[test]
fn parameters_without_an_axis_broadcast_as_numpy_does() {
    let folder = arrays();
    let at = |name: &str| folder.path().join(name);
    let (x, dy) = (read::<f32>(at("x.npy")).2, read::<f32>(at("dy.npy")).2);
    for shape in BROADCAST {
        let count = shape.iter().product::<u64>() as usize;
        let values: Vec<f32> = (0..count).map(|value| value as f32 / 4.0 - 1.0).collect();
        write(at("p.npy"), shape, Order::C, &values);
        for device in ["gpu", "cpu"] {
            let forward = ["forward", "prelu", "x.npy", "-o", "y.npy", "-p", "alpha=@p.npy", "--device", device];
            succeeded(folder.path(), &forward);
            for (index, (x, y)) in x.iter().zip(read::<f32>(at("y.npy")).2).enumerate() {
                let alpha = values[broadcast_index(shape, index)];
                assert_eq!(y, if *x > 0.0 { *x } else { alpha * x }, "{shape:?}, element {index}, {device}");
            }
            let backward = ["backward", "prelu", "x.npy", "--grad", "dy.npy", "-o", "dx.npy", "-p", "alpha=@p.npy"];
            let options = ["--param-grad", "alpha=dp.npy", "--device", device];
            succeeded(folder.path(), &[&backward[..], &options].concat());
            let (found, _, sums) = read::<f32>(at("dp.npy"));
            assert_eq!(found, shape);
            let mut expected = vec![0.0; count];
            for (index, (x, dy)) in x.iter().zip(&dy).enumerate() {
                expected[broadcast_index(shape, index)] += f64::from(dy * x.min(0.0));
            }
            for (sum, expected) in sums.iter().zip(expected) {
                assert!((f64::from(*sum) - expected).abs() < 1e-4, "{shape:?} {device}: {sum}, not {expected}");
            }
        }
    }
}

/// Channels of different axes, and a value for each of two axes that are not neighbours.
#[test]
fn parameters_of_one_function_may_have_different_shapes() {
    let folder = arrays();
    let at = |name: &str| folder.path().join(name);
    let x = read::<f32>(at("x.npy")).2;
    let shapes: [&[u64]; 2] = [&[3, 1], &[2, 1, 4]];
    for (name, shape) in ["a.npy", "b.npy"].into_iter().zip(shapes) {
        let count = shape.iter().product::<u64>();
        write(at(name), shape, Order::C, &(0..count).map(|value| value as f32 - 2.0).collect::<Vec<_>>());
    }
    for device in ["gpu", "cpu"] {
        let parameters = ["-p", "scale=@a.npy", "-p", "bias=@b.npy", "--device", device];
        succeeded(folder.path(), &[&["forward", "star_relu", "x.npy", "-o", "y.npy"][..], &parameters].concat());
        for (index, (x, y)) in x.iter().zip(read::<f32>(at("y.npy")).2).enumerate() {
            let [scale, bias] = shapes.map(|shape| broadcast_index(shape, index) as f32 - 2.0);
            let expected = scale * x.max(0.0) * x.max(0.0) + bias;
            assert!((y - expected).abs() <= 1e-5 * expected.abs(), "element {index}: {y}, not {expected}");
        }
    }
}

#[test]
fn masks_broadcast_as_numpy_does() {
    let folder = arrays();
    let at = |name: &str| folder.path().join(name);
    for shape in BROADCAST {
        let count = shape.iter().product::<u64>() as usize;
        let mask: Vec<u8> = (0..count).map(|i| u8::from(i % 3 != 1)).collect();
        write(at("small.npy"), shape, Order::C, &mask);
        let whole: Vec<u8> = (0..24).map(|index| mask[broadcast_index(shape, index)]).collect();
        write(at("whole.npy"), &[2, 3, 4], Order::C, &whole);
        for axis in ["0", "1", "2"] {
            for device in ["gpu", "cpu"] {
                let result = |mask: &str| {
                    let mask = format!("mask=@{mask}");
                    let forward = ["forward", "softmax", "x.npy", "-o", "y.npy", "--axis", axis, "--device", device];
                    succeeded(folder.path(), &[&forward[..], &["-p", &mask]].concat());
                    read::<f32>(at("y.npy")).2
                };
                assert_eq!(result("small.npy"), result("whole.npy"), "{shape:?} along {axis}");
            }
        }
    }
}

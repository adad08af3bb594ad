//! The command line as a process: what it writes, and what it says to wrong input.

use gpu_activations::{Activation, Axis, AxisFunction};
use half::f16;
use npyz::{NpyFile, Order, TypeStr, WriterBuilder};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gpu-activations"));
    command.args(arguments).current_dir(folder).output().unwrap()
}

fn succeeded(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Fails with this status and one line on stderr that has all of `words`; nothing new is left in the folder.
fn refused(folder: &Path, arguments: &[&str], status: i32, words: &[&str]) {
    let before = names(folder);
    let output = run(folder, arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    // A driver may say something of its own before.
    let last = said.trim_end().lines().last().unwrap_or_default();
    assert!(last.starts_with("error: "), "{arguments:?}: {said}");
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
    for word in words {
        assert!(last.contains(word), "{arguments:?} should name {word}: {said}");
    }
    assert_eq!(names(folder), before, "{arguments:?}");
}

fn names(folder: &Path) -> Vec<PathBuf> {
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names
}

fn write<T: npyz::AutoSerialize + Copy>(path: PathBuf, shape: &[u64], order: Order, data: &[T]) {
    let mut bytes = Vec::new();
    let options = npyz::WriteOptions::new().default_dtype().shape(shape).order(order);
    let mut writer = options.writer(&mut bytes).begin_nd().unwrap();
    writer.extend(data.iter().copied()).unwrap();
    writer.finish().unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn read<T: npyz::Deserialize>(path: PathBuf) -> (Vec<u64>, Order, Vec<T>) {
    let bytes = std::fs::read(path).unwrap();
    let file = NpyFile::new(&bytes[..]).unwrap();
    (file.shape().to_vec(), file.order(), file.into_vec().unwrap())
}

/// A folder with `x.npy`, f32 of shape (3, 4).
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let x: Vec<f32> = (0..12).map(|i| i as f32 - 5.5).collect();
    write(folder.path().join("x.npy"), &[3, 4], Order::C, &x);
    folder
}

#[test]
fn list_has_every_function_with_its_parameters() {
    let folder = folder();
    let text = succeeded(folder.path(), &["list"]);
    let rows: Vec<serde_json::Value> =
        succeeded(folder.path(), &["list", "--json"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), Activation::ALL.len() + AxisFunction::ALL.len());
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    for (row, activation) in rows.iter().zip(Activation::ALL) {
        assert!(text.lines().any(|line| line == activation.name()), "{activation:?}");
        assert_eq!(row["function"], activation.name());
        assert_eq!(row["formula"], activation.formula());
        assert_eq!(row["aliases"].as_array().unwrap().len(), activation.aliases().len());
        let parameters = row["parameters"].as_array().unwrap();
        for (parameter, known) in parameters.iter().zip(activation.parameters()) {
            assert_eq!(parameter["name"], known.name);
            assert_eq!(parameter["learnable"], known.learnable);
        }
        // rrelu's seed is no number of the function.
        let more = usize::from(activation.name() == "rrelu");
        assert_eq!(parameters.len(), activation.parameters().len() + more);
    }
    for (row, (name, function)) in rows[Activation::ALL.len()..].iter().zip(AxisFunction::ALL) {
        assert!(text.contains(&format!("{name}, along an axis")), "{name}");
        assert_eq!(row["function"], *name);
        assert_eq!(row["family"], function.family());
        assert_eq!(row["parameters"].as_array().unwrap().len(), function.parameters().len());
        for (parameter, known) in row["parameters"].as_array().unwrap().iter().zip(function.parameters()) {
            assert_eq!(function.with(known.name, known.default).unwrap(), *function, "{parameter}");
        }
    }
    let clipped = rows.iter().find(|row| row["function"] == "generalized_relu").unwrap();
    assert_eq!(clipped["parameters"][1]["default"], "inf");
}

#[test]
fn devices_names_the_adapter() {
    let text = succeeded(folder().path(), &["devices", "--json"]);
    let row: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert!(row["adapter"].is_string() && row["max_buffer_size"].is_u64(), "{row}");
}

#[test]
fn shader_prints_the_whole_module() {
    let text = succeeded(folder().path(), &["shader", "gelu", "--storage", "bf16", "--pass", "backward"]);
    naga::front::wgsl::parse_str(&text).unwrap();
    assert!(text.contains("fn backward"), "{text}");
}

#[test]
fn shader_prints_a_snippet() {
    let folder = folder();
    let text = succeeded(folder.path(), &["shader", "swish", "--snippet"]);
    naga::front::wgsl::parse_str(&text).unwrap();
    assert!(text.contains("fn swish_activation(x: f32, params: swish_Params) -> f32"), "{text}");
    let text = succeeded(folder.path(), &["shader", "swish", "--snippet", "--prefix", "gate"]);
    assert!(text.contains("fn gate_derivative(x: f32, params: gate_Params) -> f32"), "{text}");
    refused(folder.path(), &["shader", "swish", "--snippet", "--prefix", "a b"], 2, &["a b", "letters"]);
    refused(folder.path(), &["shader", "swish", "--snippet", "--storage", "f16"], 2, &["--snippet", "--storage"]);
    refused(folder.path(), &["shader", "swish", "--prefix", "gate"], 2, &["--snippet"]);
    refused(folder.path(), &["shader", "softmax", "--snippet"], 2, &["softmax"]);
}

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

#[test]
fn plot_draws_svg_and_png() {
    let folder = folder();
    succeeded(folder.path(), &["plot", "swish", "-o", "swish.svg"]);
    succeeded(folder.path(), &["plot", "elu", "-p", "alpha=0.5", "-o", "elu.png"]);
    succeeded(folder.path(), &["plot", "GELU", "silu", "mish", "-o", "several.SVG"]);
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert!(String::from_utf8(read("swish.svg")).unwrap().contains("beta 10"));
    assert!(read("elu.png").starts_with(b"\x89PNG"));
    assert!(String::from_utf8(read("several.SVG")).unwrap().contains("gelu, silu, mish"));
    refused(folder.path(), &["plot", "gelu", "-o", "gelu.jpg"], 2, &["gelu.jpg", ".svg", ".png"]);
    refused(folder.path(), &["plot", "gelu", "-o", "nowhere/gelu.svg"], 1, &["nowhere"]);
    refused(folder.path(), &["plot", "-o", "gelu.svg"], 2, &["NAMES"]);
    refused(folder.path(), &["plot", "elu", "gelu", "-p", "alpha=1", "-o", "gelu.svg"], 2, &["-p", "2"]);
}

#[test]
fn verify_reports_each_pass_and_storage() {
    let text = succeeded(folder().path(), &["verify", "softplus", "-p", "beta=2", "--json"]);
    let rows: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // y, dx and the gradient by beta.
    assert_eq!(rows.len(), 9);
    assert_eq!(rows.iter().filter(|row| row["parameter_gradient"] == "beta").count(), 3);
    for row in rows {
        assert_eq!(row["failed"], 0);
        assert!(row["worst_ulp"].as_f64() <= row["limit_ulp"].as_f64(), "{row}");
        assert!(row["count"].as_u64() >= Some(65_536), "{row}");
    }
}

/// Shapes and orders of files; the values are whole, and a slope of a half is exact on them in f16 too.
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
fn an_existing_output_is_replaced() {
    let folder = folder();
    for function in ["identity", "relu"] {
        succeeded(folder.path(), &["forward", function, "x.npy", "-o", "y.npy"]);
    }
    assert!(read::<f32>(folder.path().join("y.npy")).2.iter().all(|&y| y >= 0.0));
}

fn header(shape: &str) -> Vec<u8> {
    let dictionary = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = (dictionary.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], dictionary.as_bytes()].concat()
}

#[test]
fn a_file_that_is_no_usable_array_is_named_with_the_reason() {
    let folder = folder();
    let whole = std::fs::read(folder.path().join("x.npy")).unwrap();
    std::fs::create_dir(folder.path().join("folder.npy")).unwrap();
    let files: [(&str, Vec<u8>, &[&str]); 17] = [
        ("empty.npy", vec![], &["empty"]),
        ("text.npy", b"no array, but a line of text".to_vec(), &["not a readable .npy file"]),
        ("short.npy", whole[..9].to_vec(), &["9 bytes"]),
        ("one.npy", whole[..1].to_vec(), &["does not begin"]),
        ("start.npy", whole[..8].to_vec(), &["8 bytes", "fewer than any header"]),
        ("header.npy", whole[..40].to_vec(), &["128 bytes", "40"]),
        ("truncated.npy", whole[..whole.len() - 1].to_vec(), &["truncated", "(3, 4)", "48 bytes", "47"]),
        ("claims.npy", header("(1000000000000,)"), &["truncated", "4000000000000 bytes"]),
        ("overflow.npy", header("(99999999999, 99999999999)"), &["(99999999999, 99999999999)", "overflows"]),
        ("beyond.npy", header("(18446744073709551616,)"), &["dimension"]),
        ("negative.npy", header("(-3,)"), &["negative"]),
        ("nonsense.npy", header("nonsense"), &["not a readable .npy file"]),
        ("nested.npy", header(&format!("{}{}", "(".repeat(40), ")".repeat(40))), &["a length", "(((("]),
        ("axes.npy", header(&format!("({})", "1, ".repeat(3000))), &["more than 64 axes"]),
        ("lines.npy", header("(1,\n\n2"), &["a length", "\\n"]),
        ("version.npy", b"\x93NUMPY\x09\x00rest of it".to_vec(), &["9.0"]),
        ("long_header.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}".to_vec(), &["4294967307 bytes", "14"]),
    ];
    for (name, bytes, words) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        let words: Vec<&str> = words.iter().copied().chain([name]).collect();
        refused(folder.path(), &["forward", "relu", name, "-o", "y.npy"], 1, &words);
        refused(folder.path(), &["backward", "relu", "x.npy", "--grad", name, "-o", "y.npy"], 1, &words);
    }
    for (descr, value) in [("<f8", 8), (">f4", 4), ("<i4", 4)] {
        let dtype = npyz::DType::Plain(descr.parse::<TypeStr>().unwrap());
        let mut bytes = Vec::new();
        let options = npyz::WriteOptions::new_header_only().dtype(dtype).shape(&[1]);
        options.writer(&mut bytes).write_header_only().unwrap();
        bytes.extend(vec![0; value]);
        std::fs::write(folder.path().join("type.npy"), bytes).unwrap();
        refused(folder.path(), &["forward", "relu", "type.npy", "-o", "y.npy"], 1, &["type.npy", descr, "<f4"]);
    }
    refused(folder.path(), &["forward", "relu", "missing.npy", "-o", "y.npy"], 1, &["missing.npy"]);
    refused(folder.path(), &["forward", "relu", "folder.npy", "-o", "y.npy"], 1, &["folder.npy", "folder"]);
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
fn an_output_that_cannot_be_written_is_named() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    let before = std::fs::read(folder.path().join("x.npy")).unwrap();
    let forward = |output| ["forward", "relu", "x.npy", "-o", output];
    refused(folder.path(), &forward("nowhere/y.npy"), 1, &["nowhere", "does not exist"]);
    refused(folder.path(), &forward("folder"), 1, &["folder"]);
    refused(folder.path(), &forward("x.npy"), 1, &["x.npy", "input"]);
    refused(folder.path(), &forward("folder/../x.npy"), 1, &["x.npy", "input"]);
    assert_eq!(std::fs::read(folder.path().join("x.npy")).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn a_link_and_the_mode_of_an_output_are_kept() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("y.npy"), "old").unwrap();
    std::fs::set_permissions(path("y.npy"), PermissionsExt::from_mode(0o600)).unwrap();
    std::os::unix::fs::symlink("y.npy", path("link.npy")).unwrap();
    succeeded(folder.path(), &["forward", "relu", "x.npy", "-o", "link.npy"]);
    assert!(std::fs::symlink_metadata(path("link.npy")).unwrap().is_symlink());
    assert_eq!(std::fs::metadata(path("y.npy")).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(read::<f32>(path("y.npy")).0, [3, 4]);
}

/// A pipe would keep whoever opens it waiting.
#[cfg(unix)]
#[test]
fn a_pipe_is_no_input() {
    let folder = folder();
    assert!(Command::new("mkfifo").arg(folder.path().join("pipe.npy")).status().unwrap().success());
    refused(folder.path(), &["forward", "relu", "pipe.npy", "-o", "y.npy"], 1, &["pipe.npy", "regular"]);
}

/// A limit on the size of files fails as a full disk does, in the middle of writing.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_old_output() {
    let folder = folder();
    write(folder.path().join("long.npy"), &[1 << 20], Order::C, &vec![1.0_f32; 1 << 20]);
    std::fs::write(folder.path().join("y.npy"), "old").unwrap();
    let before = names(folder.path());
    let limited = "trap '' XFSZ; ulimit -f 64; exec \"$0\" forward relu long.npy -o y.npy";
    let command = Command::new("sh")
        .args(["-c", limited, env!("CARGO_BIN_EXE_gpu-activations")])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(command.status.code(), Some(1), "{command:?}");
    assert!(String::from_utf8_lossy(&command.stderr).contains("cannot write y.npy"), "{command:?}");
    assert_eq!(std::fs::read(folder.path().join("y.npy")).unwrap(), b"old");
    assert_eq!(names(folder.path()), before);
}

/// A file of zeros that take no room on the disk.
#[cfg(unix)]
fn sparse(path: &Path, elements: u64) {
    let bytes = header(&format!("({elements},)"));
    let size = bytes.len() as u64 + 4 * elements;
    std::fs::write(path, bytes).unwrap();
    std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(size).unwrap();
}

/// Signals that end the program while it writes two outputs; what was under their names before stays.
#[cfg(unix)]
#[test]
fn a_signal_leaves_nothing_half_written() {
    use std::os::unix::process::ExitStatusExt;
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    // More zeros than are computed before the signal comes.
    sparse(&path("zeros.npy"), 1 << 28);
    std::fs::write(path("y.npy"), "old").unwrap();
    let before = names(folder.path());
    let forward: &[&str] = &["forward", "gelu", "zeros.npy", "-o", "y.npy", "--device", "cpu"];
    let gradients = ["backward", "prelu", "zeros.npy", "--grad", "zeros.npy", "-o", "y.npy", "--device", "cpu"];
    let gradients: &[&str] = &[&gradients[..], &["--param-grad", "alpha=dalpha.npy"]].concat();
    for (arguments, outputs, signal, number) in
        [(forward, 1, "INT", 2), (forward, 1, "TERM", 15), (gradients, 2, "HUP", 1), (gradients, 2, "TERM", 15)]
    {
        // Whoever runs the tests in the background may have them ignore signals, which children inherit.
        let reset: &[&str] = if cfg!(target_os = "linux") { &["--default-signal=INT,TERM,HUP"] } else { &[] };
        let program = env!("CARGO_BIN_EXE_gpu-activations");
        let mut child =
            Command::new("env").args(reset).arg(program).args(arguments).current_dir(folder.path()).spawn().unwrap();
        let patience = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while names(folder.path()).len() < before.len() + outputs {
            assert_eq!(child.try_wait().unwrap(), None, "{arguments:?} ended before its signal");
            assert!(std::time::Instant::now() < patience, "{arguments:?} has begun no output");
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(number), "{arguments:?}: {status}");
        assert_eq!(names(folder.path()), before, "{arguments:?} after {signal}");
        assert_eq!(std::fs::read(path("y.npy")).unwrap(), b"old");
    }
}

/// As nohup has it, and a shell without job control for what it runs in the background.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_was_ignored_stays_ignored() {
    let folder = folder();
    sparse(&folder.path().join("large.npy"), 1 << 24);
    // Only once the output is begun does the program handle signals.
    let script = "trap '' HUP INT; \"$0\" forward relu large.npy -o y.npy --device cpu & \
                  until ls -A | grep -q '^.gpu-activations-'; do kill -0 $! || exit 9; done; \
                  kill -s HUP $!; kill -s INT $!; wait $!";
    let run = ["-c", script, env!("CARGO_BIN_EXE_gpu-activations")];
    assert!(Command::new("sh").args(run).current_dir(folder.path()).status().unwrap().success());
    assert!(folder.path().join("y.npy").exists());
}

#[test]
fn wrong_usage_is_status_2() {
    let folder = folder();
    let wrong = |arguments: &[&str], words: &[&str]| refused(folder.path(), arguments, 2, words);
    wrong(&[], &["subcommand", "forward"]);
    wrong(&["evaluate"], &["evaluate"]);
    wrong(&["forward", "relu", "x.npy"], &["--output"]);
    wrong(&["backward", "relu", "x.npy", "-o", "y.npy"], &["--grad"]);
    wrong(&["verify", "-p", "alpha=1"], &["-p", "0"]);
    wrong(&["verify", "elu", "gelu", "-p", "alpha=1"], &["-p", "2"]);
    wrong(&["verify", "softmax", "--exhaustive"], &["softmax", "--exhaustive", "axis"]);
    wrong(&["plot", "softmax", "gelu", "-o", "curves.svg"], &["softmax", "elementwise"]);
    wrong(&["shader", "gelu", "--storage", "f64"], &["f64", "f32", "bf16"]);
    let forward = |rest: &[&str], words: &[&str]| {
        wrong(&[&["forward", "elu", "x.npy", "-o", "y.npy"], rest].concat(), words);
    };
    wrong(&["forward", "rellu", "x.npy", "-o", "y.npy"], &["rellu", "relu"]);
    forward(&["-p", "slope=1"], &["slope", "alpha"]);
    forward(&["-p", "alpha"], &["alpha", "KEY=VALUE"]);
    forward(&["-p", "alpha=one"], &["alpha", "one"]);
    forward(&["-p", "alpha=NaN"], &["alpha", "NaN", "finite"]);
    forward(&["-p", "alpha=inf"], &["alpha", "inf", "finite"]);
    forward(&["-p", "alpha=1", "-p", "ALPHA=2"], &["ALPHA", "twice"]);
    forward(&["--device", "tpu"], &["tpu", "gpu", "cpu"]);
    forward(&["--device", "cpu", "--adapter", "some"], &["cpu", "some"]);
    forward(&["--fast"], &["--fast"]);
    let range = ["forward", "generalized_relu", "x.npy", "-o", "y.npy", "-p", "max_value=-1"];
    wrong(&range, &["max_value", "-1", "threshold"]);
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
fn a_reader_that_has_seen_enough_ends_the_program() {
    let folder = folder();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gpu-activations"));
    command.args(["verify", "relu", "--step", "65537", "--resume", "record.json"]).current_dir(folder.path());
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert!(command.stdout(writer).status().unwrap().success());
    let record = std::fs::read_to_string(folder.path().join("record.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["done"].as_object().unwrap().len(), 1, "it went on after its first row: {record}");
}

#[test]
fn an_unknown_adapter_is_a_failure_that_lists_the_known() {
    let folder = folder();
    let name = pollster::block_on(gpu_activations::adapters()).remove(0).get_info().name;
    let forward = ["forward", "relu", "x.npy", "-o", "y.npy", "--adapter", "no such adapter"];
    refused(folder.path(), &forward, 1, &["no such adapter", &name]);
}

#[test]
fn an_adapter_is_chosen_as_devices_lists_it() {
    let folder = folder();
    for row in succeeded(folder.path(), &["devices", "--json"]).lines() {
        let row: serde_json::Value = serde_json::from_str(row).unwrap();
        let (name, backend) = (row["adapter"].as_str().unwrap(), row["backend"].as_str().unwrap());
        let first = name.split_whitespace().next().unwrap();
        for wanted in [format!("{name} on {backend}"), format!("{first} on {backend}")] {
            succeeded(folder.path(), &["forward", "relu", "x.npy", "-o", "y.npy", "--adapter", &wanted]);
        }
    }
    std::fs::remove_file(folder.path().join("y.npy")).unwrap();
    let forward = ["forward", "relu", "x.npy", "-o", "y.npy", "--adapter", "no on vulkan"];
    refused(folder.path(), &forward, 1, &["\"no on vulkan\"", "there are"]);
}

#[test]
fn an_unknown_backend_is_refused_with_those_there_are() {
    let folder = folder();
    let with = |backend: &str, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gpu-activations"));
        command.args(arguments).env("WGPU_BACKEND", backend).current_dir(folder.path()).output().unwrap()
    };
    let forward: &[&str] = &["forward", "relu", "x.npy", "-o", "y.npy"];
    for (backend, name) in [("foo", "\"foo\""), ("vulkan,foo", "\"foo\""), ("", "\"\"")] {
        for arguments in [forward, &["devices"], &["verify", "relu"]] {
            let output = with(backend, arguments);
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{backend}: {said}");
            assert_eq!(said.lines().count(), 1, "{said}");
            assert!([name, "vulkan, metal, dx12 and gl"].iter().all(|word| said.contains(word)), "{said}");
        }
    }
}

/// As where there is no session, in a container: Mesa's layer for Vulkan looks for one.
#[cfg(target_os = "linux")]
#[test]
fn mesa_does_not_complain_that_there_is_no_session() {
    let folder = folder();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gpu-activations"));
    command
        .args(["forward", "relu", "x.npy", "-o", "y.npy"])
        .env_remove("XDG_RUNTIME_DIR")
        .env_remove("NODEVICE_SELECT");
    let output = command.current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("XDG_RUNTIME_DIR"), "{said}");
}

/// No backend is left when the only one asked for is none that this platform has.
#[test]
fn without_an_adapter_auto_falls_back_and_gpu_fails() {
    let folder = folder();
    let without = |device: &str| {
        Command::new(env!("CARGO_BIN_EXE_gpu-activations"))
            .args(["forward", "relu", "x.npy", "-o", "y.npy", "--device", device])
            .env("WGPU_BACKEND", if cfg!(windows) { "metal" } else { "dx12" })
            .current_dir(folder.path())
            .output()
            .unwrap()
    };
    let failed = without("gpu");
    assert_eq!(failed.status.code(), Some(1), "{failed:?}");
    assert!(!folder.path().join("y.npy").exists());
    let output = without("auto");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.lines().count() == 1 && said.contains("CPU reference"), "{said}");
    assert!(folder.path().join("y.npy").exists());
}

/// A folder with x of shape (2, 3, 4), gradients of several shapes, a parameter for each channel, and a mask.
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
    // The slopes drawn belong to the elements, whatever the file's order.
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
    refused(path, &forward("prelu", &["-p", "alpha=@alpha.npy"]), 1, &["(3,)", "(2, 3, 4)", "--axis"]);
    write(path.join("turned.npy"), &[4, 3, 2], Order::C, &[0.5_f32; 24]);
    refused(path, &forward("prelu", &["-p", "alpha=@turned.npy"]), 1, &["(4, 3, 2)", "(2, 3, 4)", "--axis"]);
    refused(path, &forward("softmax", &["-p", "temperature=0"]), 2, &["temperature", "0", "above 0"]);
    refused(path, &forward("hardmax", &["-p", "mask=@mask.npy"]), 2, &["hardmax", "no mask"]);
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

/// Which shapes of a parameter's file fit an axis of x, of shape (2, 3, 4) unless it is named otherwise.
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

/// Every function along each axis, both passes, with all that may come along.
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
        // The reference computes in f64 whatever the type.
        for device in if input == "x.npy" { &["gpu", "cpu"][..] } else { &["gpu"] } {
            for (axis, &length) in shape.iter().enumerate() {
                let axis_text = axis.to_string();
                let options = ["--axis", &axis_text, "--device", device];
                // Of gated units, which share their kernels, one.
                let unit = |name: &str| ["swiglu", "geglu", "reglu", "bilinear", "gated"].contains(&name);
                for (name, function) in AxisFunction::ALL.iter().filter(|(name, _)| !unit(name)) {
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

/// More elements than are read at once, with a mask and with channels; the last piece is shorter than the others.
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
    let run = ["verify", "relu", "--step", "999983", "--resume", "record.json", "--json"];
    let first = succeeded(folder.path(), &run);
    let record = folder.path().join("record.json");
    let mut content: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&record).unwrap()).unwrap();
    // As if it had been stopped before the last block of one pass, and another had found errors.
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
    // One block was tried again, so that it counts twice.
    let count = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["count"].as_u64().unwrap();
    assert!(count(second[0]) > count(first[0]));
    let other = ["verify", "relu", "--step", "7", "--resume", "record.json"];
    refused(folder.path(), &other, 1, &["record.json", "step", "999983", "7"]);
    std::fs::write(&record, "{}").unwrap();
    refused(folder.path(), &run, 1, &["record.json", "adapters", "null"]);
    std::fs::write(&record, "nonsense").unwrap();
    refused(folder.path(), &run, 1, &["record.json", "no record of verify"]);
}

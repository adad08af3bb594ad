//! `-` for standard input or standard output.

use crate::{folder, header, names, read, succeeded, write};
use half::f16;
use npyz::Order;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gpu-activations"));
    command.args(arguments).current_dir(folder);
    command
}

/// Runs a command with these bytes on standard input.
fn fed(mut command: Command, input: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // A command that fails early reads nothing.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().unwrap()
    })
}

/// Returns what a command writes to standard output for the file on standard input.
fn streamed(folder: &Path, arguments: &[&str], input: &str) -> Vec<u8> {
    let output = fed(program(folder, arguments), &std::fs::read(folder.join(input)).unwrap());
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Checks that a command fails with this status and a line that has all of `words`. Nothing is written to standard
/// output or to the directory.
fn refused(folder: &Path, arguments: &[&str], input: &[u8], status: i32, words: &[&str]) {
    let before = names(folder);
    let output = fed(program(folder, arguments), input);
    let said = String::from_utf8(output.stderr).unwrap();
    let last = said.trim_end().lines().last().unwrap_or_default();
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
    for word in words.iter().chain(&["error: "]) {
        assert!(last.contains(word), "{arguments:?} should name {word}: {said}");
    }
    assert!(output.stdout.is_empty(), "{arguments:?}");
    assert_eq!(names(folder), before, "{arguments:?}");
}

/// These elements contain bytes of every value, line ends included.
#[test]
fn streams_hold_the_same_bytes_as_files() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let x: Vec<f32> = (0..1_u32 << 16).map(|i| f32::from_bits(i.wrapping_mul(0x0101_6b5d))).collect();
    write(path("c.npy"), &[256, 256], Order::C, &x);
    write(path("f.npy"), &[256, 256], Order::Fortran, &x);
    write(path("half.npy"), &[1 << 16], Order::C, &(0..=u16::MAX).map(f16::from_bits).collect::<Vec<_>>());
    write(path("wide.npy"), &[1 << 16], Order::C, &x.iter().map(|&x| f64::from(x)).collect::<Vec<_>>());
    write(path("none.npy"), &[0, 3], Order::C, &[0.0_f32; 0]);
    for input in ["c.npy", "f.npy", "half.npy", "wide.npy", "none.npy"] {
        for function in ["identity", "softmax"] {
            succeeded(folder.path(), &["forward", function, input, "-o", "y.npy"]);
            let streamed = streamed(folder.path(), &["forward", function, "-", "-o", "-"], input);
            assert!(streamed == std::fs::read(path("y.npy")).unwrap(), "{function} of {input}");
        }
    }
}

#[test]
fn one_command_pipes_into_another() {
    let folder = folder();
    let mut first = program(folder.path(), &["forward", "gelu", "x.npy", "-o", "-"]);
    let mut first = first.stdout(Stdio::piped()).spawn().unwrap();
    let mut second = program(folder.path(), &["forward", "softmax", "-", "-o", "piped.npy"]);
    assert!(second.stdin(first.stdout.take().unwrap()).status().unwrap().success());
    assert!(first.wait().unwrap().success());
    succeeded(folder.path(), &["forward", "gelu", "x.npy", "-o", "gelu.npy"]);
    succeeded(folder.path(), &["forward", "softmax", "gelu.npy", "-o", "y.npy"]);
    let read = |name: &str| read::<f32>(folder.path().join(name));
    assert_eq!(read("piped.npy"), read("y.npy"));
}

#[test]
fn a_dash_stands_for_any_one_input_and_output() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    write(path("dy.npy"), &[3, 4], Order::C, &[0.5_f32; 12]);
    write(path("alpha.npy"), &[4], Order::C, &[0.5_f32, 0.25, 2.0, -1.0]);
    write(path("mask.npy"), &[3, 4], Order::C, &[1_u8, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1]);
    let prelu = |x, dy, alpha, dx, dalpha| {
        ["backward", "prelu", x, "--grad", dy, "-p", alpha, "--axis", "1", "-o", dx, "--param-grad", dalpha]
    };
    succeeded(folder.path(), &prelu("x.npy", "dy.npy", "alpha=@alpha.npy", "dx.npy", "alpha=dalpha.npy"));
    for (x, dy, alpha, input) in [
        ("-", "dy.npy", "alpha=@alpha.npy", "x.npy"),
        ("x.npy", "-", "alpha=@alpha.npy", "dy.npy"),
        ("x.npy", "dy.npy", "alpha=@-", "alpha.npy"),
    ] {
        for (dx, dalpha, output, file) in
            [("-", "alpha=b.npy", "dx.npy", "dalpha.npy"), ("b.npy", "alpha=-", "dalpha.npy", "dx.npy")]
        {
            let streamed = streamed(folder.path(), &prelu(x, dy, alpha, dx, dalpha), input);
            assert_eq!(streamed, std::fs::read(path(output)).unwrap(), "{input} to {output}");
            assert_eq!(std::fs::read(path("b.npy")).unwrap(), std::fs::read(path(file)).unwrap());
        }
    }
    let softmax = |mask, y| ["forward", "softmax", "x.npy", "-p", mask, "-o", y];
    succeeded(folder.path(), &softmax("mask=@mask.npy", "y.npy"));
    let streamed = streamed(folder.path(), &softmax("mask=@-", "-"), "mask.npy");
    assert_eq!(streamed, std::fs::read(path("y.npy")).unwrap());
}

#[test]
fn a_stream_is_given_once() {
    let folder = folder();
    let x = std::fs::read(folder.path().join("x.npy")).unwrap();
    let wrong = |arguments: &[&str], words: &[&str]| refused(folder.path(), arguments, &x, 2, words);
    let input = ["standard input", "-", "one input"];
    wrong(&["backward", "relu", "-", "--grad", "-", "-o", "y.npy"], &[&input[..], &["x and dy"]].concat());
    wrong(&["forward", "prelu", "-", "-p", "alpha=@-", "-o", "y.npy"], &[&input[..], &["x and alpha"]].concat());
    wrong(&["forward", "softmax", "-", "-p", "mask=@-", "-o", "y.npy"], &[&input[..], &["x and mask"]].concat());
    let gradient = ["backward", "prelu", "x.npy", "--grad", "x.npy", "-o", "-", "--param-grad", "alpha=-"];
    wrong(&gradient, &["standard output", "the result and the gradient of alpha", "one output"]);
}

#[test]
fn standard_input_that_is_no_usable_array_is_named_with_the_reason() {
    let folder = folder();
    let whole = std::fs::read(folder.path().join("x.npy")).unwrap();
    let inputs: [(&[u8], &[&str]); 5] = [
        (b"", &["empty"]),
        (b"no array, but a line of text", &["not a readable .npy file"]),
        (&whole[..40], &["128 bytes", "40"]),
        (&whole[..whole.len() - 1], &["truncated", "(3, 4)", "48 bytes", "47"]),
        (&header("(1000000000000,)"), &["truncated", "4000000000000 bytes"]),
    ];
    for (input, words) in inputs {
        let words: Vec<&str> = words.iter().copied().chain(["standard input"]).collect();
        for output in ["y.npy", "-"] {
            refused(folder.path(), &["forward", "relu", "-", "-o", output], input, 1, &words);
            refused(folder.path(), &["backward", "relu", "x.npy", "--grad", "-", "-o", output], input, 1, &words);
        }
    }
    write(folder.path().join("turned.npy"), &[4, 3], Order::C, &[1.0_f32; 12]);
    let backward = ["backward", "relu", "-", "--grad", "turned.npy", "-o", "-"];
    refused(folder.path(), &backward, &whole, 1, &["turned.npy", "(4, 3)", "standard input", "(3, 4)"]);
}

#[test]
fn f64_on_standard_input_is_named() {
    let folder = folder();
    write(folder.path().join("wide.npy"), &[2], Order::C, &[0.5_f64, -0.5]);
    let wide = std::fs::read(folder.path().join("wide.npy")).unwrap();
    let output = fed(program(folder.path(), &["forward", "relu", "-", "-o", "y.npy"]), &wide);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.lines().any(|line| line == "standard input holds f64, which is rounded to f32"), "{said}");
    assert_eq!(read::<f32>(folder.path().join("y.npy")).2, [0.5, 0.0]);
}

/// The reader closes the pipe before anything is written, or after a part.
#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let folder = folder();
    write(folder.path().join("long.npy"), &[1 << 20], Order::C, &vec![1.0_f32; 1 << 20]);
    for seen in [0, 100] {
        let backward = ["backward", "prelu", "long.npy", "--grad", "long.npy", "-o", "-", "--device", "cpu"];
        let mut command = program(folder.path(), &backward);
        command.args(["--param-grad", "alpha=dalpha.npy"]).stderr(Stdio::piped());
        let (mut reader, writer) = std::io::pipe().unwrap();
        let child = command.stdout(writer).spawn().unwrap();
        // The parent's end of the pipe closes with the command.
        drop(command);
        std::io::Read::read_exact(&mut reader, &mut vec![0; seen]).unwrap();
        drop(reader);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        // The other output is whole.
        assert_eq!(read::<f32>(folder.path().join("dalpha.npy")).0, [1]);
        std::fs::remove_file(folder.path().join("dalpha.npy")).unwrap();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn standard_output_that_is_full_is_a_failure() {
    let folder = folder();
    let mut command = program(folder.path(), &["forward", "relu", "x.npy", "-o", "-"]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot write to standard output"), "{said}");
}

#[cfg(unix)]
#[test]
fn temporary_files_lie_where_they_should_and_do_not_stay() {
    let folder = folder();
    let x = std::fs::read(folder.path().join("x.npy")).unwrap();
    let with = |temporary: &Path, device: &str| {
        let mut command = program(folder.path(), &["forward", "relu", "-", "-o", "-", "--adapter", device]);
        command.env("TMPDIR", temporary);
        fed(command, &x)
    };
    let temporary = tempfile::tempdir().unwrap();
    assert_eq!(with(temporary.path(), "no such adapter").status.code(), Some(1));
    assert!(with(temporary.path(), "").status.success());
    assert!(names(temporary.path()).is_empty());
    let output = with(&folder.path().join("nowhere"), "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("temporary file") && said.contains("nowhere"), "{said}");
}

#[test]
fn a_file_may_be_named_dash() {
    let folder = folder();
    succeeded(folder.path(), &["forward", "relu", "x.npy", "-o", "./-"]);
    succeeded(folder.path(), &["forward", "relu", "./-", "-o", "y.npy"]);
    let read = |name: &str| read::<f32>(folder.path().join(name));
    assert_eq!(read("-"), read("y.npy"));
}

/// An array of more than 2^31 elements goes through in batches of rows. It is all zeros, a file with a hole.
#[test]
fn more_elements_than_a_device_counts_are_streamed() {
    let folder = folder();
    const ROWS: u64 = (1 << 21) + 1;
    const BYTES: u64 = 2 * 1024 * ROWS;
    let header = String::from_utf8_lossy(&header(&format!("({ROWS}, 1024)"))).replace("<f4", "<f2").into_bytes();
    // The byte before the version is not UTF-8.
    let header = [b"\x93", &header["\u{fffd}".len()..]].concat();
    std::fs::write(folder.path().join("x.npy"), &header).unwrap();
    let file = std::fs::File::options().write(true).open(folder.path().join("x.npy")).unwrap();
    file.set_len(header.len() as u64 + BYTES).unwrap();

    let mut command = program(folder.path(), &["forward", "softmax", "x.npy", "-o", "-"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut y = child.stdout.take().unwrap();
    let mut start = [0; 10];
    y.read_exact(&mut start).unwrap();
    let mut rest = vec![0; u16::from_le_bytes([start[8], start[9]]).into()];
    y.read_exact(&mut rest).unwrap();
    let share = f16::from_f32(1.0 / 1024.0).to_le_bytes();
    let (mut block, mut bytes) = (vec![0; 1 << 20], 0);
    loop {
        let mut read = Vec::with_capacity(block.len());
        y.by_ref().take(block.len() as u64).read_to_end(&mut read).unwrap();
        if read.is_empty() {
            break;
        }
        if bytes == 0 {
            block = share.repeat(block.len() / 2);
        }
        assert!(read == block[..read.len()], "after {bytes} bytes");
        bytes += read.len() as u64;
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(bytes, BYTES);

    let along_first = ["forward", "softmax", "x.npy", "-o", "y.npy", "--axis", "0"];
    refused(folder.path(), &along_first, &[], 1, &["x.npy", "(2097153, 1024)", "2147483647"]);
    let drawn = ["forward", "gumbel_softmax", "x.npy", "-o", "y.npy"];
    refused(folder.path(), &drawn, &[], 1, &["x.npy", "(2097153, 1024)", "2147483647"]);
}

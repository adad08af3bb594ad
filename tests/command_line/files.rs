//! Unusable inputs, unwritable outputs, and what signals leave behind.

use crate::{folder, header, read, refused, succeeded};
use npyz::{TypeStr, WriterBuilder};
#[cfg(unix)]
use {
    crate::{names, write},
    npyz::Order,
    std::{path::Path, process::Command},
};

#[test]
fn an_existing_output_is_replaced() {
    let folder = folder();
    for function in ["identity", "relu"] {
        succeeded(folder.path(), &["forward", function, "x.npy", "-o", "y.npy"]);
    }
    assert!(read::<f32>(folder.path().join("y.npy")).2.iter().all(|&y| y >= 0.0));
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
    for (descr, value) in [(">f8", 8), (">f4", 4), ("<i4", 4)] {
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

/// A pipe would block its opener.
#[cfg(unix)]
#[test]
fn a_pipe_is_no_input() {
    let folder = folder();
    assert!(Command::new("mkfifo").arg(folder.path().join("pipe.npy")).status().unwrap().success());
    refused(folder.path(), &["forward", "relu", "pipe.npy", "-o", "y.npy"], 1, &["pipe.npy", "regular"]);
}

/// A limit on file size fails like a full disk, in the middle of writing.
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

/// A sparse file of zeros, which takes no room on the disk.
#[cfg(unix)]
fn sparse(path: &Path, elements: u64) {
    let bytes = header(&format!("({elements},)"));
    let size = bytes.len() as u64 + 4 * elements;
    std::fs::write(path, bytes).unwrap();
    std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(size).unwrap();
}

/// Signals that end the program while it writes two outputs. Previous files of those names must stay.
#[cfg(unix)]
#[test]
fn a_signal_leaves_nothing_half_written() {
    use std::os::unix::process::ExitStatusExt;
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    // More zeros than are computed before the signal arrives.
    sparse(&path("zeros.npy"), 1 << 28);
    std::fs::write(path("y.npy"), "old").unwrap();
    let before = names(folder.path());
    let forward: &[&str] = &["forward", "gelu", "zeros.npy", "-o", "y.npy", "--device", "cpu"];
    let gradients = ["backward", "prelu", "zeros.npy", "--grad", "zeros.npy", "-o", "y.npy", "--device", "cpu"];
    let gradients: &[&str] = &[&gradients[..], &["--param-grad", "alpha=dalpha.npy"]].concat();
    for (arguments, outputs, signal, number) in
        [(forward, 1, "INT", 2), (forward, 1, "TERM", 15), (gradients, 2, "HUP", 1), (gradients, 2, "TERM", 15)]
    {
        // A background run of the tests may ignore signals, and children inherit that.
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

/// Like nohup, and like a shell without job control for background commands.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_was_ignored_stays_ignored() {
    let folder = folder();
    sparse(&folder.path().join("large.npy"), 1 << 24);
    // The program handles signals only after it begins the output.
    let script = "trap '' HUP INT; \"$0\" forward relu large.npy -o y.npy --device cpu & \
                  until ls -A | grep -q '^.gpu-activations-'; do kill -0 $! || exit 9; done; \
                  kill -s HUP $!; kill -s INT $!; wait $!";
    let run = ["-c", script, env!("CARGO_BIN_EXE_gpu-activations")];
    assert!(Command::new("sh").args(run).current_dir(folder.path()).status().unwrap().success());
    assert!(folder.path().join("y.npy").exists());
}

//! `devices`, and the selection of an adapter.

use crate::{folder, refused, succeeded};
use std::process::Command;

#[test]
fn devices_names_the_adapter() {
    let text = succeeded(folder().path(), &["devices", "--json"]);
    let row: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert!(row["adapter"].is_string() && row["max_buffer_size"].is_u64(), "{row}");
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

/// As in a container without a session: Mesa's layer for Vulkan looks for one.
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

/// No backend is left if the only one requested does not exist on this platform.
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

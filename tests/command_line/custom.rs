//! `custom`: a formula in every command.

use crate::{folder, read, refused, run, succeeded, write};
use npyz::Order;

const SWISH: &str = "x*sigmoid(beta*x); beta = 1.5";

#[test]
fn a_formula_goes_wherever_a_name_goes() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    for device in ["auto", "cpu"] {
        let evaluate = |command: &[&str], name: &[&str], formula: &[&str]| {
            let files = ["x.npy", "-o", "y.npy", "--device", device];
            succeeded(folder.path(), &[&command[..1], name, &files[..], &command[1..], formula].concat());
            read::<f32>(path("y.npy")).2
        };
        let commands: [&[&str]; 5] = [
            &["forward"],
            &["backward", "--grad", "x.npy"],
            &["derivative"],
            &["derivative", "--order", "2"],
            &["double-backward", "--grad", "x.npy", "--tangent", "x.npy"],
        ];
        for command in commands {
            let own = evaluate(command, &["custom"], &["--formula", SWISH]);
            let known = evaluate(command, &["swish"], &["-p", "beta=1.5"]);
            let is_near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-5 * b.abs().max(0.1);
            assert!(own.iter().zip(&known).all(is_near), "{command:?} on {device}: {own:?}, not {known:?}");
        }
    }
}

#[test]
fn parameters_are_given_as_numbers_or_files_and_have_gradients() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    write(path("a.npy"), &[4], Order::C, &[1.0_f32, 2.0, 3.0, 4.0]);
    let custom = ["custom", "x.npy", "-o", "y.npy", "--formula", "a*x"];
    succeeded(folder.path(), &[&["forward"], &custom[..], &["-p", "a=3"]].concat());
    let x = read::<f32>(path("x.npy")).2;
    assert_eq!(read::<f32>(path("y.npy")).2, x.iter().map(|x| 3.0 * x).collect::<Vec<_>>());
    let backward = ["--grad", "x.npy", "-p", "a=@a.npy", "--param-grad", "a=da.npy"];
    succeeded(folder.path(), &[&["backward"], &custom[..], &backward].concat());
    let gradient = |column: usize| x.iter().skip(column).step_by(4).map(|x| x * x).sum::<f32>();
    assert_eq!(read::<f32>(path("da.npy")).2, (0..4).map(gradient).collect::<Vec<_>>());
}

#[test]
fn a_file_holds_a_long_formula() {
    let folder = folder();
    std::fs::write(folder.path().join("formula.txt"), "x\n  * 2 // x\n".replace("// x", "+ 0")).unwrap();
    let custom = ["forward", "custom", "x.npy", "-o", "y.npy", "--formula", "@formula.txt"];
    succeeded(folder.path(), &custom);
    let twice: Vec<f32> = read::<f32>(folder.path().join("x.npy")).2.iter().map(|x| 2.0 * x).collect();
    assert_eq!(read::<f32>(folder.path().join("y.npy")).2, twice);
}

#[test]
fn other_commands_take_it() {
    let folder = folder();
    let said = succeeded(folder.path(), &["shader", "custom", "--formula", SWISH, "--snippet"]);
    assert!(said.starts_with("// custom: x*sigmoid(beta*x)\n"), "{said}");
    let verify = ["verify", "custom", "--formula", SWISH, "--step", "10000019", "--json"];
    let said = succeeded(folder.path(), &verify);
    let rows: Vec<serde_json::Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.iter().all(|row| row["formula"] == "x*sigmoid(beta*x)" && row["limit_ulp"] == "inf"), "{said}");
    succeeded(folder.path(), &["plot", "custom", "--formula", SWISH, "-o", "p.svg"]);
    assert!(std::fs::read_to_string(folder.path().join("p.svg")).unwrap().contains("<svg"));
    let bench = ["bench", "custom", "--formula", SWISH, "--shape", "4x8", "--samples", "1", "--json"];
    assert_eq!(succeeded(folder.path(), &bench).lines().count(), 2);
}

#[test]
fn what_is_wrong_is_one_line() {
    let folder = folder();
    let files = ["x.npy", "-o", "y.npy"];
    for (name, formula, words) in [
        ("custom", None, &["custom needs its formula: --formula"][..]),
        ("gelu", Some("x"), &["--formula is for the function custom alone", "gelu"]),
        ("custom", Some("x * sigmod(x)"), &["column 5", "\"sigmod\"", "sigmoid"]),
        ("custom", Some("a*x"), &["parameter a has no value"]),
        ("custom", Some("@missing.txt"), &["cannot read missing.txt"]),
    ] {
        let formula = formula.map_or(vec![], |formula| vec!["--formula", formula]);
        refused(folder.path(), &[&["forward", name], &files[..], &formula].concat(), 2, words);
    }
    let wgsl = "wgsl(; fn activation(x: f32, params: Params) -> f32 { return x; }\nfn derivative(x: f32, params: Params) -> f32 { return 1.0; })";
    refused(folder.path(), &[&["forward", wgsl], &files[..], &["--device", "cpu"]].concat(), 1, &["no f64 reference"]);
    assert!(run(folder.path(), &[&["forward", wgsl], &files[..]].concat()).status.success());
}

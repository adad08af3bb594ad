//! `shader`.

use crate::{folder, refused, succeeded};

#[test]
fn shader_prints_the_whole_module() {
    let text = succeeded(folder().path(), &["shader", "gelu", "--storage", "bf16", "--pass", "backward"]);
    naga::front::wgsl::parse_str(&text).unwrap();
    assert!(text.contains("fn backward"), "{text}");
}

#[test]
fn shader_prints_the_modules_of_derivatives() {
    let folder = folder();
    for (arguments, entry) in [
        (&["gelu", "--pass", "derivative", "--order", "2", "--storage", "f16"][..], "derivatives"),
        (&["gelu", "--pass", "derivative"], "derivatives"),
        (&["tanh", "--pass", "double-backward", "--accuracy", "fast"], "double_backward"),
        (&["softmax", "--pass", "double-backward"], "fused"),
        (&["swiglu_oai", "--pass", "double-backward", "--storage", "bf16"], "double_backward"),
        (&["custom", "--formula", "x*x", "--pass", "double-backward"], "double_backward"),
    ] {
        let text = succeeded(folder.path(), &[&["shader"], arguments].concat());
        let module = naga::front::wgsl::parse_str(&text).unwrap();
        assert!(module.entry_points.iter().any(|known| known.name == entry), "{arguments:?}");
        assert!(text.contains(&format!("entry point `{entry}`")), "{arguments:?}");
    }
    let refusals = [
        (&["gelu", "--order", "2"][..], &["--order needs --pass derivative"][..]),
        (&["gelu", "--snippet", "--order", "2"], &["--snippet", "--order"]),
        (&["softmax", "--pass", "derivative"], &["softmax works along an axis"]),
        (&["sparsemax", "--pass", "double-backward"], &["sparsemax has no double backward pass"]),
    ];
    for (arguments, words) in refusals {
        refused(folder.path(), &[&["shader"], arguments].concat(), 2, words);
    }
}

#[test]
fn shader_prints_a_snippet() {
    let folder = folder();
    let text = succeeded(folder.path(), &["shader", "swish", "--snippet"]);
    naga::front::wgsl::parse_str(&text).unwrap();
    assert!(text.contains("fn swish_activation(x: f32, params: swish_Params) -> f32"), "{text}");
    let text = succeeded(folder.path(), &["shader", "swish", "--snippet", "--prefix", "gate"]);
    assert!(text.contains("fn gate_derivative(x: f32, params: gate_Params) -> f32"), "{text}");
    assert!(text.contains("fn gate_second_derivative(x: f32, params: gate_Params) -> f32"), "{text}");
    refused(folder.path(), &["shader", "swish", "--snippet", "--prefix", "a b"], 2, &["a b", "letters"]);
    refused(folder.path(), &["shader", "swish", "--snippet", "--storage", "f16"], 2, &["--snippet", "--storage"]);
    refused(folder.path(), &["shader", "swish", "--prefix", "gate"], 2, &["--snippet"]);
    refused(folder.path(), &["shader", "softmax", "--snippet"], 2, &["softmax"]);
}

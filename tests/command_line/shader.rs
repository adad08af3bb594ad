//! `shader`.

use crate::{folder, refused, succeeded};

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

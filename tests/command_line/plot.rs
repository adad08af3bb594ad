//! `plot`.

use crate::{folder, refused, succeeded};

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

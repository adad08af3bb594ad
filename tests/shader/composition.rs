//! Checks that need no adapter: shaders validate, and the table agrees with the files.

use gpu_activations::shader::{Aliasing, Shader, ShaderOptions, Storage};
use gpu_activations::{Accuracy, Activation, AxisFunction, Direction};
use naga::valid::{Capabilities, ValidationFlags, Validator};
use std::collections::BTreeSet;
use std::path::Path;

const STORAGES: [Storage; 3] = [Storage::F32, Storage::F16, Storage::Bf16];
const ALIASINGS: [Aliasing; 4] = [Aliasing::Separate, Aliasing::OverX, Aliasing::OverDy, Aliasing::SameBuffer];

fn parse(shader: &Shader) -> naga::Module {
    naga::front::wgsl::parse_str(shader.source()).unwrap_or_else(|error| {
        let line = error.location(shader.source()).map_or(0, |l| l.line_number);
        panic!("{:?}: {}", shader.locate(line), error.message())
    })
}

/// Every accuracy, on devices of every kind.
fn options() -> impl Iterator<Item = ShaderOptions> {
    let devices = [(false, false), (true, false), (false, true), (true, true)];
    Accuracy::ALL.into_iter().flat_map(move |accuracy| {
        devices.map(|(fused, native_f16)| {
            let mut options = ShaderOptions::default();
            (options.accuracy, options.fused, options.native_f16) = (accuracy, fused, native_f16);
            options
        })
    })
}

#[test]
fn every_composition_validates() {
    for activation in Activation::ALL {
        for (storage, aliasing) in
            STORAGES.into_iter().flat_map(|storage| ALIASINGS.map(|aliasing| (storage, aliasing)))
        {
            for options in options() {
                let module = parse(&Shader::elementwise_with(activation, storage, aliasing, options));
                let mut capabilities = Capabilities::default() | Capabilities::SHADER_FLOAT16_IN_FLOAT32;
                capabilities.set(Capabilities::SHADER_FLOAT16, options.native_f16);
                Validator::new(ValidationFlags::all(), capabilities).validate(&module).unwrap_or_else(|error| {
                    panic!("{} {storage:?} {aliasing:?} {options:?}: {error:?}", activation.name())
                });
            }
        }
    }
}

#[test]
fn what_a_device_does_changes_the_text_where_it_matters() {
    let of = |storage, fused, native_f16, accuracy| {
        let mut options = ShaderOptions::default();
        (options.accuracy, options.fused, options.native_f16) = (accuracy, fused, native_f16);
        Shader::elementwise_with(&Activation::Gelu, storage, Aliasing::Separate, options)
    };
    let [f32, f16] = [Storage::F32, Storage::F16];
    let [highest, fast] = Accuracy::ALL;
    assert!(of(f32, true, false, highest).source().contains("fma("));
    assert!(!of(f32, false, true, highest).source().contains("fma("));
    assert_eq!(of(f16, false, true, fast), of(f16, true, true, highest));
    assert!(of(f16, false, true, highest).source().starts_with("enable f16;\n"));
    assert!(!of(f32, false, true, fast).source().contains("f16"));
    assert_ne!(of(f32, false, false, fast), of(f32, false, false, highest));
}

#[test]
fn every_composition_along_an_axis_validates() {
    for (name, function) in AxisFunction::all() {
        for storage in STORAGES {
            for direction in Direction::ALL {
                let (shader, entry_point) = Shader::along(function, storage, direction);
                let module = parse(&shader);
                assert!(module.entry_points.iter().any(|entry| entry.name == entry_point), "{name} {entry_point}");
                Validator::new(ValidationFlags::all(), Capabilities::default())
                    .validate(&module)
                    .unwrap_or_else(|error| panic!("{name} {storage:?}: {error:?}"));
            }
        }
    }
}

#[test]
fn params_agree_with_the_row() {
    for activation in Activation::ALL {
        let module = parse(&Shader::elementwise(activation, Storage::F32, Aliasing::Separate));
        let fields: Vec<String> = module
            .types
            .iter()
            .filter(|(_, ty)| ty.name.as_deref() == Some("Params"))
            .flat_map(|(_, ty)| match &ty.inner {
                naga::TypeInner::Struct { members, .. } => members.clone(),
                _ => Vec::new(),
            })
            .filter_map(|member| member.name)
            .collect();
        let row: Vec<&str> = activation.parameters().iter().map(|p| p.name).collect();
        assert_eq!(
            fields,
            row,
            "struct Params in activations/{}.wgsl must list the row's parameters in its order",
            activation.name()
        );
    }
}

#[test]
fn every_activation_file_has_a_row() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders/activations");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .expect("the folder of activations")
        .map(|entry| entry.expect("an entry").path())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    let rows: BTreeSet<String> = Activation::ALL.iter().map(|a| a.name().to_owned()).collect();
    assert_eq!(files, rows, "each file in shaders/activations needs a row of its name in src/catalog/elementwise.rs");
}

#[test]
fn a_line_is_located_in_its_part() {
    let shader = Shader::elementwise(&Activation::Relu, Storage::F32, Aliasing::Separate);
    assert_eq!(shader.locate(1), Some(("activations/relu.wgsl", 1)));
    let second = include_str!("../../shaders/activations/relu.wgsl").lines().count() as u32 + 1;
    assert_eq!(shader.locate(second), Some(("elementwise/flat.wgsl", 1)));
    assert_eq!(shader.locate(0), None);
    assert_eq!(shader.locate(u32::MAX), None);
}

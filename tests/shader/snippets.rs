//! Activations in other programs' shaders.

use crate::common::context;
use gpu_activations::{Activation, Error, GpuActivations, Order, wgpu};
use naga::valid::{Capabilities, ValidationFlags, Validator};

/// A foreign shader: a matrix product with one activation on its results, and the derivatives of another beside it.
fn foreign(first: &Activation, second: &Activation) -> String {
    let arguments = |activation: &Activation, prefix: &str| match activation.values().as_slice() {
        [] => "0u".to_owned(),
        values => {
            let values: Vec<String> =
                values.iter().map(|value| format!("bitcast<f32>({}u | params_zero())", value.to_bits())).collect();
            format!("{prefix}_Params({})", values.join(", "))
        }
    };
    let snippet = |activation: &Activation, prefix: &str| activation.snippet(prefix).expect("the prefix is a word");
    format!(
        "{}{}
        @group(0) @binding(0) var<storage, read> left: array<f32>;
        @group(0) @binding(1) var<storage, read> right: array<f32>;
        @group(0) @binding(2) var<storage, read_write> products: array<vec4<f32>>;

        // An infinite parameter is no constant expression.
        fn params_zero() -> u32 {{
            return first_zero;
        }}

        @compute @workgroup_size(64)
        fn multiply(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {{
            first_zero = workgroups.z - 1u;
            second_zero = workgroups.z - 1u;
            if id.x < arrayLength(&products) {{
                let product = left[id.x] * right[0];
                let params = {};
                products[id.x] = vec4<f32>(
                    first_activation(product, {}),
                    second_derivative(product, params),
                    second_second_derivative(product, params),
                    0.0,
                );
            }}
        }}",
        snippet(first, "first"),
        snippet(second, "second"),
        arguments(second, "second"),
        arguments(first, "first"),
    )
}

#[test]
fn every_two_neighbours_of_the_catalogue_fit_into_one_shader() {
    let all = Activation::ALL;
    for (first, second) in all.iter().zip(all.iter().cycle().skip(1)) {
        let pair = format!("{} and {}", first.name(), second.name());
        let module = naga::front::wgsl::parse_str(&foreign(first, second))
            .unwrap_or_else(|error| panic!("{pair}: {}", error.emit_to_string("")));
        Validator::new(ValidationFlags::all(), Capabilities::default())
            .validate(&module)
            .unwrap_or_else(|error| panic!("{pair}: {error:?}"));
        for parameter in first.parameters() {
            let mut structs = module.types.iter().filter(|(_, ty)| ty.name.as_deref() == Some("first_Params"));
            let (_, ty) = structs.next().expect("parameters have a struct");
            let naga::TypeInner::Struct { members, .. } = &ty.inner else { panic!("{pair}: {ty:?}") };
            assert!(members.iter().any(|member| member.name.as_deref() == Some(parameter.name)), "{pair}: {members:?}");
        }
    }
}

#[test]
fn a_shader_with_two_snippets_computes_what_the_context_does() {
    let context = context();
    let x: Vec<f32> = (0..4096)
        .map(|i| f32::from_bits(i * 1_048_573))
        .chain([f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0])
        .collect();
    for (first, second) in [("gelu", "softplus"), ("tanh", "gelu"), ("generalized_relu", "sine"), ("elu", "mish")] {
        let [first, second]: [Activation; 2] = [first, second].map(|name| name.parse().expect("a known name"));
        let products = run(&context, &foreign(&first, &second), &x);
        let values = context.forward_slice(first, &x).expect("forward runs");
        let slopes = context.backward_slice(second, &x, &vec![1.0; x.len()]).expect("backward runs");
        let curvatures = context.derivative_slice(second, Order::Second, &x).expect("derivative runs");
        for (i, product) in products.chunks(4).enumerate() {
            for (ours, theirs) in [(values[i], product[0]), (slopes[i], product[1]), (curvatures[i], product[2])] {
                // Compilers may contract the two differently, and kernels omit guards that their adapter does not need.
                // Near the root of gelu's derivative an error counts against its terms.
                let about_root = second.name() == "gelu" && (-0.8..-0.7).contains(&x[i]);
                let epsilon = if about_root { 1e-8 } else { 0.0 };
                let same =
                    approx::ulps_eq!(ours, theirs, epsilon = epsilon, max_ulps = 1) || ours.is_nan() && theirs.is_nan();
                assert!(same, "{first:?} and {second:?} at {}: {ours} and in the shader {theirs}", x[i]);
            }
        }
    }
}

fn run(context: &GpuActivations, source: &str, x: &[f32]) -> Vec<f32> {
    let device = context.device();
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some("foreign"),
        source: wgpu::ShaderSource::Wgsl(source.into()),
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some("foreign"),
        layout: None,
        module: &module,
        entry_point: Some("multiply"),
        compilation_options: Default::default(),
        cache: None,
    });
    let left = context.upload(x).expect("x fits");
    let right = context.upload(&[1.0f32]).expect("one number fits");
    let products = context.allocate::<f32>(4 * x.len()).expect("the products fit");
    let entries = [left.raw(), right.raw(), products.raw()];
    let entries: Vec<_> = entries
        .iter()
        .enumerate()
        .map(|(binding, buffer)| wgpu::BindGroupEntry { binding: binding as u32, resource: buffer.as_entire_binding() })
        .collect();
    let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some("foreign"),
        layout: &pipeline.get_bind_group_layout(0),
        entries: &entries,
    });
    let mut encoder = device.create_command_encoder(&Default::default());
    let mut pass = encoder.begin_compute_pass(&Default::default());
    pass.set_pipeline(&pipeline);
    pass.set_bind_group(0, &group, &[]);
    pass.dispatch_workgroups(x.len().div_ceil(64) as u32, 1, 1);
    drop(pass);
    context.queue().submit([encoder.finish()]);
    context.download(&products).expect("the products come back")
}

#[test]
fn a_prefix_is_a_word() {
    for prefix in ["", "9", "a b", "_a", "a__b", "a_", "é"] {
        let error = Activation::Relu.snippet(prefix).expect_err("no word");
        assert!(matches!(&error, Error::InvalidValue { value, .. } if value == prefix), "{error}");
    }
}

//! Every error, provoked, with what its message names.

use crate::common::{context, device_with, own_context};
use gpu_activations::tuning::Strategy;
use gpu_activations::{Activation, Axis, AxisFunction, BufferRange, Error, GpuActivations, ParameterBuffers, wgpu};

const RELU: Activation = Activation::Relu;

/// Returns the message of an operation that must fail.
fn message<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    outcome.unwrap_err().to_string()
}

fn raw_buffer(context: &GpuActivations, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    let descriptor = wgpu::BufferDescriptor { label: Some("raw"), size, usage, mapped_at_creation: false };
    context.device().create_buffer(&descriptor)
}

/// Returns the outcome of recording forward on ranges of one buffer of 4096 bytes, given as (offset, elements) of x and
/// y.
fn recorded(x: (u64, u64), y: (u64, u64)) -> Result<(), Error> {
    let context = context();
    let buffer = raw_buffer(&context, 4096, wgpu::BufferUsages::STORAGE);
    let mut encoder = context.device().create_command_encoder(&Default::default());
    let range = |(offset, elements)| BufferRange::<f32>::new(&buffer, offset, elements);
    context.record(&mut encoder).forward(RELU, range(x), range(y))
}

#[test]
fn an_unknown_name_lists_the_nearest() {
    let text = message("lekyrelu".parse::<Activation>());
    assert!(text.contains("lekyrelu") && text.contains("leaky_relu"), "{text}");
}

#[test]
fn the_nearest_names_begin_alike() {
    let nearest = |name: &str| match name.parse::<Activation>().unwrap_err() {
        Error::UnknownName { nearest, .. } => nearest,
        other => panic!("{other}"),
    };
    assert_eq!(nearest("gelu_old")[0], "gelu");
    assert!(nearest("hard").iter().all(|name| name.starts_with("hard")), "{:?}", nearest("hard"));
    assert_eq!(nearest("sigm")[0], "sigmoid");
    assert!(message("softmx".parse::<AxisFunction>()).contains("nearest are softmax"));
}

#[test]
fn a_name_of_the_other_kind_says_which_it_is() {
    let along = "works along an axis; it is no elementwise function";
    assert_eq!(message("Soft-Max".parse::<Activation>()), format!("softmax {along}"));
    let each = "works on each element; it is no function along an axis";
    assert_eq!(message("gelu".parse::<AxisFunction>()), format!("gelu {each}"));
    let glu: AxisFunction = "glu".parse().unwrap();
    assert_eq!(message(glu.with("activation", "softmax")), format!("softmax {along}"));
}

#[test]
fn parameters_of_other_libraries_are_pointed_to() {
    let softmax: AxisFunction = "softmax".parse().unwrap();
    assert!(message(softmax.with("dim", "1")).ends_with("; the axis is an `Axis`, given with x"));
    let gelu: Activation = "gelu".parse().unwrap();
    assert!(message(gelu.with("approximate", 1.0)).ends_with("; the approximation by tanh is the function gelu_tanh"));
}

#[test]
fn numbers_are_short_in_messages() {
    let softplus = |beta| message(Activation::Softplus { beta }.validate());
    assert!(softplus(-1e-45).contains("beta is -1e-45, "), "{}", softplus(-1e-45));
    assert!(softplus(-1e38).contains("beta is -1e38, "), "{}", softplus(-1e38));
    assert!(softplus(-0.25).contains("beta is -0.25, "), "{}", softplus(-0.25));
    let softmax = |temperature| message(AxisFunction::Softmax { temperature }.validate());
    assert!(softmax(-1e38).contains("temperature is -1e38, "), "{}", softmax(-1e38));
    assert!(softmax(-1e-45).contains("temperature is -1e-45, "), "{}", softmax(-1e-45));
}

#[test]
fn a_main_that_returns_the_error_prints_its_message() {
    let error = "lekyrelu".parse::<Activation>().unwrap_err();
    assert_eq!(format!("{error:?}"), error.to_string());
}

#[test]
fn one_is_singular_in_messages() {
    let context = context();
    let axis = Axis::new(&[3, 1], 1).unwrap();
    let (x, one) = (context.upload(&[1.0_f32; 3]).unwrap(), context.upload(&[1.0_f32]).unwrap());
    let prelu = Activation::Prelu { alpha: 0.25 };
    let said = |parameters: &ParameterBuffers<'_>| message(context.forward_with(prelu, parameters, &x));
    let axis_of_three = Axis::new(&[1, 3], 1).unwrap();
    assert_eq!(
        said(&ParameterBuffers::new().per_channel("input_bias", &one, &axis_of_three)),
        "input_bias has 1 value, axis 1 of the shape (1, 3) has 3 channels"
    );
    assert_eq!(
        said(&ParameterBuffers::new().per_channel("input_bias", &x, &axis)),
        "input_bias has 3 values, axis 1 of the shape (3, 1) has 1 channel"
    );
    assert_eq!(said(&ParameterBuffers::new().per_element("alpha", &one)), "alpha has 1 element, x has 3");
}

#[test]
fn names_of_parameters_match_whatever_their_spelling() {
    let context = context();
    let leaky = Activation::LeakyRelu { negative_slope: 0.25 };
    let (x, slope) = (context.upload(&[-2.0_f32, 4.0]).unwrap(), context.upload(&[0.5_f32]).unwrap());
    for name in ["negative_slope", "negativeSlope", "NEGATIVE-SLOPE"] {
        let parameters = ParameterBuffers::new().per_tensor(name, &slope);
        let y = context.forward_with(leaky, &parameters, &x).unwrap();
        assert_eq!(context.download(&y).unwrap(), [-1.0, 4.0], "{name}");
        let gradient = context.parameter_gradient(leaky, &parameters, name, &x, &x).unwrap();
        assert_eq!(context.download(&gradient).unwrap(), [4.0], "{name}");
        let twice = ParameterBuffers::new().per_tensor(name, &slope).per_tensor("negative_slope", &slope);
        assert!(matches!(context.forward_with(leaky, &twice, &x), Err(Error::GivenTwice { .. })), "{name}");
    }
    let axis = Axis::last(&[2]).unwrap();
    let bias = context.upload(&[1.0_f32, -1.0]).unwrap();
    let parameters = ParameterBuffers::new().per_channel("inputBias", &bias, &axis);
    let gradient = context.parameter_gradient(leaky, &parameters, "Input-Bias", &x, &x).unwrap();
    assert_eq!(context.download(&gradient).unwrap(), [-0.5, 4.0]);
}

#[test]
fn a_parameter_is_checked_by_name_and_range() {
    let elu: Activation = "elu".parse().unwrap();
    let text = message(elu.with("slope", 1.0));
    assert!(text.contains("slope") && text.contains("alpha"), "{text}");
    for value in [f32::NAN, f32::INFINITY] {
        let text = message(elu.with("alpha", value).and_then(|elu| elu.validate()));
        assert!(text.contains("alpha") && text.contains(&value.to_string()), "{text}");
    }
    let outcome = context().forward_slice(Activation::Elu { alpha: f32::NAN }, &[1.0_f32]);
    assert!(matches!(outcome, Err(Error::ParameterOutOfRange { .. })), "{outcome:?}");
}

#[test]
fn an_unknown_adapter_lists_those_there_are() {
    let name = context().adapter_info().name;
    let text = message(GpuActivations::builder().adapter("no such adapter").build());
    assert!(text.contains("no such adapter") && text.contains(&name), "{text}");
}

#[test]
fn lengths_that_disagree_are_both_named() {
    let context = context();
    let (x, long) = (context.upload(&[0.0_f32; 10]).unwrap(), context.upload(&[0.0_f32; 12]).unwrap());
    let text = |name| format!("{name} has 12 elements, x has 10");
    assert_eq!(message(context.forward_into(RELU, &x, &long)), text("y"));
    assert_eq!(message(context.backward(RELU, &x, &long)), text("dy"));
    assert_eq!(message(context.backward_into(RELU, &x, &x, &long)), text("dx"));
    assert_eq!(message(context.forward_slice_into(RELU, &[0.0; 10], &mut [0.0_f32; 12])), text("y"));
    assert_eq!(message(context.backward_slice(RELU, &[0.0; 10], &[0.0_f32; 12])), text("dy"));
    assert_eq!(message(context.backward_slice_into(RELU, &[0.0; 10], &[0.0; 10], &mut [0.0_f32; 12])), text("dx"));
    assert_eq!(message(context.download_into(&x, &mut [0.0; 12])), "data has 12 elements, buffer has 10");
}

#[test]
fn a_misaligned_range_names_both_numbers() {
    let alignment = context().device().limits().min_storage_buffer_offset_alignment;
    let text = message(recorded((0, 4), (u64::from(alignment) + 4, 4)));
    assert!(text.contains(&format!("y begins at byte {}", alignment + 4)), "{text}");
    assert!(text.contains(&format!("multiple of {alignment}")), "{text}");
}

#[test]
fn ranges_stay_within_their_buffer() {
    assert_eq!(message(recorded((3840, 65), (0, 65))), "x ends at byte 4100, its buffer at byte 4096");
    for elements in [u64::MAX, u64::MAX / 4, 1 << 62] {
        let outcome = recorded((0, elements), (0, elements));
        assert!(matches!(outcome, Err(Error::OutOfBounds { .. })), "{outcome:?}");
    }
}

#[test]
fn ranges_that_overlap_in_part_are_both_named() {
    let text = message(recorded((0, 128), (256, 128)));
    assert!(text.contains("0..512") && text.contains("256..768"), "{text}");
    assert!(matches!(recorded((0, 128), (0, 64)), Err(Error::LengthMismatch { .. })));
}

#[test]
fn x_as_dy_cannot_be_overwritten() {
    let context = context();
    let x = context.upload(&[1.0_f32; 8]).unwrap();
    let outcome = context.backward_into(RELU, &x, &x, &x);
    assert!(matches!(outcome, Err(Error::Overlap { in_place: false, .. })), "{outcome:?}");
}

#[test]
fn a_missing_usage_is_named() {
    let context = context();
    let buffer = raw_buffer(&context, 64, wgpu::BufferUsages::COPY_DST);
    let range = BufferRange::<f32>::new(&buffer, 0, 16);
    let mut encoder = context.device().create_command_encoder(&Default::default());
    let text = message(context.record(&mut encoder).forward(RELU, range, range));
    assert!(text.contains("COPY_DST") && text.contains("STORAGE"), "{text}");
}

#[test]
fn a_buffer_beyond_the_adapter_names_the_limit() {
    let context = context();
    let limit = context.device().limits().max_buffer_size;
    let text = message(context.allocate::<f32>((limit / 4 + 1) as usize));
    assert!(text.contains(&limit.to_string()), "{text}");
    assert!(matches!(context.allocate::<f32>(usize::MAX), Err(Error::BufferTooLarge { .. })));
}

#[test]
fn a_buffer_of_another_context_is_refused() {
    let (ours, theirs) = (context(), own_context());
    let x = theirs.upload(&[1.0_f32]).unwrap();
    assert_eq!(message(ours.forward(RELU, &x)), "x belongs to another context");
    assert_eq!(message(ours.download(&x)), "buffer belongs to another context");
    let mut encoder = ours.device().create_command_encoder(&Default::default());
    let outcome = ours.record(&mut encoder).forward(RELU, &x, &x);
    assert!(matches!(outcome, Err(Error::ForeignBuffer { .. })), "{outcome:?}");
}

#[test]
fn a_raw_buffer_of_another_device_is_refused_before_anything_is_recorded() {
    let adapter = pollster::block_on(gpu_activations::adapters()).remove(0);
    let device = || pollster::block_on(adapter.request_device(&Default::default())).unwrap();
    let [ours, theirs] = [device(), device()].map(|(device, queue)| GpuActivations::from_device(device, queue));
    let raw = raw_buffer(&theirs, 64, wgpu::BufferUsages::STORAGE);
    let range = BufferRange::<f32>::new(&raw, 0, 16);
    let mut encoder = ours.device().create_command_encoder(&Default::default());
    let outcome = ours.record(&mut encoder).forward(RELU, range, range);
    assert!(matches!(outcome, Err(Error::Refused { .. })), "{outcome:?}");
    // If anything of it were recorded, wgpu's default handler would panic here.
    ours.queue().submit([encoder.finish()]);
}

#[test]
fn limits_that_allow_nothing_are_refused() {
    let on = |limits: &dyn Fn(&mut wgpu::Limits)| {
        let (device, queue) = device_with(limits);
        GpuActivations::from_device(device, queue)
    };
    for context in [
        on(&|limits| limits.max_compute_workgroups_per_dimension = 0),
        on(&|limits| limits.max_storage_buffer_binding_size = 128),
    ] {
        let outcome = context.forward_slice(RELU, &[1.0_f32; 8]);
        assert!(matches!(outcome, Err(Error::Refused { .. })), "{outcome:?}");
        for (name, function) in AxisFunction::all() {
            let outcome = context.forward_along_slice(function, &Axis::last(&[2, 4]).unwrap(), None, &[1.0_f32; 8]);
            assert!(matches!(outcome, Err(Error::Refused { .. })), "{name}: {outcome:?}");
        }
    }
    let idle = on(&|limits| limits.max_compute_invocations_per_workgroup = 1).with_strategy(Strategy::Workgroup);
    let outcome = idle.forward_along_slice(
        AxisFunction::Sparsemax { temperature: 1.0 },
        &Axis::last(&[2, 4]).unwrap(),
        None,
        &[1.0_f32; 8],
    );
    assert!(matches!(outcome, Err(Error::Refused { .. })), "{outcome:?}");
    let axis = Axis::last(&[2, 4]).unwrap();
    for bytes in [128, 512, 640] {
        let context = on(&|limits| limits.max_storage_buffer_binding_size = bytes);
        for (name, function) in AxisFunction::all() {
            assert!(
                context.forward_along_slice(function, &axis, None, &[1.0_f32; 8]).is_err(),
                "{name}, {bytes} bytes"
            );
        }
        let x = context.upload(&[1.0_f32; 8]).unwrap();
        let parameters = ParameterBuffers::new().per_element("alpha", &x);
        let gradient = context.parameter_gradient(Activation::Prelu { alpha: 0.0 }, &parameters, "alpha", &x, &x);
        assert!(gradient.is_err(), "{bytes} bytes");
    }
}

#[test]
fn rows_larger_than_a_batch_need_no_larger_power_of_two() {
    let (device, queue) = device_with(|limits| limits.max_buffer_size = 3 << 20);
    let context = GpuActivations::from_device(device, queue);
    // 2.5 MiB of the 3 MiB that a buffer may have.
    let x = vec![1.0_f32; 5 << 17];
    let axis = Axis::last(&[1, x.len()]).unwrap();
    let y = context.forward_along_slice(AxisFunction::Hardmax { temperature: 1.0 }, &axis, None, &x).unwrap();
    assert!(y[0] == 1.0 && y[1..].iter().all(|&y| y == 0.0));
}

#[test]
fn a_mask_that_a_function_does_not_take_is_refused_for_no_elements_too() {
    let axis = Axis::last(&[0, 2]).unwrap();
    let outcome = context().forward_along_slice(AxisFunction::Crelu, &axis, Some(&[]), &[0.0_f32; 0]);
    assert!(matches!(outcome, Err(Error::NotMaskable { .. })), "{outcome:?}");
}

#[test]
fn a_users_own_mistake_with_the_device_does_not_end_the_context() {
    let context = context();
    raw_buffer(&context, 64, wgpu::BufferUsages::empty());
    assert_eq!(context.forward_slice(RELU, &[-1.0_f32, 2.0]).unwrap(), [0.0, 2.0]);
}

#[test]
fn parameters_out_of_range_panic_nowhere() {
    for activation in Activation::ALL {
        for parameter in activation.parameters() {
            for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -1e30, 1e30] {
                let changed = activation.with(parameter.name, value).unwrap();
                for x in [f64::NEG_INFINITY, -1.0, 0.0, 0.5, f64::INFINITY] {
                    let _ = (changed.forward(x), changed.derivative(x), changed.kinks());
                }
            }
        }
    }
}

#[test]
fn a_lost_device_is_an_error_everywhere() {
    let context = own_context();
    let x = context.upload(&[1.0_f32; 100]).unwrap();
    context.device().destroy();
    let lost = |outcome: Result<(), Error>| assert!(matches!(outcome, Err(Error::DeviceLost { .. })), "{outcome:?}");
    lost(context.forward(RELU, &x).map(drop));
    lost(context.forward_in_place(RELU, &x));
    lost(context.download(&x).map(drop));
    lost(pollster::block_on(context.download_async(&x)).map(drop));
    lost(context.upload(&[1.0_f32; 8]).map(drop));
    lost(context.forward_slice(RELU, &[1.0_f32; 8]).map(drop));
}

#[test]
fn a_device_lost_by_its_owner_is_an_error() {
    let adapter = pollster::block_on(gpu_activations::adapters()).remove(0);
    let (device, queue) = pollster::block_on(adapter.request_device(&Default::default())).unwrap();
    let context = GpuActivations::from_device(device, queue);
    let x = context.upload(&[1.0_f32; 100]).unwrap();
    context.device().destroy();
    for outcome in [context.forward_in_place(RELU, &x), context.download(&x).map(drop)] {
        assert!(matches!(outcome, Err(Error::DeviceLost { .. })), "{outcome:?}");
    }
    let outcome = context.forward_slice(RELU, &[1.0_f32; 8]);
    assert!(matches!(outcome, Err(Error::DeviceLost { .. })), "{outcome:?}");
}

/// Both threads that copy a slice must notice the loss, whatever each of them waits for.
#[test]
fn a_device_lost_under_a_slice_ends_it() {
    let x = vec![1.0_f32; 24 << 20];
    for delay in [1, 20, 50] {
        let context = own_context();
        let outcome = std::thread::scope(|scope| {
            let running = scope.spawn(|| context.forward_slice(RELU, &x));
            std::thread::sleep(std::time::Duration::from_millis(delay));
            context.device().destroy();
            running.join().expect("an error is returned, not raised")
        });
        assert!(matches!(outcome, Ok(_) | Err(Error::DeviceLost { .. })), "{outcome:?}");
    }
}

/// On any adapter, as if no memory were left for two attempts; the second follows once the pool is freed. Then
/// [`takes_all_memory`], if the system limits the adapter's memory and the driver reports it, as software on Vulkan
/// does. wgpu's GL backend reports nothing.
#[test]
fn out_of_memory_is_an_error_and_the_context_stays_of_use() {
    let context = own_context();
    let x = context.upload(&[-1.0_f32, 1.0]).unwrap();
    drop(context.allocate::<f32>(1000).unwrap());
    assert_eq!(context.memory().pooled, 4000);
    context.fail_allocations(1);
    let larger = context.allocate::<f32>(2000).unwrap();
    assert_eq!(context.memory().pooled, 0, "the pool is given back");
    context.fail_allocations(2);
    let outcome = context.allocate::<f32>(3000);
    assert!(matches!(outcome, Err(Error::OutOfMemory { bytes: 12_000 })), "{outcome:?}");
    context.fail_allocations(2);
    let outcome = context.forward_slice(RELU, &[1.0_f32; 5000]);
    assert!(matches!(outcome, Err(Error::OutOfMemory { .. })), "{outcome:?}");
    drop(larger);
    assert_eq!(context.forward_slice(RELU, &[-1.0_f32, 1.0]).unwrap(), [0.0, 1.0]);
    assert_eq!(context.forward(RELU, &x).and_then(|y| context.download(&y)).unwrap(), [0.0, 1.0]);
    let info = context.adapter_info();
    let software = (info.backend, info.device_type) == (wgpu::Backend::Vulkan, wgpu::DeviceType::Cpu);
    if cfg!(target_os = "linux") && software {
        run_takes_all_memory();
    }
}

fn run_takes_all_memory() {
    let output = std::process::Command::new("sh")
        .args(["-c", "ulimit -v 6000000 && exec \"$0\" --exact errors::takes_all_memory --ignored"])
        .arg(std::env::current_exe().unwrap())
        // Each thread of lavapipe and each arena of malloc takes address space before anything is allocated.
        .envs([("LP_NUM_THREADS", "2"), ("MALLOC_ARENA_MAX", "2")])
        .output()
        .unwrap();
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    // A name that no test has would run nothing, and succeed.
    assert!(output.status.success() && said.contains("1 passed"), "{said}{complained}");
}

#[test]
#[ignore = "needs a limit on memory; out_of_memory_is_an_error_and_the_context_stays_of_use runs it under one"]
fn takes_all_memory() {
    let context = own_context();
    let slope = Activation::LeakyRelu { negative_slope: 0.5 };
    let x = context.upload(&[-1.0_f32, 1.0]).unwrap();
    let allocated: Vec<_> = (0..32).map(|_| context.allocate::<f32>(1 << 28)).collect();
    let failed = allocated.iter().find_map(|buffer| buffer.as_ref().err());
    assert!(matches!(failed, Some(Error::OutOfMemory { .. })), "{failed:?}");
    // The first use of these parameters may fail here. The failure must not be cached.
    let _ = context.forward(slope, &x);
    drop(allocated);
    assert_eq!(context.forward_slice(RELU, &[-1.0_f32, 1.0]).unwrap(), [0.0, 1.0]);
    assert_eq!(context.forward(slope, &x).and_then(|y| context.download(&y)).unwrap(), [-0.5, 1.0]);
}

#[test]
fn an_adapter_is_named_as_it_is_listed() {
    for adapter in pollster::block_on(gpu_activations::adapters()) {
        let info = adapter.get_info();
        let backend = info.backend.to_str();
        let first = info.name.split_whitespace().next().unwrap_or_default();
        for name in [format!("{} on {backend}", info.name), format!("{first} on {backend}"), format!("ON {backend}")] {
            let context = GpuActivations::builder().adapter(&name).build().unwrap();
            assert_eq!(context.adapter_info().backend, info.backend, "{name}");
        }
        let context = GpuActivations::builder().on(adapter).build().unwrap();
        assert_eq!(context.adapter_info(), info);
    }
}

#[test]
fn shapes_and_axes_are_named() {
    let context = context();
    let said = |error: Error| error.to_string();
    assert_eq!(
        said(Axis::new(&[2, 4], 2).unwrap_err()),
        "axis 2 is out of range for the shape (2, 4); it must be from -2 to 1"
    );
    assert_eq!(said(Axis::new(&[], 0).unwrap_err()), "axis 0 is out of range for the shape (), which has no axes");
    assert!(said(Axis::new(&[1 << 20, 1 << 20], 0).unwrap_err()).contains("(1048576, 1048576)"));
    assert!(matches!(Axis::new(&[0, usize::MAX, 2], 0), Err(Error::TooManyElements { .. })));
    assert!(matches!(Axis::new(&[3], isize::MIN), Err(Error::AxisOutOfRange { .. })));
    let glu: AxisFunction = "glu".parse().unwrap();
    let axis = Axis::new(&[2, 3], 1).unwrap();
    let x = context.upload(&[1.0_f32; 6]).unwrap();
    let odd = context.forward_along(glu, &axis, None, &x).unwrap_err();
    assert_eq!(said(odd), "glu needs an even division: axis 1 of the shape (2, 3) is 3 long, no multiple of 2");
    let softmax = AxisFunction::Softmax { temperature: 1.0 };
    let short = context.upload(&[1.0_f32; 5]).unwrap();
    let wrong = context.backward_along(&softmax, &axis, None, &x, &short).unwrap_err();
    assert_eq!(said(wrong), "dy has 5 elements, the shape has 6");
    let mask = context.upload(&[1_u8; 5]).unwrap();
    let wrong = context.forward_along(&softmax, &axis, Some((&mask).into()), &x).unwrap_err();
    assert_eq!(said(wrong), "mask has 5 elements, the shape has 6");
    let mask = context.upload(&[1_u8; 6]).unwrap();
    let wrong = context.forward_along(AxisFunction::Crelu, &axis, Some((&mask).into()), &x).unwrap_err();
    assert_eq!(said(wrong), "crelu takes no mask; the softmax family does");
    let hardmax = AxisFunction::Hardmax { temperature: 1.0 };
    let wrong = context.backward_along_from_output(&hardmax, &axis, None, &x, &x).unwrap_err();
    assert_eq!(said(wrong), "the gradient of hardmax cannot be computed from y; give x");
    let wrong = context.forward_along(AxisFunction::Softmax { temperature: f32::NAN }, &axis, None, &x).unwrap_err();
    assert_eq!(said(wrong), "softmax: temperature is NaN, but must be finite and above 0");
    let in_place = context.batch(|recording| recording.forward_along(AxisFunction::Crelu, &axis, None, &x, &x));
    assert!(in_place.is_err());
}

#[test]
fn parameters_that_do_not_fit_are_named() {
    let context = context();
    let prelu = Activation::Prelu { alpha: 0.25 };
    let axis = Axis::new(&[2, 3], 1).unwrap();
    let x = context.upload(&[1.0_f32; 6]).unwrap();
    let values = context.upload(&[1.0_f32; 4]).unwrap();
    let said = |parameters: &ParameterBuffers<'_>| context.forward_with(prelu, parameters, &x).unwrap_err().to_string();
    let channels = ParameterBuffers::new().per_channel("alpha", &values, &axis);
    assert_eq!(said(&channels), "alpha has 4 values, axis 1 of the shape (2, 3) has 3 channels");
    assert_eq!(said(&ParameterBuffers::new().per_element("alpha", &values)), "alpha has 4 elements, x has 6");
    assert_eq!(said(&ParameterBuffers::new().per_tensor("alpha", &values)), "alpha has 4 elements, one value has 1");
    assert_eq!(
        said(&ParameterBuffers::new().per_tensor("slope", &values)),
        "prelu has no parameter \"slope\"; it has alpha, input_factor, input_bias, output_factor, output_addend"
    );
    assert_eq!(said(&ParameterBuffers::new().seed(1)), "prelu takes no seed; rrelu does");
    let shrink = Activation::SoftShrink { lambda: 0.5 };
    let wrong = context.forward_with(shrink, &ParameterBuffers::new().per_tensor("lambda", &values), &x).unwrap_err();
    assert_eq!(wrong.to_string(), "soft_shrink: lambda is not learnable");
    let wrong = context.parameter_gradient(shrink, &ParameterBuffers::new(), "lambda", &x, &x).unwrap_err();
    assert_eq!(wrong.to_string(), "soft_shrink: lambda is not learnable");
    let shared = context.batch(|recording| {
        recording.forward_with(prelu, &ParameterBuffers::new().per_element("alpha", &x), &values, &x)
    });
    assert!(matches!(shared, Err(Error::LengthMismatch { .. })), "{shared:?}");
    let itself = context.upload(&[1.0_f32; 6]).unwrap();
    let shared = context.batch(|recording| {
        recording.forward_with(prelu, &ParameterBuffers::new().per_element("alpha", &itself), &x, &itself)
    });
    assert_eq!(shared.unwrap_err().to_string(), "alpha lies in the buffer of y; it needs a buffer of its own");
    let xielu: Activation = "xielu".parse().unwrap();
    let wrong = context.parameter_gradient(xielu, &ParameterBuffers::new(), "beta", &x, &x).unwrap_err();
    assert_eq!(wrong.to_string(), "xielu: beta is not learnable; alpha_p or alpha_n is");
}

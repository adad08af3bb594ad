//! The forms of each operation: new, into, in place, on ranges; and buffers in parts.

use crate::common::context;
use approx::assert_relative_eq;
use gpu_activations::{Activation, Axis, AxisFunction, BufferRange, Error, GpuActivations, ParameterBuffers, wgpu};
use half::f16;

fn numbers(len: usize) -> Vec<f32> {
    (0..len).map(|i| ((i * 37) % 101) as f32 / 10.0 - 5.0).collect()
}

#[test]
fn along_an_axis_all_forms_agree() {
    let context = context();
    let axis = Axis::last(&[3, 7]).unwrap();
    let (x, dy) = (numbers(21), numbers(42)[21..].to_vec());
    let softmax = AxisFunction::Softmax { temperature: 0.5 };
    let upload = |data: &[f32]| context.upload(data).unwrap();
    let (on_x, on_dy) = (upload(&x), upload(&dy));
    let y = context.download(&context.forward_along(&softmax, &axis, None, &on_x).unwrap()).unwrap();
    let dx = context.download(&context.backward_along(&softmax, &axis, None, &on_x, &on_dy).unwrap()).unwrap();
    let into = context.allocate(21).unwrap();
    context.forward_along_into(&softmax, &axis, None, &on_x, &into).unwrap();
    assert_eq!(context.download(&into).unwrap(), y);
    context.backward_along_into(&softmax, &axis, None, &on_x, &on_dy, &into).unwrap();
    assert_eq!(context.download(&into).unwrap(), dx);
    let over = upload(&x);
    context.forward_along_in_place(&softmax, &axis, None, &over).unwrap();
    assert_eq!(context.download(&over).unwrap(), y);
    let from_y = context.backward_along_from_output(&softmax, &axis, None, &over, &on_dy).unwrap();
    context.backward_along_from_output_into(&softmax, &axis, None, &over, &on_dy, &into).unwrap();
    assert_eq!(context.download(&into).unwrap(), context.download(&from_y).unwrap());
    context.backward_along_in_place(&softmax, &axis, None, &on_x, &on_dy).unwrap();
    assert_eq!(context.download(&on_dy).unwrap(), dx);
    // Slices, in batches of outer entries.
    let mut on_host = vec![0.0; 21];
    context.forward_along_slice_into(&softmax, &axis, None, &x, &mut on_host).unwrap();
    assert_eq!(on_host, y);
    context.backward_along_slice_into(&softmax, &axis, None, &x, &dy, &mut on_host).unwrap();
    assert_eq!(on_host, dx);
    let short = context.forward_along_slice_into(&softmax, &axis, None, &x, &mut on_host[..20]).unwrap_err();
    assert_eq!(short.to_string(), "y has 20 elements, the shape has 21");
    let gated = context.forward_along_in_place(
        AxisFunction::gated(Activation::Silu),
        &Axis::last(&[42]).unwrap(),
        None,
        &upload(&numbers(42)),
    );
    assert!(matches!(gated, Err(Error::LengthMismatch { .. } | Error::SharedBuffer { .. })), "{gated:?}");
}

#[test]
fn a_part_of_a_range_beyond_all_buffers_is_no_other_range() {
    let context = context();
    let x = context.upload(&numbers(64)).unwrap();
    let endless = BufferRange::<f32>::new(x.raw(), 0, u64::MAX);
    let part = endless.slice(1 << 62..(1 << 62) + 2).unwrap();
    let outcome = context.batch(|recording| recording.forward(Activation::Relu, part, part));
    assert!(matches!(outcome, Err(Error::OutOfBounds { .. } | Error::Misaligned { .. })), "{outcome:?}");
}

#[test]
fn an_operation_of_the_other_kind_is_refused() {
    let context = context();
    let x = context.upload(&numbers(4)).unwrap();
    let axis = Axis::last(&[4]).unwrap();
    let softmax = AxisFunction::Softmax { temperature: 1.0 };
    let wrong = context.forward(&softmax, &x).unwrap_err();
    assert_eq!(wrong, Error::OtherKind { function: "softmax", along_axis: true });
    let wrong = context.forward_slice(&softmax, &[1.0_f32]).unwrap_err();
    assert_eq!(wrong, Error::OtherKind { function: "softmax", along_axis: true });
    let wrong = context.forward_along(Activation::Gelu, &axis, None, &x).unwrap_err();
    assert_eq!(wrong, Error::OtherKind { function: "gelu", along_axis: false });
    let wrong = context.forward_gated(&softmax, &x, &x).unwrap_err();
    assert_eq!(wrong, Error::OtherKind { function: "softmax", along_axis: true });
}

#[test]
fn buffers_are_written_and_read_in_parts() {
    let context = context();
    let buffer = context.upload(&numbers(100)).unwrap();
    context.upload_into(&numbers(200)[100..], &buffer).unwrap();
    assert_eq!(context.download(&buffer).unwrap(), numbers(200)[100..]);
    assert_eq!(context.download_range(&buffer, 7..13).unwrap(), numbers(200)[107..113]);
    assert_eq!(context.download_range(&buffer, 98..100).unwrap(), numbers(200)[198..]);
    assert!(context.download_range(&buffer, 100..100).unwrap().is_empty());
    let wrong = context.download_range(&buffer, 98..101).unwrap_err();
    assert_eq!(wrong, Error::OutOfBounds { operand: "a part", end: 404, size: 400 });
    #[allow(clippy::reversed_empty_ranges, reason = "a caller's mistake")]
    let reversed = context.download_range(&buffer, 5..3);
    assert!(matches!(reversed, Err(Error::OutOfBounds { .. })));
    let wrong = context.upload_into(&[1.0_f32], &buffer).unwrap_err();
    assert_eq!(wrong.to_string(), "data has 1 element, buffer has 100");
    let halves: Vec<f16> = (0..9).map(|i| f16::from_f32(i as f32)).collect();
    let halves_on_device = context.upload(&halves).unwrap();
    for range in [0..9, 1..2, 3..8, 8..9] {
        assert_eq!(context.download_range(&halves_on_device, range.clone()).unwrap(), halves[range]);
    }
    let other = GpuActivations::new().unwrap();
    let foreign = other.upload_into(&numbers(100), &buffer).unwrap_err();
    assert_eq!(foreign, Error::ForeignBuffer { operand: "buffer" });
}

#[test]
fn a_range_has_parts_and_a_wgpu_buffer_is_a_range() {
    let context = context();
    let x = numbers(200);
    let buffer = context.upload(&x).unwrap();
    let y = context.allocate::<f32>(72).unwrap();
    // 128 elements are a multiple of every adapter's alignment.
    let part = buffer.slice(128..200).unwrap();
    assert_eq!((part.offset(), part.len(), part.is_empty()), (512, 72, false));
    context.batch(|recording| recording.forward(Activation::Relu, part, &y)).unwrap();
    let expected: Vec<f32> = x[128..].iter().map(|x| x.max(0.0)).collect();
    assert_eq!(context.download(&y).unwrap(), expected);
    // In the middle of a buffer, where the elements after it must stay.
    let middle = buffer.slice(64..67).unwrap();
    context.batch(|recording| recording.forward(Activation::Step { threshold: -9.0 }, middle, middle)).unwrap();
    let after = context.download(&buffer).unwrap();
    assert_eq!((&after[..64], &after[64..67], &after[67..]), (&x[..64], &[1.0; 3][..], &x[67..]));
    assert!(matches!(buffer.slice(0..201), Err(Error::OutOfBounds { .. })));
    assert!(matches!(part.slice(3..73), Err(Error::OutOfBounds { .. })));
    assert_eq!(part.slice(64..72).unwrap().offset(), 768);
    let unaligned =
        context.batch(|recording| recording.forward(Activation::Relu, part.slice(1..2)?, part.slice(1..2)?));
    assert!(matches!(unaligned, Err(Error::Misaligned { .. })), "{unaligned:?}");

    let raw: &wgpu::Buffer = buffer.raw();
    let whole = BufferRange::<f32>::from(raw);
    assert_eq!((whole.len(), whole.offset()), (200, 0));
    assert_eq!(whole.buffer(), raw);
    let slice = BufferRange::<f32>::from(raw.slice(512..800));
    assert_eq!((slice.len(), slice.offset()), (72, 512));
    context.batch(|recording| recording.forward(Activation::Relu, slice, &y)).unwrap();
    assert_eq!(context.download(&y).unwrap(), expected);
}

#[test]
fn a_residual_connection_is_made_in_place() {
    let context = context();
    for len in [1, 4, 7, 1000, 1003] {
        let (x, skip) = (numbers(len), numbers(2 * len)[len..].to_vec());
        let (on_x, on_skip) = (context.upload(&x).unwrap(), context.upload(&skip).unwrap());
        let residual = ParameterBuffers::new().per_element("output_addend", &on_skip);
        let apart = context.download(&context.forward_with(Activation::Silu, &residual, &on_x).unwrap()).unwrap();
        context.forward_with_into(Activation::Silu, &residual, &on_x, &on_skip).unwrap();
        assert_eq!(context.download(&on_skip).unwrap(), apart, "{len}");
        // With a factor, on ranges of the caller's own, whose neighbours must stay.
        let both = context.upload(&[numbers(128), skip.clone(), vec![7.0; 300]].concat()).unwrap();
        let range = BufferRange::<f32>::new(both.raw(), 512, len as u64);
        let factor = context.upload(&[2.0_f32]).unwrap();
        let residual = ParameterBuffers::new().per_tensor("output_factor", &factor).per_element("output_addend", range);
        context.batch(|recording| recording.forward_with(Activation::Silu, &residual, &on_x, range)).unwrap();
        let after = context.download(&both).unwrap();
        let silu = context.forward_slice(Activation::Silu, &x).unwrap();
        let expected: Vec<f32> = silu.iter().zip(&skip).map(|(y, skip)| y * 2.0 + skip).collect();
        assert_eq!((&after[..128], &after[128 + len..]), (&numbers(128)[..], &[7.0; 300][..]), "{len}");
        let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-6 * a.abs().max(1.0);
        assert!(after[128..128 + len].iter().zip(&expected).all(near), "{len}");
    }
    // A result must not lie over another parameter, or over a shared addend.
    let (x, skip) = (context.upload(&[1.0_f32]).unwrap(), context.upload(&[1.0_f32]).unwrap());
    for shared in [
        ParameterBuffers::new().per_tensor("output_addend", &skip),
        ParameterBuffers::new().per_element("output_factor", &skip),
    ] {
        let wrong = context.batch(|recording| recording.forward_with(Activation::Silu, &shared, &x, &skip));
        assert!(matches!(wrong, Err(Error::SharedBuffer { .. })), "{wrong:?}");
    }
}

/// Values that gpt-oss' formula gives, by 40 digits.
#[test]
fn limited_units_clip_both_halves() {
    let context = context();
    let axis = Axis::new(&[3, 2], 1).unwrap();
    let x = [-9.0_f32, 10.0, 8.0, -3.0, 0.25, 0.5];
    for (name, expected, of_value, of_gate) in [
        (
            "swiglu_oai",
            [-41.999_718_77, -0.144_570_48, 0.437_985_55],
            [0.0, 0.0, 0.350_388_44],
            [0.0, -0.196_386_6, 1.099_027_4],
        ),
        (
            "swiglu(limit=7)",
            [-48.955_358_49, -0.995_943_34, 0.077_807_42],
            [0.0, 0.0, 0.311_229_68],
            [0.0, -0.616_728_7, 0.184_990_3],
        ),
    ] {
        let unit: AxisFunction = name.parse().unwrap();
        let y = context.forward_along_slice(&unit, &axis, None, &x).unwrap();
        let dx = context.backward_along_slice(&unit, &axis, None, &x, &[1.0; 3]).unwrap();
        for i in 0..3 {
            assert_relative_eq!(f64::from(y[i]), expected[i], max_relative = 1e-6);
            assert_relative_eq!(dx[2 * i], of_value[i], max_relative = 1e-6);
            assert_relative_eq!(dx[2 * i + 1], of_gate[i], max_relative = 1e-6);
        }
        // At the limits the derivative is that inside, as of PyTorch's clamp.
        let dx =
            context.backward_along_slice(&unit, &axis, None, &[7.0_f32, 7.0, -7.0, 1.0, 1.0, 7.0], &[1.0; 3]).unwrap();
        assert!(dx.iter().all(|dx| *dx != 0.0), "{name}: {dx:?}");
    }
    let refused = "swiglu(limit=-1)".parse::<AxisFunction>().unwrap_err();
    assert_eq!(refused.to_string(), "swiglu: limit is -1, but must be at least 0, or inf");
}

#[test]
fn batches_of_an_axis_cover_it() {
    for (shape, index, elements) in [
        (vec![5, 3, 4], 1, 24),
        (vec![5, 3, 4], 1, 1),
        (vec![5, 3, 4], 0, 12),
        (vec![2, 5, 3], 2, 7),
        (vec![7], 0, 3),
        (vec![0, 3], 1, 9),
        (vec![3, 0], 1, 9),
    ] {
        let axis = Axis::new(&shape, index).unwrap();
        let mut end = 0;
        for (batch, entries) in axis.batches(elements) {
            assert_eq!((entries.start, batch.length()), (end, axis.length()), "{shape:?}");
            let block = axis.elements() / shape[..index as usize].iter().product::<usize>().max(1);
            assert_eq!(batch.elements(), entries.len() * block, "{shape:?}");
            assert!(entries.len() == 1 || batch.elements() <= elements, "{shape:?}");
            end = entries.end;
        }
        assert_eq!(end, shape[..index as usize].iter().product::<usize>(), "{shape:?}");
    }
}

#[test]
fn what_a_device_does_is_known_from_the_builder_and_else_when_asked() {
    let known = context();
    assert_eq!(known.arithmetic(), Some(known.probe().unwrap()));
    let (device, queue) = crate::common::device_with(|_| ());
    let callers = GpuActivations::from_device(device, queue);
    assert_eq!(callers.arithmetic(), None);
    let found = pollster::block_on(callers.probe_async()).unwrap();
    assert_eq!((callers.arithmetic(), callers.memory().pipelines), (Some(found), 0));
}

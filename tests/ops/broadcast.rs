//! Masks and parameters that numpy's rules repeat over x.

use crate::common::{STRATEGIES, context, device_with, numbers, own_context};
use gpu_activations::{
    Activation, Axis, AxisFunction, Broadcast, DoubleBackward, Element, Error, GpuActivations, Mask, ParameterBuffers,
    Sinks,
};
use half::{bf16, f16};
use std::sync::LazyLock;

static CONTEXT: LazyLock<GpuActivations> = LazyLock::new(context);

const SHAPE: [usize; 4] = [2, 3, 5, 8];

/// The shapes of masks: of a batch, of two axes, of one row, of columns, of every second axis, of one element.
const MASKS: [&[usize]; 8] = [&[2, 1, 1, 8], &[5, 8], &[8], &[5, 1], &[2, 1, 5, 1], &[3, 1, 8], &[1], &[2, 3, 5, 8]];

fn bytes(shape: &[usize]) -> Vec<u8> {
    (0..shape.iter().product()).map(|i: usize| u8::from(i % 7 % 3 != 1)).collect()
}

fn results<T: Element>(
    context: &GpuActivations,
    function: &AxisFunction,
    axis: &Axis,
    mask: Mask<'_>,
) -> (Vec<T>, Vec<T>) {
    let x = context.upload(&numbers::<T>(axis.elements(), 37)).unwrap();
    let y = context.forward_along(function, axis, Some(mask), &x).unwrap();
    let dy = context.upload(&numbers::<T>(y.len(), 11)).unwrap();
    let dx = context.backward_along(function, axis, Some(mask), &x, &dy).unwrap();
    (context.download(&y).unwrap(), context.download(&dx).unwrap())
}

fn check<T: Element>(context: &GpuActivations, function: &AxisFunction, axis: &Axis, shape: &[usize]) {
    let small = bytes(shape);
    let whole = Broadcast::new(shape, axis.shape()).unwrap().repeated(&small).unwrap();
    let (small, whole) = (context.upload(&small).unwrap(), context.upload(&whole).unwrap());
    let repeated = results::<T>(context, function, axis, Mask::broadcast(&small, shape));
    let expected = results::<T>(context, function, axis, (&whole).into());
    assert_eq!(format!("{repeated:?}"), format!("{expected:?}"), "{function} {axis:?} {shape:?}");
}

#[test]
fn a_mask_that_repeats_is_the_mask_written_out() {
    // Its pipelines take a gigabyte, and go with it.
    let context = own_context();
    let softmax: AxisFunction = "softmax".parse().unwrap();
    for index in 0..4 {
        let axis = Axis::new(&SHAPE, index).unwrap();
        for shape in MASKS {
            check::<f32>(&context, &softmax, &axis, shape);
        }
    }
    let axis = Axis::last(&SHAPE).unwrap();
    for (_, function) in AxisFunction::all().iter().filter(|(_, function)| function.takes_mask()) {
        check::<f32>(&context, function, &axis, MASKS[0]);
        check::<bf16>(&context, function, &axis, MASKS[0]);
        check::<f16>(&context, function, &Axis::new(&SHAPE, 1).unwrap(), MASKS[0]);
    }
    for strategy in STRATEGIES {
        check::<f32>(&context.with_strategy(strategy), &softmax, &axis, MASKS[0]);
    }
}

#[test]
fn rows_in_parts_find_their_bytes() {
    let (device, queue) = device_with(|limits| limits.max_storage_buffer_binding_size = 4096);
    let small = GpuActivations::from_device(device, queue);
    let softmax: AxisFunction = "softmax".parse().unwrap();
    for (shape, index, mask) in [
        (&[2, 3, 40, 60][..], 3, &[2, 1, 1, 60][..]),
        (&[2, 3, 40, 8], 2, &[2, 1, 1, 8]),
        (&[2, 2500], 1, &[2, 1]),
        (&[3, 700, 4], 1, &[700, 1]),
        (&[3, 700, 4], 2, &[3, 1, 4]),
    ] {
        let axis = Axis::new(shape, index).unwrap();
        check::<f32>(&small, &softmax, &axis, mask);
        check::<f16>(&small, &softmax, &axis, mask);
    }
}

#[test]
fn a_mask_that_repeats_is_one_binding() {
    let (device, queue) = device_with(|limits| limits.max_storage_buffer_binding_size = 4096);
    let small = GpuActivations::from_device(device, queue);
    let axis = Axis::last(&[2, 8000]).unwrap();
    let x = small.upload(&numbers::<f32>(axis.elements(), 37)).unwrap();
    let mask = small.upload(&bytes(&[8000])).unwrap();
    let softmax: AxisFunction = "softmax".parse().unwrap();
    let wrong = small.forward_along(&softmax, &axis, Some(Mask::broadcast(&mask, &[8000])), &x).unwrap_err();
    assert_eq!(wrong, Error::BindingTooLarge { bytes: 8000, limit: 4096 });
}

/// Channels given by an axis, and the same ones by a shape.
#[test]
fn one_operation_takes_channels_in_both_ways() {
    let snake = Activation::SnakeBeta { alpha: 1.0, beta: 1.0 };
    let x = CONTEXT.upload(&numbers::<f32>(240, 37)).unwrap();
    let [alpha, beta] = [[0.5_f32, 1.0, 2.0], [3.0, 2.0, 1.0]].map(|values| CONTEXT.upload(&values).unwrap());
    let axis = Axis::new(&SHAPE, 1).unwrap();
    let by_axis = ParameterBuffers::new().per_channel("alpha", &alpha, &axis);
    let both = by_axis.clone().broadcast("beta", &beta, &[3, 1, 1], &SHAPE).unwrap();
    let by_axis = by_axis.per_channel("beta", &beta, &axis);
    let y = |parameters| CONTEXT.download(&CONTEXT.forward_with(snake, parameters, &x).unwrap()).unwrap();
    assert_eq!(y(&both), y(&by_axis));
}

#[test]
fn double_backward_and_sinks_take_masks_that_repeat() {
    let axis = Axis::last(&SHAPE).unwrap();
    let softmax: AxisFunction = "softmax".parse().unwrap();
    let small = bytes(MASKS[0]);
    let whole = Broadcast::new(MASKS[0], &SHAPE).unwrap().repeated(&small).unwrap();
    let (small, whole) = (CONTEXT.upload(&small).unwrap(), CONTEXT.upload(&whole).unwrap());
    let upload = |factor| CONTEXT.upload(&numbers::<f32>(axis.elements(), factor)).unwrap();
    let (x, dy, v) = (upload(37), upload(11), upload(13));
    let values = CONTEXT.upload(&[0.5_f32]).unwrap();
    let of = |mask: Mask<'_>| {
        let (dx, ddy) = (upload(1), upload(1));
        let operands =
            DoubleBackward { x: (&x).into(), dy: (&dy).into(), v: (&v).into(), dx: (&dx).into(), ddy: (&ddy).into() };
        CONTEXT.batch(|recording| recording.double_backward_along(&softmax, &axis, Some(mask), operands)).unwrap();
        let sinks = Sinks::per_tensor(&values);
        let y = CONTEXT.forward_along_with_sinks(&softmax, &axis, Some(mask), &sinks, &x).unwrap();
        [&dx, &ddy, &y].map(|result| CONTEXT.download(result).unwrap())
    };
    assert_eq!(of(Mask::broadcast(&small, MASKS[0])), of((&whole).into()));
}

#[test]
fn a_mask_that_does_not_repeat_is_refused() {
    let axis = Axis::last(&[2, 3, 4]).unwrap();
    let softmax: AxisFunction = "softmax".parse().unwrap();
    let x = CONTEXT.upload(&numbers::<f32>(24, 37)).unwrap();
    let mask = CONTEXT.upload(&[1_u8; 6]).unwrap();
    let refused = |mask| CONTEXT.forward_along(&softmax, &axis, Some(mask), &x).unwrap_err();
    let wrong = refused(Mask::broadcast(&mask, &[2, 3]));
    assert_eq!(wrong.to_string(), "the mask has the shape (2, 3), which numpy does not broadcast to (2, 3, 4)");
    assert_eq!(refused(Mask::broadcast(&mask, &[3, 1])).to_string(), "mask has 6 elements, its shape has 3");
    assert_eq!(refused((&mask).into()).to_string(), "mask has 6 elements, the shape has 24");
    let on_x = Mask::broadcast(gpu_activations::BufferRange::<u8>::new(x.raw(), 0, 3), &[3, 1]);
    assert_eq!(refused(on_x), Error::SharedBuffer { operand: "mask", result: "x" });
    let glu: AxisFunction = "glu".parse().unwrap();
    let wrong = CONTEXT.forward_along(&glu, &axis, Some(Mask::broadcast(&mask, &[6])), &x).unwrap_err();
    assert_eq!(wrong, Error::NotMaskable { function: "glu" });
    // Every second axis of ten.
    let scattered = Axis::last(&[2; 10]).unwrap();
    let shape = [2, 1, 2, 1, 2, 1, 2, 1, 2, 1];
    let (x, mask) = (CONTEXT.upload(&[0.0_f32; 1024]).unwrap(), CONTEXT.upload(&[1_u8; 32]).unwrap());
    let wrong = CONTEXT.forward_along(&softmax, &scattered, Some(Mask::broadcast(&mask, &shape)), &x).unwrap_err();
    assert!(wrong.to_string().ends_with("10 runs over (2, 2, 2, 2, 2, 2, 2, 2, 2, 2), at most 8"), "{wrong}");
    let eight = Axis::last(&[2; 8]).unwrap();
    check::<f32>(&CONTEXT, &softmax, &eight, &shape[2..]);
}

#[test]
fn parameters_repeat_along_adjacent_axes() {
    let prelu = Activation::Prelu { alpha: 0.0 };
    let x = CONTEXT.upload(&numbers::<f32>(240, 37)).unwrap();
    for shape in [&[3, 1, 1][..], &[5, 8], &[8], &[2, 1, 1, 1], &[3, 5, 1], &[1, 1], &[2, 3, 5, 8]] {
        let values = numbers::<f32>(shape.iter().product(), 11);
        let whole = Broadcast::new(shape, &SHAPE).unwrap().repeated(&values).unwrap();
        let (values, whole) = (CONTEXT.upload(&values).unwrap(), CONTEXT.upload(&whole).unwrap());
        let repeated = ParameterBuffers::new().broadcast("alpha", &values, shape, &SHAPE).unwrap();
        let expected = ParameterBuffers::new().per_element("alpha", &whole);
        let y = |parameters| CONTEXT.download(&CONTEXT.forward_with(prelu, parameters, &x).unwrap()).unwrap();
        assert_eq!(y(&repeated), y(&expected), "{shape:?}");
        let gradient = |parameters| {
            CONTEXT.download(&CONTEXT.parameter_gradient(prelu, parameters, "alpha", &x, &x).unwrap()).unwrap()
        };
        let mut sums = vec![0.0; values.len()];
        let broadcast = Broadcast::new(shape, &SHAPE).unwrap();
        let terms = gradient(&expected);
        terms.iter().enumerate().for_each(|(element, term)| sums[broadcast.index(element)] += f64::from(*term));
        // Terms of elements are rounded before this sum, and those of the device after its own.
        for (ours, sum) in gradient(&repeated).into_iter().zip(sums) {
            assert!((f64::from(ours) - sum).abs() <= 1e-6 * sum.abs(), "{shape:?}: {ours}, not {sum}");
        }
    }
}

#[test]
fn a_parameter_along_other_axes_is_refused() {
    let values = CONTEXT.upload(&numbers::<f32>(10, 11)).unwrap();
    let of = |shape: &[usize]| ParameterBuffers::new().broadcast("alpha", &values, shape, &SHAPE).unwrap_err();
    assert_eq!(
        of(&[2, 1, 5, 1]).to_string(),
        "alpha has the shape (2, 1, 5, 1), whose axes are not adjacent in (2, 3, 5, 8); only adjacent axes work, such as \
         (C, 1, 1) or the last axes"
    );
    let wrong = "alpha has the shape (10,), which numpy does not broadcast to (2, 3, 5, 8)";
    assert_eq!(of(&[10]).to_string(), wrong);
    assert_eq!(of(&[8]).to_string(), "the parameter has 10 elements, its shape has 8");
    let huge = ParameterBuffers::new().broadcast("alpha", &values, &[1, 10], &[usize::MAX, usize::MAX, 10]);
    assert!(matches!(huge, Err(Error::TooManyElements { .. })), "{huge:?}");
}

//! Functions along an axis at their edges: special values, long rows, small bindings, ranges of a caller's buffers.

use crate::common::{STRATEGIES, context, device_with, numbers};
use gpu_activations::{
    Activation, Axis, AxisFunction, BufferRange, Element, Function, GpuActivations, ParameterBuffers, wgpu,
};
use half::{bf16, f16};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};
use std::sync::LazyLock;

static CONTEXT: LazyLock<GpuActivations> = LazyLock::new(context);

const SOFTMAX: AxisFunction = AxisFunction::Softmax { temperature: 1.0 };
const LOG_SOFTMAX: AxisFunction = AxisFunction::LogSoftmax { temperature: 1.0 };
const SOFTMIN: AxisFunction = AxisFunction::Softmin { temperature: 1.0 };
const HARDMAX: AxisFunction = AxisFunction::Hardmax { temperature: 1.0 };
const SPARSEMAX: AxisFunction = AxisFunction::Sparsemax { temperature: 1.0 };
const ENTMAX15: AxisFunction = AxisFunction::Entmax15 { temperature: 1.0 };
const INFINITY: f32 = f32::INFINITY;
const NAN: f32 = f32::NAN;

/// Returns y and dx of one row for dy of ones and twos. Every strategy must agree.
fn row(function: impl Into<Function>, x: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let function: Function = function.into();
    let axis = Axis::last(&[x.len()]).unwrap();
    let output: usize = function.along().unwrap().output_shape(&axis).unwrap().iter().product();
    let dy: Vec<f32> = (0..output).map(|i| 1.0 + (i % 2) as f32).collect();
    let results = STRATEGIES.map(|strategy| {
        let context = CONTEXT.with_strategy(strategy);
        let y = context.forward_along_slice(&function, &axis, None, x).unwrap();
        (y, context.backward_along_slice(&function, &axis, None, x, &dy).unwrap())
    });
    let bits = |(y, dx): &(Vec<f32>, Vec<f32>)| format!("{y:?} {dx:?}");
    for (strategy, result) in STRATEGIES.iter().zip(&results) {
        assert_eq!(bits(result), bits(&results[0]), "{function:?} by {strategy:?}");
    }
    results.into_iter().next().unwrap()
}

fn all_nan(values: &[f32]) -> bool {
    values.iter().all(|value| value.is_nan())
}

#[test]
fn rows_of_nothing_give_nothing() {
    let nothing = [-INFINITY; 5];
    for function in [SOFTMAX, SPARSEMAX, ENTMAX15, AxisFunction::QuietSoftmax { temperature: 1.0 }] {
        assert_eq!(row(&function, &nothing), (vec![0.0; 5], vec![0.0; 5]), "{function}");
    }
    assert_eq!(row(SOFTMIN, &[INFINITY; 5]), (vec![0.0; 5], vec![0.0; 5]));
    assert_eq!(row(LOG_SOFTMAX, &nothing), (vec![-INFINITY; 5], vec![0.0; 5]));
    for function in [AxisFunction::LogSumExp { temperature: 1.0 }, AxisFunction::LogMeanExp { temperature: 1.0 }] {
        assert_eq!(row(&function, &nothing), (vec![-INFINITY], vec![0.0; 5]), "{function}");
    }
    assert_eq!(row(HARDMAX, &nothing), (vec![1.0, 0.0, 0.0, 0.0, 0.0], vec![0.0; 5]));
}

#[test]
fn infinities_and_nan_go_where_they_should() {
    let infinite = [1.0, INFINITY, 2.0];
    for function in [SOFTMAX, LOG_SOFTMAX, SPARSEMAX, ENTMAX15, AxisFunction::QuietSoftmax { temperature: 1.0 }] {
        assert!(all_nan(&row(&function, &infinite).0), "{function}");
        // One entry of −∞ among others has no share.
        let y = row(&function, &[1.0, -INFINITY, 1.0]).0;
        assert!(y[0].is_finite() && (y[1] == 0.0 || y[1] == -INFINITY), "{function}: {y:?}");
    }
    assert_eq!(row(AxisFunction::LogSumExp { temperature: 1.0 }, &infinite).0, [INFINITY]);
    assert_eq!(row(HARDMAX, &infinite).0, [0.0, 1.0, 0.0]);
    for (_, function) in AxisFunction::all().iter().filter(|(_, function)| function.family() == "softmax") {
        let (y, dx) = row(function, &[1.0, NAN, 2.0, -INFINITY]);
        assert!(all_nan(&y) && all_nan(&dx), "{function}: {y:?} {dx:?}");
    }
    let pair = Axis::last(&[4]).unwrap();
    let nan =
        CONTEXT.forward_along_slice(AxisFunction::Maxout { pieces: 2 }, &pair, None, &[1.0, NAN, 3.0, 2.0]).unwrap();
    assert!(nan[0].is_nan() && nan[1] == 3.0);
    let nan = CONTEXT.forward_along_slice(AxisFunction::Crelu, &pair, None, &[1.0, NAN, -3.0, INFINITY]).unwrap();
    assert_eq!(format!("{nan:?}"), "[1.0, NaN, 0.0, inf, 0.0, NaN, 3.0, 0.0]");
}

#[test]
fn the_largest_and_the_most_distant_numbers() {
    assert_eq!(row(SOFTMAX, &[f32::MAX, f32::MIN]).0, [1.0, 0.0]);
    assert_eq!(row(LOG_SOFTMAX, &[f32::MAX, 0.0]).0, [0.0, f32::MIN]);
    assert_eq!(row(AxisFunction::LogSumExp { temperature: 1.0 }, &[f32::MAX, f32::MAX]).0, [f32::MAX]);
    assert_eq!(row(SPARSEMAX, &[f32::MAX, f32::MIN, 0.0]).0, [1.0, 0.0, 0.0]);
    assert_eq!(row(ENTMAX15, &[f32::MAX, f32::MIN, 0.0]).0, [1.0, 0.0, 0.0]);
    // ln(1 + e^-50), which an f32 sum loses.
    let y = row(LOG_SOFTMAX, &[0.0, -50.0]).0;
    assert!((f64::from(y[0]) / -(-50.0_f64).exp() - 1.0).abs() < 3e-7, "{y:?}");
}

#[test]
fn sparsemax_has_every_temperature() {
    let at = |temperature: f32, x: &[f32]| row(AxisFunction::Sparsemax { temperature }, x);
    // An entry at the threshold is off the support, whatever the temperature.
    for temperature in [1.0, 0.3, 7.0, 1e-30, 3e38] {
        assert_eq!(at(temperature, &[temperature, 0.0]), (vec![1.0, 0.0], vec![0.0; 2]), "{temperature}");
    }
    let (y, dx) = at(8.0, &[4.0, 0.0]);
    assert_eq!((y, dx), (vec![0.75, 0.25], vec![-0.0625, 0.0625]));
    // −∞ has no share beside any finite number.
    assert_eq!(at(f32::MAX, &[-1e38, -INFINITY]).0, [1.0, 0.0]);
    assert_eq!(at(f32::MAX, &[1e38, -1e38, 0.0]).0.iter().filter(|y| **y > 0.0).count(), 3);
    assert_eq!(at(1e-45, &[1.0, 0.999, -INFINITY]).0, [1.0, 0.0, 0.0]);
    assert_eq!(at(1e-45, &[2.0, 2.0]).0, [0.5, 0.5]);
    assert_eq!(at(1e-30, &[f32::MAX, f32::MIN]).0, [1.0, 0.0]);
}

#[test]
fn entmax15_has_every_temperature() {
    let at = |temperature: f32, x: &[f32]| row(AxisFunction::Entmax15 { temperature }, x);
    for temperature in [1.0, 0.3, 7.0, 1e-30, 1e37] {
        assert_eq!(at(temperature, &[1.0; 4]).0, [0.25; 4], "{temperature}");
        // The squares of (√7 ± 1)/4, which differ by 1/2.
        let (y, dx) = at(temperature, &[temperature, 0.0]);
        let expected = [7.0_f64.sqrt() + 1.0, 7.0_f64.sqrt() - 1.0].map(|root| (root / 4.0).powi(2));
        let near = |y: f32, expected: f64| (f64::from(y) / expected - 1.0).abs() < 1.2e-7;
        assert!(near(y[0], expected[0]) && near(y[1], expected[1]), "{temperature}: {y:?}");
        // dy is (1, 2), so dx is the product of the roots over their sum, over T.
        let slope = 3.0 / (4.0 * 7.0_f64.sqrt()) / f64::from(temperature);
        assert!(near(dx[0], -slope) && near(dx[1], slope), "{temperature}: {dx:?}");
        // An entry at the threshold.
        assert_eq!(at(temperature, &[2.0 * temperature, 0.0]), (vec![1.0, 0.0], vec![0.0; 2]), "{temperature}");
    }
    assert_eq!(at(f32::MAX, &[-1e38, -INFINITY]).0, [1.0, 0.0]);
    assert_eq!(at(1e-45, &[1.0, 0.999, -INFINITY]).0, [1.0, 0.0, 0.0]);
    assert_eq!(at(1e-30, &[f32::MAX, f32::MIN]).0, [1.0, 0.0]);
}

#[test]
fn a_small_share_of_entmax15_keeps_its_digits() {
    // For entries that differ by 2d, the roots r and r − d have squares that sum to 1.
    for d in [0.9, 0.99, 0.9999, 0.999_999] {
        let x = [0.0, -2.0 * d];
        let d = f64::from(x[1]) / -2.0;
        let root = ((2.0 - d * d).sqrt() - d) / 2.0;
        let y = row(ENTMAX15, &x).0;
        assert!((f64::from(y[1]) / root.powi(2) - 1.0).abs() < 2e-7, "{d}: {y:?}, not {:e}", root.powi(2));
    }
}

#[test]
fn a_long_row_of_equal_entries_is_exact() {
    let count = 1 << 24;
    let axis = Axis::last(&[count]).unwrap();
    let x = CONTEXT.upload(&vec![0.7_f32; count]).unwrap();
    let y = CONTEXT.download(&CONTEXT.forward_along(SOFTMAX, &axis, None, &x).unwrap()).unwrap();
    assert!(y.iter().all(|&y| y == 2f32.powi(-24)), "{:?}", &y[..4]);
    let column = Axis::new(&[count / 4, 4], 0).unwrap();
    let y = CONTEXT.download(&CONTEXT.forward_along(SOFTMAX, &column, None, &x).unwrap()).unwrap();
    assert!(y.iter().all(|&y| y == 2f32.powi(-22)), "{:?}", &y[..4]);
}

/// Rows of each length, as rows and as columns, by every strategy.
#[test]
fn a_masked_mean_is_that_of_the_entries_kept() {
    let mean = AxisFunction::LogMeanExp { temperature: 1.0 };
    for length in [5, 64, 1000] {
        for axis in [Axis::new(&[3, length], 1).unwrap(), Axis::new(&[length, 3], 0).unwrap()] {
            let x = numbers::<f32>(axis.elements(), 7);
            // The second row keeps nothing.
            let row = |i: usize| if axis.index() == 1 { i / length } else { i % 3 };
            let kept: Vec<bool> = (0..x.len()).map(|i| row(i) != 1 && i % 5 != 1).collect();
            let mask: Vec<u8> = kept.iter().map(|&kept| kept.into()).collect();
            let expected = mean.forward(&axis, Some(&kept), &x.iter().map(|&x| x.into()).collect::<Vec<_>>()).unwrap();
            for strategy in STRATEGIES {
                let context = CONTEXT.with_strategy(strategy);
                let y = context.forward_along_slice(&mean, &axis, Some(&mask), &x).unwrap();
                assert_eq!(y[1], -INFINITY, "{axis:?} by {strategy:?}");
                for row in [0, 2] {
                    let off = (f64::from(y[row]) - expected[row]).abs();
                    assert!(
                        off <= 4e-7 * expected[row].abs().max(1.0),
                        "{axis:?} by {strategy:?}: {y:?}, not {expected:?}"
                    );
                }
                let dx = context.backward_along_slice(&mean, &axis, Some(&mask), &x, &[1.0, 1.0, 1.0]).unwrap();
                assert!(
                    dx.iter().zip(&kept).all(|(dx, kept)| (*dx > 0.0) == *kept),
                    "{axis:?} by {strategy:?}: {dx:?}"
                );
            }
        }
    }
}

/// A count of more bits than an f32 has.
#[test]
fn a_masked_mean_of_a_long_row_of_equal_entries_is_exact() {
    let count = (1 << 24) + 8;
    let axis = Axis::last(&[count]).unwrap();
    let mut x = vec![0.0_f32; count];
    let mut mask = vec![1_u8; count];
    for left_out in [0, 77, 1 << 20, count - 1] {
        (x[left_out], mask[left_out]) = (9.0, 0);
    }
    let mean = AxisFunction::LogMeanExp { temperature: 1.0 };
    assert_eq!(CONTEXT.forward_along_slice(&mean, &axis, Some(&mask), &x).unwrap(), [0.0]);
}

/// Rows that take more turns of a loop than some adapters count.
#[test]
fn long_rows_of_projections_are_right() {
    let axis = Axis::last(&[200_001]).unwrap();
    let x = numbers::<f32>(200_001, 7);
    for function in [SPARSEMAX, ENTMAX15] {
        let expected = function.forward(&axis, None, &x.iter().map(|&x| x.into()).collect::<Vec<_>>());
        let y = CONTEXT.forward_along_slice(&function, &axis, None, &x).unwrap();
        for (index, (y, expected)) in y.iter().zip(expected.unwrap()).enumerate() {
            assert!((f64::from(*y) - expected).abs() < 1e-7, "{function} at {index}: {y}, not {expected}");
        }
    }
}

/// Rows, columns, groups and gradients that exceed one binding.
fn beyond_a_binding<T: Element>() {
    let (device, queue) = device_with(|limits| limits.max_storage_buffer_binding_size = 1 << 13);
    let small = GpuActivations::from_device(device, queue);
    for (shape, index) in [(vec![3, 9001], 1), (vec![9001, 3], 0), (vec![3, 1501, 4], 1), (vec![2001, 5], 1)] {
        let axis = Axis::new(&shape, index).unwrap();
        let len = axis.elements();
        let (x, dy) = (numbers::<T>(len, 7), numbers::<T>(len, 11));
        for function in [
            SOFTMAX,
            LOG_SOFTMAX,
            SPARSEMAX,
            ENTMAX15,
            AxisFunction::LogSumExp { temperature: 1.0 },
            AxisFunction::Crelu,
        ] {
            let output: usize = function.output_shape(&axis).unwrap().iter().product();
            let dy = numbers::<T>(output, 11);
            let of = |context: &GpuActivations| {
                let (x, dy) = (context.upload(&x).unwrap(), context.upload(&dy).unwrap());
                let y = context.forward_along(&function, &axis, None, &x).unwrap();
                let dx = context.backward_along(&function, &axis, None, &x, &dy).unwrap();
                (context.download(&y).unwrap(), context.download(&dx).unwrap())
            };
            let (small, large) = (of(&small), of(&CONTEXT));
            near(&format!("y of {function} {shape:?}"), &small.0, &large.0, 1e-3);
            let largest = |values: &[T]| values.iter().fold(0.0, |most: f64, value| most.max(value.to_f64().abs()));
            let term = match function.name() {
                "softmax" => largest(&large.0) * largest(&dy),
                "log_softmax" | "sparsemax" | "entmax15" => largest(&dy),
                // Nothing cancels.
                _ => 0.0,
            };
            near(&format!("dx of {function} {shape:?}"), &small.1, &large.1, term);
        }
        let prelu = Activation::Prelu { alpha: 0.25 };
        let alpha: Vec<f32> = (0..axis.length()).map(|i| (i % 5) as f32 / 4.0).collect();
        let of = |context: &GpuActivations| {
            let (x, dy, alpha) =
                (context.upload(&x).unwrap(), context.upload(&dy).unwrap(), context.upload(&alpha).unwrap());
            let parameters = ParameterBuffers::new().per_channel("alpha", &alpha, &axis);
            let y = context.forward_with(prelu, &parameters, &x).unwrap();
            let dalpha = context.parameter_gradient(prelu, &parameters, "alpha", &x, &dy);
            (context.download(&y).unwrap(), dalpha.map(|dalpha| context.download(&dalpha).unwrap()))
        };
        // The channels themselves must fit.
        if axis.length() <= 64 {
            let (small, large) = (of(&small), of(&CONTEXT));
            assert_eq!(small.0, large.0, "prelu {shape:?}");
            let terms = x.iter().zip(&dy).map(|(x, dy)| (x.to_f64().min(0.0) * dy.to_f64()).abs());
            let of_a_channel = terms.sum::<f64>() / axis.length() as f64;
            near(&format!("dalpha {shape:?}"), &small.1.unwrap(), &large.1.unwrap(), of_a_channel);
        }
    }
}

/// Sums in another order differ by a fraction of the largest term.
#[track_caller]
fn near<T: Element>(what: &str, a: &[T], b: &[T], term: f64) {
    assert_eq!(a.len(), b.len(), "{what}");
    let bound = if size_of::<T>() == 4 { 1e-6 } else { 1e-2 };
    for (index, (a, b)) in a.iter().zip(b).enumerate() {
        let (a, b) = (a.to_f64(), b.to_f64());
        assert!((a - b).abs() <= bound * b.abs().max(term), "{what} at {index}: {a:e}, not {b:e}");
    }
}

#[test]
fn rows_of_f32_beyond_a_binding() {
    beyond_a_binding::<f32>();
}

#[test]
fn rows_of_f16_beyond_a_binding() {
    beyond_a_binding::<f16>();
}

/// Entries of pairs that alternate, or lie four and more apart, in more than one binding: the same bits as in one.
#[test]
fn pairs_beyond_a_binding() {
    let (device, queue) = device_with(|limits| limits.max_storage_buffer_binding_size = 1 << 13);
    let small = GpuActivations::from_device(device, queue);
    for (shape, index) in [(vec![5004, 4], 1), (vec![5003, 4], 1), (vec![501, 8], 1), (vec![300, 2, 12], 1)] {
        let axis = Axis::new(&shape, index).unwrap();
        let (x, dy) = (numbers::<f32>(axis.elements(), 7), numbers::<f32>(axis.elements() / 2, 11));
        for name in ["maxout", "glu(layout=interleaved)", "swiglu(gate=first, layout=interleaved)", "glu"] {
            let function: AxisFunction = name.parse().unwrap();
            let of = |context: &GpuActivations| {
                let y = context.forward_along_slice(&function, &axis, None, &x).unwrap();
                (y, context.backward_along_slice(&function, &axis, None, &x, &dy).unwrap())
            };
            assert_eq!(of(&small), of(&CONTEXT), "{name} {shape:?}");
        }
    }
}

/// The result lies in the middle of a buffer whose other bytes must stay, over an input or beside it, recorded into a
/// caller's encoder.
fn ranges<T: Element>(shape: &[usize], index: isize) {
    const STEP: u64 = 256;
    let context = &*CONTEXT;
    let axis = Axis::new(shape, index).unwrap();
    let len = axis.elements();
    let bytes = (len * size_of::<T>()) as u64;
    let (x, dy) = (numbers::<T>(len, 7), numbers::<T>(len, 11));
    let (on_x, on_dy) = (context.upload(&x).unwrap(), context.upload(&dy).unwrap());
    let expected_y = context.download(&context.forward_along(SOFTMAX, &axis, None, &on_x).unwrap()).unwrap();
    let expected_dx = context.download(&context.backward_along(SOFTMAX, &axis, None, &on_x, &on_dy).unwrap()).unwrap();

    let size = STEP + bytes.next_multiple_of(STEP) + STEP;
    let filled = vec![0xa5_u8; size as usize];
    let descriptor = wgpu::BufferDescriptor {
        label: None,
        size,
        usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    };
    let buffer = context.device().create_buffer(&descriptor);
    let range = BufferRange::<T>::new(&buffer, STEP, len as u64);
    for backward in [false, true] {
        let mut data = filled.clone();
        data[STEP as usize..(STEP + bytes) as usize].copy_from_slice(bytemuck::cast_slice(&x));
        context.queue().write_buffer(&buffer, 0, &data);
        let mut encoder = context.device().create_command_encoder(&Default::default());
        let mut recording = context.record(&mut encoder);
        match backward {
            true => recording.backward_along(SOFTMAX, &axis, None, range, &on_dy, range).unwrap(),
            false => recording.forward_along(SOFTMAX, &axis, None, range, range).unwrap(),
        }
        drop(recording);
        context.queue().submit([encoder.finish()]);
        let copy = context.allocate::<u8>(size as usize).unwrap();
        let mut encoder = context.device().create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(&buffer, 0, copy.raw(), 0, size);
        context.queue().submit([encoder.finish()]);
        let after = context.download(&copy).unwrap();
        let expected = if backward { &expected_dx } else { &expected_y };
        let what = format!("{shape:?} along {index}, backward {backward}, {} bytes", size_of::<T>());
        assert_eq!(&after[STEP as usize..(STEP + bytes) as usize], bytemuck::cast_slice::<T, u8>(expected), "{what}");
        let outside = |data: &[u8]| [&data[..STEP as usize], &data[(STEP + bytes) as usize..]].concat();
        assert_eq!(outside(&after), outside(&filled), "{what}");
    }
}

#[test]
fn ranges_keep_their_neighbours() {
    for (shape, index) in [(vec![3, 5], 1), (vec![3, 5], 0), (vec![3, 8], 1), (vec![1, 7], 1), (vec![129, 3], 1)] {
        ranges::<f32>(&shape, index);
        ranges::<f16>(&shape, index);
        ranges::<bf16>(&shape, index);
    }
}

#[test]
fn a_gradient_of_rows_of_one_may_lie_over_either_input() {
    let (axis, x, dy) = (Axis::new(&[5, 1], 1).unwrap(), numbers::<f32>(5, 37), numbers::<f32>(5, 71));
    for function in [AxisFunction::LogSumExp { temperature: 1.0 }, AxisFunction::LogMeanExp { temperature: 1.0 }] {
        for over_dy in [false, true] {
            let (on_x, on_dy) = (CONTEXT.upload(&x).unwrap(), CONTEXT.upload(&dy).unwrap());
            let dx = if over_dy { &on_dy } else { &on_x };
            CONTEXT.batch(|recording| recording.backward_along(&function, &axis, None, &on_x, &on_dy, dx)).unwrap();
            assert_eq!(CONTEXT.download(dx).unwrap(), dy, "{function}");
        }
    }
}

#[test]
fn slices_in_pieces_give_what_whole_buffers_do() {
    // More than two transfers of 8 MiB.
    let axis = Axis::new(&[5003, 1001], 1).unwrap();
    let (x, dy) = (numbers::<f32>(axis.elements(), 37), numbers::<f32>(axis.elements(), 71));
    let mask: Vec<u8> = (0..axis.elements()).map(|i| u8::from(i % 7 != 3)).collect();
    let (on_x, on_dy, on_mask) =
        (CONTEXT.upload(&x).unwrap(), CONTEXT.upload(&dy).unwrap(), CONTEXT.upload(&mask).unwrap());
    let gumbel = AxisFunction::GumbelSoftmax { tau: 1.0, hard: false, seed: 5 };
    for (function, masked) in [(SOFTMAX, true), (gumbel, false), (AxisFunction::LogSumExp { temperature: 1.0 }, false)]
    {
        let (mask, on_mask) = if masked { (Some(&mask[..]), Some((&on_mask).into())) } else { (None, None) };
        let y = CONTEXT.forward_along(&function, &axis, on_mask, &on_x).unwrap();
        let expected = CONTEXT.download(&y).unwrap();
        assert!(CONTEXT.forward_along_slice(&function, &axis, mask, &x).unwrap() == expected, "{function}");
        if y.len() == x.len() {
            let expected = CONTEXT.backward_along(&function, &axis, on_mask, &on_x, &on_dy).unwrap();
            let dx = CONTEXT.backward_along_slice(&function, &axis, mask, &x, &dy).unwrap();
            assert!(dx == CONTEXT.download(&expected).unwrap(), "{function}");
        }
    }
}

#[test]
fn the_same_input_gives_the_same_bits() {
    let cases = [(vec![3, 70_001], 1), (vec![5000, 6], 0), (vec![64, 333], 1)];
    for (shape, index) in cases {
        let axis = Axis::new(&shape, index).unwrap();
        let x = CONTEXT.upload(&numbers::<f32>(axis.elements(), 7)).unwrap();
        for strategy in STRATEGIES {
            let context = CONTEXT.with_strategy(strategy);
            let prelu = Activation::Prelu { alpha: 0.25 };
            let run = || {
                let y = context.forward_along(SOFTMAX, &axis, None, &x).unwrap();
                let sum = context.parameter_gradient(prelu, &ParameterBuffers::new(), "alpha", &x, &x).unwrap();
                (context.download(&y).unwrap(), context.download(&sum).unwrap())
            };
            let first = run();
            for _ in 0..100 / STRATEGIES.len() {
                assert!(run() == first, "{shape:?} by {strategy:?}");
            }
        }
    }
}

#[test]
fn axes_count_from_the_end() {
    let x = numbers::<f32>(24, 7);
    let y = |axis| CONTEXT.forward_along_slice(SOFTMAX, &Axis::new(&[2, 3, 4], axis).unwrap(), None, &x).unwrap();
    assert_eq!(y(-3), y(0));
    assert_eq!(y(-2), y(1));
    assert_eq!(y(-1), CONTEXT.forward_along_slice(SOFTMAX, &Axis::last(&[2, 3, 4]).unwrap(), None, &x).unwrap());
}

/// Noise depends on the seed and the element's index in the whole array, not on how the array is split.
#[test]
fn gumbel_noise_depends_on_seed_and_element_alone() {
    let function = AxisFunction::GumbelSoftmax { tau: 1.0, hard: true, seed: 3 };
    let axis = Axis::last(&[1 << 18, 40]).unwrap();
    let x = vec![0.0_f32; axis.elements()];
    let y = CONTEXT.forward_along_slice(&function, &axis, None, &x).unwrap();
    let expected = function.forward(&axis, None, &vec![0.0; x.len()]).unwrap();
    assert!(y.iter().zip(&expected).all(|(y, expected)| f64::from(*y) == *expected));
    let hits = y.chunks(40).filter(|row| row[7] == 1.0).count() as f64;
    assert!((hits / f64::from(1 << 18) - 0.025).abs() < 0.002, "{hits}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn softmax_has_its_properties(x in vec(-30.0_f32..30.0, 1..200), shift in -100_i8..100, seed in 0_usize..1000) {
        let axis = Axis::last(&[x.len()]).unwrap();
        // Shifted and unshifted numbers are equally exact.
        let x: Vec<f32> = x.iter().map(|x| (x * 64.0).round() / 64.0).collect();
        let shifted: Vec<f32> = x.iter().map(|x| x + f32::from(shift)).collect();
        let y = CONTEXT.forward_along_slice(SOFTMAX, &axis, None, &x)?;
        prop_assert_eq!(&y, &CONTEXT.forward_along_slice(SOFTMAX, &axis, None, &shifted)?);
        let total: f64 = y.iter().map(|&y| f64::from(y)).sum();
        prop_assert!((total - 1.0).abs() < 1e-6, "{}", total);
        let negated: Vec<f32> = x.iter().map(|x| -x).collect();
        prop_assert_eq!(&y, &CONTEXT.forward_along_slice(SOFTMIN, &axis, None, &negated)?);
        let dy: Vec<f32> = (0..x.len()).map(|i| ((i * 37 + seed) % 101) as f32 / 25.0 - 2.0).collect();
        let dx = CONTEXT.backward_along_slice(SOFTMAX, &axis, None, &x, &dy)?;
        prop_assert!(dx.iter().map(|&dx| f64::from(dx)).sum::<f64>().abs() < 1e-6);
        for function in [SPARSEMAX, ENTMAX15] {
            let y = CONTEXT.forward_along_slice(&function, &axis, None, &x)?;
            prop_assert!((y.iter().map(|&y| f64::from(y)).sum::<f64>() - 1.0).abs() < 1e-5);
            let dx = CONTEXT.backward_along_slice(&function, &axis, None, &x, &dy)?;
            prop_assert!(dx.iter().map(|&dx| f64::from(dx)).sum::<f64>().abs() < 1e-5);
        }
        let hard = CONTEXT.forward_along_slice(HARDMAX, &axis, None, &x)?;
        prop_assert_eq!(hard.iter().sum::<f32>(), 1.0);
    }

    #[test]
    fn softmax_of_two_is_sigmoid(a in -40.0_f32..40.0, b in -40.0_f32..40.0) {
        let y = CONTEXT.forward_along_slice(SOFTMAX, &Axis::last(&[2]).unwrap(), None, &[a, b])?;
        let expected = Activation::Sigmoid.forward(f64::from(a) - f64::from(b));
        prop_assert!((f64::from(y[0]) / expected - 1.0).abs() < 4e-7);
    }

    #[test]
    fn masked_entries_have_no_share(x in vec(-9.0_f32..9.0, 2..90), kept in vec(0_u8..2, 90)) {
        let axis = Axis::last(&[x.len()]).unwrap();
        let mask = &kept[..x.len()];
        let dy: Vec<f32> = x.iter().map(|x| x.sin()).collect();
        let y = CONTEXT.forward_along_slice(SOFTMAX, &axis, Some(mask), &x)?;
        let dx = CONTEXT.backward_along_slice(SOFTMAX, &axis, Some(mask), &x, &dy)?;
        // The same as if the others were alone.
        let pick = |values: &[f32]| -> Vec<f32> {
            values.iter().zip(mask).filter(|(_, kept)| **kept != 0).map(|(value, _)| *value).collect()
        };
        let alone = Axis::last(&[pick(&x).len()]).unwrap();
        let y_alone = CONTEXT.forward_along_slice(SOFTMAX, &alone, None, &pick(&x))?;
        for (y, alone) in pick(&y).iter().zip(&y_alone) {
            prop_assert!((y - alone).abs() <= 2e-7 * alone);
        }
        for i in (0..x.len()).filter(|&i| mask[i] == 0) {
            prop_assert!(y[i] == 0.0 && dx[i] == 0.0);
        }
    }

    #[test]
    fn identities_hold(x in vec(-9.0_f32..9.0, 1..60)) {
        let relu = CONTEXT.forward_slice(Activation::Relu, &x)?;
        let pair = Axis::new(&[2, x.len()], 0).unwrap();
        let both = [x.clone(), x.clone()].concat();
        let reglu = CONTEXT.forward_along_slice("reglu".parse::<Function>()?, &pair, None, &both)?;
        prop_assert_eq!(reglu, x.iter().zip(&relu).map(|(x, relu)| x * relu).collect::<Vec<_>>());
        // relu is the maxout of x and 0.
        let zeros = [x.clone(), vec![0.0; x.len()]].concat();
        prop_assert_eq!(&CONTEXT.forward_along_slice(AxisFunction::Maxout { pieces: 2 }, &pair, None, &zeros)?, &relu);
        let crelu = CONTEXT.forward_along_slice(AxisFunction::Crelu, &Axis::last(&[x.len()]).unwrap(), None, &x)?;
        prop_assert_eq!(&crelu[..x.len()], &relu[..]);
        // prelu with 0 is relu.
        let (on_x, zero) = (CONTEXT.upload(&x)?, CONTEXT.upload(&[0.0_f32])?);
        let prelu = CONTEXT.forward_with(Activation::Prelu { alpha: 0.25 }, &ParameterBuffers::new().per_tensor("alpha", &zero), &on_x)?;
        prop_assert_eq!(CONTEXT.download(&prelu)?, relu);
    }
}

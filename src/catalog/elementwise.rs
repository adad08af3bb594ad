//! THE TABLE of elementwise functions. A new activation is one row here and one file of its name in
//! `shaders/activations`.

#![allow(clippy::approx_constant, reason = "laplace's mean is this decimal, not 1/√2")]

#[cfg(feature = "verify")]
use crate::catalog::accuracy::Accuracy;
use crate::catalog::custom::{Custom, Wanted};
use crate::catalog::definition::{Body, Definition, catalog};
use crate::catalog::names::normalized;
use crate::catalog::oracle::*;
use crate::catalog::parameter::{ParameterInfo, Range, constant, learnable};
use crate::error::Error;
use std::hash::{Hash, Hasher};

catalog! {
    /// The input unchanged.
    identity Identity
    aliases ["linear"],
    formula "x",
    limits 0.0, 0.0,
    forward |x| x,
    derivative |_x| 1.0;

    /// The exponential function.
    exponential Exponential
    aliases ["exp"],
    formula "exp(x)",
    limits 0.85, 0.85,
    fast 1.3, 1.3,
    forward |x| x.exp(),
    derivative |x| x.exp(),
    second within 0.85, 1.3 |x| x.exp();

    /// The logistic function.
    sigmoid Sigmoid
    aliases ["logistic"],
    formula "1/(1 + exp(−x))",
    limits 0.85, 0.85,
    fast 2.5, 5.6,
    forward |x| sigmoid(x),
    derivative |x| sigmoid_derivative(x),
    second within 1.0, 8.0 |x| sigmoid_curvature(x);

    /// The logarithm of the logistic function.
    log_sigmoid LogSigmoid
    formula "−ln(1 + exp(−x))",
    limits 0.85, 0.85,
    fast 2.5, 2.5,
    forward |x| -softplus(1.0, -x),
    derivative |x| sigmoid(-x),
    second within 0.85, 5.6 |x| -sigmoid_derivative(x);

    /// A line clipped to [0, 1] (Courbariaux, Bengio & David 2015). The derivative is 0 at both ends. PyTorch, JAX and
    /// Keras 3 use alpha = 1/6.
    hard_sigmoid HardSigmoid {
        /// Slope, at least 2⁻¹²⁶.
        alpha = learnable(0.2, Range::Positive),
        /// Value at 0, finite.
        beta = learnable(0.5, Range::Finite),
    }
    formula "clamp(alpha·x + beta, 0, 1)",
    kinks [-beta / alpha, (1.0 - beta) / alpha],
    limits 0.6, 0.0,
    roots |x| near(x, -beta / alpha, 0.25, 1.0), |_x| 0.0,
    samples [{ alpha: 0.16666667, beta: 0.5 }, { alpha: 1.7, beta: -0.3 }],
    pictured [{ alpha: 0.16666667, beta: 0.5 }],
    forward |x| (alpha * x + beta).clamp(0.0, 1.0),
    derivative |x| if rises_within_unit(alpha * x, beta) { alpha } else { 0.0 },
    gradient alpha within 0.5 |x| if rises_within_unit(alpha * x, beta) { x } else { 0.0 },
    gradient beta within 0.5 |x| if rises_within_unit(alpha * x, beta) { 1.0 } else { 0.0 };

    /// The hyperbolic tangent.
    tanh Tanh
    formula "tanh(x)",
    limits 0.65, 0.85,
    fast 3.1, 5.1,
    forward |x| x.tanh(),
    derivative |x| sech_squared(x),
    second within 1.0, 8.0 |x| tanh_curvature(x);

    /// The hyperbolic tangent stretched so that ±1 maps to about ±1 (LeCun, Bottou, Orr & Müller 1998).
    scaled_tanh ScaledTanh {
        /// Bound of the value, finite.
        alpha = learnable(1.7159, Range::Finite),
        /// Steepness, finite.
        beta = learnable(2.0 / 3.0, Range::Finite),
    }
    formula "alpha·tanh(beta·x)",
    limits 1.1, 0.85,
    fast 4.0, 5.8,
    samples [{ alpha: -0.3, beta: 7.0 }, { alpha: 12.0, beta: 0.01 }],
    pictured [{ alpha: 1.0, beta: 1.0 }],
    forward |x| alpha * product(beta, x).tanh(),
    derivative |x| alpha * beta * sech_squared(product(beta, x)),
    second within 1.0, 8.0 |x| alpha * beta * beta * tanh_curvature(product(beta, x)),
    gradient alpha within 1.0 |x| product(beta, x).tanh(),
    gradient beta within 1.1 |x| dynamic_tanh_gradient(beta, alpha, x);

    /// `x` clipped to [min, max] (Collobert 2004). The derivative is 0 at both ends; in JAX and TensorFlow it is 1.
    hard_tanh HardTanh {
        /// Lower bound, finite.
        min = constant(-1.0, Range::Finite),
        /// Upper bound, finite and at least `min`.
        max = constant(1.0, Range::AtLeast("min")),
    }
    formula "clamp(x, min, max)",
    kinks [min, max],
    limits 0.0, 0.0,
    samples [{ min: -0.3, max: 2.5 }, { min: 1.0, max: 7.0 }],
    forward |x| x.max(min).min(max),
    derivative |x| if x > min && x < max { 1.0 } else { 0.0 };

    /// `x` clipped to [min, max], either of which may be infinite. The derivative is 1 at both ends, as in PyTorch's
    /// `clamp`; that of hard_tanh is 0 there.
    clip Clip {
        /// Lower bound, finite or −∞.
        min = constant(f32::NEG_INFINITY, Range::FiniteOrBelow),
        /// Upper bound, at least `min`; it may be ∞.
        max = constant(f32::INFINITY, Range::AtLeastOrInfinite("min")),
    }
    aliases ["clamp"],
    formula "clamp(x, min, max)",
    kinks [min, max],
    limits 0.0, 0.0,
    samples [{ min: -1.0, max: 6.0 }, { min: 0.5, max: f32::INFINITY }, { min: f32::NEG_INFINITY, max: 2.5 }],
    pictured [{ min: -1.0, max: 2.0 }],
    forward |x| x.max(min).min(max),
    derivative |x| if x >= min && x <= max { 1.0 } else { 0.0 };

    /// The hyperbolic tangent scaled so that small values pass unchanged and large ones stay within ±cap, as in the logits of
    /// Gemma 2 (Gemma Team 2024).
    softcap Softcap {
        /// Bound of the value, at least 2⁻¹²⁶.
        cap = learnable(30.0, Range::Positive),
    }
    formula "cap·tanh(x/cap)",
    limits 1.1, 0.85,
    fast 4.0, 5.8,
    samples [{ cap: 50.0 }, { cap: 0.3 }],
    pictured [{ cap: 1.0 }, { cap: 2.0 }],
    forward |x| cap * (x / cap).tanh(),
    derivative |x| sech_squared(x / cap),
    second within 1.0, 8.0 |x| tanh_curvature(x / cap) / cap,
    gradient cap within 1.1 |x| softcap_gradient(x / cap);

    /// Dynamic tanh, which takes the place of layer normalization (Zhu, Chen, He, LeCun & Liu 2025).
    dynamic_tanh DynamicTanh {
        /// Steepness, finite.
        alpha = learnable(0.5, Range::Finite),
        /// Bound of the value around `beta`, finite.
        gamma = learnable(1.0, Range::Finite),
        /// Value at 0, finite.
        beta = learnable(0.0, Range::Finite),
    }
    aliases ["dyt"],
    formula "gamma·tanh(alpha·x) + beta",
    limits 1.1, 0.85,
    fast 6.5, 5.8,
    roots |x| dynamic_tanh_term(alpha, gamma, beta, x), |_x| 0.0,
    samples [{ alpha: 0.8, gamma: 1.5, beta: -0.3 }, { alpha: -7.0, gamma: 0.3, beta: 2.0 }],
    pictured [{ alpha: 1.0, gamma: 1.5, beta: -0.3 }],
    forward |x| dynamic_tanh(alpha, gamma, beta, x),
    derivative |x| gamma * alpha * sech_squared(product(alpha, x)),
    second within 1.0, 8.0 |x| gamma * alpha * alpha * tanh_curvature(product(alpha, x)),
    gradient alpha within 1.1 |x| dynamic_tanh_gradient(alpha, gamma, x),
    gradient gamma within 1.0 |x| product(alpha, x).tanh(),
    gradient beta within 0.5 |_x| 1.0;

    /// The difference between `x` and its hyperbolic tangent.
    tanh_shrink TanhShrink
    formula "x − tanh(x)",
    limits 0.85, 0.75,
    fast 3.5, 6.3,
    forward |x| tanh_shrink(x),
    derivative |x| x.tanh() * x.tanh(),
    second within 1.0, 8.0 |x| -tanh_curvature(x);

    /// The positive part (Nair & Hinton 2010). The derivative at 0 is 0.
    relu Relu
    formula "max(x, 0)",
    kinks [0.0],
    limits 0.0, 0.0,
    forward |x| x.max(0.0),
    derivative |x| if x > 0.0 { 1.0 } else { 0.0 };

    /// The positive part, at most 6 (Krizhevsky 2010). The derivative is 0 at both ends.
    relu6 Relu6
    formula "clamp(x, 0, 6)",
    kinks [0.0, 6.0],
    limits 0.0, 0.0,
    forward |x| x.clamp(0.0, 6.0),
    derivative |x| if x > 0.0 && x < 6.0 { 1.0 } else { 0.0 };

    /// The square of the positive part (So et al. 2021).
    relu_squared ReluSquared
    aliases ["relu2", "squared_relu"],
    formula "max(x, 0)²",
    kinks [0.0],
    limits 0.6, 0.0,
    forward |x| x.max(0.0) * x.max(0.0),
    derivative |x| 2.0 * x.max(0.0),
    second within 0.0, 0.0 |x| if x > 0.0 { 2.0 } else { 0.0 };

    /// The squared positive part with a scale and a bias, by default such that a normal x gives mean 0 and variance 1 (Yu
    /// et al. 2022).
    star_relu StarRelu {
        /// Factor of the square, finite.
        scale = learnable(0.894_427_2, Range::Finite),
        /// Value up to 0, finite.
        bias = learnable(-0.447_213_6, Range::Finite),
    }
    formula "scale·max(x, 0)² + bias",
    kinks [0.0],
    limits 0.8, 0.6,
    fast 3.0, 0.6,
    roots |x| star_relu_term(scale, bias, x), |_x| 0.0,
    samples [{ scale: 1.0, bias: 0.0 }, { scale: -0.3, bias: 2.0 }],
    pictured [{ scale: 1.0, bias: 0.0 }],
    forward |x| product(scale, x.max(0.0) * x.max(0.0)) + bias,
    derivative |x| 2.0 * product(scale, x.max(0.0)),
    second within 0.0, 0.0 |x| if x > 0.0 { 2.0 * scale } else { 0.0 },
    gradient scale within 0.8 |x| x.max(0.0) * x.max(0.0),
    gradient bias within 0.5 |_x| 1.0;

    /// Keras' `relu` with all its arguments. The derivative is `negative_slope` at `threshold` and 0 at `max_value`.
    generalized_relu GeneralizedRelu {
        /// Slope up to the threshold, finite.
        negative_slope = constant(0.0, Range::Finite),
        /// Upper bound, at least `threshold`; infinity never clips.
        max_value = constant(f32::INFINITY, Range::AtLeastOrInfinite("threshold")),
        /// Value above which the function is the identity, finite.
        threshold = constant(0.0, Range::Finite),
    }
    formula "x ≥ max_value: max_value; threshold < x < max_value: x; else negative_slope·(x − threshold)",
    kinks [threshold, max_value],
    limits 1.35, 0.0,
    samples [{ negative_slope: 0.1, max_value: 6.0, threshold: 1.0 }, { negative_slope: -0.3, max_value: 2.5, threshold: -1.7 }, { negative_slope: 0.5, max_value: 1.5, threshold: 1.5 }],
    pictured [{ negative_slope: 0.2, max_value: 3.0, threshold: 1.0 }],
    forward |x| if x >= max_value { max_value } else if x > threshold { x } else { product(negative_slope, x - threshold) },
    derivative |x| if x >= max_value && max_value.is_finite() { 0.0 } else if x > threshold { 1.0 } else { negative_slope };

    /// `x` above a threshold, else 0 (Konda, Memisevic & Krueger 2015). The derivative at theta is 0.
    thresholded_relu ThresholdedRelu {
        /// Value above which the function is the identity, finite.
        theta = constant(1.0, Range::Finite),
    }
    formula "x > theta ? x : 0",
    kinks [theta],
    limits 0.0, 0.0,
    samples [{ theta: -0.7 }, { theta: 0.0 }],
    forward |x| if x > theta { x } else { 0.0 },
    derivative |x| if x > theta { 1.0 } else { 0.0 };

    /// `x` above a threshold, else a fixed value. The derivative at the threshold is 0.
    threshold Threshold {
        /// Value above which the function is the identity, finite.
        threshold = constant(0.0, Range::Finite),
        /// Result up to the threshold, finite.
        value = constant(0.0, Range::Finite),
    }
    formula "x > threshold ? x : value",
    kinks [threshold],
    limits 0.0, 0.0,
    samples [{ threshold: 0.1, value: 20.0 }, { threshold: -2.0, value: -0.3 }],
    pictured [{ threshold: 1.0, value: -1.0 }],
    forward |x| if x > threshold { x } else { value },
    derivative |x| if x > threshold { 1.0 } else { 0.0 };

    /// `x` above 0 and a fixed multiple of it below (Maas, Hannun & Ng 2013). The derivative at 0 is the slope; in JAX
    /// it is 1. The default slope is 0.3 in Keras' layer and 0.2 in its function.
    leaky_relu LeakyRelu {
        /// Slope below 0, finite.
        negative_slope = learnable(0.01, Range::Finite),
    }
    formula "x > 0 ? x : negative_slope·x",
    kinks [0.0],
    limits 0.5, 0.0,
    samples [{ negative_slope: 0.2 }, { negative_slope: 0.0 }, { negative_slope: -1.5 }],
    pictured [{ negative_slope: 0.1 }, { negative_slope: 0.3 }],
    forward |x| if x > 0.0 { x } else { product(negative_slope, x) },
    derivative |x| if x > 0.0 { 1.0 } else { negative_slope },
    gradient negative_slope within 1.0 |x| x.min(0.0);

    /// Parametric relu, whose slope below 0 is learned (He et al. 2015). The derivative at 0 is alpha. Keras
    /// initializes alpha to 0.
    prelu Prelu {
        /// Slope below 0, finite.
        alpha = learnable(0.25, Range::Finite),
    }
    formula "x > 0 ? x : alpha·x",
    kinks [0.0],
    limits 0.5, 0.0,
    samples [{ alpha: 0.0 }, { alpha: 1.7 }, { alpha: -0.4 }],
    pictured [{ alpha: 0.0 }, { alpha: -0.5 }],
    forward |x| if x > 0.0 { x } else { product(alpha, x) },
    derivative |x| if x > 0.0 { 1.0 } else { alpha },
    gradient alpha within 1.0 |x| x.min(0.0);

    /// Exponential linear unit (Clevert, Unterthiner & Hochreiter 2016). The derivative at 0 is alpha.
    elu Elu {
        /// The negative of the limit at −∞, finite.
        alpha = learnable(1.0, Range::Finite),
    }
    formula "x > 0 ? x : alpha·(exp(x) − 1)",
    kinks [0.0],
    limits 1.0, 0.85,
    fast 1.8, 2.2,
    samples [{ alpha: 0.7 }, { alpha: -1.3 }, { alpha: 0.0 }],
    pictured [{ alpha: 0.5 }, { alpha: 2.0 }],
    forward |x| if x > 0.0 { x } else { alpha * x.exp_m1() },
    derivative |x| if x > 0.0 { 1.0 } else { alpha * x.exp() },
    second within 1.0, 3.0 |x| if x > 0.0 { 0.0 } else { alpha * x.exp() },
    gradient alpha within 1.0 |x| x.min(0.0).exp_m1();

    /// Self-normalizing exponential linear unit (Klambauer et al. 2017): λ·x above 0 and λ·α·(exp(x) − 1) below, with
    /// α = 1.67326324… and λ = 1.05070098…. The derivative at 0 is λα; in TensorFlow it is λ.
    selu Selu
    formula "λ·(x > 0 ? x : α·(exp(x) − 1))",
    kinks [0.0],
    limits 1.3, 1.0,
    fast 2.0, 2.0,
    forward |x| SELU_SCALE * if x > 0.0 { x } else { SELU_ALPHA * x.exp_m1() },
    derivative |x| SELU_SCALE * if x > 0.0 { 1.0 } else { SELU_ALPHA * x.exp() },
    second within 1.0, 3.0 |x| if x > 0.0 { 0.0 } else { SELU_SCALE * SELU_ALPHA * x.exp() };

    /// Continuously differentiable exponential linear unit (Barron 2017). With a negative alpha it falls without bound.
    celu Celu {
        /// Scale of the exponential, at least 2⁻¹²⁶ in magnitude.
        alpha = learnable(1.0, Range::NonZero),
    }
    formula "max(x, 0) + min(alpha·(exp(x/alpha) − 1), 0)",
    kinks [0.0],
    limits 1.05, 0.85,
    fast 2.5, 1.4,
    samples [{ alpha: 0.7 }, { alpha: 3.0 }, { alpha: -1.3 }],
    pictured [{ alpha: 0.5 }, { alpha: 2.0 }],
    forward |x| x.max(0.0) + (alpha * (x.min(0.0) / alpha).exp_m1()).min(0.0),
    derivative |x| if x > 0.0 { 1.0 } else { (x / alpha).exp() },
    second within 1.0, 3.0 |x| if x > 0.0 { 0.0 } else { (x / alpha).exp() / alpha },
    gradient alpha within 1.0 |x| if x < 0.0 { celu_gradient(x / alpha) } else { 0.0 };

    /// Gaussian error linear unit, exact (Hendrycks & Gimpel 2016). In JAX, this name is the tanh approximation by
    /// default.
    gelu Gelu
    aliases ["gelu_erf", "gelu_python"],
    formula "x·Φ(x)",
    limits 0.85, 0.9,
    fast 4.9, 7.1,
    roots |_x| 0.0, |x| near(x, -0.7518, 0.25, 1.0),
    forward |x| gelu(x),
    derivative |x| gelu_derivative(x),
    second within 1.0, 4.0 |x| gelu_curvature(x);

    /// The exact gelu clipped to [min, max], for quantization (Wu, Judd, Zhang, Isaev & Micikevicius 2020). The derivative is 0
    /// where it is clipped, bounds included.
    clipped_gelu ClippedGelu {
        /// Lower bound, finite.
        min = constant(-10.0, Range::Finite),
        /// Upper bound, finite and at least `min`.
        max = constant(10.0, Range::AtLeast("min")),
    }
    aliases ["gelu_10"],
    formula "clamp(x·Φ(x), min, max)",
    kinks [gelu_inverse(min, -1.0), gelu_inverse(min, 1.0), gelu_inverse(max, -1.0), gelu_inverse(max, 1.0)],
    limits 0.85, 0.9,
    fast 4.9, 7.1,
    roots |_x| 0.0, |x| near(x, -0.7518, 0.25, 1.0),
    samples [{ min: -0.1, max: 2.5 }, { min: 0.5, max: 1.0 }],
    pictured [{ min: -0.1, max: 2.0 }],
    forward |x| gelu(x).max(min).min(max),
    derivative |x| if gelu_order(x, min).is_gt() && gelu_order(x, max).is_lt() { gelu_derivative(x) } else { 0.0 },
    second within 1.0, 4.0 |x| if gelu_order(x, min).is_gt() && gelu_order(x, max).is_lt() { gelu_curvature(x) } else { 0.0 };

    /// The tanh approximation of gelu (Hendrycks & Gimpel 2016), JAX' default under the name gelu.
    gelu_tanh GeluTanh
    aliases ["gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_accurate"],
    formula "x·σ(2·√(2/π)·(x + 0.044715·x³))",
    limits 0.85, 1.45,
    fast 3.4, 8.0,
    roots |_x| 0.0, |x| near(x, -0.7525, 0.25, 1.0),
    forward |x| gelu_tanh(x),
    derivative |x| gelu_tanh_derivative(x),
    second within 1.5, 8.0 of |x| cancelled(gelu_tanh_curvature(x), gelu_tanh_curvature_term(x)), |x| gelu_tanh_curvature(x);

    /// The logistic approximation of gelu (Hendrycks & Gimpel 2016).
    quick_gelu QuickGelu
    formula "x·σ(1.702·x)",
    limits 0.85, 0.85,
    fast 3.5, 7.3,
    roots |_x| 0.0, |x| near(x * 1.702, -1.2785, 0.25, 1.0),
    forward |x| swish(1.702, x),
    derivative |x| swish_derivative(1.702 * x),
    second within 1.0, 8.0 of |x| 1.702 * swish_curvature_term(1.702 * x), |x| 1.702 * swish_curvature(1.702 * x);

    /// Sigmoid linear unit (Elfwing, Uchibe & Doya 2018).
    silu Silu
    aliases ["swish1", "swish_1"],
    formula "x·σ(x)",
    limits 0.85, 0.85,
    fast 3.6, 6.9,
    roots |_x| 0.0, |x| near(x, -1.2785, 0.25, 1.0),
    forward |x| swish(1.0, x),
    derivative |x| swish_derivative(x),
    second within 1.0, 8.0 of |x| swish_curvature_term(x), |x| swish_curvature(x);

    /// Swish (Ramachandran, Zoph & Le 2017). With beta = 1 it is silu.
    swish Swish {
        /// Steepness, finite.
        beta = learnable(1.0, Range::Finite),
    }
    formula "x·σ(beta·x)",
    limits 0.85, 0.85,
    fast 3.6, 7.2,
    roots |_x| 0.0, |x| near(x * beta, -1.2785, 0.25, 1.0),
    samples [{ beta: 1.5 }, { beta: 0.1 }, { beta: 10.0 }, { beta: -0.7 }, { beta: 0.0 }],
    pictured [{ beta: 0.1 }, { beta: 10.0 }],
    forward |x| swish(beta, x),
    derivative |x| swish_derivative(product(beta, x)),
    second within 1.0, 8.0 of |x| (beta * swish_curvature_term(product(beta, x))).abs(), |x| beta * swish_curvature(product(beta, x)),
    gradient beta within 1.0 |x| swish_gradient(beta, x);

    /// Piecewise quadratic silu (Howard et al. 2019). The derivative is 0 at −3 and 1 at 3.
    hard_swish HardSwish
    aliases ["hard_silu", "h_swish"],
    formula "x·clamp((x + 3)/6, 0, 1)",
    kinks [-3.0, 3.0],
    limits 1.45, 1.45,
    fast 2.4, 1.45,
    forward |x| if x >= 3.0 { x } else if x <= -3.0 { 0.0 } else { x * (x + 3.0) / 6.0 },
    derivative |x| if x >= 3.0 { 1.0 } else if x <= -3.0 { 0.0 } else { (2.0 * x + 3.0) / 6.0 },
    second within 0.5, 0.5 |x| if x.abs() < 3.0 { 1.0 / 3.0 } else { 0.0 };

    /// A relu whose lower part is elu times the logistic function (Basirat & Roth 2018).
    elish Elish
    formula "x ≥ 0 ? x·σ(x) : (exp(x) − 1)·σ(x)",
    kinks [0.0],
    limits 0.85, 0.85,
    fast 3.6, 8.0,
    roots |_x| 0.0, |x| near(x, -0.8814, 0.25, 0.125),
    forward |x| if x >= 0.0 { swish(1.0, x) } else { x.exp_m1() * sigmoid(x) },
    derivative |x| elish_derivative(x),
    second within 1.0, 8.0 of |x| elish_curvature_term(x), |x| elish_curvature(x);

    /// A product of x with tanh(exp(x)), steeper than mish (Liu & Di 2020).
    tanh_exp TanhExp
    formula "x·tanh(exp(x))",
    limits 1.0, 1.0,
    fast 4.0, 8.0,
    roots |_x| 0.0, |x| near(x, -1.0789, 1.0, x.exp().tanh()),
    forward |x| if x < -800.0 { 0.0 } else { x * x.exp().tanh() },
    derivative |x| tanh_exp_derivative(x),
    second within 1.5, 8.0 of |x| cancelled(tanh_exp_curvature(x), 2.0 * x.exp() * sech_squared(x.exp())), |x| tanh_exp_curvature(x);

    /// The log-softplus error function, a mish with erf in the place of tanh (Nag, Bhattacharyya, Mukherjee & Kundu 2023).
    serf Serf
    formula "x·erf(ln(1 + exp(x)))",
    limits 1.0, 1.0,
    fast 4.0, 8.0,
    roots |_x| 0.0, |x| near(x, -1.1931, 1.0, libm::erf(softplus(1.0, x))),
    forward |x| if x < -800.0 { 0.0 } else { x * libm::erf(softplus(1.0, x)) },
    derivative |x| serf_derivative(x),
    second within 1.5, 8.0 of |x| cancelled(serf_curvature(x), serf_curvature_term(x)), |x| serf_curvature(x);

    /// A smooth, self-gated relu (Misra 2019).
    mish Mish
    formula "x·tanh(ln(1 + exp(x)))",
    limits 1.0, 0.85,
    fast 4.0, 8.0,
    roots |_x| 0.0, |x| near(x, -1.1925, 0.25, 1.0),
    forward |x| mish(x),
    derivative |x| mish_derivative(x),
    second within 1.0, 8.0 of |x| cancelled(mish_curvature(x), mish_curvature_term(x)), |x| mish_curvature(x);

    /// A smooth relu (Dugas et al. 2001). PyTorch switches to x above beta·x = 20; this function does not.
    softplus Softplus {
        /// Steepness, at least 2⁻¹²⁶.
        beta = learnable(1.0, Range::Positive),
    }
    formula "ln(1 + exp(beta·x))/beta",
    limits 0.85, 0.85,
    fast 3.5, 2.6,
    samples [{ beta: 0.3 }, { beta: 7.0 }],
    pictured [{ beta: 0.5 }, { beta: 5.0 }],
    forward |x| softplus(beta, x),
    derivative |x| sigmoid(beta * x),
    second within 1.0, 6.0 |x| beta * sigmoid_derivative(beta * x),
    gradient beta within 1.0 |x| softplus_gradient(beta * x) / (beta * beta);

    /// An algebraic softplus (Barron 2021).
    squareplus Squareplus {
        /// Width of the bend, at least 2⁻¹²⁶.
        b = learnable(4.0, Range::Positive),
    }
    formula "(x + √(x² + b))/2",
    limits 0.85, 0.85,
    fast 3.0, 4.9,
    samples [{ b: 0.01 }, { b: 300.0 }],
    pictured [{ b: 1.0 }, { b: 16.0 }],
    forward |x| squareplus(b, x),
    derivative |x| if x.is_infinite() { 0.5 + 0.5 * x.signum() } else { squareplus(b, x) / x.hypot(b.sqrt()) },
    second within 1.0, 8.0 |x| 0.5 * b / x.hypot(b.sqrt()).powi(3),
    gradient b within 1.0 |x| 0.25 / x.hypot(b.sqrt());

    /// A sigmoid with slow tails (Turian, Bergstra & Bengio 2009). The derivative at 0 is 1.
    softsign Softsign
    formula "x/(1 + |x|)",
    limits 0.55, 0.85,
    fast 3.0, 3.8,
    forward |x| if x.is_infinite() { x.signum() } else { x / (1.0 + x.abs()) },
    derivative |x| 1.0 / (1.0 + x.abs()).powi(2),
    second within 1.0, 6.0 |x| if x == 0.0 { 0.0 } else { -2.0 * x.signum() / (1.0 + x.abs()).powi(3) };

    /// Inverse square root unit, a sigmoid without exponentials (Carlile, Delamarter, Kinney, Marti & Whitney 2017).
    isru Isru {
        /// The inverse square of the bound of the value, at least 2⁻¹²⁶.
        alpha = constant(1.0, Range::Positive),
    }
    formula "x/√(1 + alpha·x²)",
    limits 0.85, 0.85,
    fast 3.0, 6.5,
    samples [{ alpha: 3.0 }, { alpha: 0.01 }],
    pictured [{ alpha: 0.25 }, { alpha: 4.0 }],
    forward |x| isru(alpha, x),
    derivative |x| isru_derivative(alpha, x),
    second within 1.2, 8.0 |x| isru_curvature(alpha, x);

    /// Inverse square root linear unit: isru below 0 and `x` above (Carlile et al. 2017).
    isrlu Isrlu {
        /// The inverse square of the limit at −∞, at least 2⁻¹²⁶.
        alpha = constant(1.0, Range::Positive),
    }
    formula "x ≥ 0 ? x : x/√(1 + alpha·x²)",
    kinks [0.0],
    limits 0.85, 0.85,
    fast 3.0, 6.5,
    samples [{ alpha: 3.0 }, { alpha: 0.01 }],
    pictured [{ alpha: 0.25 }, { alpha: 4.0 }],
    forward |x| if x >= 0.0 { x } else { isru(alpha, x) },
    derivative |x| if x >= 0.0 { 1.0 } else { isru_derivative(alpha, x) },
    second within 1.2, 8.0 |x| if x >= 0.0 { 0.0 } else { isru_curvature(alpha, x) };

    /// `x` moved towards 0 by lambda, and 0 if it would cross 0 (Donoho 1995). The derivative is 0 at ±lambda.
    soft_shrink SoftShrink {
        /// Distance, at least 0.
        lambda = constant(0.5, Range::NonNegative),
    }
    formula "sign(x)·max(|x| − lambda, 0)",
    kinks [-lambda, lambda],
    limits 0.5, 0.0,
    samples [{ lambda: 0.0 }, { lambda: 1.7 }],
    pictured [{ lambda: 1.5 }],
    forward |x| (x.abs() - lambda).max(0.0).copysign(x),
    derivative |x| if x.abs() > lambda { 1.0 } else { 0.0 };

    /// `x` if it is farther than lambda from 0, else 0 (Donoho & Johnstone 1994). The derivative is 0 at ±lambda.
    hard_shrink HardShrink {
        /// Distance, at least 0.
        lambda = constant(0.5, Range::NonNegative),
    }
    formula "|x| > lambda ? x : 0",
    kinks [-lambda, lambda],
    limits 0.0, 0.0,
    samples [{ lambda: 0.0 }, { lambda: 1.7 }],
    pictured [{ lambda: 1.5 }],
    forward |x| if x.abs() > lambda { x } else { 0.0 },
    derivative |x| if x.abs() > lambda { 1.0 } else { 0.0 };

    /// ONNX' Shrink: hard and soft shrinkage in one. The derivative is 0 at ±lambda. Burn's default bias is ½.
    shrink Shrink {
        /// Distance from 0 up to which the result is 0, at least 0.
        lambda = constant(0.5, Range::NonNegative),
        /// Amount by which larger values move towards 0, finite.
        bias = constant(0.0, Range::Finite),
    }
    formula "x < −lambda: x + bias; x > lambda: x − bias; else 0",
    kinks [-lambda, lambda],
    limits 0.5, 0.0,
    samples [{ lambda: 0.5, bias: 0.5 }, { lambda: 1.7, bias: -0.3 }],
    pictured [{ lambda: 1.5, bias: 1.5 }],
    forward |x| if x < -lambda { x + bias } else if x > lambda { x - bias } else { 0.0 },
    derivative |x| if x.abs() > lambda { 1.0 } else { 0.0 };

    /// A quadratic between 0 and the identity, the smooth relu of sparse predictions (JAX).
    sparse_plus SparsePlus
    formula "x ≤ −1: 0; x < 1: (x + 1)²/4; else x",
    kinks [-1.0, 1.0],
    limits 0.6, 0.6,
    fast 2.1, 0.6,
    forward |x| if x <= -1.0 { 0.0 } else if x < 1.0 { (x + 1.0) * (x + 1.0) / 4.0 } else { x },
    derivative |x| ((x + 1.0) / 2.0).clamp(0.0, 1.0),
    second within 0.0, 0.0 |x| if x.abs() < 1.0 { 0.5 } else { 0.0 };

    /// The derivative of sparse_plus (Martins & Astudillo 2016). Its own derivative is 0 at ±1; in JAX it is ¼.
    sparse_sigmoid SparseSigmoid
    formula "clamp((x + 1)/2, 0, 1)",
    kinks [-1.0, 1.0],
    limits 0.6, 0.0,
    forward |x| ((x + 1.0) / 2.0).clamp(0.0, 1.0),
    derivative |x| if x.abs() < 1.0 { 0.5 } else { 0.0 };

    /// The Heaviside step, which is 1 at the threshold. Its derivative is 0 everywhere.
    step Step {
        /// Position of the step, finite.
        threshold = constant(0.0, Range::Finite),
    }
    aliases ["heaviside"],
    formula "x ≥ threshold ? 1 : 0",
    kinks [threshold],
    limits 0.0, 0.0,
    samples [{ threshold: -0.7 }],
    forward |x| if x >= threshold { 1.0 } else { 0.0 },
    derivative |_x| 0.0;

    /// The normal distribution function. Its mean and deviation bring it close to relu_squared near 0 (Ma et al. 2022).
    laplace Laplace {
        /// Mean, finite.
        mu = learnable(0.707_107, Range::Finite),
        /// Standard deviation, at least 2⁻¹²⁶.
        sigma = learnable(0.282_095, Range::Positive),
    }
    formula "Φ((x − mu)/sigma)",
    limits 0.85, 0.85,
    fast 4.0, 3.6,
    samples [{ mu: 0.0, sigma: 1.0 }, { mu: -2.5, sigma: 3.0 }],
    pictured [{ mu: 0.0, sigma: 1.0 }],
    forward |x| laplace(mu, sigma, x),
    derivative |x| laplace_derivative(mu, sigma, x),
    second within 1.0, 5.0 |x| laplace_gradient(mu, sigma, x) / sigma,
    gradient mu within 1.0 |x| -laplace_derivative(mu, sigma, x),
    gradient sigma within 1.2 |x| laplace_gradient(mu, sigma, x);

    /// The error function, 2Φ(√2·x) − 1.
    erf Erf
    formula "erf(x)",
    limits 0.85, 0.85,
    fast 3.0, 2.4,
    forward |x| libm::erf(x),
    derivative |x| std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp(),
    second within 1.0, 4.0 |x| -2.0 * x.clamp(-30.0, 30.0) * std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp();

    /// Expanded integral of elu, trainable (Huang & Schlag 2023). The derivative at 0 is beta.
    xielu Xielu {
        /// Curvature above 0, finite.
        alpha_p = learnable(0.8, Range::Finite),
        /// Scale of the exponential below 0, finite.
        alpha_n = learnable(0.8, Range::Finite),
        /// Slope at 0, finite.
        beta = constant(0.5, Range::Finite),
    }
    formula "x > 0 ? alpha_p·x² + beta·x : alpha_n·(exp(x) − 1 − x) + beta·x",
    kinks [0.0],
    limits 1.6, 1.4,
    fast 4.0, 1.8,
    roots |x| xielu_term(alpha_n, beta, x), |x| near(x, (1.0 - beta / alpha_n).ln(), 0.25, 1.0),
    samples [{ alpha_p: 0.3, alpha_n: 1.2, beta: 0.7 }, { alpha_p: 1.5, alpha_n: 0.4, beta: 0.4 }],
    pictured [{ alpha_p: 0.3, alpha_n: 1.2, beta: 0.7 }],
    forward |x| xielu(alpha_p, alpha_n, beta, x),
    derivative |x| xielu_derivative(alpha_p, alpha_n, beta, x),
    second within 1.0, 3.0 |x| if x > 0.0 { 2.0 * alpha_p } else { alpha_n * x.exp() },
    gradient alpha_p within 1.0 |x| x.max(0.0) * x.max(0.0),
    gradient alpha_n within 1.1 |x| exponential_remainder(x.min(0.0));

    /// The identity plus a ripple, for periodic data (Ziyin, Hartwig & Ueda 2020). alpha·x is rounded to f32, and that
    /// argument is reduced exactly. The derivative is NaN at ±∞, where it has no limit, and where alpha·x exceeds the
    /// largest f32.
    snake Snake {
        /// Frequency, at least 2⁻¹²⁶ in magnitude.
        alpha = learnable(1.0, Range::NonZero),
    }
    formula "x + sin²(alpha·x)/alpha",
    limits 1.4, 1.2,
    fast 4.0, 6.2,
    roots |_x| 0.0, |x| if snake_derivative(alpha, x) < 1e-6 { 1.0 } else { 0.0 },
    samples [{ alpha: 0.3 }, { alpha: -5.0 }],
    pictured [{ alpha: 0.5 }, { alpha: 2.0 }],
    forward |x| snake(alpha, x),
    derivative |x| snake_derivative(alpha, x),
    second within 1.0, 5.0 |x| 2.0 * alpha * (2.0 * rounded_product(alpha, x)).cos(),
    gradient alpha within 1.2 of |x| snake_gradient_term(alpha, x), |x| snake_gradient(alpha, x);

    /// Snake with an amplitude of its own, as in vocoders (Lee et al. 2023, BigVGAN). alpha·x is rounded to f32, and that
    /// argument is reduced exactly. The derivative is NaN at ±∞, where it has no limit, and where alpha·x exceeds the largest
    /// f32.
    snake_beta SnakeBeta {
        /// Frequency, at least 2⁻¹²⁶ in magnitude.
        alpha = learnable(1.0, Range::NonZero),
        /// Inverse of the amplitude, at least 2⁻¹²⁶ in magnitude.
        beta = learnable(1.0, Range::NonZero),
    }
    formula "x + sin²(alpha·x)/beta",
    limits 1.6, 1.2,
    fast 4.0, 8.0,
    roots |x| snake_beta_term(alpha, beta, x), |x| snake_beta_derivative_term(alpha, beta, x),
    samples [{ alpha: 0.3, beta: 2.0 }, { alpha: -5.0, beta: 0.7 }],
    pictured [{ alpha: 2.0, beta: 1.0 }, { alpha: 2.0, beta: 4.0 }],
    forward |x| snake_beta(alpha, beta, x),
    derivative |x| snake_beta_derivative(alpha, beta, x),
    second within 1.0, 6.0 |x| 2.0 * alpha * alpha / beta * (2.0 * rounded_product(alpha, x)).cos(),
    gradient alpha within 1.2 |x| snake_beta_gradient(alpha, beta, x),
    gradient beta within 1.2 |x| -(rounded_product(alpha, x).sin() / beta).powi(2);

    /// The sine of implicit representations (Sitzmann et al. 2020). omega·x is rounded to f32, and that argument is
    /// reduced exactly. The value is NaN at ±∞, where it has no limit, and where omega·x exceeds the largest f32.
    sine Sine {
        /// Frequency, finite.
        omega = learnable(1.0, Range::Finite),
    }
    aliases ["sin"],
    formula "sin(omega·x)",
    limits 0.8, 0.9,
    fast 3.6, 3.8,
    samples [{ omega: 30.0 }, { omega: -0.7 }, { omega: 0.0 }],
    pictured [{ omega: 2.0 }],
    forward |x| rounded_product(omega, x).sin(),
    derivative |x| omega * rounded_product(omega, x).cos(),
    second within 1.0, 5.0 |x| -omega * omega * rounded_product(omega, x).sin(),
    gradient omega within 1.2 |x| x * rounded_product(omega, x).cos();

    /// The cardinal sine, 1 at 0. The argument has no factor π.
    sinc Sinc
    formula "sin(x)/x",
    limits 0.9, 1.0,
    fast 4.0, 4.1,
    roots |_x| 0.0, |x| sinc_derivative_term(x),
    forward |x| if x == 0.0 { 1.0 } else if x.is_infinite() { 0.0 } else { x.sin() / x },
    derivative |x| sinc_derivative(x),
    second within 1.2, 8.0 of |x| sinc_curvature_term(x), |x| sinc_curvature(x);

    /// Growing cosine unit (Noel, Trivedi & Dutta 2021). The argument is reduced exactly. The value is NaN at ±∞, where it has
    /// no limit.
    growing_cosine GrowingCosine
    aliases ["gcu"],
    formula "x·cos(x)",
    limits 1.0, 1.1,
    fast 4.0, 5.5,
    roots |_x| 0.0, |x| growing_cosine_term(x),
    forward |x| x * x.cos(),
    derivative |x| x.cos() - x * x.sin(),
    second within 1.2, 8.0 of |x| cancelled(2.0 * x.sin() + x * x.cos(), 2.0 * x.sin().abs()), |x| -2.0 * x.sin() - x * x.cos();

    /// Linearly scaled tanh (Roy et al. 2019).
    lisht Lisht
    formula "x·tanh(x)",
    limits 0.7, 0.8,
    fast 3.2, 5.2,
    forward |x| if x == 0.0 { 0.0 } else { x * x.tanh() },
    derivative |x| lisht_derivative(x),
    second within 1.0, 8.0 of |x| cancelled(lisht_curvature(x), 2.0 * sech_squared(x)), |x| lisht_curvature(x);

    /// The logarithm of the hyperbolic cosine, a smooth version of |x|.
    log_cosh LogCosh
    formula "ln(cosh(x))",
    limits 0.85, 0.65,
    fast 2.1, 3.1,
    forward |x| log_cosh(x),
    derivative |x| x.tanh(),
    second within 0.85, 5.1 |x| sech_squared(x);

    /// A hyperbola whose slope lies between ½ and 3/2.
    bent_identity BentIdentity
    formula "(√(x² + 1) − 1)/2 + x",
    limits 0.6, 0.6,
    fast 3.7, 1.7,
    forward |x| bent_identity(x),
    derivative |x| 1.0 + 0.5 * bent_identity_ratio(x),
    second within 1.0, 6.0 |x| 0.5 / x.hypot(1.0).powi(3);

    /// The bell curve.
    gaussian Gaussian
    formula "exp(−x²)",
    limits 0.85, 0.85,
    fast 1.3, 2.1,
    forward |x| (-x * x).exp(),
    derivative |x| -2.0 * x.clamp(-30.0, 30.0) * (-x * x).exp(),
    second within 1.0, 4.0 |x| gaussian_curvature(x);

    /// Randomized leaky relu (Xu et al. 2015) as in evaluation: the slope below 0 is the mean of its bounds. The
    /// derivative at 0 is the slope.
    rrelu Rrelu {
        /// Lower bound of the slope, finite.
        lower = constant(0.125, Range::Finite),
        /// Upper bound of the slope, finite and at least `lower`.
        upper = constant(1.0 / 3.0, Range::AtLeast("lower")),
    }
    formula "x > 0 ? x : (lower + upper)/2·x",
    kinks [0.0],
    limits 0.75, 0.5,
    samples [{ lower: -0.5, upper: 0.1 }, { lower: 0.0, upper: 0.0 }],
    forward |x| if x > 0.0 { x } else { product((lower + upper) / 2.0, x) },
    derivative |x| if x > 0.0 { 1.0 } else { (lower + upper) / 2.0 };
}

impl Activation {
    /// The name, in `snake_case`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.definition().name
    }

    /// Other names that find it.
    #[must_use]
    pub fn aliases(&self) -> &'static [&'static str] {
        self.definition().aliases
    }

    /// The formula in plain text.
    #[must_use]
    pub fn formula(&self) -> &'static str {
        self.definition().formula
    }

    /// The parameters, in order.
    #[must_use]
    pub fn parameters(&self) -> &'static [ParameterInfo] {
        self.definition().parameters
    }

    /// Returns the value of a parameter by its exact name.
    #[must_use]
    pub fn value(&self, parameter: &str) -> Option<f32> {
        let index = self.parameters().iter().position(|known| known.name == parameter)?;
        self.values().get(index).copied()
    }

    /// Returns this activation with one parameter set by name. Case, `_` and `-` do not matter in the name.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`]. Ranges may depend on other parameters, so [`Activation::validate`] checks them, and
    /// every operation on a device calls it.
    pub fn with(mut self, parameter: &str, value: f32) -> Result<Self, Error> {
        let known = self.parameters();
        let wanted = normalized(parameter);
        let index =
            known.iter().position(|known| normalized(known.name) == wanted).ok_or_else(|| Error::UnknownParameter {
                function: self.name(),
                parameter: parameter.to_owned(),
                known: known.iter().map(|known| known.name).collect(),
                advice: if self == Activation::Gelu && wanted == "approximate" {
                    "; the approximation by tanh is the function gelu_tanh"
                } else {
                    ""
                },
            })?;
        if let Some(slot) = self.values_mut().into_iter().nth(index) {
            *slot = value;
        }
        Ok(self)
    }

    /// Checks every parameter against its range.
    ///
    /// # Errors
    /// [`Error::ParameterOutOfRange`] for the first that is outside.
    pub fn validate(&self) -> Result<(), Error> {
        let value_of = |other: &str| self.value(other).unwrap_or(f32::MIN);
        for (parameter, &value) in self.parameters().iter().zip(&self.values()) {
            if !parameter.range.contains(value, value_of) {
                return Err(Error::ParameterOutOfRange {
                    function: self.name(),
                    parameter: parameter.name,
                    value,
                    range: parameter.range.to_string(),
                });
            }
        }
        if let Activation::Custom(custom) = self {
            custom.validate()?;
        }
        Ok(())
    }

    /// Whether it has an f64 reference, as every function has but those from WGSL text.
    #[must_use]
    pub fn has_reference(&self) -> bool {
        !matches!(self, Activation::Custom(custom) if !custom.has_reference())
    }

    fn bits(&self) -> Vec<u32> {
        self.values().into_iter().map(f32::to_bits).collect()
    }
}

impl PartialEq for Activation {
    fn eq(&self, other: &Activation) -> bool {
        self.definition() == other.definition() && self.bits() == other.bits()
    }
}

impl Eq for Activation {}

impl Hash for Activation {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.definition().hash(state);
        self.bits().hash(state);
    }
}

//! Numbers of any precision with a bound on their error, and with two derivatives.

use dashu_float::round::mode::HalfEven;
use dashu_float::{ConstCache, Context, FBig, FpError, Repr};
use std::cell::RefCell;
use std::cmp::Ordering;
use std::ops::{Add, Mul, Neg, Sub};

pub type Number = FBig<HalfEven, 2>;

/// e to this power or its negative is beyond every float, so a larger power gives the same results.
const FAR: f64 = 16384.0;

thread_local! {
    static CONSTANTS: RefCell<ConstCache> = const { RefCell::new(ConstCache::new()) };
}

/// The least k with |number| < 2^k.
pub fn magnitude(number: &Number) -> f64 {
    let repr = number.repr();
    if repr.significand().is_zero() { f64::NEG_INFINITY } else { (repr.exponent() + repr.digits() as isize) as f64 }
}

/// A real number within 2^`error` of `middle`. `error` is −∞ if it is exactly `middle`.
#[derive(Debug, Clone)]
pub struct Ball {
    pub middle: Number,
    error: f64,
}

/// The binary logarithm of 2^a + 2^b.
fn logarithm_of_sum(a: f64, b: f64) -> f64 {
    let (low, high) = (a.min(b), a.max(b));
    if low == f64::NEG_INFINITY { high } else { high + (low - high).exp2().ln_1p() / std::f64::consts::LN_2 }
}

type Rounded = Result<dashu_float::round::Rounded<Number>, FpError>;

impl Ball {
    /// Replaces an infinity by a finite value above every float.
    pub fn exact(value: f64, precision: usize) -> Ball {
        let repr = match value {
            _ if value.is_infinite() => Repr::new((value.signum() as i8).into(), 2000),
            _ => Number::try_from(value).expect("no NaN").into_repr(),
        };
        Ball { middle: Number::from_repr(repr, Context::new(precision)), error: f64::NEG_INFINITY }
    }

    pub fn whole(value: i128, precision: usize) -> Ball {
        let middle = Number::from_repr(Repr::new(value.into(), 0), Context::new(precision));
        Ball { middle, error: f64::NEG_INFINITY }
    }

    fn like(&self, value: f64) -> Ball {
        Ball::exact(value, self.middle.precision())
    }

    /// The result of arithmetic whose operands' errors amount to 2^`error`.
    fn new(context: Context<HalfEven>, result: Rounded, error: f64) -> Ball {
        let result = result.expect("finite operands within the domain");
        let is_exact = matches!(result, dashu_float::round::Rounded::Exact(_));
        let ball = Ball { middle: result.value(), error };
        if is_exact { ball } else { ball.rounded(context) }
    }

    /// The result with the error of one rounding.
    fn rounded(self, context: Context<HalfEven>) -> Ball {
        // Some results, such as e^0, have no precision.
        let middle = Number::from_repr(self.middle.into_repr(), context);
        let rounding = magnitude(&middle) - context.precision() as f64;
        Ball { middle, error: logarithm_of_sum(self.error, rounding) }
    }

    /// The function of the middle. The argument's error amounts to 2^`error`.
    fn transcendental(
        &self,
        function: impl Fn(&Context<HalfEven>, &Repr<2>, Option<&mut ConstCache>) -> Rounded,
        error: f64,
    ) -> Ball {
        let context = self.middle.context();
        let evaluate =
            |cache: &RefCell<ConstCache>| function(&context, self.middle.repr(), Some(&mut cache.borrow_mut()));
        let middle = CONSTANTS.with(evaluate).expect("a finite argument within the domain").value();
        let middle = Number::from_repr(middle.into_repr(), context);
        // At 0 all of these are exact. Elsewhere none is, although the library calls cos(10^-30) exact because it
        // rounds to 1.
        let ball = Ball { middle, error };
        if self.middle == Number::ZERO { ball } else { ball.rounded(context) }
    }

    fn is_exactly_zero(&self) -> bool {
        self.error == f64::NEG_INFINITY && self.middle == Number::ZERO
    }

    /// Whether the error is at most 2^-58 of the value, or negligible compared with the least float.
    pub fn is_settled(&self) -> bool {
        self.error <= (magnitude(&self.middle) - 59.0).max(-255.0)
    }

    /// Returns none if this precision does not decide.
    pub fn compare(&self, other: &Ball) -> Option<Ordering> {
        let difference = self - other;
        let decided = difference.error < magnitude(&difference.middle) - 1.0 || difference.is_exactly_zero();
        decided.then(|| difference.middle.cmp(&Number::ZERO))
    }

    /// Returns none if the divisor may be 0.
    pub fn divided_by(&self, divisor: &Ball) -> Option<Ball> {
        let size = magnitude(&divisor.middle);
        if size == f64::NEG_INFINITY || divisor.error > size - 2.0 {
            return None;
        }
        let context = self.middle.context();
        let result = context.div(self.middle.repr(), divisor.middle.repr());
        let quotient = Ball::new(context, result, f64::NEG_INFINITY);
        // |a/b − m/n| ≤ (|a − m| + |m/n|·|b − n|)/|b|, and |b| ≥ |n|/2.
        let error = logarithm_of_sum(self.error, magnitude(&quotient.middle) + divisor.error) - (size - 2.0);
        Some(Ball { error: logarithm_of_sum(quotient.error, error), ..quotient })
    }

    pub fn square_root(&self) -> Option<Ball> {
        if self.is_exactly_zero() {
            return Some(self.clone());
        }
        let size = magnitude(&self.middle);
        if self.middle < Number::ZERO || self.error > size - 2.0 {
            return None;
        }
        let result = self.middle.context().sqrt(self.middle.repr());
        Some(Ball::new(self.middle.context(), result, self.error - (size - 1.0) / 2.0))
    }

    pub fn exponential(&self) -> Option<Ball> {
        let x = self.middle.to_f64().value();
        if x.abs() > FAR {
            return self.like(FAR.copysign(x)).exponential();
        }
        if self.error > 0.0 {
            return None;
        }
        // e^r − 1 ≤ 2r for r ≤ 1.
        let power = self.transcendental(Context::exp, f64::NEG_INFINITY);
        let error = magnitude(&power.middle) + 1.0 + self.error;
        Some(Ball { error: logarithm_of_sum(power.error, error), ..power })
    }

    pub fn logarithm(&self) -> Option<Ball> {
        let size = magnitude(&self.middle);
        if self.middle <= Number::ZERO || self.error > size - 2.0 {
            return None;
        }
        Some(self.transcendental(Context::ln, self.error - (size - 2.0)))
    }

    pub fn sine(&self) -> Ball {
        self.transcendental(Context::sin, self.error)
    }

    pub fn cosine(&self) -> Ball {
        self.transcendental(Context::cos, self.error)
    }

    /// Beyond [`FAR`] it is ±1, whatever the argument's error below its size.
    pub fn hyperbolic_tangent(&self) -> Ball {
        let x = self.middle.to_f64().value();
        if x.abs() > FAR && self.error < magnitude(&self.middle) - 2.0 {
            return Ball { error: -x.abs().min(1e15), ..self.like(x.signum()) };
        }
        self.transcendental(Context::tanh, self.error)
    }

    pub fn pi(precision: usize) -> Ball {
        let context = Context::new(precision);
        let pi = CONSTANTS.with(|cache| context.pi(Some(&mut cache.borrow_mut()))).value();
        Ball { middle: pi, error: f64::NEG_INFINITY }.rounded(context)
    }

    pub fn absolute(&self) -> Option<Ball> {
        Some(if self.compare(&self.like(0.0))? == Ordering::Less { -self } else { self.clone() })
    }

    /// 1/(1 + e^−x).
    pub fn logistic(&self) -> Option<Ball> {
        self.like(1.0).divided_by(&(&self.like(1.0) + &(-self).exponential()?))
    }

    /// ln(1 + e^x), which is x where e^x is too large a number.
    pub fn softplus(&self) -> Option<Ball> {
        if self.middle.to_f64().value() > FAR {
            return Some(Ball { error: logarithm_of_sum(self.error, -FAR), ..self.clone() });
        }
        (&self.like(1.0) + &self.exponential()?).logarithm()
    }

    /// ln(cosh(x)), which is |x| − ln(2) where e^x is too large a number.
    pub fn logarithm_of_cosine(&self) -> Option<Ball> {
        let (two, x) = (self.like(2.0), self.absolute()?);
        if x.middle.to_f64().value() > FAR {
            let limit = &x - &two.logarithm()?;
            return Some(Ball { error: logarithm_of_sum(limit.error, -FAR), ..limit });
        }
        (&x.exponential()? + &(-&x).exponential()?).divided_by(&two)?.logarithm()
    }

    /// e^(−x²/2)/√(2π).
    pub fn normal_density(&self) -> Option<Ball> {
        let (two, precision) = (self.like(2.0), self.middle.precision());
        let power = (-&(self * self)).divided_by(&two)?.exponential()?;
        power.divided_by(&(&two * &Ball::pi(precision)).square_root()?)
    }

    /// Φ by ½ ± φ(x)·(x + x³/3 + x⁵/(3·5) + x⁷/(3·5·7) + …), whose terms have one sign.
    pub fn normal_distribution(&self) -> Option<Ball> {
        let precision = self.middle.precision();
        let x = self.middle.to_f64().value();
        if x.abs() > 20.0 {
            // The tail is less than e^(−x²/2).
            let tail = -0.72 * x * x;
            let limit = self.like(if x < 0.0 { 0.0 } else { 1.0 });
            return Some(Ball { error: logarithm_of_sum(self.error, tail), ..limit });
        }
        // Fewer than 2^16 operations, each with an error of 2^-32 of the last place.
        let working = self.middle.clone().with_precision(precision + 32).value();
        let square = &working * &working;
        let (mut term, mut sum, mut divisor) = (working.clone(), working, 1);
        while f64::from(divisor) < 2.0 * x * x || magnitude(&term) > magnitude(&sum) - (precision + 16) as f64 {
            divisor += 2;
            term = &term * &square / Number::from(divisor);
            sum += &term;
        }
        let middle = Ball { middle: self.middle.clone(), error: f64::NEG_INFINITY };
        let sum =
            Ball { error: magnitude(&sum) - (precision + 14) as f64, middle: sum.with_precision(precision).value() };
        let sum = Ball { error: logarithm_of_sum(sum.error, magnitude(&sum.middle) - precision as f64), ..sum };
        let value = &self.like(0.5) + &(&middle.normal_density()? * &sum);
        // |Φ′| < ½.
        Some(Ball { error: logarithm_of_sum(value.error, self.error), ..value })
    }
}

impl Neg for &Ball {
    type Output = Ball;

    fn neg(self) -> Ball {
        Ball { middle: -&self.middle, error: self.error }
    }
}

impl Add for &Ball {
    type Output = Ball;

    fn add(self, other: &Ball) -> Ball {
        let result = self.middle.context().add(self.middle.repr(), other.middle.repr());
        Ball::new(self.middle.context(), result, logarithm_of_sum(self.error, other.error))
    }
}

impl Sub for &Ball {
    type Output = Ball;

    fn sub(self, other: &Ball) -> Ball {
        self + &-other
    }
}

impl Mul for &Ball {
    type Output = Ball;

    fn mul(self, other: &Ball) -> Ball {
        let result = self.middle.context().mul(self.middle.repr(), other.middle.repr());
        let first = magnitude(&self.middle) + other.error;
        let second = self.error + logarithm_of_sum(magnitude(&other.middle), other.error);
        Ball::new(self.middle.context(), result, logarithm_of_sum(first, second))
    }
}

/// A value with its derivative and, if asked for, the derivative of that.
#[derive(Debug, Clone)]
pub struct Dual {
    pub value: Ball,
    pub slope: Ball,
    pub curvature: Option<Ball>,
}

impl Dual {
    pub fn constant(value: Ball) -> Dual {
        Dual { slope: value.like(0.0), curvature: Some(value.like(0.0)), value }
    }

    /// A function of `self` with this value. Its derivatives are computed only if needed.
    fn image(
        &self,
        value: Ball,
        first: impl FnOnce() -> Option<Ball>,
        second: impl FnOnce() -> Option<Ball>,
    ) -> Option<Dual> {
        let is_constant = |ball: &Option<Ball>| ball.as_ref().is_none_or(Ball::is_exactly_zero);
        if self.slope.is_exactly_zero() && is_constant(&self.curvature) {
            return Some(Dual { value, slope: self.slope.clone(), curvature: self.curvature.clone() });
        }
        let first = first()?;
        let curvature = match &self.curvature {
            None => None,
            Some(curvature) => Some(&(&second()? * &(&self.slope * &self.slope)) + &(&first * curvature)),
        };
        Some(Dual { value, slope: &first * &self.slope, curvature })
    }

    fn both(&self, other: &Dual, combine: impl FnOnce(&Ball, &Ball) -> Ball) -> Option<Ball> {
        Some(combine(self.curvature.as_ref()?, other.curvature.as_ref()?))
    }

    pub fn plus(&self, other: &Dual) -> Dual {
        let curvature = self.both(other, |a, b| a + b);
        Dual { value: &self.value + &other.value, slope: &self.slope + &other.slope, curvature }
    }

    pub fn minus(&self, other: &Dual) -> Dual {
        self.plus(&other.negative())
    }

    pub fn times(&self, other: &Dual) -> Dual {
        let slope = &(&self.slope * &other.value) + &(&self.value * &other.slope);
        let curvature = self.both(other, |a, b| {
            let mixed = &self.slope * &other.slope;
            &(&(a * &other.value) + &(&self.value * b)) + &(&mixed + &mixed)
        });
        Dual { value: &self.value * &other.value, slope, curvature }
    }

    pub fn divided_by(&self, other: &Dual) -> Option<Dual> {
        let value = self.value.divided_by(&other.value)?;
        let slope = (&self.slope - &(&value * &other.slope)).divided_by(&other.value)?;
        let numerator = self.both(other, |a, b| {
            let mixed = &slope * &other.slope;
            &(a - &(&mixed + &mixed)) - &(&value * b)
        });
        let curvature = match numerator {
            None => None,
            Some(numerator) => Some(numerator.divided_by(&other.value)?),
        };
        Some(Dual { value, slope, curvature })
    }

    pub fn negative(&self) -> Dual {
        Dual { value: -&self.value, slope: -&self.slope, curvature: self.curvature.as_ref().map(|ball| -ball) }
    }

    pub fn absolute(&self) -> Option<Dual> {
        let negative = self.value.compare(&self.value.like(0.0))? == Ordering::Less;
        Some(if negative { self.negative() } else { self.clone() })
    }

    pub fn sign(&self) -> Option<Dual> {
        let sign = self.value.compare(&self.value.like(0.0))? as i8;
        Some(Dual::constant(self.value.like(sign.into())))
    }

    /// The larger; `other` if they are equal.
    pub fn maximum(&self, other: &Dual) -> Option<Dual> {
        Some(if self.value.compare(&other.value)? == Ordering::Greater { self.clone() } else { other.clone() })
    }

    /// The smaller; `other` if they are equal.
    pub fn minimum(&self, other: &Dual) -> Option<Dual> {
        Some(if self.value.compare(&other.value)? == Ordering::Less { self.clone() } else { other.clone() })
    }

    pub fn square_root(&self) -> Option<Dual> {
        let root = self.value.square_root()?;
        let first = || root.like(0.5).divided_by(&root);
        let second = || root.like(-0.25).divided_by(&(&root * &self.value));
        self.image(root.clone(), first, second)
    }

    pub fn exponential(&self) -> Option<Dual> {
        let power = self.value.exponential()?;
        self.image(power.clone(), || Some(power.clone()), || Some(power.clone()))
    }

    pub fn logarithm(&self) -> Option<Dual> {
        let value = self.value.logarithm()?;
        let first = || self.value.like(1.0).divided_by(&self.value);
        self.image(value, first, || self.value.like(-1.0).divided_by(&(&self.value * &self.value)))
    }

    pub fn sine(&self) -> Option<Dual> {
        let sine = self.value.sine();
        self.image(sine.clone(), || Some(self.value.cosine()), || Some(-&sine))
    }

    pub fn cosine(&self) -> Option<Dual> {
        let cosine = self.value.cosine();
        self.image(cosine.clone(), || Some(-&self.value.sine()), || Some(-&cosine))
    }

    pub fn hyperbolic_tangent(&self) -> Option<Dual> {
        let tangent = self.value.hyperbolic_tangent();
        let slope = &tangent.like(1.0) - &(&tangent * &tangent);
        let second = || Some(&tangent.like(-2.0) * &(&tangent * &slope));
        self.image(tangent.clone(), || Some(slope.clone()), second)
    }

    pub fn logistic(&self) -> Option<Dual> {
        let share = self.value.logistic()?;
        let rest = (-&self.value).logistic()?;
        let slope = &share * &rest;
        self.image(share.clone(), || Some(slope.clone()), || Some(&slope * &(&rest - &share)))
    }

    pub fn softplus(&self) -> Option<Dual> {
        let share = self.value.logistic()?;
        let second = || Some(&share * &(-&self.value).logistic()?);
        self.image(self.value.softplus()?, || Some(share.clone()), second)
    }

    pub fn logarithm_of_cosine(&self) -> Option<Dual> {
        let tangent = self.value.hyperbolic_tangent();
        let second = || Some(&tangent.like(1.0) - &(&tangent * &tangent));
        self.image(self.value.logarithm_of_cosine()?, || Some(tangent.clone()), second)
    }

    /// 2Φ(√2·x) − 1.
    pub fn error_function(&self) -> Option<Dual> {
        let constant = |value: f64| Dual::constant(self.value.like(value));
        let distribution = constant(2.0).square_root()?.times(self).normal_distribution()?;
        Some(constant(2.0).times(&distribution).minus(&constant(1.0)))
    }

    pub fn normal_distribution(&self) -> Option<Dual> {
        let density = || self.value.normal_density();
        self.image(self.value.normal_distribution()?, density, || Some(-&(&self.value * &density()?)))
    }
}

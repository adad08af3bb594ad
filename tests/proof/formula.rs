//! The formulas of the table, parsed and evaluated as written.

use crate::value::{Ball, Dual};
use std::cmp::Ordering;
use std::iter::Peekable;
use std::str::Chars;

#[derive(Debug)]
pub enum Formula {
    /// A whole number, and the power of ten that divides it.
    Number(i128, i128),
    Name(String),
    Negation(Box<Formula>),
    Operation(char, Box<Formula>, Box<Formula>),
    Power(Box<Formula>, u32),
    Call(String, Vec<Formula>),
    /// The formula of the first true condition, else the last.
    Choice(Vec<(Chain, Formula)>, Box<Formula>),
}

/// A chain of comparisons, such as `a < x < b`.
#[derive(Debug)]
pub struct Chain {
    first: Formula,
    rest: Vec<(char, Formula)>,
}

/// The variables of a formula.
pub struct Scope<'a> {
    pub precision: usize,
    pub names: &'a [(&'a str, Dual)],
}

impl Formula {
    pub fn parse(text: &str) -> Formula {
        let mut reader = Reader { rest: text.chars().peekable() };
        let formula = reader.choice();
        assert_eq!(reader.peek(), None, "nothing follows the formula {text}");
        formula
    }

    /// Returns none if the precision does not suffice.
    pub fn evaluate(&self, scope: &Scope) -> Option<Dual> {
        Some(match self {
            Formula::Number(digits, divisor) => {
                let whole = |number| Ball::whole(number, scope.precision);
                Dual::constant(whole(*digits).divided_by(&whole(*divisor))?)
            }
            Formula::Name(name) if name == "π" => Dual::constant(Ball::pi(scope.precision)),
            Formula::Name(name) => {
                let found = scope.names.iter().find(|(known, _)| known == name);
                found.unwrap_or_else(|| panic!("{name} is no name")).1.clone()
            }
            Formula::Negation(inner) => inner.evaluate(scope)?.negative(),
            Formula::Operation(operator, left, right) => {
                let (left, right) = (left.evaluate(scope)?, right.evaluate(scope)?);
                match operator {
                    '+' => left.plus(&right),
                    '−' => left.minus(&right),
                    '·' => left.times(&right),
                    _ => left.divided_by(&right)?,
                }
            }
            Formula::Power(inner, exponent) => {
                let base = inner.evaluate(scope)?;
                (1..*exponent).fold(base.clone(), |power, _| power.times(&base))
            }
            Formula::Call(function, arguments) => {
                let arguments: Vec<Dual> = arguments.iter().map(|a| a.evaluate(scope)).collect::<Option<_>>()?;
                match (function.as_str(), &arguments[..]) {
                    ("exp", [x]) => x.exponential()?,
                    ("ln", [x]) => x.logarithm()?,
                    ("sin", [x]) => x.sine()?,
                    ("cos", [x]) => x.cosine()?,
                    ("erf", [x]) => x.error_function()?,
                    ("tanh", [x]) => x.hyperbolic_tangent()?,
                    ("softplus", [x]) => x.softplus()?,
                    ("log_cosh", [x]) => x.logarithm_of_cosine()?,
                    ("σ", [x]) => x.logistic()?,
                    ("Φ", [x]) => x.normal_distribution()?,
                    ("√", [x]) => x.square_root()?,
                    ("|", [x]) => x.absolute()?,
                    ("sign", [x]) => x.sign()?,
                    ("max", [x, y]) => x.maximum(y)?,
                    ("min", [x, y]) => x.minimum(y)?,
                    ("clamp", [x, low, high]) => x.maximum(low)?.minimum(high)?,
                    _ => panic!("{function} of {} arguments is no function", arguments.len()),
                }
            }
            Formula::Choice(cases, otherwise) => {
                for (condition, formula) in cases {
                    if condition.holds(scope)? {
                        return formula.evaluate(scope);
                    }
                }
                otherwise.evaluate(scope)?
            }
        })
    }
}

impl Chain {
    fn holds(&self, scope: &Scope) -> Option<bool> {
        let mut left = self.first.evaluate(scope)?;
        for (relation, right) in &self.rest {
            let right = right.evaluate(scope)?;
            let order = left.value.compare(&right.value)?;
            let holds = match relation {
                '<' => order == Ordering::Less,
                '≤' => order != Ordering::Greater,
                '>' => order == Ordering::Greater,
                _ => order != Ordering::Less,
            };
            if !holds {
                return Some(false);
            }
            left = right;
        }
        Some(true)
    }
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<char> {
        while self.rest.next_if(|c| c.is_whitespace()).is_some() {}
        self.rest.peek().copied()
    }

    /// The next character, if it is one of these.
    fn accept(&mut self, among: &str) -> Option<char> {
        self.peek().filter(|&c| among.contains(c)).and_then(|_| self.rest.next())
    }

    fn expect(&mut self, wanted: char) {
        let found = self.peek();
        assert_eq!(self.accept(&wanted.to_string()), Some(wanted), "{wanted} is missing before {found:?}");
    }

    /// `a`, `condition ? a : b` or `condition: a; condition: b; else c`.
    fn choice(&mut self) -> Formula {
        let mut cases = Vec::new();
        loop {
            let first = self.sum();
            if matches!(&first, Formula::Name(name) if name == "else") {
                return Formula::Choice(cases, Box::new(self.sum()));
            }
            let mut rest = Vec::new();
            while let Some(relation) = self.accept("<≤>≥") {
                rest.push((relation, self.sum()));
            }
            if rest.is_empty() {
                assert!(cases.is_empty(), "the last case has no else");
                return first;
            }
            let condition = Chain { first, rest };
            if self.accept("?").is_some() {
                cases.push((condition, self.choice()));
                self.expect(':');
                return Formula::Choice(cases, Box::new(self.choice()));
            }
            self.expect(':');
            cases.push((condition, self.sum()));
            self.expect(';');
        }
    }

    fn sum(&mut self) -> Formula {
        let mut sum = self.product();
        while let Some(operator) = self.accept("+−") {
            sum = Formula::Operation(operator, Box::new(sum), Box::new(self.product()));
        }
        sum
    }

    fn product(&mut self) -> Formula {
        let mut product = self.factor();
        while let Some(operator) = self.accept("·/") {
            product = Formula::Operation(operator, Box::new(product), Box::new(self.factor()));
        }
        product
    }

    fn factor(&mut self) -> Formula {
        if self.accept("−").is_some() {
            return Formula::Negation(Box::new(self.factor()));
        }
        let base = self.operand();
        Reader::power(base, self.exponent())
    }

    fn exponent(&mut self) -> Option<u32> {
        self.accept("²³").map(|c| if c == '²' { 2 } else { 3 })
    }

    fn power(base: Formula, exponent: Option<u32>) -> Formula {
        match exponent {
            Some(exponent) => Formula::Power(Box::new(base), exponent),
            None => base,
        }
    }

    fn operand(&mut self) -> Formula {
        match self.peek() {
            Some('(') => self.parenthesis(),
            Some('|') => {
                self.expect('|');
                let inner = self.sum();
                self.expect('|');
                Formula::Call("|".to_owned(), vec![inner])
            }
            Some('√') => {
                self.expect('√');
                Formula::Call("√".to_owned(), vec![self.operand()])
            }
            Some(c) if c.is_ascii_digit() => self.number(),
            _ => self.name(),
        }
    }

    fn parenthesis(&mut self) -> Formula {
        self.expect('(');
        let inner = self.choice();
        self.expect(')');
        inner
    }

    fn number(&mut self) -> Formula {
        let (mut digits, mut divisor, mut step) = (0, 1, 1);
        while let Some(c) = self.rest.next_if(|&c| c == '.' || c.is_ascii_digit()) {
            match c.to_digit(10) {
                Some(digit) => (digits, divisor) = (10 * digits + i128::from(digit), divisor * step),
                None => step = 10,
            }
        }
        Formula::Number(digits, divisor)
    }

    /// A name, or a call such as `f(x, y)` or `f²(x)`.
    fn name(&mut self) -> Formula {
        let mut name = String::new();
        while let Some(c) = self.rest.next_if(|&c| c.is_alphabetic() || c == '_' || c.is_ascii_digit()) {
            name.push(c);
        }
        assert!(!name.is_empty(), "an operand is missing before {:?}", self.peek());
        let exponent = self.exponent();
        if self.accept("(").is_none() {
            return Reader::power(Formula::Name(name), exponent);
        }
        let mut arguments = vec![self.sum()];
        while self.accept(",").is_some() {
            arguments.push(self.sum());
        }
        self.expect(')');
        Reader::power(Formula::Call(name, arguments), exponent)
    }
}

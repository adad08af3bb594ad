//! The grammar of formulas, by recursive descent. Every error names the column, what was found and what could stand there.

use crate::catalog::{Activation, Function, Value, nearest, normalized};
use crate::error::Error;
use crate::formula::graph::{Binary, Graph, Id, Node, Part, Unary};
use crate::formula::token::{Placed, Token, tokens};

/// The most nodes of an expression, and the deepest nesting.
pub(super) const MOST_NODES: usize = 2000;
const DEEPEST: usize = 100;
/// The most bytes of a formula.
const LONGEST: usize = 1 << 16;

/// The names of an operation's other operands.
const TAKEN: [&str; 8] =
    ["input_factor", "input_bias", "output_factor", "output_addend", "seed", "mask", "axis", "formula"];

/// Functions besides those of the table, and how many arguments they take; `usize::MAX` for two or more.
const BUILT_IN: &[(&str, usize)] = &[
    ("min", usize::MAX),
    ("max", usize::MAX),
    ("clamp", 3),
    ("pow", 2),
    ("abs", 1),
    ("sqrt", 1),
    ("exp", 1),
    ("ln", 1),
    ("log", 1),
    ("sin", 1),
    ("cos", 1),
    ("tan", 1),
    ("floor", 1),
    ("sign", 1),
    ("normal_cdf", 1),
];

/// A formula as it was written.
#[derive(Debug)]
pub(super) struct Parsed {
    pub graph: Graph,
    pub result: Id,
    /// The parameters in the order in which they come, and their defaults.
    pub parameters: Vec<(String, Option<f32>)>,
    /// The text before the defaults.
    pub expression: String,
}

pub(super) fn parse(text: &str) -> Result<Parsed, Error> {
    if text.len() > LONGEST {
        return Err(Error::FormulaTooLarge { what: "bytes", limit: LONGEST });
    }
    let graph = Graph::default();
    let mut parser = Parser { tokens: tokens(text)?, position: 0, depth: 0, graph, parameters: Vec::new() };
    let result = parser.number()?;
    let end = parser.column();
    if !parser.takes(";") {
        parser.ends("an operator or the end")?;
    } else {
        parser.defaults()?;
    }
    let expression = text.chars().take(end - 1).collect::<String>().trim().to_owned();
    Ok(Parsed { graph: parser.graph, result, parameters: parser.parameters, expression })
}

struct Parser {
    tokens: Vec<Placed>,
    position: usize,
    depth: usize,
    graph: Graph,
    parameters: Vec<(String, Option<f32>)>,
}

impl Parser {
    fn token(&self) -> &Token {
        // The last token is the end, which nothing passes.
        self.tokens.get(self.position).map_or(&Token::End, |placed| &placed.token)
    }

    fn column(&self) -> usize {
        self.tokens.get(self.position).map_or(1, |placed| placed.column)
    }

    fn is_at(&self, symbol: &str) -> bool {
        matches!(self.token(), Token::Symbol(found) if *found == symbol)
    }

    fn takes(&mut self, symbol: &str) -> bool {
        let is_at = self.is_at(symbol);
        self.position += usize::from(is_at);
        is_at
    }

    fn needs(&mut self, symbol: &'static str, expected: &str) -> Result<(), Error> {
        if self.takes(symbol) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    fn ends(&self, expected: &str) -> Result<(), Error> {
        if *self.token() == Token::End { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    fn unexpected(&self, expected: impl Into<String>) -> Error {
        Error::Formula { column: self.column(), found: self.token().shown(), expected: expected.into() }
    }

    fn within<R>(&mut self, read: impl FnOnce(&mut Parser) -> Result<R, Error>) -> Result<R, Error> {
        if self.depth >= DEEPEST {
            return Err(Error::FormulaTooLarge { what: "levels of nesting", limit: DEEPEST });
        }
        if self.graph.len() > MOST_NODES {
            return Err(Error::FormulaTooLarge { what: "different parts", limit: MOST_NODES });
        }
        self.depth += 1;
        let outcome = read(self);
        self.depth -= 1;
        outcome
    }

    /// An operand at a column that must be a number, or a condition.
    fn checked(&self, id: Id, is_condition: bool, column: usize) -> Result<Id, Error> {
        if self.graph.is_condition(id) == is_condition {
            return Ok(id);
        }
        let (found, expected) = match is_condition {
            true => ("a number", "a comparison, such as x > 0"),
            false => ("a comparison", "a number; write `condition ? a : b`"),
        };
        Err(Error::Formula { column, found: found.to_owned(), expected: expected.to_owned() })
    }

    fn number(&mut self) -> Result<Id, Error> {
        let column = self.column();
        let id = self.choice()?;
        self.checked(id, false, column)
    }

    fn choice(&mut self) -> Result<Id, Error> {
        self.within(|parser| {
            let column = parser.column();
            let condition = parser.either()?;
            if !parser.takes("?") {
                return Ok(condition);
            }
            parser.checked(condition, true, column)?;
            let yes = parser.number()?;
            parser.needs(":", "\":\" and the value for where the condition does not hold")?;
            let no = parser.number()?;
            Ok(parser.graph.choice(condition, yes, no))
        })
    }

    fn either(&mut self) -> Result<Id, Error> {
        let column = self.column();
        let mut left = self.both()?;
        while self.is_at("|") && self.tokens.get(self.position + 1).is_some_and(|next| next.token == Token::Symbol("|"))
        {
            self.position += 2;
            let right_column = self.column();
            let right = self.both()?;
            self.checked(left, true, column)?;
            self.checked(right, true, right_column)?;
            left = self.graph.binary(Binary::Or, left, right);
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Id, Error> {
        let column = self.column();
        let mut left = self.comparison()?;
        while self.takes("&&") {
            let right_column = self.column();
            let right = self.comparison()?;
            self.checked(left, true, column)?;
            self.checked(right, true, right_column)?;
            left = self.graph.binary(Binary::And, left, right);
        }
        Ok(left)
    }

    /// Comparisons may follow each other, as in a < x < b.
    fn comparison(&mut self) -> Result<Id, Error> {
        let mut column = self.column();
        let mut left = self.sum()?;
        let mut all: Option<Id> = None;
        loop {
            let symbol = match self.token() {
                Token::Symbol(symbol @ ("<" | "<=" | ">" | ">=" | "==" | "!=")) => *symbol,
                _ => return Ok(all.unwrap_or(left)),
            };
            self.position += 1;
            let right_column = self.column();
            let right = self.sum()?;
            self.checked(left, false, column)?;
            self.checked(right, false, right_column)?;
            let holds = match symbol {
                "<" => self.graph.binary(Binary::Less, left, right),
                "<=" => self.graph.binary(Binary::LessOrEqual, left, right),
                ">" => self.graph.binary(Binary::Less, right, left),
                ">=" => self.graph.binary(Binary::LessOrEqual, right, left),
                _ => self.graph.binary(Binary::Equal, left, right),
            };
            let holds = if symbol == "!=" { self.graph.unary(Unary::Not, holds) } else { holds };
            all = Some(all.map_or(holds, |all| self.graph.binary(Binary::And, all, holds)));
            (left, column) = (right, right_column);
        }
    }

    fn sum(&mut self) -> Result<Id, Error> {
        self.operations(&[("+", Binary::Add), ("-", Binary::Subtract)], Parser::product)
    }

    fn product(&mut self) -> Result<Id, Error> {
        self.operations(&[("*", Binary::Multiply), ("/", Binary::Divide)], Parser::signed)
    }

    /// Operands joined by operators of one rank, from left to right.
    fn operations(
        &mut self,
        operators: &[(&str, Binary)],
        operand: fn(&mut Parser) -> Result<Id, Error>,
    ) -> Result<Id, Error> {
        let column = self.column();
        let mut left = operand(self)?;
        while let Some(&(symbol, operation)) = operators.iter().find(|(symbol, _)| self.is_at(symbol)) {
            self.takes(symbol);
            let right_column = self.column();
            let right = self.within(operand)?;
            self.checked(left, false, column)?;
            self.checked(right, false, right_column)?;
            left = self.graph.binary(operation, left, right);
        }
        Ok(left)
    }

    fn signed(&mut self) -> Result<Id, Error> {
        self.within(|parser| {
            let column = parser.column();
            let (is_negative, is_not) = (parser.is_at("-"), parser.is_at("!"));
            if !(is_negative || is_not || parser.is_at("+")) {
                return parser.power();
            }
            parser.position += 1;
            let operand = parser.signed()?;
            parser.checked(operand, is_not, column + 1)?;
            Ok(match (is_negative, is_not) {
                (true, _) => parser.graph.unary(Unary::Negate, operand),
                (_, true) => parser.graph.unary(Unary::Not, operand),
                _ => operand,
            })
        })
    }

    fn power(&mut self) -> Result<Id, Error> {
        let column = self.column();
        let mut base = self.primary()?;
        while let Token::Superscript(digit) = *self.token() {
            self.position += 1;
            self.checked(base, false, column)?;
            let exponent = self.graph.constant(digit.into());
            base = self.graph.power(base, exponent);
        }
        if !self.takes("^") {
            return Ok(base);
        }
        let exponent_column = self.column();
        let exponent = self.signed()?;
        self.checked(base, false, column)?;
        self.checked(exponent, false, exponent_column)?;
        Ok(self.graph.power(base, exponent))
    }

    fn primary(&mut self) -> Result<Id, Error> {
        match self.token().clone() {
            Token::Number(number) => {
                self.position += 1;
                Ok(self.graph.constant(number))
            }
            Token::Name(name) => self.name(&name),
            Token::Symbol("(") => {
                self.position += 1;
                let inner = self.choice()?;
                self.needs(")", "an operator or \")\"")?;
                Ok(inner)
            }
            Token::Symbol("|") => {
                self.position += 1;
                let inner = self.number()?;
                self.needs("|", "an operator or the \"|\" that closes the absolute value")?;
                Ok(self.graph.unary(Unary::Abs, inner))
            }
            Token::Symbol("√") => {
                self.position += 1;
                let column = self.column();
                let inner = self.within(Parser::primary)?;
                self.checked(inner, false, column)?;
                Ok(self.graph.unary(Unary::SquareRoot, inner))
            }
            _ => Err(self.unexpected("a number, x, a parameter, a function or \"(\"")),
        }
    }

    /// `x`, `pi`, a parameter, or a function with its arguments, perhaps to a power as in sin²(x).
    fn name(&mut self, name: &str) -> Result<Id, Error> {
        let column = self.column();
        self.position += 1;
        let mut power = None;
        if let (Token::Superscript(digit), Some(Token::Symbol("("))) =
            (self.token(), self.tokens.get(self.position + 1).map(|next| &next.token))
        {
            power = Some(f64::from(*digit));
            self.position += 1;
        }
        if self.takes("(") {
            let value = self.function(name, column)?;
            let Some(power) = power else { return Ok(value) };
            let exponent = self.graph.constant(power);
            return Ok(self.graph.power(value, exponent));
        }
        match name {
            "x" => Ok(self.graph.add(Node::X)),
            "pi" => Ok(self.graph.constant(std::f64::consts::PI)),
            _ if is_function(name) => {
                let (found, expected) = (format!("the function {name:?}"), format!("its argument; write {name}(x)"));
                Err(Error::Formula { column, found, expected })
            }
            _ => self.parameter(name, column),
        }
    }

    fn parameter(&mut self, name: &str, column: usize) -> Result<Id, Error> {
        let known = self.parameters.iter().position(|(known, _)| known == name);
        let index = match known {
            Some(index) => index,
            None => {
                check_name(name, column)?;
                if let Some((other, _)) =
                    self.parameters.iter().find(|(other, _)| normalized(other) == normalized(name))
                {
                    let found = format!("the name {name:?}");
                    let expected = format!("another name: {other:?} differs from it only in case or _");
                    return Err(Error::Formula { column, found, expected });
                }
                self.parameters.push((name.to_owned(), None));
                self.parameters.len() - 1
            }
        };
        Ok(self.graph.add(Node::Parameter(index)))
    }

    /// The arguments after the parenthesis: expressions, then parameters by name.
    fn arguments(&mut self) -> Result<Arguments, Error> {
        let Arguments { mut values, mut keywords } = Arguments::default();
        loop {
            let column = self.column();
            let is_keyword = self.tokens.get(self.position + 1).is_some_and(|next| next.token == Token::Symbol("="));
            match self.token().clone() {
                Token::Name(name) if is_keyword => {
                    self.position += 2;
                    keywords.push(Keyword { name, column, value: self.number()? });
                }
                _ if keywords.is_empty() => values.push((self.number()?, column)),
                _ => return Err(self.unexpected("a parameter, as in NAME=VALUE")),
            }
            if self.takes(")") {
                return Ok(Arguments { values, keywords });
            }
            self.needs(",", "an operator, \",\" or \")\"")?;
        }
    }

    fn function(&mut self, name: &str, column: usize) -> Result<Id, Error> {
        let built_in = BUILT_IN.iter().find(|(known, _)| *known == name);
        if built_in.is_none() && !is_function(name) {
            let known = BUILT_IN.iter().map(|(known, _)| (*known, *known));
            let table = Activation::ALL.iter().map(|activation| (activation.name(), activation.name()));
            let expected = format!("a function; the nearest are {}", nearest(name, known.chain(table)).join(", "));
            return Err(Error::Formula { column, found: format!("the name {name:?}"), expected });
        }
        let Arguments { values, keywords } = self.arguments()?;
        match built_in {
            Some((_, count)) if keywords.is_empty() && fits(*count, values.len()) => {
                Ok(self.built_in(name, &values.iter().map(|(value, _)| *value).collect::<Vec<_>>()))
            }
            Some((_, count)) if keywords.is_empty() || !is_in_table(name) => Err(Error::Formula {
                column,
                found: format!("{name} with {}", crate::error::counted(values.len() as u64, "argument")),
                expected: match count {
                    &usize::MAX => "two or more".to_owned(),
                    count => crate::error::counted(*count as u64, "argument"),
                },
            }),
            _ => self.call(name, column, &values, keywords),
        }
    }

    fn built_in(&mut self, name: &str, values: &[Id]) -> Id {
        match (name, values) {
            ("min", [first, rest @ ..]) => rest.iter().fold(*first, |a, &b| self.least(a, b)),
            ("max", [first, rest @ ..]) => rest.iter().fold(*first, |a, &b| self.most(a, b)),
            ("clamp", &[value, least, most]) => {
                let above = self.most(value, least);
                self.least(above, most)
            }
            ("pow", &[base, exponent]) => self.graph.power(base, exponent),
            ("abs", &[a]) => self.graph.unary(Unary::Abs, a),
            ("sqrt", &[a]) => self.graph.unary(Unary::SquareRoot, a),
            ("exp", &[a]) => self.graph.unary(Unary::Exponential, a),
            ("ln" | "log", &[a]) => self.graph.unary(Unary::Logarithm, a),
            ("sin", &[a]) => self.graph.unary(Unary::Sine, a),
            ("cos", &[a]) => self.graph.unary(Unary::Cosine, a),
            ("tan", &[a]) => {
                let (sine, cosine) = (self.graph.unary(Unary::Sine, a), self.graph.unary(Unary::Cosine, a));
                self.graph.binary(Binary::Divide, sine, cosine)
            }
            ("floor", &[a]) => self.graph.unary(Unary::Floor, a),
            ("sign", &[a]) => self.graph.unary(Unary::Sign, a),
            // laplace is Φ((x − mu)/sigma).
            (_, values) => {
                let function = Activation::Laplace { mu: 0.0, sigma: 1.0 };
                let x = values.first().copied().unwrap_or_default();
                self.graph.add(Node::Call { function, parameters: Vec::new(), part: Part::Value, x })
            }
        }
    }

    /// The smaller of two values: the second where neither is, as written.
    fn least(&mut self, a: Id, b: Id) -> Id {
        let condition = self.graph.binary(Binary::Less, a, b);
        self.graph.choice(condition, a, b)
    }

    fn most(&mut self, a: Id, b: Id) -> Id {
        let condition = self.graph.binary(Binary::Less, b, a);
        self.graph.choice(condition, a, b)
    }

    /// A function of the table, with its parameters.
    fn call(&mut self, name: &str, column: usize, values: &[(Id, usize)], keywords: Vec<Keyword>) -> Result<Id, Error> {
        let mut function = name.parse::<Function>()?.elementwise()?;
        let &[(x, _)] = values else {
            let found = format!("{name} with {}", crate::error::counted(values.len() as u64, "argument"));
            let expected = format!("1 argument; parameters have names, as in {}", with_parameters(&function));
            return Err(Error::Formula { column, found, expected });
        };
        let mut parameters = Vec::new();
        let mut given: Vec<usize> = Vec::new();
        for Keyword { name: key, column, value } in keywords {
            let known = function.parameters();
            let Some(index) = known.iter().position(|known| normalized(known.name) == normalized(&key)) else {
                let names: Vec<_> = known.iter().map(|known| known.name).collect();
                let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                let expected = format!("a parameter of {name}, which has {names}");
                return Err(Error::Formula { column, found: format!("the name {key:?}"), expected });
            };
            let misused = |found: &str, expected: &str| {
                let (found, expected) = (format!("{found} for {key}"), expected.to_owned());
                Err(Error::Formula { column, found, expected })
            };
            if given.contains(&index) {
                return misused("a second value", "each parameter once");
            }
            given.push(index);
            match self.graph.value_of(value) {
                Some(number) => function = function.with(known[index].name, number as f32)?,
                None if self.graph.depends_on_x(value) => return misused("x", "an expression without x"),
                None if !known[index].learnable => return misused("an expression", "a number: it is not learnable"),
                None => parameters.push((index, value)),
            }
        }
        function.validate()?;
        Ok(self.graph.add(Node::Call { function, parameters, part: Part::Value, x }))
    }

    /// `beta = 1.5, gamma = -2`, separated by commas or semicolons.
    fn defaults(&mut self) -> Result<(), Error> {
        while *self.token() != Token::End {
            let column = self.column();
            let names = self.parameters.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
            let expected = if names.is_empty() {
                "the end; the expression has no parameters".to_owned()
            } else {
                format!("a parameter of the expression: {names}")
            };
            let Token::Name(name) = self.token().clone() else { return Err(self.unexpected(expected)) };
            let Some(index) = self.parameters.iter().position(|(known, _)| *known == name) else {
                return Err(self.unexpected(expected));
            };
            if self.parameters[index].1.is_some() {
                let expected = "each parameter once".to_owned();
                return Err(Error::Formula { column, found: format!("a second value for {name}"), expected });
            }
            self.position += 1;
            self.needs("=", "\"=\" and a number")?;
            let is_negative = self.takes("-");
            let Token::Number(number) = *self.token() else { return Err(self.unexpected("a number")) };
            self.position += 1;
            self.parameters[index].1 = Some(if is_negative { -number } else { number } as f32);
            if !(self.takes(",") || self.takes(";")) {
                self.ends("\",\" or the end")?;
            }
        }
        Ok(())
    }
}

/// Checks that a parameter may have this name, which becomes a field in WGSL.
fn check_name(name: &str, column: usize) -> Result<(), Error> {
    let is_taken = TAKEN.iter().any(|taken| normalized(taken) == normalized(name));
    let is_word = !name.starts_with('_') && !name.ends_with('_') && !name.contains("__");
    let is_reserved = naga::keywords::wgsl::RESERVED.contains(&name);
    if is_word && !is_reserved && !is_taken && !is_function(name) {
        return Ok(());
    }
    let reason = if is_taken { "is taken by another operand" } else { "is reserved in WGSL, or begins or ends with _" };
    let (found, expected) =
        (format!("the name {name:?}"), format!("another name for the parameter: this one {reason}"));
    Err(Error::Formula { column, found, expected })
}

/// What stands between a function's parentheses.
#[derive(Default)]
struct Arguments {
    /// Expressions and their columns.
    values: Vec<(Id, usize)>,
    keywords: Vec<Keyword>,
}

/// A parameter of a function by name.
struct Keyword {
    name: String,
    column: usize,
    value: Id,
}

fn fits(count: usize, given: usize) -> bool {
    if count == usize::MAX { given >= 2 } else { given == count }
}

fn is_in_table(name: &str) -> bool {
    name != "custom" && name.parse::<Function>().is_ok_and(|function| function.elementwise().is_ok())
}

/// Whether a name is that of a function.
fn is_function(name: &str) -> bool {
    BUILT_IN.iter().any(|(known, _)| *known == name) || is_in_table(name)
}

/// A function at its defaults as a formula writes it.
fn with_parameters(function: &Activation) -> String {
    let shown = function.parameters().iter().map(|known| match known.default {
        Value::Number(default) => format!(", {}={default}", known.name),
        _ => String::new(),
    });
    format!("{}(x{})", function.name(), shown.collect::<String>())
}

//! The words of a formula. The notation of the table is read as well as that of a keyboard.

use crate::error::Error;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Name(String),
    /// A digit above the line.
    Superscript(u32),
    Symbol(&'static str),
    End,
}

/// A token and the column that it begins at, from 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub token: Token,
    pub column: usize,
}

impl Token {
    /// The token as an error shows it.
    pub(super) fn shown(&self) -> String {
        match self {
            Token::Number(number) => format!("the number {number}"),
            Token::Name(name) => format!("the name {name:?}"),
            Token::Superscript(digit) => format!("the power {digit}"),
            Token::Symbol(symbol) => format!("{symbol:?}"),
            Token::End => "the end".to_owned(),
        }
    }
}

/// Symbols and how they may be written, the longest first.
const SYMBOLS: &[(&str, &str)] = &[
    ("**", "^"),
    ("<=", "<="),
    (">=", ">="),
    ("==", "=="),
    ("!=", "!="),
    ("&&", "&&"),
    ("+", "+"),
    ("-", "-"),
    ("−", "-"),
    ("*", "*"),
    ("·", "*"),
    ("×", "*"),
    ("/", "/"),
    ("^", "^"),
    ("<", "<"),
    (">", ">"),
    ("≤", "<="),
    ("≥", ">="),
    ("≠", "!="),
    ("=", "="),
    ("!", "!"),
    ("?", "?"),
    (":", ":"),
    (";", ";"),
    (",", ","),
    ("(", "("),
    (")", ")"),
    ("|", "|"),
    ("√", "√"),
];

/// Letters that stand for names.
const LETTERS: &[(char, &str)] = &[
    ('σ', "sigmoid"),
    ('Φ', "normal_cdf"),
    ('π', "pi"),
    ('α', "alpha"),
    ('β', "beta"),
    ('γ', "gamma"),
    ('δ', "delta"),
    ('θ', "theta"),
    ('λ', "lambda"),
    ('μ', "mu"),
    ('ω', "omega"),
];

/// Splits a formula, and ends it with [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, Error> {
    let mut all = Vec::new();
    let mut rest = text;
    let mut column = 1;
    while let Some(first) = rest.chars().next() {
        let (token, bytes) = match first {
            _ if first.is_whitespace() => {
                rest = &rest[first.len_utf8()..];
                column += 1;
                continue;
            }
            '²' => (Token::Superscript(2), first.len_utf8()),
            '³' => (Token::Superscript(3), first.len_utf8()),
            '0'..='9' | '.' => number(rest, column)?,
            'a'..='z' | 'A'..='Z' | '_' => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                (Token::Name(rest[..end].to_owned()), end)
            }
            _ => {
                let letter = LETTERS.iter().find(|(letter, _)| *letter == first);
                let symbol = SYMBOLS.iter().find(|(written, _)| rest.starts_with(written));
                match (letter, symbol) {
                    (Some((_, name)), _) => (Token::Name((*name).to_owned()), first.len_utf8()),
                    (None, Some((written, meant))) => (Token::Symbol(meant), written.len()),
                    (None, None) => {
                        return Err(Error::Formula {
                            column,
                            found: format!("the character {first:?}"),
                            expected: "a number, a name, an operator or a parenthesis".to_owned(),
                        });
                    }
                }
            }
        };
        all.push(Placed { token, column });
        column += rest[..bytes].chars().count();
        rest = &rest[bytes..];
    }
    all.push(Placed { token: Token::End, column });
    Ok(all)
}

/// Reads a number such as `2`, `.5` or `1e-3`, and returns its bytes, too.
fn number(text: &str, column: usize) -> Result<(Token, usize), Error> {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        from + rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())
    };
    let mut end = digits(0);
    if text[end..].starts_with('.') {
        end = digits(end + 1);
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        let exponent = digits(end + 1 + sign);
        // `2e` is no number with an exponent, but 2 before a name.
        if exponent > end + 1 + sign {
            end = exponent;
        }
    }
    match text[..end].parse() {
        Ok(number) => Ok((Token::Number(number), end)),
        Err(_) => Err(Error::Formula {
            column,
            found: format!("{:?}", &text[..end]),
            expected: "a number, such as 2, 0.5 or 1e-3".to_owned(),
        }),
    }
}

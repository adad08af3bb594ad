//! The header of an `.npy` file: a dictionary of Python with three known keys, read in one pass, whatever its bytes are.

use anyhow::{Context, Result, bail, ensure};
use gpu_activations::counted;
use npyz::Order;
use std::io::Read;

/// Bytes that a header may have; numpy's own limit, unless it is told otherwise.
const MOST_BYTES: u64 = 10_000;
/// Axes that an array may have, as in numpy.
const MOST_AXES: usize = 64;
/// Characters of a header that a message shows.
const MOST_SHOWN: usize = 60;

#[derive(Debug, PartialEq, Eq)]
pub struct Header {
    /// The type of the elements as Python writes it, with its quotes where it is a string.
    pub descr: String,
    pub order: Order,
    pub shape: Vec<u64>,
    /// The header's length, at which the elements begin.
    pub bytes: u64,
}

impl Header {
    /// Reads a header and no byte beyond it, of a file of `file` bytes.
    pub fn read(reader: &mut impl Read, file: u64) -> Result<Header> {
        let mut start = Vec::new();
        reader.by_ref().take(8).read_to_end(&mut start)?;
        ensure!(start.starts_with(b"\x93NUMPY"), "it does not begin as one");
        let ends = || format!("it has {}, fewer than any header", counted(file, "byte"));
        let (width, (major, minor)) = match *start.as_slice() {
            [_, _, _, _, _, _, 1, 0] => (2, (1, 0)),
            [_, _, _, _, _, _, major @ 2..=3, 0] => (4, (major, 0)),
            [_, _, _, _, _, _, major, minor] => {
                bail!("its format {major}.{minor} is unknown; 1.0, 2.0 and 3.0 are read")
            }
            _ => bail!(ends()),
        };
        let mut length = [0; 4];
        reader.read_exact(&mut length[..width]).with_context(ends)?;
        let (length, before) = (u64::from(u32::from_le_bytes(length)), 8 + width as u64);
        let bytes = before + length;
        ensure!(bytes <= file, "its header claims {}, the file has {file}", counted(bytes, "byte"));
        ensure!(length <= MOST_BYTES, "its header has {}, {MOST_BYTES} are read at most", counted(length, "byte"));
        let mut text = vec![0; length as usize];
        reader.read_exact(&mut text)?;
        let text = std::str::from_utf8(&text).map_err(|error| {
            anyhow::anyhow!("byte {} of its header is not UTF-8", before + error.valid_up_to() as u64)
        })?;
        if let Some((place, character)) = text.char_indices().find(|(_, character)| major < 3 && !character.is_ascii())
        {
            let place = before + place as u64;
            bail!("byte {place} of its header begins {character:?}, but a header of format {major}.{minor} is ASCII");
        }
        let (descr, order, shape) = Parser { text, rest: text }.dictionary()?;
        Ok(Header { descr, order, shape, bytes })
    }
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
}

impl<'a> Parser<'a> {
    /// `{'descr': …, 'fortran_order': …, 'shape': …}`, the keys in any order.
    fn dictionary(mut self) -> Result<(String, Order, Vec<u64>)> {
        let (mut descr, mut order, mut shape) = (None, None, None);
        self.expect('{')?;
        while !self.takes('}') {
            let key = self.string()?;
            self.expect(':')?;
            let new = match key {
                "descr" => descr.replace(self.value()?).is_none(),
                "fortran_order" => order.replace(self.order()?).is_none(),
                "shape" => shape.replace(self.shape()?).is_none(),
                _ => bail!("its header has the key {}; descr, fortran_order and shape are known", shown(key)),
            };
            ensure!(new, "its header has {key} twice");
            if !self.takes(',') {
                self.expect('}')?;
                break;
            }
        }
        ensure!(
            self.rest.trim_ascii().is_empty(),
            "its header goes on after its dictionary: {}",
            shown(self.rest.trim())
        );
        let missing = |key| format!("its header has no {key}");
        Ok((
            descr.with_context(|| missing("descr"))?,
            order.with_context(|| missing("fortran_order"))?,
            shape.with_context(|| missing("shape"))?,
        ))
    }

    /// Takes a character, after any white space, if it is the next.
    fn takes(&mut self, wanted: char) -> bool {
        self.rest = self.rest.trim_ascii_start();
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, wanted: char) -> Result<()> {
        if self.takes(wanted) { Ok(()) } else { self.fail(&format!("{wanted:?}")) }
    }

    fn fail<T>(&self, wanted: &str) -> Result<T> {
        let place = self.text.len() - self.rest.len();
        let found = if self.rest.is_empty() { "nothing".to_owned() } else { shown(self.rest) };
        bail!("its header should have {wanted} at character {place}, but there is {found}")
    }

    /// The content of a string without escapes, of which no key and no plain type has any.
    fn string(&mut self) -> Result<&'a str> {
        self.rest = self.rest.trim_ascii_start();
        let quote = self.rest.chars().next().filter(|&quote| quote == '\'' || quote == '"');
        let Some(quote) = quote else { return self.fail("a string") };
        match self.rest[1..].split_once(quote) {
            Some((content, rest)) if !content.contains('\\') => {
                self.rest = rest;
                Ok(content)
            }
            _ => self.fail("a whole string"),
        }
    }

    /// The text of a value: a string in single quotes, or a list of fields as it stands, to its last bracket.
    fn value(&mut self) -> Result<String> {
        self.rest = self.rest.trim_ascii_start();
        if !self.rest.starts_with(['[', '(']) {
            return Ok(format!("'{}'", self.string()?));
        }
        let start = self.rest;
        let mut depth = 0_usize;
        loop {
            if self.rest.starts_with(['\'', '"']) {
                self.string()?;
                continue;
            }
            let Some(next) = self.rest.chars().next() else { return self.fail("a closing bracket") };
            self.rest = &self.rest[next.len_utf8()..];
            match next {
                '[' | '(' => depth += 1,
                ']' | ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(start[..start.len() - self.rest.len()].to_owned());
            }
        }
    }

    fn order(&mut self) -> Result<Order> {
        self.rest = self.rest.trim_ascii_start();
        for (word, order) in [("False", Order::C), ("True", Order::Fortran)] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(order);
            }
        }
        self.fail("False or True")
    }

    /// A tuple, or a list, of lengths.
    fn shape(&mut self) -> Result<Vec<u64>> {
        let close = if self.takes('(') {
            ')'
        } else if self.takes('[') {
            ']'
        } else {
            return self.fail("a shape");
        };
        let mut shape = Vec::new();
        let mut ended = self.takes(close);
        while !ended {
            ensure!(shape.len() < MOST_AXES, "its shape has more than {MOST_AXES} axes");
            shape.push(self.length()?);
            let goes_on = self.takes(',');
            ended = self.takes(close);
            // `(3)` is no tuple but a number.
            if !goes_on && (!ended || shape.len() == 1 && close == ')') {
                return self.fail("a comma");
            }
        }
        Ok(shape)
    }

    fn length(&mut self) -> Result<u64> {
        self.rest = self.rest.trim_ascii_start();
        let after = self.rest.strip_prefix('-').unwrap_or(self.rest).trim_start_matches(|c: char| c.is_ascii_digit());
        let number = &self.rest[..self.rest.len() - after.len()];
        ensure!(!number.starts_with('-'), "its shape has the negative length {}", shown(number));
        if number.is_empty() {
            return self.fail("a length");
        }
        let length = number.parse().ok();
        let length =
            length.with_context(|| format!("its shape has a dimension of {}, beyond 64 bits", shown(number)))?;
        self.rest = after;
        Ok(length)
    }
}

/// The beginning of a text, line ends and other controls escaped.
pub fn excerpt(text: &str) -> String {
    let start: String = text.chars().take(MOST_SHOWN).collect();
    let rest = if start.len() < text.len() { "…" } else { "" };
    let start = start.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() });
    start.collect::<String>() + rest
}

fn shown(text: &str) -> String {
    format!("`{}`", excerpt(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(version: u8, dictionary: &str) -> Vec<u8> {
        let mut bytes = [b"\x93NUMPY".as_slice(), &[version, 0]].concat();
        let length = (dictionary.len() as u32).to_le_bytes();
        bytes.extend(&length[..if version == 1 { 2 } else { 4 }]);
        bytes.extend(dictionary.as_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Header> {
        Header::read(&mut &bytes[..], bytes.len() as u64)
    }

    fn of_shape(shape: &str) -> String {
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}")
    }

    #[test]
    fn every_form_that_numpy_writes_is_read() {
        for (text, shape) in [("()", vec![]), ("(3,)", vec![3]), ("(2, 0, 4)", vec![2, 0, 4]), ("[5]", vec![5])] {
            for version in 1..=3 {
                let bytes = file(version, &format!("{}          \n", of_shape(text)));
                let expected = Header {
                    descr: "'<f4'".to_owned(),
                    order: Order::C,
                    shape: shape.clone(),
                    bytes: bytes.len() as u64,
                };
                assert_eq!(read(&bytes).unwrap(), expected, "{text}");
            }
        }
        let other =
            read(&file(1, "{\"shape\":(1,2),\"fortran_order\":True,\"descr\":[('a(', '<f4', (2,)), ('b', '<i8')]}"));
        let other = other.unwrap();
        assert_eq!((other.descr.as_str(), other.order), ("[('a(', '<f4', (2,)), ('b', '<i8')]", Order::Fortran));
        assert_eq!(read(&file(3, &of_shape("(1,)").replace("<f4", "é"))).unwrap().descr, "'é'");
    }

    #[test]
    fn a_header_beyond_its_bounds_names_the_bound() {
        let said = |bytes: &[u8]| format!("{:#}", read(bytes).unwrap_err());
        let axes = |count: usize| of_shape(&format!("({})", "1, ".repeat(count)));
        assert_eq!(read(&file(1, &axes(64))).unwrap().shape.len(), 64);
        assert_eq!(said(&file(1, &axes(65))), "its shape has more than 64 axes");
        assert!(said(&file(2, &axes(100_000))).contains("10000 are read at most"));
        let nested = of_shape(&format!("{}{}", "(".repeat(40), ")".repeat(40)));
        assert!(said(&file(1, &nested)).contains("a length at character"), "{}", said(&file(1, &nested)));
        let nested = of_shape("()").replace("'<f4'", &format!("{}{}", "[".repeat(40), "]".repeat(40)));
        assert!(read(&file(1, &nested)).unwrap().descr.starts_with("[[["));
        assert!(said(&file(1, &of_shape("(1é,)"))).contains("ASCII"));
        let mut bytes = file(3, &of_shape("(1,)"));
        bytes[20] = 0xff;
        assert_eq!(said(&bytes), "byte 20 of its header is not UTF-8");
        assert!(said(&file(1, &of_shape("(3)"))).contains("a comma"));
        assert!(said(&file(1, "{'descr': '<f4', 'shape': (1,)}")).contains("no fortran_order"));
        assert!(said(&file(1, "{'descr': '<f4', 'descr': '<f4'}")).contains("descr twice"));
    }

    /// Words of 64 bits from a seed (splitmix64).
    struct Random(u64);

    impl Random {
        fn below(&mut self, bound: usize) -> usize {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((mixed ^ (mixed >> 31)) % bound as u64) as usize
        }
    }

    /// A part of the bytes is cut out, doubled, overwritten, or what Python's syntax is made of is put in.
    fn mutated(valid: &[u8], random: &mut Random) -> Vec<u8> {
        const WORDS: [&[u8]; 16] = [
            b"(",
            b")",
            b"[",
            b"]",
            b"{",
            b"}",
            b"'",
            b"\"",
            b",",
            b":",
            b"\\",
            b"\n",
            b"-",
            b"99999999999999999999",
            b"True",
            b"\xff\xfe",
        ];
        let mut bytes = valid.to_vec();
        for _ in 0..=random.below(4) {
            let from = random.below(bytes.len());
            let to = from + random.below((bytes.len() - from).min(24) + 1);
            match random.below(4) {
                0 => drop(bytes.drain(from..to)),
                1 => bytes[from] = random.below(256) as u8,
                2 => {
                    let again = bytes[from..to].repeat(1 + random.below(8));
                    bytes.splice(from..from, again);
                }
                _ => {
                    let word = WORDS[random.below(WORDS.len())].repeat(1 + random.below(50));
                    bytes.splice(from..from, word);
                }
            }
            if bytes.is_empty() {
                break;
            }
        }
        bytes
    }

    #[test]
    fn whatever_the_bytes_are_a_header_is_read_or_refused_in_one_line() {
        let valid = [
            file(1, &format!("{}      \n", of_shape("(2, 3)"))),
            file(2, &of_shape("(0,)")),
            file(3, "{'descr': [('x', '<f4', (2,)), ('y', '|u1')], 'fortran_order': True, 'shape': (7,)}\n"),
        ];
        let (mut random, mut refused) = (Random(1), 0);
        for number in 0..60_000 {
            let mut bytes = mutated(&valid[number % valid.len()], &mut random);
            // A length that fits, so that more than that is tried.
            if number % 2 == 0 && bytes.len() > 12 && bytes.len() < 250 {
                let (at, before) = (8, if bytes[6] == 1 { 10 } else { 12 });
                bytes[at] = (bytes.len() - before) as u8;
            }
            if let Err(error) = read(&bytes) {
                let said = format!("{error:#}");
                assert!(said.lines().count() == 1 && said.len() < 1000, "{said}");
                refused += 1;
            }
        }
        assert!(refused > 30_000 && refused < 60_000, "{refused} of 60000 are refused");
    }
}

//! As much of JSON (RFC 8259) as the core needs: is a text JSON, and what text has a member. The
//! values themselves are the platform's to parse.

use std::fmt::Write;

use super::Error;

/// Deeper values are refused; IoT Hub allows ten levels in a twin.
const MAX_DEPTH: u32 = 128;

/// Whether `text` is one JSON value.
pub fn is_valid(text: &str) -> bool {
    let mut scanner = Scanner { rest: text.as_bytes() };
    scanner.value(0).is_some() && scanner.is_at_end()
}

/// The text of a body that must be JSON.
///
/// # Errors
///
/// It is none.
pub fn text(body: &[u8]) -> Result<String, Error> {
    let text = std::str::from_utf8(body).ok().filter(|text| is_valid(text));
    text.map(Into::into).ok_or_else(|| Error::client("the hub sent a body that is not JSON"))
}

/// The text of the value of `name` in the object that `text` is. If it is there twice, the last.
pub fn member<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut found = None;
    let mut scanner = Scanner { rest: text.as_bytes() };
    scanner.object(0, &mut |key, from, to| {
        if key == name.as_bytes() {
            found = Some((from, to));
        }
    })?;
    let (from, to) = found?;
    text.get(text.len() - from..text.len() - to)
}

/// The text in a JSON string, if it needs no unescaping; anything else as it stands.
pub fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

/// A JSON string of `text`.
pub fn quote(text: &str) -> String {
    let mut output = String::with_capacity(text.len() + 2);
    output.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => output.extend(['\\', character]),
            '\0'..='\x1f' => {
                let _ = write!(output, "\\u{:04x}", u32::from(character));
            }
            _ => output.push(character),
        }
    }
    output.push('"');
    output
}

struct Scanner<'a> {
    rest: &'a [u8],
}

impl Scanner<'_> {
    fn peek(&mut self) -> Option<u8> {
        while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = self.rest {
            self.rest = rest;
        }
        self.rest.first().copied()
    }

    fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.rest = &self.rest[1..])
    }

    fn value(&mut self, depth: u32) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match self.peek()? {
            b'{' => self.object(depth, &mut |_, _, _| ()),
            b'[' => self.array(depth),
            b'"' => self.string(),
            b't' => self.literal(b"true"),
            b'f' => self.literal(b"false"),
            b'n' => self.literal(b"null"),
            _ => self.number(),
        }
    }

    /// Calls `found` with each key, and with how many bytes were left at the beginning and at the
    /// end of its value.
    fn object(&mut self, depth: u32, found: &mut dyn FnMut(&[u8], usize, usize)) -> Option<()> {
        self.take(b'{')?;
        if self.peek()? == b'}' {
            return self.take(b'}');
        }
        loop {
            self.peek()?;
            let quoted = self.rest;
            self.string()?;
            let key = &quoted[1..quoted.len() - self.rest.len() - 1];
            self.take(b':')?;
            self.peek()?;
            let from = self.rest.len();
            self.value(depth + 1)?;
            found(key, from, self.rest.len());
            if self.peek()? == b'}' {
                return self.take(b'}');
            }
            self.take(b',')?;
        }
    }

    fn array(&mut self, depth: u32) -> Option<()> {
        self.take(b'[')?;
        if self.peek()? == b']' {
            return self.take(b']');
        }
        loop {
            self.value(depth + 1)?;
            if self.peek()? == b']' {
                return self.take(b']');
            }
            self.take(b',')?;
        }
    }

    fn string(&mut self) -> Option<()> {
        self.take(b'"')?;
        loop {
            match self.rest {
                [b'"', rest @ ..] => {
                    self.rest = rest;
                    return Some(());
                }
                [b'\\', b'u', a, b, c, d, rest @ ..]
                    if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) =>
                {
                    self.rest = rest;
                }
                [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', rest @ ..] => {
                    self.rest = rest;
                }
                [b'\\' | 0..=0x1f, ..] | [] => return None,
                [_, rest @ ..] => self.rest = rest,
            }
        }
    }

    fn literal(&mut self, literal: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(literal)?;
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        self.skip(b"-");
        if !self.skip(b"0") {
            self.digits()?;
        }
        if self.skip(b".") {
            self.digits()?;
        }
        if self.skip(b"eE") {
            self.skip(b"+-");
            self.digits()?;
        }
        Some(())
    }

    fn skip(&mut self, any_of: &[u8]) -> bool {
        let skips = self.rest.first().is_some_and(|byte| any_of.contains(byte));
        if skips {
            self.rest = &self.rest[1..];
        }
        skips
    }

    fn digits(&mut self) -> Option<()> {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.rest = &self.rest[count..];
        (count > 0).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_allows_is_valid() {
        for text in [
            "null",
            " true\n",
            "-0.5e+10",
            "0",
            "[]",
            "{}",
            r#"{"a":[1,{"b":"\u00e4\n\""}],"c":false}"#,
            "[1 , 2]",
            "\"ä\"",
            "12345678901234567890123",
        ] {
            assert!(is_valid(text), "{text}");
        }
    }

    #[test]
    fn what_is_nested_128_times_is_valid_and_no_more() {
        let lists = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let objects = |levels| format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
        assert!(is_valid(&lists(129)) && is_valid(&objects(128)));
        assert!(!is_valid(&lists(130)) && !is_valid(&objects(129)));
    }

    #[test]
    fn what_json_does_not_allow_is_not() {
        for text in [
            "",
            "nul",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "[1,]",
            "{,}",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{a:1}"#,
            "'a'",
            "\"\n\"",
            r#""\x""#,
            r#""\u12g4""#,
            "{} {}",
            "[",
            "\"",
            "{\"a\":1",
            "NaN",
            "--1",
        ] {
            assert!(!is_valid(text), "{text}");
        }
        assert!(!is_valid(&"[".repeat(100_000)));
    }

    #[test]
    fn a_member_keeps_its_text() {
        let text = r#" { "a" : [1, {"b":2}] ,"b": {"a":3}, "c":"x" } "#;
        assert_eq!(member(text, "a"), Some(r#"[1, {"b":2}]"#));
        assert_eq!(member(text, "b"), Some(r#"{"a":3}"#));
        assert_eq!(member(text, "c").map(unquoted), Some("x"));
        assert_eq!(member(text, "d"), None);
        assert_eq!(member("[1]", "a"), None);
        assert_eq!(member(r#"{"a":1,"#, "a"), None);
        assert_eq!(member(r#"{"a":1,"a":2}"#, "a"), Some("2"));
    }
}

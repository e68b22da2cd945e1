//! The part of JSON (RFC 8259) that the core needs: validation, the members of an object, strings.
//! The platform parses other values; a whole parser would be as large as the rest of the core.

use std::borrow::Cow;
use std::fmt::Write;
use std::str::Chars;

use super::error::Error;

/// Returns whether `text` is one JSON value.
pub fn is_valid(text: &str) -> bool {
    let mut scanner = Scanner::new(text);
    scanner.value().is_some() && scanner.peek().is_none()
}

/// The text of a body that must be JSON.
///
/// # Errors
///
/// If it is not JSON.
pub fn text(body: &[u8]) -> Result<String, Error> {
    let text = std::str::from_utf8(body).ok().filter(|text| is_valid(text));
    text.map(Into::into).ok_or_else(|| Error::client("the hub sent a body that is not JSON"))
}

/// The text of the value of `name` in the object `text`. If the name occurs twice, the last value.
pub fn member<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut found = None;
    for_each_member(text, &mut |key, value| {
        let value = value.text()?;
        if key == name {
            found = Some(value);
        }
        Some(())
    })?;
    found
}

/// Calls `read` with the name of each member of the object `text`, and with the scanner in front of
/// the value, which `read` must pass. Returns `None` if `text` is not an object or `read` returns
/// `None`; `read` may have been called before.
pub fn for_each_member<'a>(
    text: &'a str,
    read: &mut dyn FnMut(Cow<'a, str>, &mut Scanner<'a>) -> Option<()>,
) -> Option<()> {
    let mut scanner = Scanner::new(text);
    scanner.take(b'{')?;
    if scanner.take(b'}').is_some() {
        return Some(());
    }
    loop {
        let name = scanner.string()?;
        scanner.take(b':')?;
        read(name, &mut scanner)?;
        if scanner.take(b',').is_none() {
            return scanner.take(b'}');
        }
    }
}

/// The value of a JSON string; `None` for any other value.
pub fn string(value: &str) -> Option<Cow<'_, str>> {
    Scanner::new(value).string()
}

/// The text of a member of an object, for people: the value of a JSON string, or any other value as
/// it is written. `None` for `null`.
pub fn text_of<'a>(object: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let value = member(object, name).filter(|value| *value != "null")?;
    Some(string(value).unwrap_or(value.into()))
}

/// Decodes the contents of a JSON string. Half of a surrogate pair becomes U+FFFD.
fn unescape(quoted: &str) -> Cow<'_, str> {
    let mut text = String::with_capacity(quoted.len());
    let mut rest = quoted;
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let mut characters = escape.chars();
        match characters.next() {
            Some('b') => text.push('\x08'),
            Some('f') => text.push('\x0c'),
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some('u') => text.push(unicode_escape(&mut characters)),
            Some(other) => text.push(other),
            None => {}
        }
        rest = characters.as_str();
    }
    text.push_str(rest);
    text.into()
}

/// The character of `XXXX`, or of `XXXX\uXXXX` for a surrogate pair.
fn unicode_escape(characters: &mut Chars<'_>) -> char {
    let first = hex_digits(characters);
    let mut next = characters.clone();
    if (0xd800..0xdc00).contains(&first) && next.next() == Some('\\') && next.next() == Some('u') {
        let second = hex_digits(&mut next);
        if (0xdc00..0xe000).contains(&second) {
            *characters = next;
            let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            return char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        }
    }
    char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn hex_digits(characters: &mut Chars<'_>) -> u32 {
    let digits = characters.by_ref().take(4).filter_map(|digit| digit.to_digit(16));
    digits.fold(0, |code, digit| code << 4 | digit)
}

/// A JSON string of `text`.
pub fn quote(text: &str) -> String {
    let mut output = String::with_capacity(text.len() + 2);
    quote_into(&mut output, text);
    output
}

/// Appends a JSON string of `text`.
pub fn quote_into(output: &mut String, text: &str) {
    output.push('"');
    let mut plain = 0;
    for (index, byte) in text.bytes().enumerate() {
        if matches!(byte, b'"' | b'\\' | 0..=0x1f) {
            output.push_str(text.get(plain..index).unwrap_or_default());
            plain = index + 1;
            match byte {
                b'"' | b'\\' => output.extend(['\\', char::from(byte)]),
                _ => {
                    let _ = write!(output, "\\u{byte:04x}");
                }
            }
        }
    }
    output.push_str(text.get(plain..).unwrap_or_default());
    output.push('"');
}

/// A position in a JSON text.
#[derive(Debug)]
pub struct Scanner<'a> {
    text: &'a str,
    rest: &'a [u8],
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, rest: text.as_bytes() }
    }

    /// Passes a value, and returns its text.
    pub fn text(&mut self) -> Option<&'a str> {
        self.peek()?;
        let start = self.at();
        self.value()?;
        self.text.get(start..self.at())
    }

    /// Passes a string, and returns its value.
    pub fn string(&mut self) -> Option<Cow<'a, str>> {
        self.take(b'"')?;
        let start = self.at();
        let has_escapes = self.pass_string()?;
        let contents = self.text.get(start..self.at() - 1)?;
        Some(if has_escapes { unescape(contents) } else { contents.into() })
    }

    /// Passes a string or `null`, and returns the string's value.
    pub fn string_or_null(&mut self) -> Option<Option<Cow<'a, str>>> {
        if self.peek()? == b'n' {
            return self.literal(b"null").map(|()| None);
        }
        self.string().map(Some)
    }

    fn at(&self) -> usize {
        self.text.len() - self.rest.len()
    }

    fn peek(&mut self) -> Option<u8> {
        while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = self.rest {
            self.rest = rest;
        }
        self.rest.first().copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        // It usually follows without white space in front.
        if self.rest.first() != Some(&byte) && self.peek()? != byte {
            return None;
        }
        self.rest = self.rest.get(1..)?;
        Some(())
    }

    /// Not recursive: a payload may be nested deeper than the stack of WebAssembly allows.
    fn value(&mut self) -> Option<()> {
        // The closing characters of all open lists and objects.
        let mut ends = Vec::new();
        loop {
            match self.peek()? {
                begin @ (b'{' | b'[') => {
                    let end = if begin == b'{' { b'}' } else { b']' };
                    self.take(begin)?;
                    if self.peek()? != end {
                        ends.push(end);
                        self.name_in(end)?;
                        continue;
                    }
                    self.take(end)?;
                }
                b'"' => self.skip_string()?,
                b't' => self.literal(b"true")?,
                b'f' => self.literal(b"false")?,
                b'n' => self.literal(b"null")?,
                _ => self.number()?,
            }
            // After a value, the lists and objects around it may end.
            loop {
                let Some(&end) = ends.last() else { return Some(()) };
                if self.peek()? != end {
                    self.take(b',')?;
                    self.name_in(end)?;
                    break;
                }
                self.take(end)?;
                ends.pop();
            }
        }
    }

    /// The name of a member, if `end` closes an object.
    fn name_in(&mut self, end: u8) -> Option<()> {
        if end == b'}' {
            self.skip_string()?;
            self.take(b':')?;
        }
        Some(())
    }

    fn skip_string(&mut self) -> Option<()> {
        self.take(b'"')?;
        self.pass_string().map(|_| ())
    }

    /// Passes the rest of a string, after its first quotation mark. Returns whether it has escapes.
    fn pass_string(&mut self) -> Option<bool> {
        let mut has_escapes = false;
        loop {
            let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
            let plain = self.rest.iter().position(ends)?;
            match self.rest.get(plain..)? {
                [b'"', rest @ ..] => {
                    self.rest = rest;
                    return Some(has_escapes);
                }
                [b'\\', b'u', a, b, c, d, rest @ ..]
                    if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) =>
                {
                    self.rest = rest;
                }
                [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', rest @ ..] => {
                    self.rest = rest;
                }
                _ => return None,
            }
            has_escapes = true;
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
    fn valid_json_is_accepted() {
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

    /// On a small stack, as in a WebAssembly module, which has 1 MiB in total.
    #[test]
    fn the_deepest_possible_nesting_is_valid() {
        let lists = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let objects = |levels| format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
        let check = move || {
            for levels in [1, 128, 129, 130, 1000, 65_536] {
                assert!(is_valid(&lists(levels)) && is_valid(&objects(levels)), "{levels}");
                let wrong =
                    [lists(levels) + "]", objects(levels) + "}", format!("[{}", lists(levels))];
                assert!(!wrong.iter().any(|text| is_valid(text)), "{levels}");
                assert!(member(&objects(levels), "a").is_some());
            }
        };
        let small = std::thread::Builder::new().stack_size(256 * 1024);
        small.spawn(check).unwrap().join().unwrap();
    }

    #[test]
    fn invalid_json_is_refused() {
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
            r#"[{"a":1,}]"#,
            r#"[{"a":1],"b":2}"#,
            r#"{"a":[1}]"#,
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
        assert_eq!(member(text, "c"), Some("\"x\""));
        assert_eq!(member(text, "d"), None);
        assert_eq!(member("[1]", "a"), None);
        assert_eq!(member(r#"{"a":1,"#, "a"), None);
        assert_eq!(member(r#"{"a":1,"a":2}"#, "a"), Some("2"));
    }

    #[test]
    fn members_come_in_their_order_with_their_names() {
        let mut found = Vec::new();
        let all = for_each_member(r#"{"a\n":1, "":"x"}"#, &mut |name, value| {
            found.push((name.into_owned(), value.text()?));
            Some(())
        });
        assert_eq!(all, Some(()));
        assert_eq!(found, [("a\n".into(), "1"), (String::new(), "\"x\"")]);
        assert_eq!(for_each_member("", &mut |_, _| Some(())), None);
    }

    #[test]
    fn a_string_means_what_serde_says_it_does() {
        for value in [
            r#""""#,
            r#""plain ä 日本""#,
            r#""\b\f\n\r\t\/\\\" between \" and after""#,
            r#""\u00e4\u0000\uD83D\ude00x""#,
        ] {
            assert_eq!(string(value).unwrap(), serde_json::from_str::<String>(value).unwrap());
        }
        assert!(matches!(string("\"plain\""), Some(Cow::Borrowed("plain"))));
        assert_eq!(
            string(r#""\ud83d \ude00\ud83dA\ud83d\u0041""#).unwrap(),
            "\u{fffd} \u{fffd}\u{fffd}A\u{fffd}A"
        );
        assert_eq!(string("1"), None);
        let object = r#"{"number":1,"string":"1","nothing":null}"#;
        for (name, text) in [("number", Some("1")), ("string", Some("1")), ("nothing", None)] {
            assert_eq!(text_of(object, name).as_deref(), text, "{name}");
        }
    }

    #[test]
    fn quoted_text_is_read_back() {
        let text: String = (0..300).filter_map(char::from_u32).collect();
        assert_eq!(string(&quote(&text)).unwrap(), text);
        assert!(is_valid(&quote(&text)));
    }
}

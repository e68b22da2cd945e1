//! Percent-encoding as IoT Hub wants it: everything but RFC 3986's unreserved characters, a space
//! as `%20`, and a `+` that is only ever a plus.

use std::borrow::Cow;

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Appends `text`, encoded.
pub fn encode_into(output: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            output.push(char::from(byte));
        } else {
            output.push('%');
            output.push(char::from(HEX[usize::from(byte >> 4)]));
            output.push(char::from(HEX[usize::from(byte & 0x0f)]));
        }
    }
}

/// `text`, encoded.
pub fn encode(text: &str) -> String {
    let mut output = String::with_capacity(text.len() + text.len() / 4);
    encode_into(&mut output, text);
    output
}

/// `text`, decoded. What is no valid escape stays as it is, and so does a text that would be no
/// UTF-8.
pub fn decode(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte != b'%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut output = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        match (first, tail) {
            (b'%', [high, low, after @ ..]) if hex(*high).is_some() && hex(*low).is_some() => {
                output.push(hex(*high).unwrap_or(0) << 4 | hex(*low).unwrap_or(0));
                rest = after;
            }
            _ => {
                output.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8(output).map_or(Cow::Borrowed(text), Cow::Owned)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreserved_characters_stay() {
        assert_eq!(encode("aZ09-_.~"), "aZ09-_.~");
        assert_eq!(encode("a b+c/ä$'!()*"), "a%20b%2Bc%2F%C3%A4%24%27%21%28%29%2A");
    }

    #[test]
    fn decoding_undoes_encoding() {
        let text = "späce + %41 = & / ? # 日本";
        assert_eq!(decode(&encode(text)), text);
    }

    #[test]
    fn a_plus_stays_a_plus_and_bad_escapes_stay_text() {
        assert_eq!(decode("a+b%zz%4%41%"), "a+b%zz%4A%");
        assert_eq!(decode("%ff%41"), "%ff%41");
    }
}

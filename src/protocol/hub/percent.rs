//! Percent-encoding as IoT Hub requires it: everything except RFC 3986's unreserved characters is
//! encoded, a space is `%20`, and `+` always means a plus sign.

const HEX: &[u8; 16] = b"0123456789ABCDEF";

fn is_unreserved(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~')
}

/// Appends `text`, encoded.
pub fn encode_into(output: &mut String, text: &str) {
    let mut rest = text.as_bytes();
    while let Some(plain) = rest.iter().position(|byte| !is_unreserved(*byte)) {
        let start = text.len() - rest.len();
        output.push_str(text.get(start..start + plain).unwrap_or_default());
        let [byte, after @ ..] = &rest[plain..] else { return };
        output.push('%');
        output.push(char::from(HEX[usize::from(byte >> 4)]));
        output.push(char::from(HEX[usize::from(byte & 0x0f)]));
        rest = after;
    }
    output.push_str(text.get(text.len() - rest.len()..).unwrap_or_default());
}

/// `text`, encoded.
pub fn encode(text: &str) -> String {
    let mut output = String::with_capacity(text.len() + text.len() / 4);
    encode_into(&mut output, text);
    output
}

/// `text`, decoded. Invalid escapes stay unchanged, and so does the whole text if the result would
/// not be UTF-8.
pub fn decode(text: &str) -> String {
    if !text.bytes().any(|byte| byte == b'%') {
        return text.into();
    }
    let mut output = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = escaped(rest);
        output.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &rest[3..] } else { tail };
    }
    String::from_utf8(output).unwrap_or_else(|_| text.into())
}

/// The byte of an escape at the beginning of the text.
fn escaped(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else { return None };
    let hex = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(hex(*high)? << 4 | hex(*low)?).ok()
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

//! Shared access signatures.
//!
//! Source:
//! [Control access with shared access signatures](https://learn.microsoft.com/azure/iot-hub/authenticate-authorize-sas).

use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::percent;
use crate::protocol::error::Error;
use crate::protocol::time::Now;

const PREFIX: &str = "SharedAccessSignature ";

/// A symmetric key. Its `Debug` output does not show it.
#[derive(Clone)]
pub struct SharedAccessKey(Vec<u8>);

impl SharedAccessKey {
    /// Decodes a key from base64.
    ///
    /// # Errors
    ///
    /// Text that is empty or not base64.
    pub fn from_base64(text: &str) -> Result<Self, Error> {
        match decode(trimmed(text)) {
            Some(key) if !key.is_empty() => Ok(Self(key)),
            _ => Err(Error::invalid_argument(
                "the shared access key is not base64; copy the whole key, with its trailing =",
            )),
        }
    }

    /// Creates a token for `resource` that expires at `expiry_unix_secs`.
    pub fn sign(&self, resource: &str, expiry_unix_secs: u64, policy: Option<&str>) -> SasToken {
        let resource = percent::encode(resource);
        let signature = self.hmac(format!("{resource}\n{expiry_unix_secs}").as_bytes());
        let signature = percent::encode(str::from_utf8(&encode(signature)).unwrap_or_default());
        let mut text = format!("{PREFIX}sr={resource}&sig={signature}&se={expiry_unix_secs}");
        if let Some(policy) = policy {
            text.push_str("&skn=");
            percent::encode_into(&mut text, policy);
        }
        SasToken { text, expiry_unix_secs }
    }

    /// The key of one device, in base64, where this is the key of an enrollment group of the
    /// provisioning service.
    ///
    /// Source:
    /// [Symmetric key attestation](https://learn.microsoft.com/azure/iot-dps/concepts-symmetric-key-attestation#group-enrollments).
    pub fn derive(&self, registration_id: &str) -> String {
        str::from_utf8(&encode(self.hmac(registration_id.as_bytes()))).unwrap_or_default().into()
    }

    fn hmac(&self, bytes: &[u8]) -> [u8; 32] {
        // HMAC accepts keys of any length; the error is for other kinds of MAC.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return [0; 32] };
        mac.update(bytes);
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for SharedAccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedAccessKey(***)")
    }
}

/// Trims what a file, a command line or a copy from a page adds around a value: white space, and
/// invisible characters, such as the byte order mark at the start of many Windows files.
pub(super) fn trimmed(text: &str) -> &str {
    let is_left_over =
        |c: char| c.is_ascii_whitespace() || matches!(c, '\u{a0}' | '\u{200b}' | '\u{feff}');
    text.trim_matches(is_left_over)
}

/// Encodes one group of base64 at a time: the compiler then leaves out the crate's code for long
/// texts, which is most of it. The 32 bytes are ten groups and two thirds of another.
fn encode(signature: [u8; 32]) -> [u8; 44] {
    let mut bytes = [0; 33];
    bytes[..32].copy_from_slice(&signature);
    let mut text = [0; 44];
    for (bytes, group) in bytes.as_chunks::<3>().0.iter().zip(text.as_chunks_mut::<4>().0) {
        let _ = BASE64_STANDARD.encode_slice(bytes, group);
    }
    text[43] = b'=';
    text
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let (groups, []) = text.as_bytes().as_chunks::<4>() else { return None };
    let mut key = Vec::new();
    for group in groups {
        // A partial group must be the last one.
        if key.len() % 3 != 0 {
            return None;
        }
        let mut bytes = [0; 3];
        let count = BASE64_STANDARD.decode_slice(group, &mut bytes).ok()?;
        key.extend(&bytes[..count]);
    }
    Some(key)
}

/// A token, ready to be the password of CONNECT. Its `Debug` output does not show it.
#[derive(Clone, PartialEq)]
pub struct SasToken {
    text: String,
    expiry_unix_secs: u64,
}

impl SasToken {
    /// Reads a token that was created elsewhere, without the white space that a file or a command
    /// line adds. Also returns its resource, decoded.
    ///
    /// # Errors
    ///
    /// Anything but `SharedAccessSignature` with `sr`, `sig`, `se` and optionally `skn`, once each.
    pub fn parse(text: &str) -> Result<(Self, String), Error> {
        let wrong = |what: &str| Error::invalid_argument(format!("the SAS token {what}"));
        let text = trimmed(text);
        // It becomes an HTTP header.
        if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Err(wrong("has a line break or another character that is not printable ASCII"));
        }
        let fields = text
            .strip_prefix(PREFIX)
            .ok_or_else(|| wrong("does not begin with \"SharedAccessSignature \""))?;
        let (mut resource, mut signature, mut expiry, mut policy) = (None, None, None, None);
        for field in fields.split('&') {
            let Some((name, value)) = field.split_once('=') else {
                return Err(wrong("has a part that is not name=value"));
            };
            let slot = match name {
                "sr" => &mut resource,
                "sig" => &mut signature,
                "se" => &mut expiry,
                "skn" => &mut policy,
                _ => return Err(wrong("has a field other than sr, sig, se and skn")),
            };
            if value.is_empty() && name != "skn" {
                return Err(wrong(&format!("has an empty {name}")));
            }
            if slot.replace(value).is_some() {
                return Err(wrong(&format!("has {name} twice")));
            }
        }
        let resource = resource.ok_or_else(|| wrong("has no sr (the resource it is for)"))?;
        signature.ok_or_else(|| wrong("has no sig (the signature)"))?;
        let expiry = expiry.ok_or_else(|| wrong("has no se (the expiry)"))?;
        let expiry_unix_secs =
            expiry.parse().map_err(|_| wrong("has an se that is not whole seconds since 1970"))?;
        let token = Self { text: text.into(), expiry_unix_secs };
        Ok((token, percent::decode(resource)))
    }

    /// Refuses a token that has expired.
    ///
    /// # Errors
    ///
    /// A token that has expired.
    pub fn check_expiry(&self, now: Now) -> Result<(), Error> {
        if self.expiry_unix_secs <= now.unix_secs() {
            return Err(Error::invalid_argument(format!(
                "the SAS token expired {} seconds ago by this machine's clock (se); create a new one, and check the clock",
                now.unix_secs() - self.expiry_unix_secs
            )));
        }
        Ok(())
    }

    /// The token's text: a secret.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// When it expires, in seconds since 1970.
    pub fn expiry_unix_secs(&self) -> u64 {
        self.expiry_unix_secs
    }
}

impl fmt::Debug for SasToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SasToken(***, expires {})", self.expiry_unix_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Created with another implementation of HMAC:
    /// `printf 'hub.example%%2Fdevices%%2Fd1\n1700000000' | openssl dgst -sha256 -hmac 'a key of a test' -binary | base64`
    #[test]
    fn a_token_has_the_signature_that_openssl_makes() {
        let key = SharedAccessKey::from_base64("YSBrZXkgb2YgYSB0ZXN0").unwrap();
        let token = key.sign("hub.example/devices/d1", 1_700_000_000, None);
        assert_eq!(
            token.expose(),
            "SharedAccessSignature sr=hub.example%2Fdevices%2Fd1\
             &sig=I0MQirrtBMIiJWs%2BLZOjmaN3g9NgZ6fezAyZdsgQqKA%3D&se=1700000000"
        );
    }

    #[test]
    fn a_policy_is_named_and_encoded() {
        let key = SharedAccessKey::from_base64("a2V5").unwrap();
        assert!(key.sign("h/devices/d", 1, Some("a b")).expose().ends_with("&se=1&skn=a%20b"));
    }

    #[test]
    fn a_made_token_can_be_read() {
        let key = SharedAccessKey::from_base64("a2V5").unwrap();
        let token = key.sign("h/devices/d'1", 99, Some("p"));
        assert_eq!(SasToken::parse(token.expose()), Ok((token, "h/devices/d'1".into())));
    }

    /// The example of the documentation that [`SharedAccessKey::derive`] names.
    #[test]
    fn a_key_is_derived_as_the_documentation_derives_it() {
        let group = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==";
        let key = SharedAccessKey::from_base64(group).unwrap();
        let derived = key.derive("sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6");
        assert_eq!(derived, "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=");
    }

    #[test]
    fn white_space_around_a_token_is_no_part_of_it() {
        let key = SharedAccessKey::from_base64("a2V5").unwrap();
        let token = key.sign("h/devices/d", 99, None);
        let surrounded = format!("\u{feff} \t{}\u{200b}\u{a0}\r\n", token.expose());
        assert_eq!(SasToken::parse(&surrounded), Ok((token, "h/devices/d".into())));
    }

    #[test]
    fn a_token_with_missing_double_or_foreign_fields_or_characters_is_refused() {
        for fields in [
            "",
            "sr=a&sig=b",
            "sr=a&se=1",
            "sig=b&se=1",
            "sr=a&sig=b&se=x",
            "sr=a&sig=b&se=1&se=2",
            "sr=a&sig=b&se=1&x=y",
            "sr=a&sig=&se=1",
            "sr=a&sig=b&se=-1",
            "sr&sig=b&se=1",
            "sr=a&sig=b&skn=\n&se=1",
            "sr=a&sig=b\r\nX: y&se=1",
            "sr=a&sig=\u{2603}&se=1",
            "sr=a&sig=\u{e4}&se=1",
            "sr=a&sig=\0&se=1",
        ] {
            let text = format!("SharedAccessSignature {fields}");
            assert!(SasToken::parse(&text).is_err(), "{text}");
        }
        assert!(SasToken::parse("sr=a&sig=b&se=1").is_err());
    }

    #[test]
    fn secrets_are_not_shown() {
        let key = SharedAccessKey::from_base64("c2VjcmV0").unwrap();
        let token = key.sign("h/devices/d", 1, None);
        let shown = format!("{key:?} {token:?}");
        assert_eq!(shown, "SharedAccessKey(***) SasToken(***, expires 1)");
    }

    #[test]
    fn a_key_is_base64_of_something() {
        for text in ["", "a", "a key", "====", "c2VjcmV0="] {
            assert!(SharedAccessKey::from_base64(text).is_err(), "{text}");
        }
    }
}

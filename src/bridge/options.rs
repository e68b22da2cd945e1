//! Reads the options of a factory by name. [`Options`] defines which exist, and their types.
//!
//! `serde-wasm-bindgen` has a reader too. It accepts unknown names and `null`, its errors do not
//! name the option, and its descriptions of wrong values make the download 12,000 bytes larger.

use js_sys::{Array, Object, Reflect};
use serde::de::value::Error as Problem;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use wasm_bindgen::prelude::*;

use crate::protocol::Error;
use crate::protocol::client::Options;

/// What the JavaScript half reads: the transport, the trace and the store.
const OF_JAVASCRIPT: [&str; 5] = ["serverVerificationCert", "cipher", "proxy", "trace", "store"];

/// Which options a factory takes: those of [`Options`] and of the JavaScript half, minus some.
#[derive(Clone, Copy)]
pub struct Allowed {
    pub without: &'static [&'static str],
    /// The options that only this factory takes.
    pub with: &'static [&'static str],
}

impl Allowed {
    pub fn without(without: &'static [&'static str]) -> Self {
        Self { without, with: &[] }
    }

    fn names(self, fields: &[&'static str]) -> Vec<&'static str> {
        let mut names = fields.to_vec();
        names.retain(|name| !self.without.contains(name));
        names.extend_from_slice(self.with);
        names.extend_from_slice(&OF_JAVASCRIPT);
        names
    }
}

/// Reads the options object of a factory, which may be `undefined`.
///
/// # Errors
///
/// The value is not an object, or an option has the wrong type, is unknown, or is not for this
/// factory.
pub fn read(given: &JsValue, allowed: Allowed) -> Result<Options, Error> {
    if given.is_undefined() {
        return Ok(Options::default());
    }
    if !given.is_object() || Array::is_array(given) {
        return Err(Error::invalid_argument("the options must be an object"));
    }
    let reader = Reader { given: given.unchecked_ref(), allowed };
    Options::deserialize(reader).map_err(invalid)
}

/// An option that [`Options`] does not have.
///
/// # Errors The value is not a string.
pub fn text(given: &JsValue, name: &'static str) -> Result<Option<String>, Error> {
    OptionValue::read(given, name).and_then(Option::deserialize).map_err(invalid)
}

fn invalid(problem: Problem) -> Error {
    Error::invalid_argument(problem.to_string())
}

/// The options object, as `serde` reads it.
struct Reader<'a> {
    given: &'a Object,
    allowed: Allowed,
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Problem;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        let names = self.allowed.names(fields);
        // Symbols are not names, and inherited properties are not options.
        for key in Object::keys(self.given).iter().filter_map(|key| key.as_string()) {
            if !names.contains(&key.as_str()) {
                let names = names.join(", ");
                return Err(Problem::custom(format!(
                    "{key} is not an option here; the options are {names}"
                )));
            }
        }
        visitor.visit_seq(Fields { given: self.given, names: fields.iter() })
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Problem> {
        Err(Problem::custom("options are read into a struct"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// A struct takes its fields in the order in which it names them.
struct Fields<'a> {
    given: &'a Object,
    names: std::slice::Iter<'static, &'static str>,
}

impl<'de> SeqAccess<'de> for Fields<'_> {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        field: T,
    ) -> Result<Option<T::Value>, Problem> {
        let Some(name) = self.names.next() else { return Ok(None) };
        field.deserialize(OptionValue::read(self.given, name)?).map(Some)
    }
}

/// The value of an option, which knows what it is called.
struct OptionValue {
    name: &'static str,
    value: JsValue,
}

impl OptionValue {
    fn read(given: &JsValue, name: &'static str) -> Result<Self, Problem> {
        let value = Reflect::get(given, &name.into())
            .map_err(|_| Problem::custom(format!("the option {name} cannot be read")))?;
        Ok(Self { name, value })
    }

    fn must_be(&self, kind: &str) -> Problem {
        Problem::custom(format!("the option {} must be {kind}", self.name))
    }
}

impl<'de> Deserializer<'de> for OptionValue {
    type Error = Problem;

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        // `undefined` means that the option is not given; `null` does not.
        if self.value.is_undefined() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_string(self.value.as_string().ok_or_else(|| self.must_be("a string"))?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_f64(self.value.as_f64().ok_or_else(|| self.must_be("a number"))?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_bool(self.value.as_bool().ok_or_else(|| self.must_be("true or false"))?)
    }

    /// `true`, `false` or a string. Anything else is treated as an unknown string.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.value.as_bool() {
            Some(value) => visitor.visit_bool(value),
            None => visitor.visit_string(self.value.as_string().unwrap_or_default()),
        }
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 char str bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

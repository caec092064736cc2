//! Sets as bytes: roaring's portable form.

use std::fmt;

use roaring::RoaringBitmap;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, SeqAccess, Visitor},
    ser::Error as _,
};

/// A set that is written as one run of bytes. Roaring's own serde support asks for borrowed bytes, which CBOR readers
/// do not give for more than some kilobytes.
pub(super) struct Packed(pub(super) RoaringBitmap);

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::with_capacity(self.0.serialized_size());
        self.0.serialize_into(&mut bytes).map_err(S::Error::custom)?;
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(PackedVisitor)
    }
}

struct PackedVisitor;

impl<'de> Visitor<'de> for PackedVisitor {
    type Value = Packed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a set of sample numbers in roaring's portable form")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Packed, E> {
        RoaringBitmap::deserialize_from(bytes).map(Packed).map_err(E::custom)
    }

    /// Formats without bytes, such as JSON, have numbers.
    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Packed, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = numbers.next_element::<u8>()? {
            bytes.push(byte);
        }
        RoaringBitmap::deserialize_from(bytes.as_slice()).map(Packed).map_err(A::Error::custom)
    }
}

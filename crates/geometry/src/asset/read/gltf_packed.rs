//! Buffer views packed with EXT_meshopt_compression, <https://github.com/KhronosGroup/glTF/blob/main/extensions/2.0/Vendor/EXT_meshopt_compression>.

use std::collections::HashMap;

use ::gltf::Document;
use meshopt::encoding;
use serde_json::Value;

pub const EXTENSION: &str = "EXT_meshopt_compression";

/// Bytes that one packed byte can become: two bits stand for sixteen bytes that repeat.
const MOST_BYTES_PER_BYTE: usize = 64;
/// Of all views together.
const MOST_BYTES: usize = 1 << 30;

/// Whether a buffer has no bytes of its own: its views are packed in others.
pub fn is_fallback(buffer: &::gltf::Buffer<'_>) -> bool {
    let extension = buffer.extension_value(EXTENSION);
    extension.and_then(|extension| extension.get("fallback")?.as_bool()) == Some(true)
}

/// What the packed views hold, by their index. `bytes` answers those of a buffer.
pub fn unpack<'a>(
    document: &Document,
    bytes: impl Fn(usize) -> Option<&'a [u8]>,
) -> Result<HashMap<usize, Vec<u8>>, &'static str> {
    let mut unpacked = HashMap::new();
    let mut left = MOST_BYTES;
    for view in document.views() {
        let Some(extension) = view.extension_value(EXTENSION) else { continue };
        let packed = Packed::parse(extension).ok_or("a packed view is described wrongly")?;
        let end = packed.offset.checked_add(packed.length);
        let source = end
            .and_then(|end| bytes(packed.buffer)?.get(packed.offset..end))
            .ok_or("a packed view reaches beyond its buffer")?;
        let length = packed.count.checked_mul(packed.stride).filter(|&length| {
            length == view.length() && length / MOST_BYTES_PER_BYTE <= source.len() && length <= left
        });
        left -= length.ok_or("a packed view is larger than it can be")?;
        unpacked.insert(view.index(), packed.decode(source).ok_or("a packed view cannot be unpacked")?);
    }
    Ok(unpacked)
}

struct Packed<'a> {
    buffer: usize,
    offset: usize,
    length: usize,
    stride: usize,
    count: usize,
    mode: &'a str,
    filter: &'a str,
}

impl<'a> Packed<'a> {
    fn parse(extension: &'a Value) -> Option<Self> {
        let number = |name: &str| usize::try_from(extension.get(name)?.as_u64()?).ok();
        let word = |name: &str| extension.get(name).and_then(Value::as_str);
        Some(Self {
            buffer: number("buffer")?,
            offset: number("byteOffset").unwrap_or(0),
            length: number("byteLength")?,
            stride: number("byteStride")?,
            count: number("count")?,
            mode: word("mode")?,
            filter: word("filter").unwrap_or("NONE"),
        })
    }

    fn decode(&self, source: &[u8]) -> Option<Vec<u8>> {
        match (self.mode, self.stride) {
            ("ATTRIBUTES", 4) => self.attributes::<4>(source),
            ("ATTRIBUTES", 8) => self.attributes::<8>(source),
            ("ATTRIBUTES", 12) => self.attributes::<12>(source),
            ("ATTRIBUTES", 16) => self.attributes::<16>(source),
            ("ATTRIBUTES", 20) => self.attributes::<20>(source),
            ("ATTRIBUTES", 24) => self.attributes::<24>(source),
            ("ATTRIBUTES", 28) => self.attributes::<28>(source),
            ("ATTRIBUTES", 32) => self.attributes::<32>(source),
            ("TRIANGLES", 2) if self.count.is_multiple_of(3) => {
                let indices: Vec<u16> = encoding::decode_index_buffer(source, self.count).ok()?;
                Some(indices.into_iter().flat_map(u16::to_le_bytes).collect())
            }
            ("TRIANGLES", 4) if self.count.is_multiple_of(3) => {
                let indices: Vec<u32> = encoding::decode_index_buffer(source, self.count).ok()?;
                Some(indices.into_iter().flat_map(u32::to_le_bytes).collect())
            }
            ("INDICES", 2) => {
                let indices: Vec<u16> = encoding::decode_index_sequence(source, self.count).ok()?;
                Some(indices.into_iter().flat_map(u16::to_le_bytes).collect())
            }
            ("INDICES", 4) => {
                let indices: Vec<u32> = encoding::decode_index_sequence(source, self.count).ok()?;
                Some(indices.into_iter().flat_map(u32::to_le_bytes).collect())
            }
            _ => None,
        }
    }

    fn attributes<const N: usize>(&self, source: &[u8]) -> Option<Vec<u8>>
    where
        [u8; N]: Default,
    {
        let elements: Vec<[u8; N]> = encoding::decode_vertex_buffer(source, self.count).ok()?;
        let bytes = elements.into_flattened();
        match (self.filter, N) {
            ("NONE", _) => Some(bytes),
            ("OCTAHEDRAL", 4) => {
                let mut vectors: Vec<[i8; 4]> =
                    bytes.as_chunks::<4>().0.iter().map(|bytes| bytes.map(|b| b as i8)).collect();
                encoding::decode_filter_oct(&mut vectors);
                Some(vectors.into_flattened().into_iter().map(|c| c as u8).collect())
            }
            ("OCTAHEDRAL", 8) => {
                let component = |at: &[u8; 8], i: usize| i16::from_le_bytes([at[2 * i], at[2 * i + 1]]);
                let mut vectors: Vec<[i16; 4]> = bytes
                    .as_chunks::<8>()
                    .0
                    .iter()
                    .map(|at| std::array::from_fn(|i| component(at, i)))
                    .collect();
                encoding::decode_filter_oct(&mut vectors);
                Some(vectors.into_flattened().into_iter().flat_map(i16::to_le_bytes).collect())
            }
            ("EXPONENTIAL", _) => {
                let mut numbers: Vec<[u32; 1]> =
                    bytes.as_chunks::<4>().0.iter().map(|at| [u32::from_le_bytes(*at)]).collect();
                encoding::decode_filter_exp(&mut numbers);
                Some(numbers.into_flattened().into_iter().flat_map(u32::to_le_bytes).collect())
            }
            // Turns are of bones, that are left out; nobody reads what is not there.
            _ => None,
        }
    }
}

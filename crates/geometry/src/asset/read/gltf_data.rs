//! Numbers out of a glTF file's buffers, every offset checked.

use std::collections::HashMap;

use ::gltf::accessor::{Accessor, DataType, Dimensions};
use ::gltf::buffer::{Source, View};
use ::gltf::json::mesh::{Primitive, Semantic};
use ::gltf::json::validation::Checked;
use ::gltf::json::{Image, Root};
use ::gltf::{Document, Gltf};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use super::builder::bounded;
use super::{Companion, MAX_NAME_CHARS, gltf_packed};
use crate::asset::{AssetError, Format};

const MAX_BUFFERS: usize = 256;
const EXTENSIONS_READ: [&str; 4] =
    ["KHR_mesh_quantization", "KHR_texture_transform", "EXT_texture_webp", gltf_packed::EXTENSION];

pub struct Data {
    pub document: Document,
    buffers: Vec<Vec<u8>>,
    /// What views hold that are packed in others.
    unpacked: HashMap<usize, Vec<u8>>,
    format: Format,
}

impl Data {
    pub fn parse(bytes: &[u8], format: Format, companion: Companion<'_>) -> Result<Self, AssetError> {
        let damaged = |reason: String| AssetError::Damaged { format, reason };
        // The library subtracts the header from this length.
        if bytes.starts_with(b"glTF") && bytes.get(8..12).is_none_or(|length| whole(length) < 12) {
            return Err(damaged("it ends too early".to_owned()));
        }
        let Gltf { document, mut blob } =
            Gltf::from_slice_without_validation(bytes).map_err(|e| damaged(e.to_string()))?;
        let mut json = document.into_json();
        let needs = |name: &&String| {
            // Materials fall back to what every format can say.
            !EXTENSIONS_READ.contains(&name.as_str()) && !name.starts_with("KHR_materials_")
        };
        if let Some(name) = json.extensions_required.iter().find(needs) {
            let what = match name.as_str() {
                "KHR_draco_mesh_compression" => "Draco compression; export it without".to_owned(),
                name => format!("the extension {}", super::tidy_name(name, "without a name")),
            };
            return Err(AssetError::Unsupported { format, what });
        }
        // The library refuses what it does not know itself.
        json.extensions_required.clear();
        check_what_the_library_trusts(&json).map_err(|reason| damaged(reason.to_owned()))?;
        let document = Document::from_json(json).map_err(|e| damaged(first_words(&e.to_string())))?;
        if document.buffers().len() > MAX_BUFFERS {
            return Err(AssetError::TooLarge { what: "buffers", limit: MAX_BUFFERS });
        }
        let buffers: Vec<Vec<u8>> = document
            .buffers()
            .map(|buffer| {
                if gltf_packed::is_fallback(&buffer) {
                    return Ok(Vec::new());
                }
                let bytes = match buffer.source() {
                    Source::Bin => {
                        blob.take().ok_or_else(|| damaged("its binary part is missing".to_owned()))?
                    }
                    Source::Uri(uri) => resource(uri, companion).ok_or_else(|| missing(uri))?,
                };
                // Padding may follow.
                let cut = || damaged("a buffer is shorter than it should be".to_owned());
                if bytes.len() < buffer.length() { Err(cut()) } else { Ok(bytes) }
            })
            .collect::<Result<_, _>>()?;
        let unpacked = gltf_packed::unpack(&document, |buffer| buffers.get(buffer).map(Vec::as_slice))
            .map_err(|reason| damaged(reason.to_owned()))?;
        Ok(Self { document, buffers, unpacked, format })
    }

    pub fn damaged(&self, reason: &str) -> AssetError {
        AssetError::Damaged { format: self.format, reason: reason.to_owned() }
    }

    /// Of all buffers together.
    pub fn bytes(&self) -> usize {
        self.buffers.iter().chain(self.unpacked.values()).map(Vec::len).sum()
    }

    pub fn view(&self, view: &View<'_>) -> Result<&[u8], AssetError> {
        if let Some(bytes) = self.unpacked.get(&view.index()) {
            return Ok(bytes);
        }
        let end = view.offset().checked_add(view.length());
        end.and_then(|end| self.buffers.get(view.buffer().index())?.get(view.offset()..end))
            .ok_or_else(|| self.damaged("a buffer view reaches beyond its buffer"))
    }

    /// `N` numbers for each element, whole ones scaled to 0..=1 or -1..=1 when the file says so.
    pub fn vectors<const N: usize>(&self, accessor: &Accessor<'_>) -> Result<Vec<[f32; N]>, AssetError> {
        let (kind, count) = (accessor.data_type(), accessor.count());
        let width = components(accessor.dimensions());
        if width < N {
            return Err(self.damaged("an accessor has too few components"));
        }
        let scale = if accessor.normalized() { normalizer(kind) } else { 1.0 };
        let read = |element: &[u8]| -> [f32; N] {
            let size = kind.size();
            std::array::from_fn(|i| {
                (number(&element[i * size..], kind) * scale).max(-f64::from(f32::MAX)) as f32
            })
        };
        bounded("vertices", count)?;
        let mut values = match accessor.view() {
            Some(view) => {
                self.elements(&view, accessor.offset(), count, accessor.size())?.map(read).collect()
            }
            None if accessor.sparse().is_none() => return Err(self.damaged("an accessor has no data")),
            // Zeros that a sparse list changes; not worth more than the list is long.
            None => {
                if count > self.bytes() {
                    return Err(self.damaged("a sparse accessor is longer than the file"));
                }
                vec![[0.0; N]; count]
            }
        };
        if let Some(sparse) = accessor.sparse() {
            let (indices, kind) = (sparse.indices(), sparse.indices().index_type().size());
            let places = self.elements(&indices.view(), indices.offset(), sparse.count(), kind)?;
            let changed = self.elements(
                &sparse.values().view(),
                sparse.values().offset(),
                sparse.count(),
                accessor.size(),
            )?;
            for (place, element) in places.zip(changed) {
                let value = values.get_mut(whole(place) as usize);
                *value.ok_or_else(|| self.damaged("a sparse index is out of range"))? = read(element);
            }
        }
        Ok(values)
    }

    pub fn indices(&self, accessor: &Accessor<'_>) -> Result<Vec<u32>, AssetError> {
        let whole_number = matches!(accessor.data_type(), DataType::U8 | DataType::U16 | DataType::U32);
        if !whole_number || accessor.dimensions() != Dimensions::Scalar || accessor.sparse().is_some() {
            return Err(self.damaged("indices of an impossible type"));
        }
        let view = accessor.view().ok_or_else(|| self.damaged("indices without data"))?;
        Ok(self.elements(&view, accessor.offset(), accessor.count(), accessor.size())?.map(whole).collect())
    }

    /// `count` elements of `size` bytes; every one of them lies in the view.
    fn elements(
        &self,
        view: &View<'_>,
        offset: usize,
        count: usize,
        size: usize,
    ) -> Result<impl Iterator<Item = &[u8]> + use<'_>, AssetError> {
        let stride = view.stride().unwrap_or(size).max(1);
        let bytes = self.view(view)?;
        let needed = match count.checked_sub(1) {
            Some(last) => last.checked_mul(stride).and_then(|start| start.checked_add(size)),
            None => Some(0),
        };
        let end = needed.and_then(|needed| needed.checked_add(offset));
        let bytes = end.and_then(|end| bytes.get(offset..end)).filter(|_| stride >= size);
        let bytes = bytes.ok_or_else(|| self.damaged("an accessor reaches beyond its data"))?;
        Ok(bytes.chunks(stride).map(move |element| &element[..size]))
    }

    /// The bytes of a picture.
    pub fn picture(&self, source: &::gltf::image::Source<'_>, companion: Companion<'_>) -> Option<Vec<u8>> {
        match source {
            ::gltf::image::Source::View { view, .. } => self.view(view).ok().map(<[u8]>::to_vec),
            ::gltf::image::Source::Uri { uri, .. } => resource(uri, companion),
        }
    }
}

fn missing(uri: &str) -> AssetError {
    AssetError::CompanionMissing {
        name: uri.chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS).collect(),
    }
}

/// Bytes in the URI itself, or in a file beside the mesh. Nothing is fetched.
fn resource(uri: &str, companion: Companion<'_>) -> Option<Vec<u8>> {
    match uri.strip_prefix("data:") {
        Some(data) => STANDARD.decode(data.split_once(";base64,")?.1).ok(),
        None => companion(&percent_decode_str(uri).decode_utf8().ok()?),
    }
}

/// What the library's own validation takes for granted, and would panic over.
fn check_what_the_library_trusts(json: &Root) -> Result<(), &'static str> {
    let mut primitives = json.meshes.iter().flat_map(|mesh| &mesh.primitives);
    let position = Checked::Valid(Semantic::Positions);
    let lost = |p: &Primitive| p.attributes.get(&position).is_some_and(|a| a.value() >= json.accessors.len());
    if primitives.any(lost) {
        return Err("a mesh names positions that are not there");
    }
    let has_source = |image: &Image| match image.buffer_view {
        Some(_) => image.mime_type.is_some(),
        None => image.uri.is_some(),
    };
    if json.images.iter().all(has_source) { Ok(()) } else { Err("a picture has no data") }
}

fn first_words(text: &str) -> String {
    text.chars().take(200).collect()
}

fn components(dimensions: Dimensions) -> usize {
    dimensions.multiplicity()
}

fn whole(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | u32::from(byte))
}

fn number(bytes: &[u8], kind: DataType) -> f64 {
    let word: [u8; 4] = std::array::from_fn(|i| bytes.get(i).copied().unwrap_or(0));
    match kind {
        DataType::I8 => f64::from(word[0] as i8),
        DataType::U8 => f64::from(word[0]),
        DataType::I16 => f64::from(i16::from_le_bytes([word[0], word[1]])),
        DataType::U16 => f64::from(u16::from_le_bytes([word[0], word[1]])),
        DataType::U32 => f64::from(u32::from_le_bytes(word)),
        DataType::F32 => f64::from(f32::from_le_bytes(word)),
    }
}

fn normalizer(kind: DataType) -> f64 {
    match kind {
        DataType::I8 => 1.0 / 127.0,
        DataType::U8 => 1.0 / 255.0,
        DataType::I16 => 1.0 / 32_767.0,
        DataType::U16 => 1.0 / 65_535.0,
        DataType::U32 | DataType::F32 => 1.0,
    }
}

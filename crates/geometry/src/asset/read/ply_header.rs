//! The text at the top of a PLY file.

use super::super::AssetError;
use super::ply::damaged;

const MAX_HEADER: usize = 1 << 16;
const MAX_ELEMENTS: usize = 64;
const MAX_PROPERTIES: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    Text,
    Little,
    Big,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    F32,
    F64,
}

impl Scalar {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "char" | "int8" => Scalar::I8,
            "uchar" | "uint8" => Scalar::U8,
            "short" | "int16" => Scalar::I16,
            "ushort" | "uint16" => Scalar::U16,
            "int" | "int32" => Scalar::I32,
            "uint" | "uint32" => Scalar::U32,
            "float" | "float32" => Scalar::F32,
            "double" | "float64" => Scalar::F64,
            _ => return None,
        })
    }

    pub fn bytes(self) -> usize {
        match self {
            Scalar::I8 | Scalar::U8 => 1,
            Scalar::I16 | Scalar::U16 => 2,
            Scalar::I32 | Scalar::U32 | Scalar::F32 => 4,
            Scalar::F64 => 8,
        }
    }

    /// Largest value where it is a whole number of a colour.
    pub fn white(self) -> f64 {
        match self {
            Scalar::U16 | Scalar::I16 => 65_535.0,
            Scalar::F32 | Scalar::F64 => 1.0,
            Scalar::I8 | Scalar::U8 | Scalar::I32 | Scalar::U32 => 255.0,
        }
    }
}

pub struct Property {
    pub name: String,
    pub scalar: Scalar,
    /// Of the count, when it is a list.
    pub list: Option<Scalar>,
}

pub struct Element {
    pub name: String,
    /// As claimed; not checked against the file.
    pub count: usize,
    pub properties: Vec<Property>,
}

impl Element {
    pub fn property(&self, names: &[&str]) -> Option<usize> {
        self.properties.iter().position(|p| names.contains(&p.name.as_str()))
    }
}

pub struct Header<'a> {
    pub layout: Layout,
    pub elements: Vec<Element>,
    pub texture_file: Option<String>,
    pub data: &'a [u8],
}

/// At most [`MAX_ELEMENTS`] elements of 1 to [`MAX_PROPERTIES`] properties each.
pub fn parse(bytes: &[u8]) -> Result<Header<'_>, AssetError> {
    let mut header = Header { layout: Layout::Text, elements: Vec::new(), texture_file: None, data: bytes };
    let mut rest = bytes;
    loop {
        let window = &rest[..rest.len().min(MAX_HEADER)];
        let end = window.iter().position(|&b| b == b'\n' || b == b'\r');
        let end = end.ok_or_else(|| damaged("its header does not end"))?;
        let line = String::from_utf8_lossy(&rest[..end]).into_owned();
        rest = rest[end..].strip_prefix(b"\r\n").unwrap_or(&rest[end + 1..]);
        if bytes.len() - rest.len() > MAX_HEADER {
            return Err(damaged("its header does not end"));
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["end_header"] => break,
            ["format", layout, _] => {
                header.layout = match *layout {
                    "ascii" => Layout::Text,
                    "binary_little_endian" => Layout::Little,
                    "binary_big_endian" => Layout::Big,
                    _ => return Err(damaged("its layout is unknown")),
                }
            }
            ["element", name, count] => {
                let count = count.parse().map_err(|_| damaged("an element has no count"))?;
                let (name, properties) = ((*name).to_owned(), Vec::new());
                header.elements.push(Element { name, count, properties });
            }
            ["property", rest @ .., name] => {
                let unknown = || damaged("a property is of an unknown type");
                let (list, scalar) = match rest {
                    ["list", count, scalar] => (Some(Scalar::parse(count).ok_or_else(unknown)?), scalar),
                    [scalar] => (None, scalar),
                    _ => return Err(unknown()),
                };
                let scalar = Scalar::parse(scalar).ok_or_else(unknown)?;
                let element = header.elements.last_mut().ok_or_else(|| damaged("a property of nothing"))?;
                element.properties.push(Property { name: (*name).to_owned(), scalar, list });
            }
            ["comment", "TextureFile", name @ ..] => header.texture_file = Some(name.join(" ")),
            _ => {}
        }
    }
    let sane = |e: &Element| (1..=MAX_PROPERTIES).contains(&e.properties.len());
    if header.elements.len() > MAX_ELEMENTS || !header.elements.iter().all(sane) {
        return Err(damaged("its header makes no sense"));
    }
    Ok(Header { data: rest, ..header })
}

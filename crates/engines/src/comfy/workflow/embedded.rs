//! The graph a picture or a mesh was made with, as ComfyUI writes it into the file. Untrusted.

use serde_json::Value;
use thiserror::Error;

use super::super::Graph;
use super::parse::{GraphError, MAX_BYTES, graph_of, parse_graph};

#[derive(Debug, Error, PartialEq, Eq)]
pub enum EmbeddedError {
    #[error("This is neither a PNG nor a GLB.")]
    UnknownFormat,
    #[error("The file is damaged.")]
    Damaged,
    #[error("No workflow is stored in this file.")]
    Nothing,
    #[error("{0}")]
    Graph(#[from] GraphError),
}

/// Reads the text chunk `prompt` of a PNG or `asset.extras.prompt` of a GLB.
pub fn embedded_graph(bytes: &[u8]) -> Result<Graph, EmbeddedError> {
    if let Some(chunks) = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n") {
        let prompt = png_prompt(chunks)?;
        return Ok(parse_graph(&prompt)?);
    }
    if bytes.starts_with(b"glTF") {
        return glb_prompt(bytes);
    }
    Err(EmbeddedError::UnknownFormat)
}

fn word(bytes: &[u8], at: usize, read: fn([u8; 4]) -> u32) -> Result<usize, EmbeddedError> {
    let four = bytes.get(at..at + 4).ok_or(EmbeddedError::Damaged)?;
    let four: [u8; 4] = four.try_into().map_err(|_| EmbeddedError::Damaged)?;
    usize::try_from(read(four)).map_err(|_| EmbeddedError::Damaged)
}

/// Chunks are length, type, data, checksum. Text stands in `tEXt` (keyword, 0, Latin-1) or `iTXt` (keyword, 0,
/// two flags, two more texts each with a 0, UTF-8).
fn png_prompt(mut chunks: &[u8]) -> Result<Vec<u8>, EmbeddedError> {
    while !chunks.is_empty() {
        let length = word(chunks, 0, u32::from_be_bytes)?;
        let kind = chunks.get(4..8).ok_or(EmbeddedError::Damaged)?;
        let end = length.checked_add(12).ok_or(EmbeddedError::Damaged)?;
        let data = chunks.get(8..8 + length).ok_or(EmbeddedError::Damaged)?;
        match (kind, data.strip_prefix(b"prompt\0")) {
            (b"tEXt", Some(text)) => {
                if text.len() > MAX_BYTES {
                    return Err(GraphError::TooLarge.into());
                }
                return Ok(text.iter().map(|&byte| char::from(byte)).collect::<String>().into_bytes());
            }
            (b"iTXt", Some([0, 0, rest @ ..])) => {
                let mut parts = rest.splitn(3, |&byte| byte == 0);
                return Ok(parts.nth(2).ok_or(EmbeddedError::Damaged)?.to_vec());
            }
            (b"IEND", _) => return Err(EmbeddedError::Nothing),
            _ => {}
        }
        chunks = chunks.get(end..).ok_or(EmbeddedError::Damaged)?;
    }
    Err(EmbeddedError::Nothing)
}

fn glb_prompt(bytes: &[u8]) -> Result<Graph, EmbeddedError> {
    let length = word(bytes, 12, u32::from_le_bytes)?;
    if length > 4 * MAX_BYTES {
        return Err(GraphError::TooLarge.into());
    }
    let json = bytes.get(20..20 + length).ok_or(EmbeddedError::Damaged)?;
    let json: Value = serde_json::from_slice(json).map_err(|_| EmbeddedError::Damaged)?;
    match &json["asset"]["extras"]["prompt"] {
        Value::String(text) => Ok(parse_graph(text.as_bytes())?),
        Value::Object(graph) => Ok(graph_of(Value::Object(graph.clone()))?),
        _ => Err(EmbeddedError::Nothing),
    }
}

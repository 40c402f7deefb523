//! Whether a file that has come is the one that was wanted. Blocks on the disk.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::error::FetchError;

/// As large as Hugging Face's own reader allows.
const MAX_HEADER_BYTES: u64 = 100_000_000;
const BLOCK_BYTES: usize = 1 << 20;

/// `path` is where the file will be.
pub(super) fn check(
    file: &mut File,
    path: &Path,
    sha256: Option<&str>,
    cancel: &CancellationToken,
) -> Result<(), FetchError> {
    let disk = |error| FetchError::Disk { path: path.to_owned(), error };
    let length = file.metadata().map_err(disk)?.len();
    file.rewind().map_err(disk)?;
    let mut start = [0; 8];
    if length < 8 {
        return Err(FetchError::NotAModel("it is almost empty"));
    }
    file.read_exact(&mut start).map_err(disk)?;
    match path.extension().and_then(|ending| ending.to_str()).unwrap_or_default() {
        "safetensors" | "sft" => safetensors(file, u64::from_le_bytes(start), length).map_err(disk)??,
        "gguf" if !start.starts_with(b"GGUF") => return Err(FetchError::NotAModel("it is no GGUF file")),
        "ckpt" | "pt" | "pth" | "bin" if !start.starts_with(b"PK\x03\x04") && start[0] != 0x80 => {
            return Err(FetchError::NotAModel("PyTorch did not write it"));
        }
        _ => {}
    }
    let Some(wanted) = sha256 else { return Ok(()) };
    let found = sha256_of(file, path, cancel)?;
    if found == wanted { Ok(()) } else { Err(FetchError::Checksum { wanted: wanted.to_owned(), found }) }
}

/// The header says where the last tensor ends, which is where the file does
/// (<https://github.com/huggingface/safetensors#format>).
fn safetensors(file: &mut File, header_bytes: u64, length: u64) -> io::Result<Result<(), FetchError>> {
    if header_bytes > MAX_HEADER_BYTES || header_bytes + 8 > length {
        return Ok(Err(FetchError::NotAModel("it is no safetensors file")));
    }
    let mut header = Vec::new();
    file.take(header_bytes).read_to_end(&mut header)?;
    let Ok(Value::Object(tensors)) = serde_json::from_slice(&header) else {
        return Ok(Err(FetchError::NotAModel("it is no safetensors file")));
    };
    let end_of = |tensor: &Value| tensor.get("data_offsets")?.get(1)?.as_u64();
    let end = tensors.values().filter_map(end_of).max().unwrap_or(0);
    Ok(if end.checked_add(header_bytes + 8) == Some(length) {
        Ok(())
    } else {
        Err(FetchError::NotAModel("its end is not where its header says"))
    })
}

pub(super) fn sha256_of(
    file: &mut File,
    path: &Path,
    cancel: &CancellationToken,
) -> Result<String, FetchError> {
    let disk = |error| FetchError::Disk { path: path.to_owned(), error };
    file.rewind().map_err(disk)?;
    let (mut sum, mut block) = (Sha256::new(), vec![0; BLOCK_BYTES]);
    loop {
        if cancel.is_cancelled() {
            return Err(FetchError::Cancelled);
        }
        match file.read(&mut block).map_err(disk)? {
            0 => break,
            read => sum.update(&block[..read]),
        }
    }
    Ok(sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(name: &str, bytes: &[u8], sha256: Option<&str>) -> Result<(), FetchError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        check(&mut File::open(&path).unwrap(), &path, sha256, &CancellationToken::new())
    }

    #[test]
    fn every_cut_of_a_safetensors_file_is_seen() {
        let header = br#"{"__metadata__":{"a":"b"},"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#;
        let whole = [&(header.len() as u64).to_le_bytes()[..], header, &[7; 16]].concat();
        checked("a.safetensors", &whole, None).unwrap();
        for cut in 0..whole.len() {
            assert!(checked("a.safetensors", &whole[..cut], None).is_err(), "{cut} bytes passed");
        }
        assert!(checked("a.safetensors", &[&whole[..], b"x"].concat(), None).is_err());
        let sum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert!(matches!(checked("a.sft", &whole, Some(sum)), Err(FetchError::Checksum { .. })));
    }

    #[test]
    fn a_web_page_is_no_model() {
        let page = b"<!doctype html><p>Please sign in</p>";
        for name in ["a.safetensors", "a.gguf", "a.ckpt", "a.pt"] {
            assert!(checked(name, page, None).is_err(), "{name}");
        }
        checked("a.ckpt", b"PK\x03\x04 and so on", None).unwrap();
        checked("a.gguf", b"GGUF\x03\0\0\0", None).unwrap();
    }
}

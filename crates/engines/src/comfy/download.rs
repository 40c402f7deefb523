use oreforge_protocol::OutputFile;
use thiserror::Error;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::http::{HttpError, transport};
use super::patience::{Patience, PatienceError};
use super::server::Server;

/// Largest file taken from a server.
const MAX_FILE_BYTES: usize = 512 << 20;
/// Tries for a file that arrives damaged; what is wrong on the server's disk stays wrong.
const MAX_DAMAGED: u32 = 4;
/// A line that brings less than this within the limit of a request has stalled.
const LEAST_PIECE_BYTES: usize = 4 << 10;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DownloadError {
    #[error("cancelled")]
    Cancelled,
    /// The server says that it has no such file.
    #[error("the file is not on the server any more")]
    Gone,
    #[error("another prompt's file is in its place")]
    Foreign,
    #[error("the file is damaged: {0}")]
    Damaged(&'static str),
    #[error("the file has more than {MAX_FILE_BYTES} bytes")]
    TooLarge,
    #[error(transparent)]
    Failed(HttpError),
}

impl Server {
    /// Fetches a file a node made, again until it is whole. Never empty, and what its first bytes and its end
    /// say is checked.
    ///
    /// # Errors
    /// When cancelled, when the file is gone, damaged or too large, or when the server stays away too long.
    pub async fn download(
        &self,
        file: &OutputFile,
        cancel: &CancellationToken,
    ) -> Result<Vec<u8>, DownloadError> {
        let mut patience = Patience::new(self.limits(), file.file_name.len() as u64);
        let (mut damaged, mut missing) = (0, 0);
        loop {
            let fetched = tokio::select! {
                fetched = self.fetch(file) => fetched,
                () = cancel.cancelled() => return Err(DownloadError::Cancelled),
            };
            let error = match fetched {
                Ok(bytes) => return Ok(bytes),
                Err(DownloadError::Damaged(why)) if damaged < MAX_DAMAGED => {
                    damaged += 1;
                    HttpError::NoAnswer(why.to_owned())
                }
                // A proxy in front of a server that restarts may say so for a moment.
                Err(DownloadError::Gone) if missing < 1 => {
                    missing += 1;
                    HttpError::NoAnswer("404".to_owned())
                }
                Err(DownloadError::Failed(error)) => error,
                Err(error) => return Err(error),
            };
            patience.after(error, cancel).await.map_err(|error| match error {
                PatienceError::Cancelled => DownloadError::Cancelled,
                PatienceError::Failed(error) => DownloadError::Failed(error),
            })?;
        }
    }

    async fn fetch(&self, file: &OutputFile) -> Result<Vec<u8>, DownloadError> {
        let query = [
            ("filename", file.file_name.as_str()),
            ("subfolder", file.subfolder.as_str()),
            ("type", file.folder.as_str()),
        ];
        let url = self.http.address.url(&["view"], &query);
        let mut answer = match self.http.open(url).await {
            Ok(answer) => answer,
            Err(HttpError::Status { status: 404, .. }) => return Err(DownloadError::Gone),
            Err(error) => return Err(DownloadError::Failed(error)),
        };
        let announced = answer.content_length();
        if announced.is_some_and(|length| length > MAX_FILE_BYTES as u64) {
            return Err(DownloadError::TooLarge);
        }
        let mut bytes = Vec::new();
        let mut window = (Instant::now(), 0);
        loop {
            let piece = match timeout(self.limits().request, answer.chunk()).await {
                Ok(Ok(Some(piece))) => piece,
                Ok(Ok(None)) => break,
                Ok(Err(error)) => return Err(DownloadError::Failed(transport(&error))),
                Err(_) => return Err(stalled()),
            };
            if bytes.len() + piece.len() > MAX_FILE_BYTES {
                return Err(DownloadError::TooLarge);
            }
            bytes.extend_from_slice(&piece);
            if window.0.elapsed() > self.limits().request {
                if bytes.len() - window.1 < LEAST_PIECE_BYTES {
                    return Err(stalled());
                }
                window = (Instant::now(), bytes.len());
            }
        }
        if announced.is_some_and(|length| length != bytes.len() as u64) {
            return Err(DownloadError::Damaged("it ended early"));
        }
        whole(&bytes).map_err(DownloadError::Damaged)?;
        Ok(bytes)
    }
}

fn stalled() -> DownloadError {
    DownloadError::Failed(HttpError::NoAnswer("the download stalled".to_owned()))
}

/// Whether a file is all there, as far as its format tells: the formats we ask for do.
fn whole(bytes: &[u8]) -> Result<(), &'static str> {
    let length_at = |at: usize| {
        let field = bytes.get(at..at + 4).and_then(|field| field.try_into().ok());
        field.map(|field| u32::from_le_bytes(field) as usize)
    };
    let fits = |whole: bool| if whole { Ok(()) } else { Err("it is not all there") };
    match bytes {
        [] => Err("it is empty"),
        [b'g', b'l', b'T', b'F', ..] => fits(length_at(8) == Some(bytes.len())),
        [0x89, b'P', b'N', b'G', ..] => fits(bytes.ends_with(b"IEND\xaeB`\x82")),
        [0xff, 0xd8, 0xff, ..] => fits(bytes.ends_with(&[0xff, 0xd9])),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => {
            fits(length_at(4).is_some_and(|length| length + 8 <= bytes.len()))
        }
        _ => Err("it is neither a picture nor a mesh"),
    }
}

#[cfg(test)]
mod tests {
    use image::{ImageFormat, RgbaImage};

    use super::*;

    fn picture(format: ImageFormat) -> Vec<u8> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let rgb = image::DynamicImage::ImageRgba8(RgbaImage::from_fn(9, 7, |x, y| {
            image::Rgba([x as u8 * 20, y as u8 * 30, 99, 255])
        }))
        .into_rgb8();
        rgb.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn every_cut_is_seen() {
        let mut glb = b"glTF\x02\0\0\0\x18\0\0\0".to_vec();
        glb.extend([0; 12]);
        let files = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP].map(picture);
        for file in files.iter().chain([&glb]) {
            assert_eq!(whole(file), Ok(()));
            for cut in 0..file.len() {
                assert!(whole(&file[..cut]).is_err(), "{cut} of {} bytes passed", file.len());
            }
        }
        assert!(whole(b"<html>not found</html>").is_err());
    }
}

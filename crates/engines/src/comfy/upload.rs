use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::http::HttpError;
use super::outputs::Folder;
use super::patience::{Patience, PatienceError};
use super::server::Server;

/// Our folder among the server's inputs.
const SUBFOLDER: &str = "oreforge";

/// A picture on the server, as the server calls it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Uploaded {
    name: String,
    #[serde(default)]
    subfolder: String,
    #[serde(rename = "type")]
    folder: Folder,
}

impl Uploaded {
    /// What `LoadImage` and its like take for this file.
    pub fn reference(&self) -> String {
        let path = if self.subfolder.is_empty() {
            self.name.clone()
        } else {
            format!("{}/{}", self.subfolder, self.name)
        };
        match self.folder {
            Folder::Input => path,
            Folder::Output | Folder::Temp => format!("{path} [{}]", self.folder.as_str()),
        }
    }
}

impl Server {
    /// Puts a PNG on the server. Named after its bytes: the same picture is there once, however often it is
    /// sent, and a resumed step builds the same graph.
    ///
    /// # Errors
    /// When cancelled, or when the server does not take it or stays away too long.
    pub async fn upload_png(
        &self,
        png: &[u8],
        cancel: &CancellationToken,
    ) -> Result<Uploaded, PatienceError> {
        let digest = Sha256::digest(png);
        let name: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        let mut patience = Patience::new(self.limits(), u64::from(digest[0]));
        loop {
            match self.upload_once(&format!("{name}.png"), png, cancel).await? {
                Ok(uploaded) if !uploaded.name.is_empty() => return Ok(uploaded),
                Ok(_) => return Err(HttpError::Foreign("an upload without a name".to_owned()).into()),
                Err(error) => patience.after(error, cancel).await?,
            }
        }
    }

    async fn upload_once(
        &self,
        name: &str,
        png: &[u8],
        cancel: &CancellationToken,
    ) -> Result<Result<Uploaded, HttpError>, PatienceError> {
        let part = Part::bytes(png.to_vec()).file_name(name.to_owned()).mime_str("image/png");
        let part = part.map_err(|e| HttpError::Foreign(e.to_string()))?;
        let form = Form::new().text("type", "input").text("subfolder", SUBFOLDER).part("image", part);
        tokio::select! {
            uploaded = self.http.post_form(self.url(&["upload", "image"]), form) => Ok(uploaded),
            () = cancel.cancelled() => Err(PatienceError::Cancelled),
        }
    }
}

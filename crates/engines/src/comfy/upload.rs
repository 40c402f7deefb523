use std::sync::Arc;

use oreforge_protocol::ServerFolder;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::http::HttpError;
use super::patience::{Patience, PatienceError};
use super::server::Server;

/// Our folder among the server's.
const SUBFOLDER: &str = "oreforge";

/// A picture that a graph reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub png: Arc<Vec<u8>>,
    /// Among the server's inputs, where nobody can delete it but a person; otherwise among its temporary files, which
    /// it deletes itself when it starts and when it ends.
    pub stays: bool,
}

/// A picture on the server, as the server calls it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Uploaded {
    name: String,
    #[serde(default)]
    subfolder: String,
    #[serde(rename = "type")]
    folder: ServerFolder,
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
            ServerFolder::Input => path,
            ServerFolder::Output | ServerFolder::Temp => format!("{path} [{}]", self.folder.as_str()),
        }
    }
}

impl Server {
    /// Puts a PNG on the server. Named after its bytes: the same picture is there once, however often it is
    /// sent, and a resumed step builds the same graph.
    ///
    /// # Errors
    /// When cancelled, or when the server does not take it or stays away too long.
    pub async fn upload(
        &self,
        upload: &Upload,
        cancel: &CancellationToken,
    ) -> Result<Uploaded, PatienceError> {
        let mut patience = Patience::new(self.limits(), 0);
        loop {
            let uploaded = tokio::select! {
                uploaded = self.upload_once(upload) => uploaded,
                () = cancel.cancelled() => return Err(PatienceError::Cancelled),
            };
            match uploaded {
                Ok(uploaded) => return Ok(uploaded),
                Err(error) => patience.after(error, cancel).await?,
            }
        }
    }

    pub(crate) async fn upload_once(&self, Upload { png, stays }: &Upload) -> Result<Uploaded, HttpError> {
        let name: String = Sha256::digest(&**png).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        let part = Part::bytes(png.to_vec()).file_name(format!("{name}.png")).mime_str("image/png");
        let part = part.map_err(|e| HttpError::Foreign(e.to_string()))?;
        let folder = if *stays { ServerFolder::Input } else { ServerFolder::Temp };
        let form = Form::new().text("type", folder.as_str()).text("subfolder", SUBFOLDER).part("image", part);
        let uploaded: Uploaded = self.http.post_form(self.url(&["upload", "image"]), form).await?;
        if uploaded.name.is_empty() {
            return Err(HttpError::Foreign("an upload without a name".to_owned()));
        }
        Ok(uploaded)
    }
}

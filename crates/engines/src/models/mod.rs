//! Model files for a ComfyUI on this computer, fetched from an address that a person confirmed.
//!
//! Whatever comes is untrusted: names are rebuilt, kinds of files are few, the disk bounds the size, a token goes to
//! the site it belongs to alone, and nothing that is there is ever replaced.

mod contract;
mod error;
mod fetch;
mod name;
mod open;
mod part;
mod site;
mod whole;

pub use contract::{Checkpoint, Fetch, FetchLedger, FetchLimits};
pub use error::FetchError;
pub use fetch::Fetcher;
pub use name::{ModelNameError, file_name_of, may_run_code, model_file_name, model_folder};
pub use part::discard;
pub use site::{Tokens, UrlError, download_url, site_name, site_of};

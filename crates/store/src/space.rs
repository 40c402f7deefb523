//! Is there a place to write to, and room in it?

use crate::{Store, StoreError, faults};

impl Store {
    /// To be asked before work is spent on a step that writes about `needed_bytes`; what the settings say is left free.
    ///
    /// # Errors
    /// [`StoreError::NoRoom`], or an error of the disk when the folder is gone.
    pub fn check_room(&self, needed_bytes: u64) -> Result<(), StoreError> {
        self.check_there()?;
        let free_bytes = faults::disk("room check")
            .and_then(|()| fs4::available_space(self.root()))
            .map_err(|e| StoreError::io(self.root(), e))?;
        let spare_bytes = u64::from(self.settings()?.spare_mb) * 1_000_000;
        if free_bytes < needed_bytes.saturating_add(spare_bytes) {
            let folder = self.root().to_owned();
            return Err(StoreError::NoRoom { folder, needed_bytes, spare_bytes, free_bytes });
        }
        Ok(())
    }

    /// A folder that was moved or unplugged must not be made anew beside its open database.
    pub(crate) fn check_there(&self) -> Result<(), StoreError> {
        let database = self.database();
        match std::fs::metadata(&database) {
            Ok(_) => Ok(()),
            Err(_) if !self.root().exists() => {
                Err(StoreError::io(self.root(), std::io::ErrorKind::NotFound.into()))
            }
            Err(error) => Err(StoreError::io(&database, error)),
        }
    }
}

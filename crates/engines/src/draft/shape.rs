use std::collections::BTreeMap;
use std::sync::Arc;

use oreforge_geometry::{Cancel, Cancelled, Painter, TriMesh};
use serde_json::Value;

/// A solid in world space: Y up, +Z towards the front, metres, bottom centre at the origin, largest dimension
/// the `size_m` it was made with. Inflated from one picture or carved from several.
pub trait Shape: Send + Sync {
    /// The closed surface, from a field of `cells` cells along the silhouettes' longer side. Watertight and
    /// manifold; the same `cells` give the same mesh, bit for bit.
    fn surface(&self, cells: u32, cancel: Cancel<'_>) -> Result<TriMesh, Cancelled>;

    /// The colours of the surface at any `cells`. May take tens of milliseconds to prepare.
    fn painter(self: Arc<Self>, cancel: Cancel<'_>) -> Result<Arc<dyn Painter>, Cancelled>;

    /// Decisions worth reporting, by name.
    fn facts(&self) -> BTreeMap<String, Value>;
}

//! Vertices that are meant to be one.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use glam::{DVec3, IVec3};

/// Cells are this many tolerances wide: most points then ask one cell only.
const TOLERANCES_PER_CELL: f64 = 16.0;
const NONE: u32 = u32::MAX;

/// For each position the first one that is no farther than `tolerance`; itself when there is none before it.
pub fn first_near(positions: &[DVec3], tolerance: f64) -> Vec<u32> {
    let cell = (tolerance * TOLERANCES_PER_CELL).max(f64::MIN_POSITIVE);
    let cell_of = |p: DVec3| (p / cell).floor().as_ivec3();
    let mut head: HashMap<IVec3, u32, RandomState> =
        HashMap::with_capacity_and_hasher(positions.len(), RandomState::default());
    let mut next = vec![NONE; positions.len()];
    let mut first = Vec::with_capacity(positions.len());
    for (i, &p) in (0u32..).zip(positions) {
        let (low, high) = (cell_of(p - tolerance), cell_of(p + tolerance));
        let mut found = i;
        for z in low.z..=high.z {
            for y in low.y..=high.y {
                for x in low.x..=high.x {
                    let mut at = head.get(&IVec3::new(x, y, z)).copied().unwrap_or(NONE);
                    while at != NONE {
                        if at < found && positions[at as usize].distance_squared(p) <= tolerance * tolerance {
                            found = at;
                        }
                        at = next[at as usize];
                    }
                }
            }
        }
        first.push(found);
        // Only those that stand for themselves are found by others, so that chains do not creep together.
        if found == i {
            next[i as usize] = head.insert(cell_of(p), i).unwrap_or(NONE);
        }
    }
    first
}

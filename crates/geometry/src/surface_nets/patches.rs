//! How a surface runs through one lattice cell, for every pattern of signs at its corners.
//!
//! Corner `c` lies at `(c & 1, c >> 1 & 1, c >> 2 & 1)`. Edge `4 * axis + side` runs along `axis`; the bits of
//! `side` are its place along the two following axes, cyclically (x: y, z; y: z, x; z: x, y).
//!
//! Crossed edges are joined into cycles over the cell's faces; each cycle is one patch of the surface and gets
//! one dual vertex (Nielson 2004, "Dual marching cubes"). A face with four crossed edges is ambiguous; both
//! cells beside it separate its inside corners, so the cycles of all cells fit together. One non-manifold case
//! is left: an ambiguous face whose four edges belong to a single cycle in both cells, which would join the
//! same two dual vertices by two edges. There both cells join the inside corners instead, which splits both
//! cycles in two (Wenger 2013, "Isosurfaces", 3.3.6; a cell has at most one such face).

use std::sync::LazyLock;

pub const NO_PATCH: u8 = u8::MAX;

/// The patches of one sign pattern.
#[derive(Clone, Copy)]
pub struct Patches {
    /// At most four.
    pub count: u8,
    /// By edge: the patch that crosses it, or [`NO_PATCH`].
    pub of_edge: [u8; 12],
}

pub struct PatchTable {
    /// By sign pattern, bit `c` set when corner `c` is inside.
    pub separated: [Patches; 256],
    /// The same with the tangled face's inside corners joined; equal to `separated` without such a face.
    pub joined: [Patches; 256],
    /// The ambiguous face whose edges all belong to one patch, as `2 * axis + far side`.
    pub tangled_face: [Option<u8>; 256],
}

pub static PATCHES: LazyLock<PatchTable> = LazyLock::new(|| {
    let mut table = PatchTable {
        separated: [Patches { count: 0, of_edge: [NO_PATCH; 12] }; 256],
        joined: [Patches { count: 0, of_edge: [NO_PATCH; 12] }; 256],
        tangled_face: [None; 256],
    };
    for signs in 0..256 {
        let separated = trace(signs as u8, None);
        table.separated[signs] = separated;
        table.tangled_face[signs] = tangled_faces(signs as u8, &separated).next();
        table.joined[signs] = trace(signs as u8, table.tangled_face[signs]);
    }
    table
});

/// Corners at the low and the high end of an edge.
pub const fn edge_corners(edge: usize) -> [usize; 2] {
    let axis = edge / 4;
    let low = ((edge & 1) << ((axis + 1) % 3)) | ((edge >> 1 & 1) << ((axis + 2) % 3));
    [low, low | 1 << axis]
}

fn edge_between(a: usize, b: usize) -> usize {
    let axis = (a ^ b).trailing_zeros() as usize;
    let low = a & b;
    4 * axis + (low >> ((axis + 1) % 3) & 1) + 2 * (low >> ((axis + 2) % 3) & 1)
}

/// The face's corners in cyclic order.
fn face_corners(face: u8) -> [usize; 4] {
    let axis = usize::from(face / 2);
    let base = usize::from(face & 1) << axis;
    let (u, v) = (1 << ((axis + 1) % 3), 1 << ((axis + 2) % 3));
    [base, base | u, base | u | v, base | v]
}

fn is_inside(signs: u8, corner: usize) -> bool {
    signs >> corner & 1 == 1
}

fn is_ambiguous(signs: u8, face: u8) -> bool {
    let inside = face_corners(face).map(|corner| is_inside(signs, corner));
    inside[0] == inside[2] && inside[1] == inside[3] && inside[0] != inside[1]
}

fn tangled_faces(signs: u8, patches: &Patches) -> impl Iterator<Item = u8> {
    (0..6).filter(move |&face| {
        let corners = face_corners(face);
        let patch_of = |i: usize| patches.of_edge[edge_between(corners[i], corners[(i + 1) % 4])];
        is_ambiguous(signs, face) && (1..4).all(|i| patch_of(i) == patch_of(0))
    })
}

fn trace(signs: u8, joined_face: Option<u8>) -> Patches {
    let mut root: [u8; 12] = std::array::from_fn(|edge| edge as u8);
    for face in 0..6 {
        let corners = face_corners(face);
        // Each piece of the surface's outline on a face cuts off a run of corners on the same side: a run of
        // inside corners, or of outside corners where the inside is joined.
        let cut_side = joined_face != Some(face);
        for i in 0..4 {
            if is_inside(signs, corners[i]) != cut_side || is_inside(signs, corners[(i + 3) % 4]) == cut_side
            {
                continue;
            }
            let mut end = i;
            while is_inside(signs, corners[(end + 1) % 4]) == cut_side {
                end += 1;
            }
            let entry = root[edge_between(corners[(i + 3) % 4], corners[i])];
            let exit = root[edge_between(corners[end % 4], corners[(end + 1) % 4])];
            for label in &mut root {
                if *label == exit {
                    *label = entry;
                }
            }
        }
    }
    let mut patches = Patches { count: 0, of_edge: [NO_PATCH; 12] };
    let mut patch_of_root = [NO_PATCH; 12];
    for edge in 0..12 {
        let [low, high] = edge_corners(edge);
        if is_inside(signs, low) == is_inside(signs, high) {
            continue;
        }
        let patch = &mut patch_of_root[usize::from(root[edge])];
        if *patch == NO_PATCH {
            *patch = patches.count;
            patches.count += 1;
        }
        patches.of_edge[edge] = *patch;
    }
    patches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_is_found_by_its_corners() {
        for edge in 0..12 {
            let [low, high] = edge_corners(edge);
            assert_eq!(edge_between(low, high), edge);
            assert_eq!(edge_between(high, low), edge);
        }
    }

    #[test]
    fn a_cell_has_at_most_one_tangled_face_and_joining_it_splits_the_patch() {
        let mut tangled = 0;
        for signs in 0..=255u8 {
            let separated = &PATCHES.separated[usize::from(signs)];
            let joined = &PATCHES.joined[usize::from(signs)];
            assert!(tangled_faces(signs, separated).count() <= 1, "signs {signs:08b}");
            assert!(separated.count <= 4 && joined.count <= 4);
            match PATCHES.tangled_face[usize::from(signs)] {
                Some(_) => {
                    tangled += 1;
                    assert_eq!(joined.count, separated.count + 1, "signs {signs:08b}");
                    assert_eq!(tangled_faces(signs, joined).count(), 0);
                }
                None => assert_eq!(joined.of_edge, separated.of_edge),
            }
        }
        assert!(tangled > 0);
    }

    #[test]
    fn every_patch_is_a_cycle_of_at_least_three_edges() {
        for patches in PATCHES.separated.iter().chain(&PATCHES.joined) {
            for patch in 0..patches.count {
                assert!(patches.of_edge.iter().filter(|&&p| p == patch).count() >= 3);
            }
        }
    }
}

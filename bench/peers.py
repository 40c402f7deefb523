"""Geometry beside its named peers on the same data, in the same run: `peers.py OUR_JSON FOLDER PICTURE`.

Our times and data come from `crates/geometry/examples/peers_bench.rs`; every peer is called as its documentation says,
the data already in memory. Prints a table. Errors are measured by one judge (Open3D's ray casting) for everybody.
"""
import io
import json
import sys
import time

import fast_simplification
import numpy as np
import open3d as o3d
import pymeshlab
import trimesh
import vtk
import xatlas
from PIL import Image
from skimage.measure import marching_cubes
from skimage.metrics import structural_similarity
from vtk.util import numpy_support

RUNS = 5
SAMPLES = 200_000

ours = json.loads(sys.argv[1])
folder, picture = sys.argv[2], sys.argv[3]


def mesh(name):
    positions = np.fromfile(f"{folder}/{name}.positions", np.float32).reshape(-1, 3)
    triangles = np.fromfile(f"{folder}/{name}.triangles", np.uint32).reshape(-1, 3)
    return positions, triangles


def timed(work, runs=RUNS):
    taken, made = [], None
    for _ in range(runs):
        started = time.perf_counter()
        made = work()
        taken.append((time.perf_counter() - started) * 1e3)
    return float(np.median(taken)), made


def scene(positions, triangles):
    made = o3d.t.geometry.RaycastingScene()
    made.add_triangles(o3d.core.Tensor(positions.astype(np.float32)), o3d.core.Tensor(triangles.astype(np.uint32)))
    return made


def samples(positions, triangles):
    points, _ = trimesh.sample.sample_surface(trimesh.Trimesh(positions, triangles, process=False), SAMPLES, seed=7)
    return points.astype(np.float32)


FULL = mesh("full")
DIAGONAL = float(np.linalg.norm(FULL[0].max(0) - FULL[0].min(0)))
FULL_SCENE, FULL_SAMPLES = scene(*FULL), samples(*FULL)


def error(positions, triangles):
    """Mean and largest two-sided distance to the full mesh, in 1e-4 of its diagonal."""
    there = FULL_SCENE.compute_distance(o3d.core.Tensor(samples(positions, triangles))).numpy()
    back = scene(positions, triangles).compute_distance(o3d.core.Tensor(FULL_SAMPLES)).numpy()
    return [float(x) / DIAGONAL * 1e4 for x in ((there.mean() + back.mean()) / 2, max(there.max(), back.max()))]


def is_closed(positions, triangles):
    return trimesh.Trimesh(positions, triangles, process=False).is_watertight


rows = []


def row(what, peer, peer_ms, our_ms, ours_says="", peer_says=""):
    rows.append((what, peer, our_ms, peer_ms, peer_ms / our_ms, ours_says, peer_says))


# Iso-surface: the same cells, level 0.
depth, height, width = ours["size"][2], ours["size"][1], ours["size"][0]
cells = np.fromfile(f"{folder}/body.f32", np.float32).reshape(depth, height, width)
count = f"{len(FULL[1]):,} triangles"
ms, made = timed(lambda: marching_cubes(cells, 0.0), 3)
row("iso-surface", "scikit-image marching_cubes", ms, ours["ms"]["iso-surface"], count, f"{len(made[1]):,} triangles")


def flying_edges():
    image = vtk.vtkImageData()
    image.SetDimensions(width, height, depth)
    image.GetPointData().SetScalars(numpy_support.numpy_to_vtk(cells.ravel(), deep=False))
    edges = vtk.vtkFlyingEdges3D()
    edges.SetInputData(image)
    edges.SetValue(0, 0.0)
    edges.ComputeNormalsOff()
    edges.Update()
    return edges.GetOutput()


ms, made = timed(flying_edges)
row("iso-surface", "VTK flying edges", ms, ours["ms"]["iso-surface"], count, f"{made.GetNumberOfPolys():,} triangles")

# Decimation of the surface to 50,000 triangles.
small = mesh("ours-50k")


def says(positions, triangles):
    mean, largest = error(positions, triangles)
    closed = "closed" if is_closed(positions, triangles) else "open"
    return f"{len(triangles):,}, error {mean:.3f}, largest {largest:.1f}, {closed}"


our_words = says(*small)
share = 1.0 - 50_000 / len(FULL[1])
ms, made = timed(lambda: fast_simplification.simplify(FULL[0], FULL[1].astype(np.int32), share))
row("decimate to 50,000", "fast-simplification", ms, ours["ms"]["decimate"], our_words, says(*made))


def meshlab():
    held = pymeshlab.MeshSet(verbose=False)
    held.add_mesh(pymeshlab.Mesh(FULL[0].astype(np.float64), FULL[1].astype(np.int32)))
    held.meshing_decimation_quadric_edge_collapse(targetfacenum=50_000)
    return held.current_mesh().vertex_matrix(), held.current_mesh().face_matrix()


ms, made = timed(meshlab, 1)
row("decimate to 50,000", "pymeshlab", ms, ours["ms"]["decimate"], our_words, says(*made))

# Repair of a surface with everything wrong: split vertices, holes, turned and doubled triangles, a copy inside.
broken, mended = mesh("broken"), mesh("ours-repaired")


def flaws(positions, triangles):
    made = trimesh.Trimesh(positions, triangles, process=False)
    shells = trimesh.graph.connected_components(made.face_adjacency, min_len=1, nodes=np.arange(len(made.faces)))
    closed = "closed" if made.is_watertight else "open"
    return f"{len(triangles):,}, {closed}, {'outward' if made.is_winding_consistent else 'turned'}, {len(shells)} parts"


def meshlab_repair():
    held = pymeshlab.MeshSet(verbose=False)
    held.add_mesh(pymeshlab.Mesh(broken[0].astype(np.float64), broken[1].astype(np.int32)))
    held.meshing_merge_close_vertices(threshold=pymeshlab.PercentageValue(0.001))
    held.meshing_remove_duplicate_faces()
    held.meshing_remove_null_faces()
    held.meshing_remove_connected_component_by_diameter(mincomponentdiag=pymeshlab.PercentageValue(2))
    held.meshing_repair_non_manifold_edges()
    held.meshing_repair_non_manifold_vertices()
    held.meshing_re_orient_faces_coherently()
    held.meshing_close_holes(maxholesize=100)
    return held.current_mesh().vertex_matrix(), held.current_mesh().face_matrix()


ms, made = timed(meshlab_repair, 1)
row(f"repair {len(broken[1]):,}", "pymeshlab", ms, ours["ms"]["repair"], flaws(*mended), flaws(*made))

# A normal map of the full surface on 20,000 triangles with coordinates, the same ones for both.
positions, triangles = mesh("laid-out")
uvs = np.fromfile(f"{folder}/laid-out.uvs", np.float32).reshape(-1, 2)


def meshlab_bake():
    held = pymeshlab.MeshSet(verbose=False)
    corners = uvs[triangles].reshape(-1, 2).astype(np.float64)
    corners[:, 1] = 1.0 - corners[:, 1]
    held.add_mesh(pymeshlab.Mesh(positions.astype(np.float64), triangles.astype(np.int32), w_tex_coords_matrix=corners))
    held.add_mesh(pymeshlab.Mesh(FULL[0].astype(np.float64), FULL[1].astype(np.int32)))
    held.transfer_attributes_to_texture_per_vertex(
        sourcemesh=1, targetmesh=0, attributeenum="Vertex Normal", upperbound=pymeshlab.PercentageValue(2),
        textname="meshlab-normals.png", textw=ours["texture_px"], texth=ours["texture_px"], overwrite=False, pullpush=True,
    )


ms, _ = timed(meshlab_bake, 1)
row(f"normal map {ours['texture_px']} px of {len(FULL[1]):,}", "pymeshlab", ms, ours["ms"]["normal map"], "tangent space", "object space")

# Unwrap of 20,000 triangles.
game = mesh("game")


def atlas():
    made = xatlas.Atlas()
    made.add_mesh(game[0], game[1])
    options = xatlas.PackOptions()
    options.resolution, options.padding = 1024, 4
    made.generate(pack_options=options)
    return made


ms, made = timed(atlas, 1)
row(
    "unwrap 20,000", "xatlas", ms, ours["ms"]["unwrap"],
    f"coverage {ours['coverage']:.2f}, overlap {ours['overlap']:.3f}, {ours['charts']} charts",
    f"coverage {made.utilization:.2f}, {made.chart_count} charts",
)

# GLB of 20,000 triangles.
loaded = trimesh.Trimesh(*game, process=False)
loaded.vertex_normals
ms, made = timed(lambda: loaded.export(file_type="glb"))
row("write GLB of 20,000", "trimesh", ms, ours["ms"]["write GLB"])
ms, _ = timed(lambda: trimesh.load(io.BytesIO(made), file_type="glb"))
row("read GLB of 20,000", "trimesh", ms, ours["ms"]["read GLB"])

# Structural similarity of a picture and its mirror image, single precision for both.
width, height = ours["picture"]
one, other = (np.fromfile(f"{folder}/{name}.f32", np.float32).reshape(height, width) for name in ("one", "other"))
ms, made = timed(lambda: structural_similarity(
    one, other, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1.0,
))
row(f"SSIM of {width} × {height} px", "scikit-image", ms, ours["ms"]["ssim"], f"{ours['ssim']:.5f}", f"{made:.5f}")

# A thumbnail of a picture of 1024 px.
encoded = open(picture, "rb").read()


def thumbnail():
    seen = Image.open(io.BytesIO(encoded))
    seen.thumbnail((256, 256), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    seen.save(out, "PNG")
    return out.getvalue()


ms, _ = timed(thumbnail)
row("thumbnail 1024 to 256 px", "Pillow", ms, ours["ms"]["thumbnail"])

print("| what | peer | ours ms | peer ms | ratio | ours | peer |")
print("|---|---|---|---|---|---|---|")
for what, peer, our_ms, peer_ms, ratio, ours_says, peer_says in rows:
    print(f"| {what} | {peer} | {our_ms:.1f} | {peer_ms:.1f} | {ratio:.1f} | {ours_says} | {peer_says} |")

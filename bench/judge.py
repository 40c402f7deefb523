"""The judge: renders a finished GLB with Open3D and compares it with the picture it was made from.

Shares no code with the product. Framing is found by the judge itself: the mesh's silhouette is laid over the
picture's by scale and shift.
"""
import io
import json
import struct

import cv2
import numpy as np
import open3d as o3d
import trimesh
from PIL import Image

SIZE_PX = 512


def read_glb(path):
    """Positions (n, 3), triangles (m, 3), uvs (n, 2), texture (h, w, 3) of the first primitive."""
    data = open(path, "rb").read()
    json_length = struct.unpack_from("<I", data, 12)[0]
    document = json.loads(data[20 : 20 + json_length])
    binary = data[20 + json_length + 8 :]

    def view(index):
        entry = document["bufferViews"][index]
        start = entry.get("byteOffset", 0)
        return binary[start : start + entry["byteLength"]]

    def accessor(index):
        entry = document["accessors"][index]
        dtype = {5126: np.float32, 5125: np.uint32, 5123: np.uint16}[entry["componentType"]]
        width = {"SCALAR": 1, "VEC2": 2, "VEC3": 3}[entry["type"]]
        raw = view(entry["bufferView"])[entry.get("byteOffset", 0) :]
        return np.frombuffer(raw, dtype, entry["count"] * width).reshape(-1, width)

    primitive = document["meshes"][0]["primitives"][0]
    attributes = primitive["attributes"]
    triangles = accessor(primitive["indices"]).reshape(-1, 3).astype(np.int64)
    texture = document["images"][0]
    picture = np.asarray(Image.open(io.BytesIO(view(texture["bufferView"]))).convert("RGB"))
    return accessor(attributes["POSITION"]), triangles, accessor(attributes["TEXCOORD_0"]), picture


class Front:
    """Orthographic rays down -Z onto one mesh."""

    def __init__(self, positions, triangles, uvs, texture):
        self.positions = np.ascontiguousarray(positions, np.float32)
        self.triangles = np.ascontiguousarray(triangles, np.uint32)
        self.uvs, self.texture = uvs, texture.astype(np.float32)
        self.scene = o3d.t.geometry.RaycastingScene(nthreads=2)
        self.scene.add_triangles(o3d.core.Tensor(self.positions), o3d.core.Tensor(self.triangles))

    def cast(self, centre, half, samples):
        axis = ((np.arange(samples) + 0.5) / samples * 2 - 1) * half
        x, y = np.meshgrid(centre[0] + axis, centre[1] - axis)
        depth = self.positions[:, 2].max() + 1
        rays = np.zeros((samples, samples, 6), np.float32)
        rays[..., 0], rays[..., 1], rays[..., 2], rays[..., 5] = x, y, depth, -1
        return self.scene.cast_rays(o3d.core.Tensor(rays))

    def silhouette(self, centre, half, samples):
        return np.isfinite(self.cast(centre, half, samples)["t_hit"].numpy())

    def picture(self, centre, half, background=255.0):
        """RGB and alpha of SIZE_PX² pixels, four samples each, unlit, bilinear texture."""
        samples = SIZE_PX * 2
        answer = self.cast(centre, half, samples)
        hit = np.isfinite(answer["t_hit"].numpy())
        corner = self.triangles[answer["primitive_ids"].numpy()[hit]]
        bary = answer["primitive_uvs"].numpy()[hit]
        weights = np.stack([1 - bary[:, 0] - bary[:, 1], bary[:, 0], bary[:, 1]], 1)[..., None]
        uv = (self.uvs[corner] * weights).sum(1)
        height, width = self.texture.shape[:2]
        u = np.clip(uv[:, 0] * width - 0.5, 0, width - 1.001)
        v = np.clip(uv[:, 1] * height - 0.5, 0, height - 1.001)
        x, y = u.astype(int), v.astype(int)
        fx, fy = (u - x)[:, None], (v - y)[:, None]
        right, below = np.minimum(x + 1, width - 1), np.minimum(y + 1, height - 1)
        t = self.texture
        colour = (t[y, x] * (1 - fx) + t[y, right] * fx) * (1 - fy) + (t[below, x] * (1 - fx) + t[below, right] * fx) * fy
        rgb = np.full((samples, samples, 3), background, np.float32)
        rgb[hit] = colour
        fold = lambda a: a.reshape(SIZE_PX, 2, SIZE_PX, 2, -1).mean((1, 3))
        return fold(rgb), fold(hit.astype(np.float32))[..., 0]


def reference(picture):
    """The object in the middle of a white SIZE_PX² square: RGB, alpha, its (width, height) and the square's side in picture pixels."""
    alpha = picture[..., 3].astype(np.float32) / 255
    ys, xs = np.nonzero(alpha > 0.5)
    width, height = xs.max() - xs.min() + 1, ys.max() - ys.min() + 1
    side = int(max(width, height) * 1.1) + 4
    top, left = (ys.min() + ys.max() + 1 - side) // 2, (xs.min() + xs.max() + 1 - side) // 2
    square = np.zeros((side, side, 4), np.float32)
    y0, x0 = max(0, top), max(0, left)
    y1, x1 = min(alpha.shape[0], top + side), min(alpha.shape[1], left + side)
    part = picture[y0:y1, x0:x1, :3].astype(np.float32) * alpha[y0:y1, x0:x1, None]
    square[y0 - top : y1 - top, x0 - left : x1 - left] = np.dstack([part, alpha[y0:y1, x0:x1]])
    small = cv2.resize(square, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_AREA)
    return small[..., :3] + 255 * (1 - small[..., 3:]), small[..., 3], (width, height), side


def score(glb, picture):
    """Silhouette IoU, PSNR inside in dB, watertight, winding and component count of a GLB against its RGBA picture."""
    positions, triangles, uvs, texture = read_glb(glb)
    front = Front(positions, triangles, uvs, texture)
    rgb, alpha, (width_px, height_px), side = reference(picture)
    low, high = positions.min(0), positions.max(0)
    centre = ((low + high) / 2)[:2].astype(np.float64)
    half = max((high[0] - low[0]) / width_px, (high[1] - low[1]) / height_px) * side / 2

    def overlap(c, h):
        seen = front.silhouette(c, h, SIZE_PX)
        wanted = alpha > 0.5
        return (seen & wanted).sum() / max(1, (seen | wanted).sum())

    best = overlap(centre, half)
    step = 2 * half / SIZE_PX
    while step > half / SIZE_PX / 16:
        moved = False
        for dx, dy, dh in ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)):
            c, h = centre + np.array([dx, dy]) * step, half + dh * step
            value = overlap(c, h)
            if value > best + 1e-6:
                best, centre, half, moved = value, c, h, True
        if not moved:
            step /= 2

    # The outline is nearly blind to shifts along itself; the colours are not.
    def inside_psnr(c, h):
        seen, seen_alpha = front.picture(c, h)
        inner = (alpha > 0.98) & (seen_alpha > 0.98)
        inner = cv2.erode(inner.astype(np.uint8), np.ones((7, 7))) > 0
        error = ((rgb[inner] - seen[inner]) ** 2).mean()
        return 10 * np.log10(65025 / max(1e-6, error))

    psnr = inside_psnr(centre, half)
    for step in (half / SIZE_PX, half / SIZE_PX / 2, half / SIZE_PX / 4):
        for dx, dy, dh in ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)):
            c, h = centre + np.array([dx, dy]) * step, half + dh * step
            value = inside_psnr(c, h)
            if value > psnr:
                psnr, centre, half = value, c, h

    welded = trimesh.Trimesh(positions, triangles, process=False)
    welded.merge_vertices(merge_tex=True, merge_norm=True)
    return {
        "iou": float(best),
        "psnr": float(psnr),
        "watertight": bool(welded.is_watertight and welded.is_winding_consistent and welded.volume > 0),
        "components": int(len(trimesh.graph.connected_components(welded.face_adjacency, nodes=np.arange(len(welded.faces))))),
        "triangles": int(len(triangles)),
    }

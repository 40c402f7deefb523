"""Reads a GLB and writes it in another format: `blender --python convert.py -- IN OUT AXIS UNITS`, with the axis that is up
in the file written (Y or Z) and its units in a metre. The ending of OUT chooses the format. Blender 3.4 and newer.
"""
import os
import sys

import bpy
import numpy

# Blender 3's importers and exporters use names that newer versions of numpy dropped.
for name, kind in {"bool": bool, "int": int, "float": float, "object": object}.items():
    if name not in vars(numpy):
        setattr(numpy, name, kind)

source, target, up, units = sys.argv[sys.argv.index("--") + 1 :]
units = float(units)
# Blender's own axes are Z up with the front towards -Y, and so are ours with Z up.
forward = "Y" if up == "Z" else "-Z"
named_axes = {"up_axis": up, "forward_axis": forward.replace("-", "NEGATIVE_")}
short_axes = {"axis_up": up, "axis_forward": forward}


def glb():
    bpy.ops.export_scene.gltf(filepath=target, export_format="GLB")


def fbx():
    bpy.ops.export_scene.fbx(
        filepath=target,
        object_types={"MESH"},
        path_mode="COPY",
        embed_textures=True,
        bake_space_transform=True,
        # Unreal takes the numbers as centimetres, the others heed the unit that the file names.
        apply_scale_options="FBX_SCALE_NONE" if up == "Z" else "FBX_SCALE_ALL",
        **short_axes,
    )


def obj():
    # The exporter names textures by their files; those of a GLB have none.
    stem = os.path.splitext(target)[0]
    for number, image in enumerate(image for image in bpy.data.images if image.packed_file):
        place = f"{stem}_{number}.{'jpg' if image.file_format == 'JPEG' else 'png'}"
        with open(place, "wb") as file:
            file.write(image.packed_file.data)
        image.filepath = place
    bpy.ops.wm.obj_export(filepath=target, path_mode="STRIP", global_scale=units, **named_axes)


def stl():
    if hasattr(bpy.ops.wm, "stl_export") and bpy.app.version >= (4, 1):
        bpy.ops.wm.stl_export(filepath=target, global_scale=units, **named_axes)
    else:
        bpy.ops.export_mesh.stl(filepath=target, global_scale=units, **short_axes)


def ply():
    if bpy.app.version >= (3, 6):
        bpy.ops.wm.ply_export(filepath=target, global_scale=units, **named_axes)
    else:
        bpy.ops.export_mesh.ply(filepath=target, global_scale=units, **short_axes)


bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.import_scene.gltf(filepath=source)
{"glb": glb, "fbx": fbx, "obj": obj, "stl": stl, "ply": ply}[target.rsplit(".", 1)[1]]()

"""Imports mesh files one after another, as an artist would from the menu, and says what Blender then holds:
`blender -b --python blender.py -- FILE…`. One line of JSON per file, after the word JUDGED.
"""
import json
import sys

import bpy
import numpy

# Blender 3's FBX importer uses a name that newer versions of numpy dropped.
if not hasattr(numpy, "bool"):
    numpy.bool = numpy.bool_


def imported(path):
    ending = path.rsplit(".", 1)[1]
    match ending:
        case "glb" | "gltf":
            bpy.ops.import_scene.gltf(filepath=path)
        case "fbx":
            bpy.ops.import_scene.fbx(filepath=path)
        case "obj":
            bpy.ops.wm.obj_import(filepath=path)
        case "stl":
            # STL names no unit; ours is the printers' millimetre.
            (bpy.ops.wm.stl_import if bpy.app.version >= (4, 1) else bpy.ops.import_mesh.stl)(filepath=path, global_scale=0.001)
        case "ply":
            (bpy.ops.wm.ply_import if bpy.app.version >= (3, 6) else bpy.ops.import_mesh.ply)(filepath=path)


def rounded(vector):
    return [round(float(x), 6) for x in vector]


def look(material):
    """Textures by the input of the shader that they reach, through whatever lies between."""
    found = {}

    def follow(socket, name):
        for link in socket.links:
            if link.from_node.type == "TEX_IMAGE":
                found[name] = link.from_node.image.name
            for deeper in link.from_node.inputs:
                follow(deeper, name)

    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    for socket in shader.inputs:
        follow(socket, socket.name)
    return {
        "textures": found,
        "base_color": rounded(shader.inputs["Base Color"].default_value),
        "roughness": round(shader.inputs["Roughness"].default_value, 4),
    }


def held():
    triangles, vertices = [], 0
    for thing in bpy.context.scene.objects:
        if thing.type != "MESH":
            continue
        mesh, world = thing.data, thing.matrix_world
        vertices += len(mesh.vertices)
        if hasattr(mesh, "calc_normals_split"):
            mesh.calc_normals_split()
        mesh.calc_loop_triangles()
        upright = world.to_3x3().inverted().transposed()
        uvs = mesh.uv_layers.active
        for triangle in mesh.loop_triangles:
            material = thing.material_slots[triangle.material_index].material if thing.material_slots else None
            triangles.append({
                "material": material.name if material else None,
                "corners": [
                    {
                        "place": rounded(world @ mesh.vertices[mesh.loops[corner].vertex_index].co),
                        "normal": rounded((upright @ mesh.loops[corner].normal).normalized()),
                        "uv": rounded(uvs.data[corner].uv) if uvs else None,
                    }
                    for corner in triangle.loops
                ],
            })
    return {
        "vertices": vertices,
        "objects": sorted(thing.name for thing in bpy.context.scene.objects if thing.type == "MESH"),
        "triangles": triangles,
        "materials": {m.name: look(m) for m in bpy.data.materials if m.use_nodes},
        "images": {i.name: list(i.size) for i in bpy.data.images if i.type == "IMAGE"},
    }


for path in sys.argv[sys.argv.index("--") + 1 :]:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    imported(path)
    print("JUDGED " + json.dumps(held()))

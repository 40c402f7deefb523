import { Box3, BufferGeometry, Mesh, Texture, Vector3, type Material, type Object3D } from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";

/** A GLB ready to be drawn. Whoever loads it disposes of it. */
export interface LoadedMesh {
  root: Object3D;
  meshes: Mesh<BufferGeometry, Material>[];
  /** The materials the file came with, by mesh. */
  own: Map<Mesh, Material>;
  textured: boolean;
  bounds: Box3;
  triangles: number;
  dispose: () => void;
}

function texturesOf(material: Material): Texture[] {
  return Object.values(material).filter((value): value is Texture => value instanceof Texture);
}

export async function loadMesh(url: string, signal: AbortSignal): Promise<LoadedMesh> {
  const answer = await fetch(url, { signal });
  if (!answer.ok) throw new Error(`the mesh file answered ${answer.status}`);
  const { scene } = await new GLTFLoader().parseAsync(await answer.arrayBuffer(), "");
  const meshes: LoadedMesh["meshes"] = [];
  const own = new Map<Mesh, Material>();
  let triangles = 0;
  scene.traverse((node) => {
    if (!(node instanceof Mesh) || !(node.geometry instanceof BufferGeometry) || Array.isArray(node.material)) return;
    const mesh = node as Mesh<BufferGeometry, Material>;
    if (mesh.geometry.getAttribute("normal") === undefined) mesh.geometry.computeVertexNormals();
    mesh.castShadow = true;
    meshes.push(mesh);
    own.set(mesh, mesh.material);
    triangles += (mesh.geometry.index?.count ?? mesh.geometry.getAttribute("position").count) / 3;
  });
  const bounds = new Box3().setFromObject(scene);
  if (bounds.isEmpty()) bounds.set(new Vector3(-0.5, 0, -0.5), new Vector3(0.5, 1, 0.5));
  return {
    root: scene,
    meshes,
    own,
    textured: [...own.values()].some((material) => "map" in material && material.map !== null),
    bounds,
    triangles,
    dispose() {
      for (const mesh of meshes) mesh.geometry.dispose();
      for (const material of own.values()) {
        for (const texture of texturesOf(material)) {
          if (texture.image instanceof ImageBitmap) texture.image.close();
          texture.dispose();
        }
        material.dispose();
      }
    },
  };
}

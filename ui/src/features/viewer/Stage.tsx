import { useFrame, useThree } from "@react-three/fiber";
import { useEffect, useMemo, useRef } from "react";
import {
  BufferGeometry, Color, DirectionalLight, Float32BufferAttribute, Fog, HemisphereLight, LineBasicMaterial, LineSegments, Mesh, PlaneGeometry, ShadowMaterial,
  WireframeGeometry, type Box3,
} from "three";
import type { LoadedMesh } from "./loadMesh";
import { makeShadingMaterials, wireOpacity, type Shading } from "./shading";

export interface StageColors {
  ground: string;
  grid: string;
  axisX: string;
  axisZ: string;
  clay: string;
  wire: string;
}

const REACH_CELLS = 48;
const PIECE_CELLS = 4;

function lines(points: number[], color: string): LineSegments<BufferGeometry, LineBasicMaterial> {
  const geometry = new BufferGeometry().setAttribute("position", new Float32BufferAttribute(points, 3));
  return new LineSegments(geometry, new LineBasicMaterial({ color: new Color(color) }));
}

/** The ground: a grid of tenths of the object's size, the X and Z axes, fading out by fog. */
export function Ground({ size, colors }: { size: number; colors: StageColors }) {
  const parts = useMemo(() => {
    const cell = 10 ** Math.round(Math.log10(size / 5));
    const [grid, x, z]: [number[], number[], number[]] = [[], [], []];
    // In short pieces: a line that ends behind the camera loses its fog on some drivers.
    for (let i = -REACH_CELLS; i <= REACH_CELLS; i++) {
      for (let at = -REACH_CELLS; at < REACH_CELLS; at += PIECE_CELLS) {
        const [across, from, to] = [i * cell, at * cell, (at + PIECE_CELLS) * cell];
        (i === 0 ? z : grid).push(across, 0, from, across, 0, to);
        (i === 0 ? x : grid).push(from, 0, across, to, 0, across);
      }
    }
    return [lines(grid, colors.grid), lines(x, colors.axisX), lines(z, colors.axisZ)];
  }, [size, colors]);
  useEffect(
    () => () => {
      for (const part of parts) {
        part.geometry.dispose();
        part.material.dispose();
      }
    },
    [parts],
  );
  return parts.map((part) => <primitive key={part.uuid} object={part} />);
}

/** Light that stays with the room, a key light that casts one soft shadow, and the fog that ends the grid. */
export function Room({ bounds, size, colors, light }: { bounds: Box3; size: number; colors: StageColors; light: boolean }) {
  const { scene, gl, camera, invalidate } = useThree();
  const lamps = useMemo(() => {
    const sky = new HemisphereLight("#ffffff", light ? "#d8d0c6" : "#9d958b", 2.2);
    const key = new DirectionalLight("#ffffff", 1.4);
    key.position.set(size * 0.8, bounds.max.y + size * 1.6, size * 1.4);
    key.castShadow = true;
    key.shadow.mapSize.set(1024, 1024);
    key.shadow.radius = 6;
    key.shadow.bias = -0.0015;
    const reach = size * 1.3;
    Object.assign(key.shadow.camera, { left: -reach, right: reach, top: reach, bottom: -reach, near: size * 0.05, far: size * 7 });
    const plane = new Mesh(new PlaneGeometry(size * 12, size * 12), new ShadowMaterial({ opacity: light ? 0.2 : 0.45, depthWrite: false }));
    plane.rotation.x = -Math.PI / 2;
    plane.position.y = -0.0005 * size;
    plane.receiveShadow = true;
    return { sky, key, plane };
  }, [bounds, size, light]);
  useEffect(() => {
    scene.fog = new Fog(new Color(colors.ground), size * 2.2, size * 6.5);
    scene.background = new Color(colors.ground);
    gl.shadowMap.autoUpdate = false;
    gl.shadowMap.needsUpdate = true;
    camera.near = size / 100;
    camera.far = size * 40;
    camera.updateProjectionMatrix();
    invalidate();
  }, [scene, gl, camera, invalidate, colors, size, lamps]);
  useEffect(
    () => () => {
      lamps.key.dispose();
      lamps.sky.dispose();
      lamps.plane.geometry.dispose();
      lamps.plane.material.dispose();
    },
    [lamps],
  );
  return (
    <>
      <primitive object={lamps.sky} />
      <primitive object={lamps.key} />
      <primitive object={lamps.plane} />
    </>
  );
}

/** The object in one of its shadings. */
export function Subject({ mesh, shading, colors }: { mesh: LoadedMesh; shading: Shading; colors: StageColors }) {
  const { gl, invalidate } = useThree();
  const materials = useMemo(() => makeShadingMaterials(colors.clay, colors.wire), [colors]);
  useEffect(() => () => materials.dispose(), [materials]);
  useEffect(() => {
    for (const part of mesh.meshes) {
      const own = mesh.own.get(part);
      if (own === undefined) continue;
      const borrowed = shading === "textured" && !mesh.textured ? "clay" : shading;
      part.material = borrowed === "textured" ? own : materials.of(borrowed, own);
    }
    gl.shadowMap.needsUpdate = true;
    invalidate();
  }, [mesh, shading, materials, gl, invalidate]);
  useEffect(() => {
    if (shading !== "wire") return undefined;
    const overlays = mesh.meshes.map((part) => {
      const overlay = new LineSegments(new WireframeGeometry(part.geometry), materials.wire);
      part.add(overlay);
      return overlay;
    });
    const edges = overlays.reduce((sum, { geometry }) => sum + geometry.getAttribute("position").count / 2, 0);
    materials.wire.opacity = wireOpacity(edges);
    invalidate();
    return () => {
      for (const overlay of overlays) {
        overlay.removeFromParent();
        overlay.geometry.dispose();
      }
      invalidate();
    };
  }, [mesh, shading, materials, invalidate]);
  return <primitive object={mesh.root} dispose={null} />;
}

/** Tells the outside once a mesh has really been drawn. */
export function DrawnSignal({ token, onDrawn }: { token: string; onDrawn: (token: string) => void }) {
  const said = useRef<string | null>(null);
  useFrame(() => {
    if (said.current === token) return;
    said.current = token;
    requestAnimationFrame(() => onDrawn(token));
  });
  return null;
}

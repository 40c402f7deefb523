import {
  CanvasTexture, Color, DoubleSide, LineBasicMaterial, MeshBasicMaterial, MeshMatcapMaterial, MeshNormalMaterial, MeshStandardMaterial, NearestFilter,
  RepeatWrapping, SRGBColorSpace, Texture, type Material,
} from "three";

export type Shading = "textured" | "clay" | "wire" | "normals" | "uv" | "albedo" | "matcap";

const MATCAP_PX = 256;

const UV_CELLS = 16;
const UV_CELL_PX = 32;

/** Numbered chequers, so that stretch, seams and mirrored charts show. */
function uvPattern(): CanvasTexture {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = UV_CELLS * UV_CELL_PX;
  const pen = canvas.getContext("2d");
  if (pen !== null) {
    pen.font = "600 13px 'JetBrains Mono', monospace";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    for (let y = 0; y < UV_CELLS; y++) {
      for (let x = 0; x < UV_CELLS; x++) {
        const light = (x + y) % 2 === 0;
        pen.fillStyle = `hsl(${(x / UV_CELLS) * 360} 35% ${light ? 72 - y * 2 : 46 - y}%)`;
        pen.fillRect(x * UV_CELL_PX, y * UV_CELL_PX, UV_CELL_PX, UV_CELL_PX);
        pen.fillStyle = light ? "#2a2622" : "#f0ece6";
        pen.fillText(`${String.fromCharCode(65 + x)}${y + 1}`, (x + 0.5) * UV_CELL_PX, (y + 0.5) * UV_CELL_PX);
      }
    }
  }
  const texture = new CanvasTexture(canvas);
  texture.colorSpace = SRGBColorSpace;
  texture.wrapS = texture.wrapT = RepeatWrapping;
  texture.magFilter = NearestFilter;
  texture.flipY = false;
  texture.anisotropy = 8;
  return texture;
}

/** A ball of polished ore: a warm key light, a cool rim, and a highlight that shows every dent. */
function matcapBall(): CanvasTexture {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = MATCAP_PX;
  const pen = canvas.getContext("2d");
  if (pen !== null) {
    const glow = (x: number, y: number, radius: number, stops: [number, string][]) => {
      const gradient = pen.createRadialGradient(x * MATCAP_PX, y * MATCAP_PX, 0, x * MATCAP_PX, y * MATCAP_PX, radius * MATCAP_PX);
      for (const [at, color] of stops) gradient.addColorStop(at, color);
      pen.fillStyle = gradient;
      pen.fillRect(0, 0, MATCAP_PX, MATCAP_PX);
    };
    glow(0.38, 0.3, 0.78, [[0, "#e9cdb4"], [0.35, "#b77d58"], [0.75, "#54362a"], [1, "#1d1614"]]);
    glow(0.82, 0.86, 0.5, [[0, "rgb(120 158 205 / 0.75)"], [1, "rgb(120 158 205 / 0)"]]);
    glow(0.34, 0.24, 0.16, [[0, "rgb(255 250 244 / 0.95)"], [1, "rgb(255 250 244 / 0)"]]);
  }
  const texture = new CanvasTexture(canvas);
  texture.colorSpace = SRGBColorSpace;
  return texture;
}

/** The colours of a mesh as they are stored, without any light. */
function unlit(own: Material): Material {
  const map = "map" in own && own.map instanceof Texture ? own.map : null;
  const color = "color" in own && own.color instanceof Color ? own.color : new Color("#ffffff");
  return new MeshBasicMaterial({ map, color, vertexColors: own.vertexColors, side: own.side });
}

/** The materials that are not the mesh's own; made once per viewer. */
export interface ShadingMaterials {
  of: (shading: Exclude<Shading, "textured">, own: Material) => Material;
  wire: LineBasicMaterial;
  dispose: () => void;
}

/** Of edges so many that they lie closer than pixels: they would hide the shape under them. */
export const wireOpacity = (edges: number) => 0.55 * Math.min(1, Math.sqrt(30_000 / Math.max(edges, 1)));

export function makeShadingMaterials(clayColor: string, wireColor: string): ShadingMaterials {
  const clay = new MeshStandardMaterial({ color: new Color(clayColor), roughness: 0.92, metalness: 0, side: DoubleSide });
  const normals = new MeshNormalMaterial({ side: DoubleSide });
  const pattern = uvPattern();
  const uv = new MeshBasicMaterial({ map: pattern, side: DoubleSide });
  const underWire = clay.clone();
  underWire.polygonOffset = true;
  underWire.polygonOffsetFactor = 1;
  underWire.polygonOffsetUnits = 1;
  const wire = new LineBasicMaterial({ color: new Color(wireColor), transparent: true });
  const ball = matcapBall();
  const matcap = new MeshMatcapMaterial({ matcap: ball, side: DoubleSide });
  const all = { clay, wire: underWire, normals, uv, matcap };
  const albedo = new Map<Material, Material>();
  return {
    of(shading, own) {
      if (shading !== "albedo") return all[shading];
      const known = albedo.get(own) ?? unlit(own);
      albedo.set(own, known);
      return known;
    },
    wire,
    dispose() {
      for (const material of [...Object.values(all), ...albedo.values(), wire, pattern, ball]) material.dispose();
    },
  };
}

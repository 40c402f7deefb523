import {
  CanvasTexture, Color, DoubleSide, LineBasicMaterial, MeshBasicMaterial, MeshNormalMaterial, MeshStandardMaterial, NearestFilter, RepeatWrapping, SRGBColorSpace,
  type Material,
} from "three";

export type Shading = "textured" | "clay" | "wire" | "normals" | "uv";

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

/** The materials that are not the mesh's own; made once per viewer. */
export interface ShadingMaterials {
  of: (shading: Exclude<Shading, "textured">) => Material;
  wire: LineBasicMaterial;
  dispose: () => void;
}

export function makeShadingMaterials(clayColor: string, wireColor: string): ShadingMaterials {
  const clay = new MeshStandardMaterial({ color: new Color(clayColor), roughness: 0.92, metalness: 0, side: DoubleSide });
  const normals = new MeshNormalMaterial({ side: DoubleSide });
  const pattern = uvPattern();
  const uv = new MeshBasicMaterial({ map: pattern, side: DoubleSide });
  const underWire = clay.clone();
  underWire.polygonOffset = true;
  underWire.polygonOffsetFactor = 1;
  underWire.polygonOffsetUnits = 1;
  const wire = new LineBasicMaterial({ color: new Color(wireColor), transparent: true, opacity: 0.55 });
  const all = { clay, wire: underWire, normals, uv };
  return {
    of: (shading) => all[shading],
    wire,
    dispose() {
      for (const material of [clay, normals, uv, underWire, wire, pattern]) material.dispose();
    },
  };
}

import { count } from "../../components/format";
import type { MeshDefects } from "../../protocol/generated";

const DEFECTS: Record<keyof MeshDefects, string> = {
  split_vertices: "split vertices",
  degenerate_triangles: "empty triangles",
  duplicate_triangles: "doubled triangles",
  holes: "holes",
  crowded_edges: "crowded edges",
  pinched_vertices: "pinched vertices",
  turned: "flipped faces",
  islands: "floating parts",
  inner_shells: "inner shells",
};

/** Every defect that is there, with how many of it. */
export function defectWords(defects: MeshDefects): string[] {
  const kinds = Object.keys(DEFECTS) as (keyof MeshDefects)[];
  return kinds.filter((kind) => defects[kind] > 0).map((kind) => `${count(defects[kind])} ${DEFECTS[kind]}`);
}

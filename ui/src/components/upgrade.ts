import type { WorkflowInfo, WorkflowKind } from "../protocol/generated";

/** What a server would make anew of a draft, or why none would. */
export type UpgradePlan = { from: "views" | "mesh" } | { from: null; why: string; model: string | null };

export const canRun = ({ server, problems }: WorkflowInfo) => server !== null && problems.length === 0;

/** Views and mesh where a server has what both need; the mesh alone, from the draft's views, where it has that. */
export function upgradePlan(workflows: readonly WorkflowInfo[]): UpgradePlan {
  const of = (...kinds: WorkflowKind[]) => workflows.filter(({ kind }) => kinds.includes(kind));
  const meshes = of("image_to_mesh", "views_to_mesh");
  if (meshes.some(canRun)) return { from: of("image_to_views").some(canRun) ? "views" : "mesh" };
  return { from: null, ...obstacleOf(meshes) };
}

/** Why no server can run any of these, of the one that is nearest to it. */
export function obstacleOf(workflows: readonly WorkflowInfo[]): { why: string; model: string | null } {
  const [nearest] = workflows.filter(({ server }) => server !== null).toSorted((one, other) => one.problems.length - other.problems.length);
  if (nearest === undefined) return { why: "No ComfyUI server answers.", model: null };
  const model = nearest.models.find(({ installed }) => installed === null)?.names[0] ?? null;
  return { why: model === null ? (nearest.problems[0] ?? "") : `The server lacks ${model}.`, model };
}

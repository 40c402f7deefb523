import { expect, it } from "vitest";
import { upgradePlan } from "../src/components/upgrade";
import type { WorkflowInfo, WorkflowKind } from "../src/protocol/generated";

const workflow = (kind: WorkflowKind, given: Partial<WorkflowInfo> = {}): WorkflowInfo => ({ name: kind, title: kind, kind, server: "http://desk", problems: [], inputs: [], models: [], ...given });
const missing = (name: string) => ({ folder: "checkpoints", names: [name, "another"], page: "", url: null, installed: null });

it("makes views and mesh anew where a server can, and the mesh alone where it cannot draw views", () => {
  expect(upgradePlan([workflow("image_to_views"), workflow("views_to_mesh")])).toEqual({ from: "views" });
  expect(upgradePlan([workflow("image_to_views", { problems: ["no model"] }), workflow("image_to_mesh")])).toEqual({ from: "mesh" });
});

it("says what is missing: a server, a model of the workflow that is nearest to it, or what else is in the way", () => {
  const offline = { server: null };
  expect(upgradePlan([workflow("image_to_mesh", offline), workflow("image_to_views", offline)])).toEqual({ from: null, why: "No ComfyUI server answers.", model: null });
  const far = workflow("views_to_mesh", { problems: ["one", "two"], models: [missing("far")] });
  const near = workflow("image_to_mesh", { problems: ["one"], models: [missing("near")] });
  expect(upgradePlan([far, near])).toEqual({ from: null, why: "The server lacks near.", model: "near" });
  expect(upgradePlan([workflow("image_to_mesh", { problems: ["An unknown node."] })])).toEqual({ from: null, why: "An unknown node.", model: null });
});

import { createStore, useStore } from "zustand";
import type { JsonValue, ProspectRequest, WorkflowInfo, WorkflowInput } from "../../protocol/generated";
import { uiStore } from "../../state/ui";

/** What is written into the panel and not asked for yet. */
interface Draft {
  prompt: string;
  /** Null: the first that the server can run. */
  workflow: string | null;
  /** What a person set, by input; the rest is as the server has it. */
  values: Record<string, JsonValue>;
  /** Null: another one for each job. */
  seed: number | null;
  count: number;
  set: (change: Partial<Omit<Draft, "set">>) => void;
}

const KEY = "oreforge.prompt";

export const draftStore = createStore<Draft>()((set) => ({
  prompt: localStorage.getItem(KEY) ?? "",
  workflow: null,
  values: {},
  seed: null,
  count: 4,
  set,
}));

// What was written is not lost with the page.
draftStore.subscribe((state, before) => {
  if (state.prompt !== before.prompt) localStorage.setItem(KEY, state.prompt);
});

export function useDraft(): Draft {
  return useStore(draftStore);
}

/** Set by the job itself, or not by hand. */
const OWN: ReadonlySet<string> = new Set(["prompt", "count", "seed"]);

export function ownInputs(workflow: WorkflowInfo): WorkflowInput[] {
  return workflow.inputs.filter(({ name, kind }) => !OWN.has(name) && kind !== "seed" && kind !== "picture");
}

export function takesPicture(workflow: WorkflowInfo): boolean {
  return workflow.inputs.some(({ kind }) => kind === "picture");
}

/** Those that make pictures from a prompt alone. */
export function promptWorkflows(workflows: readonly WorkflowInfo[]): WorkflowInfo[] {
  return workflows.filter((workflow) => workflow.kind === "text_to_image" && !takesPicture(workflow));
}

/** The chosen one, or the largest model's that can run. */
export function currentWorkflow(workflows: readonly WorkflowInfo[], name: string | null): WorkflowInfo | null {
  const named = workflows.find((workflow) => workflow.name === name);
  const ready = workflows.filter(({ problems, server }) => server !== null && problems.length === 0);
  return named ?? ready.find((workflow) => workflow.name.includes("xl") && workflow.models.some(({ installed }) => installed !== null)) ?? ready[0] ?? workflows[0] ?? null;
}

export function valueOf(input: WorkflowInput, values: Record<string, JsonValue>): JsonValue {
  const set = values[input.name];
  return set !== undefined && (input.kind !== "choice" || input.choices.length === 0 || input.choices.includes(String(set))) ? set : input.default;
}

/** What is shown is what is asked for. */
function inputsFor(workflow: WorkflowInfo, values: Record<string, JsonValue>): Record<string, JsonValue> {
  return Object.fromEntries(
    ownInputs(workflow)
      .map((input) => [input.name, valueOf(input, values)] as const)
      .filter(([, value]) => value !== null),
  );
}

export function requestOf(draft: Pick<Draft, "prompt" | "values" | "seed" | "count">, workflow: WorkflowInfo): ProspectRequest {
  const { prompt, values, seed, count } = draft;
  return { goal: "pictures", prompt, count, seed, workflow: workflow.name, inputs: inputsFor(workflow, values), server: null, source: null, name: null, project: uiStore.getState().project };
}

/** The same words and settings, as far as the other workflow knows them, from a picture. */
export function variationOf(request: ProspectRequest, artifactId: string, workflow: WorkflowInfo): ProspectRequest {
  const known = new Set(ownInputs(workflow).map(({ name }) => name));
  const inputs = Object.fromEntries(Object.entries(request.inputs).filter(([name]) => known.has(name)));
  return { ...request, goal: "pictures", count: 1, seed: null, workflow: workflow.name, inputs, source: { from: "artifact", id: artifactId } };
}

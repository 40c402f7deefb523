import { describe, expect, it } from "vitest";
import { neededModels, secondsLeft } from "../src/features/settings/useModels";
import type { WorkflowInfo, WorkflowModel } from "../src/protocol/generated";

const model = (name: string): WorkflowModel => ({ folder: "checkpoints", names: [name], page: "https://page", url: null, installed: null });
const workflow = (title: string, models: WorkflowModel[]): WorkflowInfo => ({ name: title, title, kind: "other", server: null, problems: [], inputs: [], models });

describe("what the workflows need", () => {
  it("names each model once, with all that load it", () => {
    const needed = neededModels([workflow("A", [model("x")]), workflow("B", [model("y"), model("x")])]);
    expect(needed.map(({ names, workflows }) => [names[0], workflows])).toEqual([["x", ["A", "B"]], ["y", ["B"]]]);
  });
});

describe("the time a download still takes", () => {
  it("is not guessed where nothing comes, or nobody knows how much there is", () => {
    expect(secondsLeft({ bytes: 50, total_bytes: 100, bytes_per_s: 10 })).toBe(5);
    expect(secondsLeft({ bytes: 50, total_bytes: 100, bytes_per_s: 0 })).toBeNull();
    expect(secondsLeft({ bytes: 50, total_bytes: null, bytes_per_s: 10 })).toBeNull();
    expect(secondsLeft({ bytes: 101, total_bytes: 100, bytes_per_s: 10 })).toBe(0);
  });
});

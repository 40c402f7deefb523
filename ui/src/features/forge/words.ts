import type { ForgeJob, StepView } from "../../state/jobView";
import type { StepLook } from "../../components/StepIcon";
import type { StepName, ViewSlot } from "../../protocol/generated";

export const STEP_TITLES: Record<StepName, string> = { prepare: "Cut-out", views: "Views", gate: "Gate", mesh: "Mesh", finish: "Finish", export: "Export", pictures: "Pictures" };

/** What a step is for, before it has run. */
export const STEP_PURPOSES: Record<StepName, string> = {
  prepare: "lifts the object",
  views: "the unseen sides",
  gate: "same object?",
  mesh: "a closed surface",
  finish: "budget, UV, texture",
  export: "GLB and report",
  pictures: "from the prompt",
};

const STEP_DOING: Record<StepName, string> = {
  prepare: "Cutting out the object",
  views: "Drawing the views",
  gate: "Comparing the views",
  mesh: "Forging the mesh",
  finish: "Finishing the mesh",
  export: "Writing the files",
  pictures: "Making the pictures",
};

export const SLOT_TITLES: Record<ViewSlot, string> = {
  front: "Front", right: "Right", back: "Back", left: "Left", top: "Top", bottom: "Bottom", three_quarter: "¾",
};

export const PROFILE_TITLES: Record<string, string> = { organic: "Rounded", lathe: "Turned", hard: "Hard edges" };

export function needsMask(job: ForgeJob): boolean {
  return job.state === "failed" && job.error?.code === "needs_mask";
}

export function lookOf(job: ForgeJob, step: StepView): StepLook {
  return step.state === "failed" && needsMask(job) ? "needs_you" : step.state;
}

/** The job's state in a few words, with the shape that goes with it. */
export function headline(job: ForgeJob): { look: StepLook; text: string; tone: string } {
  const running = job.steps.find((step) => step.state === "running");
  if (job.cancelling) return { look: "running", text: "Cancelling", tone: "" };
  switch (job.state) {
    case "queued":
      return { look: "waiting", text: "Waiting for its turn", tone: "quiet" };
    case "running":
      return { look: "running", text: running === undefined ? "Starting" : STEP_DOING[running.name], tone: "" };
    case "done":
      return { look: "done", text: "Done", tone: "ok" };
    case "failed": {
      if (needsMask(job)) return { look: "needs_you", text: "Needs you: which part is the object?", tone: "warn" };
      const failed = job.steps.find((step) => step.state === "failed");
      return { look: "failed", text: failed === undefined ? "Stopped before its first step" : `Stopped at ${STEP_TITLES[failed.name]}`, tone: "err" };
    }
    case "cancelled":
      return { look: "cancelled", text: "Cancelled", tone: "quiet" };
    case "interrupted":
      return { look: "cancelled", text: "Interrupted when the program ended", tone: "warn" };
  }
}

/** What is kept of a job that did not get to its end, as a sentence; empty when nothing is. */
export function keptSentence(job: ForgeJob): string {
  const views = job.artifacts.filter(({ kind }) => kind === "view").length;
  const kept: string[] = [];
  if (job.artifacts.some(({ kind }) => kind === "cutout")) kept.push("the cut-out");
  if (views > 0) kept.push(views === 1 ? "one view" : `${views} views`);
  if (job.artifacts.some(({ kind }) => kind === "mesh")) kept.push("the finished mesh");
  else if (job.artifacts.some(({ kind }) => kind === "raw_mesh")) kept.push("the raw mesh");
  if (kept.length === 0) return "";
  const sentence = kept.length === 1 ? kept[0] : `${kept.slice(0, -1).join(", ")} and ${kept.at(-1)}`;
  const plural = kept.length > 1 || views > 1;
  return `${sentence?.charAt(0).toUpperCase()}${sentence?.slice(1)} ${plural ? "are" : "is"} kept.`;
}

export function textFact(step: StepView | undefined, name: string): string | null {
  const value = step?.facts[name];
  return typeof value === "string" ? value.replaceAll("_", " ") : null;
}

/** Whether the draft engine made the mesh that stands; older jobs say it of their views alone. */
export function isDraft(job: ForgeJob): boolean {
  return (textFact(stepOf(job, "mesh"), "engine") ?? textFact(stepOf(job, "views"), "engine")) === "draft";
}

export function numberFact(step: StepView | undefined, name: string): number | null {
  const value = step?.facts[name];
  return typeof value === "number" ? value : null;
}

export function stepOf(job: ForgeJob, name: StepName): StepView | undefined {
  return job.steps.find((step) => step.name === name);
}

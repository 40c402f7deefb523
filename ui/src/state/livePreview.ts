import { createStore, useStore } from "zustand";
import type { JobId, LivePreview, StepName } from "../protocol/generated";

interface Shown {
  jobId: JobId;
  step: StepName;
  /** Which of the prompt's pictures it will be. */
  number: number | null;
  url: string;
}

/** What the running step is about to bring: one at a time, since one job runs at a time. */
const shownStore = createStore<{ shown: Shown | null }>()(() => ({ shown: null }));

function replace(shown: Shown | null) {
  const before = shownStore.getState().shown;
  shownStore.setState({ shown });
  if (before !== null) URL.revokeObjectURL(before.url);
}

export function showPreview({ job_id, step, number, jpeg }: LivePreview) {
  const bytes = Uint8Array.from(atob(jpeg), (char) => char.charCodeAt(0));
  replace({ jobId: job_id, step, number, url: URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" })) });
}

/** Another step begins, or the job is over. */
export function dropPreview(id: JobId) {
  if (shownStore.getState().shown?.jobId === id) replace(null);
}

export function useLivePreview(id: JobId, step: StepName): Shown | null {
  return useStore(shownStore, ({ shown }) => (shown?.jobId === id && shown.step === step ? shown : null));
}

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { JobSnapshot } from "../protocol/generated";

/** Everything that the query cache knows of what was made. */
export const galleryKey = ["gallery"] as const;

/** What jobs have made so far, in a word that changes when they make more. */
const madeBy = (jobs: readonly JobSnapshot[]) => jobs.map(({ id, state, checkpoint, artifacts }) => `${id} ${state} ${checkpoint} ${artifacts.map((artifact) => artifact.id).join()}`).join();

/** Has what was made asked for anew when jobs have made more. */
export function useGalleryNews(jobs: readonly JobSnapshot[] | undefined) {
  const client = useQueryClient();
  const news = jobs === undefined ? null : madeBy(jobs);
  const heard = useRef(news);
  useEffect(() => {
    if (heard.current !== null && heard.current !== news) void client.invalidateQueries({ queryKey: galleryKey });
    heard.current = news;
  }, [client, news]);
}

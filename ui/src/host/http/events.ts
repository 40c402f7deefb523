import { EventSourceParserStream } from "eventsource-parser/stream";
import type { Event, EventSeq, JobId, LivePreview } from "../../protocol/generated";
import { HostError, type Follower } from "../host";
import type { Server } from "./server";

/** The server sends something every 10 s; a line that is silent for longer is dead. */
const SILENCE_MS = 25_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 8_000;

const waited = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });

/** Reads one answer to its end. */
async function read(answer: Response, { onEvent, onPreview }: Pick<Follower, "onEvent" | "onPreview">, onSign: () => void) {
  if (answer.body === null) return;
  const signs = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      onSign();
      controller.enqueue(chunk);
    },
  });
  const messages = answer.body.pipeThrough(signs).pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  const reader = messages.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const { event, data } = next.value;
    if (event === "preview") onPreview(JSON.parse(data) as LivePreview);
    else onEvent(JSON.parse(data) as Event);
  }
}

/** Follows a job by its log: a broken line is taken up again after the last event that arrived. */
export function follow(server: Server, jobId: JobId, after: EventSeq, { onEvent, onPreview, onError }: Follower): () => void {
  const stop = new AbortController();
  let cursor = after;
  let over = false;
  const take = (event: Event) => {
    if (stop.signal.aborted || event.seq <= cursor) return;
    cursor = event.seq;
    over = event.type === "done" || event.type === "error" || event.type === "cancelled";
    onEvent(event);
  };
  const show = (preview: LivePreview) => {
    if (!stop.signal.aborted) onPreview(preview);
  };

  void (async () => {
    let wait_ms = FIRST_WAIT_MS;
    while (!stop.signal.aborted) {
      const line = new AbortController();
      const hangUp = () => line.abort();
      stop.signal.addEventListener("abort", hangUp, { once: true });
      let silence = setTimeout(hangUp, SILENCE_MS);
      const onSign = () => {
        clearTimeout(silence);
        silence = setTimeout(hangUp, SILENCE_MS);
        wait_ms = FIRST_WAIT_MS;
      };
      try {
        const answer = await server.ask(`/api/jobs/${jobId}/events?after=${cursor}`, { signal: line.signal });
        // 204: the job is over and everything of it was seen.
        if (answer.status === 204) return;
        await read(answer, { onEvent: take, onPreview: show }, onSign);
        if (over) return;
      } catch (cause) {
        if (stop.signal.aborted) return;
        const gone = cause instanceof HostError && cause.report.code !== "internal";
        if (gone) return onError(cause.report);
      } finally {
        clearTimeout(silence);
        stop.signal.removeEventListener("abort", hangUp);
      }
      await waited(wait_ms * (0.75 + Math.random() / 2), stop.signal);
      wait_ms = Math.min(wait_ms * 2, LONGEST_WAIT_MS);
    }
  })();
  return () => stop.abort();
}

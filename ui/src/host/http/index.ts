import type { SourceInfo } from "../../protocol/generated";
import { HostError, type Host, type Opening } from "../host";
import { follow } from "./events";
import { Files } from "./files";
import { choose, pasted, upload, watchDrops } from "./pictures";
import { Server } from "./server";

/** The front end in a browser, against `oreforge serve`. Throws when the server does not know the token. */
export async function httpHost(token: string): Promise<Host> {
  const server = new Server(token);
  const files = await Files.open(server);
  return {
    isLocal: ["127.0.0.1", "localhost", "[::1]"].includes(location.hostname),
    execute({ command, ...args }) {
      const headers = { "Content-Type": "application/json" };
      return server.json(`/api/commands/${command}`, { method: "POST", body: JSON.stringify(args), headers });
    },
    subscribe: (jobId, after, follower) => follow(server, jobId, after, follower),
    async opening() {
      const { version } = await server.json<{ version: string }>("/api/opening");
      return { job_id: null, error: null, store_error: null, automation: false, version } satisfies Opening;
    },
    async pickPicture() {
      const file = await choose();
      return file === null ? null : upload(server, file, file.name);
    },
    async pastePicture() {
      let picture: Blob | null;
      try {
        picture = await pasted();
      } catch (cause) {
        const details = cause instanceof Error ? cause.message : String(cause);
        throw new HostError({ code: "bad_request", message: "The browser does not let this page read the clipboard.", details, hint: "Allow it, or drop the picture here instead." });
      }
      return picture === null ? null : upload(server, picture, "pasted.png");
    },
    saveArtifact: (id, suggestedName) => files.save(id, suggestedName),
    saveMesh: (id, wish, writing) => files.saveMesh(id, wish, writing),
    async saveDepth(depth, suggestedName) {
      const make = () => server.json<SourceInfo>("/api/commands/keep_depth", { method: "POST", body: JSON.stringify({ depth }), headers: { "Content-Type": "application/json" } });
      return files.saveMade(suggestedName, async () => files.url("source", (await make()).id));
    },
    saveArtifacts: (wanted) => files.saveAll(wanted),
    revealArtifact: null,
    revealFolder: null,
    pickSaveFolder: null,
    pickBlender: null,
    async notify(title, body) {
      // Asked for by the browser's own settings; a page that asks out of the blue is a nuisance.
      if (!("Notification" in globalThis) || Notification.permission !== "granted") return;
      const notice = new Notification(title, { body });
      notice.addEventListener("click", () => window.focus());
    },
    watchDrops: (onDrop) => watchDrops(server, onDrop),
    artifactUrl: (id) => files.url("artifact", id),
    thumbnailUrl: (id) => files.url("thumbnail", id),
    sourceUrl: (id) => files.url("source", id),
  };
}

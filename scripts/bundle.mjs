// How much the first screen of the front end waits for: what index.html names, and the way to the core.
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "./run.mjs";

const MAX_BYTES = 250_000;
const dist = path.join(root, "ui/dist");

const named = [...readFileSync(path.join(dist, "index.html"), "utf8").matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, file]) => file);
// One of the two, in the window or in a browser; the larger counts.
const bytesOf = file => gzipSync(readFileSync(path.join(dist, file))).length;
const hosts = readdirSync(path.join(dist, "assets")).filter(file => /^(http|tauri)-.*\.js$/.test(file)).map(file => bytesOf(`assets/${file}`));
if (named.length === 0 || hosts.length !== 2) throw new Error("ui/dist is not what this script knows");

export const firstScreenBytes = named.reduce((sum, file) => sum + bytesOf(file), Math.max(...hosts));

if (process.argv[1] === import.meta.filename) {
  const kilobytes = (firstScreenBytes / 1000).toFixed(1);
  if (firstScreenBytes >= MAX_BYTES) {
    console.error(`The first screen waits for ${kilobytes} kB gzip; ${MAX_BYTES / 1000} kB are allowed.`);
    process.exit(1);
  }
  console.log(`The first screen waits for ${kilobytes} kB gzip.`);
}

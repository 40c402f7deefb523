// Who may import whom (ARCHITECTURE.md): fails on the first arrow that is not in the plan.
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { spawnSync } from "node:child_process";
import { root } from "./run.mjs";

/** Workspace members each member may depend on. */
const MEMBERS = {
  "oreforge-protocol": [],
  "oreforge-geometry": [],
  "oreforge-engines": ["oreforge-protocol", "oreforge-geometry"],
  "oreforge-store": ["oreforge-protocol", "oreforge-geometry"],
  "oreforge-pipeline": ["oreforge-protocol", "oreforge-geometry", "oreforge-engines"],
  "oreforge-jobs": ["oreforge-protocol", "oreforge-pipeline", "oreforge-store"],
  "oreforge-commands": ["oreforge-protocol", "oreforge-jobs"],
  "oreforge-server": ["oreforge-protocol", "oreforge-commands"],
  // `oreforge serve` is the server.
  "oreforge-cli": ["oreforge-protocol", "oreforge-commands", "oreforge-server"],
  "oreforge-desktop": ["oreforge-protocol", "oreforge-commands"],
  // Sees every room, and no room sees it.
  "oreforge-tests": ["oreforge-protocol", "oreforge-geometry", "oreforge-engines", "oreforge-store", "oreforge-pipeline", "oreforge-jobs", "oreforge-commands", "oreforge-server", "oreforge-cli"],
};
/** Packages that belong to one room. */
const ONLY_IN = [
  [/^tauri/, ["oreforge-desktop"]],
  [/^axum$/, ["oreforge-server", "oreforge-tests"]],
  [/^(reqwest|hyper|tokio-tungstenite)$/, ["oreforge-engines", "oreforge-tests"]],
  [/^rusqlite$/, ["oreforge-store", "oreforge-tests"]],
  [/^anyhow$/, ["oreforge-cli", "oreforge-desktop"]],
];
/** Packages that a room never sees. */
const NEVER = { "oreforge-protocol": /^(tokio|tauri|axum|rusqlite)/, "oreforge-geometry": /^(tokio|async-trait|rusqlite|reqwest)/ };

const problems = [];

function crates() {
  const { stdout, status, stderr } = spawnSync("cargo", ["metadata", "--format-version", "1", "--no-deps", "--locked"], { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout).packages;
}

for (const { name, dependencies, features } of crates()) {
  const allowed = MEMBERS[name];
  if (allowed === undefined) {
    problems.push(`${name} is not in the plan (scripts/rules.mjs, ARCHITECTURE.md)`);
    continue;
  }
  // Failure points come with tests alone, and so with no program anybody is handed.
  for (const [feature, turnsOn] of Object.entries(features)) {
    if (turnsOn.some(on => /(^|\/)faults$/.test(on))) problems.push(`${name}: the feature ${feature} must not turn on failure points`);
  }
  for (const dependency of dependencies.filter(({ kind }) => kind !== "dev")) {
    if (dependency.features.includes("faults")) problems.push(`${name} must not turn on failure points outside of its tests`);
    if (dependency.name in MEMBERS && !allowed.includes(dependency.name)) problems.push(`${name} must not import ${dependency.name}`);
    for (const [pattern, rooms] of ONLY_IN) {
      if (pattern.test(dependency.name) && !rooms.includes(name)) problems.push(`${dependency.name} belongs to ${rooms.join(", ")}, not to ${name}`);
    }
    if (NEVER[name]?.test(dependency.name)) problems.push(`${name} must not know ${dependency.name}`);
  }
}

const ui = path.join(root, "ui/src");
for (const entry of readdirSync(ui, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
  const file = path.join(entry.parentPath, entry.name);
  const here = path.relative(ui, file).split(path.sep);
  for (const [, target] of readFileSync(file, "utf8").matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g)) {
    const place = `ui/src/${here.join("/")}`;
    if (target.startsWith("@tauri-apps/") && here.join("/") !== "host/tauri.ts") problems.push(`${place} imports ${target}; only host/tauri.ts may`);
    if (/^(three|@react-three\/)/.test(target) && !(here[0] === "features" && here[1] === "viewer")) problems.push(`${place} imports ${target}; only features/viewer may`);
    if (!target.startsWith(".")) continue;
    const to = path.relative(ui, path.resolve(path.dirname(file), target)).split(path.sep);
    if (to[0] !== "features") continue;
    const lazyViewer = to[1] === "viewer" && here[0] === "features" && ["forge", "gallery"].includes(here[1]);
    if (here[0] === "features" && here[1] !== to[1] && !lazyViewer) problems.push(`${place} imports features/${to[1]}; features never import each other`);
    if (here[0] === "components") problems.push(`${place} imports features/${to[1]}; components import no feature`);
  }
}

if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
console.log("Every import is in the plan.");

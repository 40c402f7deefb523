// Runs one command after another and stops at the first that fails.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

const npm = process.platform === "win32" ? "npm.cmd" : "npm";

/** Runs `command` in the repository with its output shown; ends the process when it fails. */
export function run(command, args, { env = {}, quiet = false } = {}) {
  const started = Date.now();
  if (!quiet) console.log(`\n› ${command} ${args.join(" ")}`);
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });
  if (error) {
    console.error(`${command} could not be started: ${error.message}`);
    process.exit(1);
  }
  if (status !== 0) {
    console.error(`\n${command} ${args.join(" ")} ended with ${signal ?? status}.`);
    process.exit(status ?? 1);
  }
  if (!quiet) console.log(`  ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

/** Installs the npm packages unless they are those of the lock file already. */
export function needNodeModules() {
  const installed = path.join(root, "node_modules/.package-lock.json");
  const lock = path.join(root, "package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  run(npm, ["ci", "--no-audit", "--no-fund"]);
}

/** Builds the front end into ui/dist, which the window's crate embeds. */
export function buildFrontEnd() {
  run(npm, ["run", "--silent", "build:ui"]);
}

/** The cargo target folder. */
export function targetDir() {
  const { stdout } = spawnSync("cargo", ["metadata", "--format-version", "1", "--no-deps"], { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  return JSON.parse(stdout).target_directory;
}

export function readJson(file) {
  return JSON.parse(readFileSync(path.join(root, file), "utf8"));
}

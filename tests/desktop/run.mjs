// Runs the window tests: brings up a display, a window manager and a driver of its own, and takes them down again.
//   node tests/desktop/run.mjs [TEST FILE… | SCRIPT]
// OREFORGE_BIN_DIR names the folder of the built programs; OREFORGE_SHOTS a folder for screenshots of every screen.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const binDir = process.env.OREFORGE_BIN_DIR ?? path.join(here, "../../target/debug");
const app = path.join(binDir, "oreforge-desktop");
if (!existsSync(app)) {
  console.error(`${app} is missing. Build it first: npm run build:ui && cargo build -p oreforge-desktop`);
  process.exit(1);
}

const started = [];
const folder = mkdtempSync(path.join(tmpdir(), "oreforge-desktop-"));

function start(command, args, options = {}) {
  const child = spawn(command, args, { detached: true, stdio: "ignore", ...options });
  started.push(child);
  return child;
}

function stop() {
  for (const child of started.toReversed()) {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // Its group has ended by itself.
    }
  }
  rmSync(folder, { recursive: true, force: true });
}

/** Xvfb chooses a free display and tells its number once it is ready. */
function display() {
  const server = start("Xvfb", ["-displayfd", "3", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", () => reject(new Error("Xvfb ended")));
    server.stdio[3].once("data", number => resolve(`:${String(number).trim()}`));
  });
}

/** A session bus of its own, so that GTK does not wait for one. */
function bus(env) {
  const address = spawnSync("dbus-daemon", ["--session", "--fork", "--print-address=1", "--print-pid=1"], { env, encoding: "utf8" }).stdout?.trim().split("\n");
  if (address?.length !== 2) return {};
  started.push({ pid: Number(address[1]) });
  return { DBUS_SESSION_BUS_ADDRESS: address[0] };
}

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
process.once("exit", stop);

const env = {
  ...process.env,
  DISPLAY: await display(),
  HOME: folder,
  XDG_RUNTIME_DIR: folder,
  XDG_CONFIG_HOME: path.join(folder, "config"),
  XDG_DATA_HOME: path.join(folder, "data"),
  XDG_CACHE_HOME: path.join(folder, "cache"),
  GTK_USE_PORTAL: "0",
  NO_AT_BRIDGE: "1",
  TAURI_AUTOMATION: "true",
  TAURI_WEBVIEW_AUTOMATION: "true",
  OREFORGE_TEST: "1",
  OREFORGE_APP: app,
};
delete env.WAYLAND_DISPLAY;
Object.assign(env, bus(env));
start("openbox", ["--sm-disable"], { env });

const wanted = process.argv.slice(2);
const files = wanted.length > 0 ? wanted.map(file => path.resolve(file)) : readdirSync(here).filter(name => name.endsWith(".test.mjs")).toSorted().map(name => path.join(here, name));
// What is no test, a measurement or a picture book, runs by itself.
const runner = files.every(file => file.endsWith(".test.mjs")) ? ["--test", "--test-concurrency=1", "--test-reporter=spec"] : [];
const tests = start(process.execPath, [...runner, ...files], { env, stdio: "inherit" });
tests.once("exit", code => process.exit(code ?? 1));

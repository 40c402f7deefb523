// `npm run bench`: the bars, measured beside the named peers in one run; prints tables and keeps them in docs/BENCHMARKS.md.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import path from "node:path";
import { buildFrontEnd, needNodeModules, root, run, targetDir } from "./run.mjs";
import { needSystemPackages, needToolchains } from "./system.mjs";

needToolchains();
const hasWindowTests = process.platform === "linux";
needSystemPackages({ bench: true, browser: true, window: true, windowTests: hasWindowTests });
needNodeModules();

buildFrontEnd();

const venv = path.join(root, "bench/.venv");
const python = path.join(venv, "bin/python");
const requirements = path.join(root, "bench/requirements.txt");
if (!existsSync(python) || statSync(python).mtimeMs < statSync(requirements).mtimeMs) {
  run("python3", ["-m", "venv", "--clear", venv]);
  run(python, ["-m", "pip", "install", "--quiet", "-r", requirements]);
}
const release = (packages, examples) => run("cargo", ["build", "--release", "--locked", ...packages.flatMap(name => ["-p", name]), ...examples.flatMap(name => ["--example", name])]);
// The programs by themselves: what the examples switch on is not in them.
release(["oreforge-cli", "oreforge-desktop"], []);
release(
  ["oreforge-engines", "oreforge-geometry", "oreforge-jobs", "oreforge-commands", "oreforge-store", "oreforge-tests"],
  ["carve_bench", "peers_bench", "streams_bench", "cancel_bench", "gallery_bench", "fake_comfy", "comfy_bench"],
);

function table(command, args, env = {}) {
  console.log(`\n› ${command} ${args.join(" ")}`);
  const { status, stdout } = spawnSync(command, args, { cwd: root, encoding: "utf8", env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 26 });
  if (status !== 0) process.exit(status ?? 1);
  process.stdout.write(stdout);
  return stdout.trim();
}

const target = path.join(targetDir(), "release");
const out = path.join(root, "bench/out");
const draft = table(python, ["bench/draft.py", path.join(target, "oreforge"), "assets/samples", out]);
const views = table(path.join(target, "examples/carve_bench"), ["256"]);
const picture = "assets/samples/robot.png";
const geometry = table(path.join(target, "examples/peers_bench"), [out, picture]);
const peers = table(python, ["bench/peers.py", geometry, out, picture]);
const streams = table(path.join(target, "examples/streams_bench"), []);
const cancels = table(path.join(target, "examples/cancel_bench"), []);
const latency = table(process.execPath, ["bench/input_latency.mjs"], { OREFORGE_BIN_DIR: target });
const start = hasWindowTests ? table(process.execPath, ["tests/desktop/run.mjs", "bench/start.mjs"], { OREFORGE_BIN_DIR: target }) : "Measured on Linux only.";
const gallery = table(path.join(target, "examples/gallery_bench"), []);
const library = table(process.execPath, ["bench/gallery.mjs", path.join(target, "examples/gallery_bench")], { OREFORGE_BIN_DIR: target });
const comfy = table(path.join(target, "examples/comfy_bench"), [path.join(target, "examples/fake_comfy"), python, "bench/comfy_peer.py"]);

const memory = /MemTotal:\s+(\d+)/.exec(existsSync("/proc/meminfo") ? readFileSync("/proc/meminfo", "utf8") : "")?.[1];
const machine = `${cpus()[0].model.trim()}, ${cpus().length} cores${memory ? `, ${Math.round(memory / 1048576)} GB` : ""}, ${process.platform}, no GPU used`;
writeFileSync(path.join(root, "docs/BENCHMARKS.md"), `# Benchmarks

Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${machine}.
Seconds are medians of five runs, ours and the prototype's (\`bench/prototype\`) by turns. Ours are the whole process, from
start to exit, journal and fsyncs included; the prototype's are given with and without the start of its interpreter. The judge (\`bench/judge.py\`) renders with
Open3D and shares no code with the product.

## One picture

${draft}

## Several views

Known objects carved from their own pictures; what the columns mean and how the prototype was measured:
\`bench/multi_view/README.md\`.

\`\`\`text
${views}
\`\`\`

## Geometry beside its peers

Medians in one process each, the data already in memory, both on all cores they use by themselves. Errors are the mean and
largest distance both ways, in 1e-4 of the diagonal. A ratio over 1 is ours ahead.

${peers}

## Many readers of one job

How late each event is heard, counted from the moment before it is written.

${streams}

## A hand on the window while a job speaks

Milliseconds, median / 95th percentile, from a key or a click until the page has answered it and until the frame that shows it
(Event Timing), in Chromium without a graphics card and before there is a mesh; nothing under 16 ms is told apart. The main
thread is a share of one core. The front end and the server are the real ones, a proxy between them lets the job speak.

${latency}

## The window's start

${start}

## Cancel in every step

The robot with default settings; from the request to the job's last event.

${cancels}

## A full Gallery

${gallery}

${library}

## ComfyUI: submit to bytes on disk

A graph without models on one server, by turns with the usual Python websocket script (\`bench/comfy_peer.py\`, as ComfyUI's
own \`script_examples/websockets_api_example.py\` with the files written), both connected before. A ratio over 1 is ours ahead.

${comfy}
`);

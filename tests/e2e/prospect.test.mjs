// Prompt → pictures on the command line, against the fake ComfyUI: results one by one, killed and gone on with, cancelled,
// refused. What the server ran is read from its own history.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const programs = process.env.OREFORGE_BIN_DIR ?? path.join(root, "target/debug");
const oreforge = path.join(programs, "oreforge");
const STEP_MS = 40;

let folder;
before(() => (folder = mkdtempSync(path.join(tmpdir(), "oreforge-prospect-"))));
after(() => rmSync(folder, { recursive: true, force: true }));
const at = name => path.join(folder, name);
const lines = text => text.trim().split("\n").filter(Boolean).map(line => JSON.parse(line));
const PNG = Buffer.from("89504e470d0a1a0a", "hex");

/** A fake server with these checkpoints, and its address. */
function server(...checkpoints) {
  const child = spawn(path.join(programs, "examples/fake_comfy"), ["0", String(STEP_MS), ...checkpoints], { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.stdout.once("data", data => resolve({ url: String(data).trim(), stop: () => child.kill() }));
  });
}

const get = async (url, place) => (await fetch(`${url}/${place}`)).json();

/** The seeds that the server ran to a good end, in no order. */
async function ran(url) {
  const entries = Object.values(await get(url, "history"));
  return entries.filter(({ status }) => status.status_str === "success").map(({ prompt }) => prompt[2]["5"]?.inputs.seed);
}

function run(...words) {
  const { status, stdout, stderr } = spawnSync(oreforge, [...words, "--json", "--data-dir", at("data")], { encoding: "utf8", maxBuffer: 1 << 26 });
  return { code: status, events: lines(stdout), stderr };
}

/** Runs, and sends a signal once an event says so. */
function signalled(signal, when, ...words) {
  return new Promise(resolve => {
    const child = spawn(oreforge, [...words, "--json", "--data-dir", at("data")], { stdio: ["ignore", "pipe", "ignore"] });
    let [text, sent] = ["", false];
    const whole = () => lines(text.slice(0, text.lastIndexOf("\n") + 1));
    child.stdout.on("data", data => {
      text += data;
      if (!sent && whole().some(when)) sent = child.kill(signal);
    });
    child.once("close", (code, by) => resolve({ code, by, events: whole() }));
  });
}

const pictures = events => events.filter(({ type }) => type === "image_ready");
const types = events => events.map(({ type }) => type);

describe("a prompt", () => {
  let comfy;
  before(async () => (comfy = await server("v1-5-pruned-emaonly.safetensors")));
  after(() => comfy.stop());
  const ask = (out, ...more) => ["prospect", "a rubber duck, full body", "--comfy", comfy.url, "--out", at(out), "--set", "steps=4", ...more];

  test("becomes pictures with seeds of their own, each on disk under its seed", async () => {
    const { code, events, stderr } = run(...ask("three", "--count", "3", "--seed", "100"));
    assert.equal(code, 0, stderr);
    assert.deepEqual(pictures(events).map(({ artifact }) => artifact.number), [0, 1, 2]);
    assert.ok(types(events).lastIndexOf("image_ready") < types(events).indexOf("step_done"), "before the step is over");
    assert.deepEqual(readdirSync(at("three")).sort(), [100, 101, 102].map(seed => `a rubber duck-${seed}.png`));
    for (const file of readdirSync(at("three"))) assert.deepEqual(readFileSync(path.join(at("three"), file)).subarray(0, 8), PNG);
    assert.deepEqual((await ran(comfy.url)).sort(), [100, 101, 102]);
    const [job] = run("jobs", "list").events;
    assert.deepEqual([job.kind, job.state, job.checkpoint], ["prospect", "done", "pictures"]);
  });

  test("killed half way goes on where it was: no picture lost, no prompt run twice", async () => {
    const ended = await signalled("SIGKILL", ({ type }) => type === "image_ready", ...ask("killed", "--count", "4", "--seed", "200"));
    assert.equal(ended.by, "SIGKILL");
    const id = ended.events[0].job_id;
    const kept = run("jobs", "show", id).events[0];
    assert.equal(kept.state, "interrupted");
    assert.ok(kept.artifacts.length >= 1 && kept.artifacts.length < 4, `${kept.artifacts.length} pictures`);
    const { code, events, stderr } = run("jobs", "resume", id, "--out", at("killed"));
    assert.equal(code, 0, stderr);
    assert.equal(pictures(events).length, 4 - kept.artifacts.length);
    assert.deepEqual(readdirSync(at("killed")).sort(), [200, 201, 202, 203].map(seed => `a rubber duck-${seed}.png`));
    assert.deepEqual((await ran(comfy.url)).filter(seed => seed >= 200).sort(), [200, 201, 202, 203]);
  });

  test("that is cancelled takes its own prompt back, keeps what is done and leaves others alone", async () => {
    const graph = Object.values(await get(comfy.url, "history"))[0].prompt[2];
    graph["5"].inputs.seed = 999;
    const cancelled = signalled("SIGINT", ({ type }) => type === "image_ready", ...ask("cancelled", "--count", "6", "--seed", "300"));
    const body = JSON.stringify({ prompt: graph, client_id: "somebody-else" });
    await fetch(`${comfy.url}/prompt`, { method: "POST", body, headers: { "content-type": "application/json" } });
    const { code, events } = await cancelled;
    assert.deepEqual([code, events.at(-1).type], [130, "cancelled"]);
    assert.equal(pictures(events).length, readdirSync(at("cancelled")).length);
    const queue = await get(comfy.url, "queue");
    const mine = [...queue.queue_running, ...queue.queue_pending].filter(entry => entry[2]["5"].inputs.seed !== 999);
    assert.deepEqual(mine, []);
    let seeds = await ran(comfy.url);
    while (!seeds.includes(999)) seeds = await ran(comfy.url);
  });

  test("varies a picture", () => {
    const duck = path.join(root, "assets/samples/duck.png");
    const { code, events, stderr } = run(...ask("varied", "--from", duck, "--set", "strength=0.4", "--seed", "1"));
    assert.equal(code, 0, stderr);
    assert.equal(events.find(({ type }) => type === "step_done").facts.workflow, "variation-sd15");
  });

  test("with values that nothing takes is refused at once, with everything that is wrong", () => {
    const model = run(...ask("refused", "--set", "model=nothing.ckpt", "--set", "sampler=euler_a"));
    assert.equal(model.code, 4);
    assert.match(model.stderr, /nothing\.ckpt is not installed.*euler_a/s);
    assert.match(model.stderr, /euler_ancestral/);
    const range = run(...ask("refused", "--set", "cfg=99"));
    assert.equal(range.code, 2);
    assert.equal(run("prospect", " ", "--out", at("refused"), "--comfy", comfy.url).code, 2);
    assert.throws(() => readdirSync(at("refused")), "nothing was made");
  });
});

describe("a server", () => {
  test("without the usual model lends the one it has, and says so", async () => {
    const comfy = await server("stable_zero123.ckpt", "dreams_v8.safetensors");
    const { code, events, stderr } = run("prospect", "a cup", "--comfy", comfy.url, "--out", at("lent"), "--set", "steps=2");
    comfy.stop();
    assert.equal(code, 0, stderr);
    assert.ok(events.some(({ type, message }) => type === "log" && message.includes("dreams_v8.safetensors is used")));
  });

  test("without any model for pictures is named with all that is missing", async () => {
    const comfy = await server("stable_zero123.ckpt");
    const { code, stderr } = run("prospect", "a cup", "--comfy", comfy.url, "--out", at("none"));
    const missing = run("models", "missing", "--comfy", comfy.url);
    const whole = run("models", "list", "--comfy", comfy.url, "--workflow", "image-to-views-zero123");
    comfy.stop();
    assert.equal(missing.code, 4);
    const sd15 = missing.events.find(({ workflows }) => workflows.includes("text-to-image-sd15"));
    assert.deepEqual([sd15.folder, sd15.installed, sd15.workflows], ["checkpoints", null, ["text-to-image-sd15", "variation-sd15"]]);
    assert.ok(missing.events.every(({ names }) => !names.includes("stable_zero123.ckpt")));
    assert.deepEqual([whole.code, whole.events.map(({ installed }) => installed)], [0, ["stable_zero123.ckpt"]]);
    assert.equal(code, 4);
    assert.match(stderr, /sd_xl_base_1\.0\.safetensors is not installed/);
    assert.match(stderr, /v1-5-pruned-emaonly-fp16\.safetensors is not installed/);
    assert.match(stderr, /models\/checkpoints from https:/);
  });

  test("that is not there is said to be so", () => {
    const { code, stderr } = run("prospect", "a cup", "--comfy", "http://127.0.0.1:1", "--out", at("nobody"));
    assert.equal(code, 4);
    assert.match(stderr, /127\.0\.0\.1:1/);
  });
});

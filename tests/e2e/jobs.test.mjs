// The life of a job on the command line: run again, killed for real, gone on with, set aside.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const oreforge = path.join(process.env.OREFORGE_BIN_DIR ?? path.join(root, "target/debug"), "oreforge");
const duck = path.join(root, "assets/samples/duck.png");
const small = ["--triangles", "2000", "--texture", "256", "--no-provenance"];

let folder;
before(() => (folder = mkdtempSync(path.join(tmpdir(), "oreforge-jobs-"))));
after(() => rmSync(folder, { recursive: true, force: true }));

const at = name => path.join(folder, name);
const args = (...words) => [...words, "--json", "--data-dir", at("data")];
const lines = text => text.trim().split("\n").filter(Boolean).map(line => JSON.parse(line));

function run(...words) {
  const { status, stdout, stderr } = spawnSync(oreforge, args(...words), { encoding: "utf8", maxBuffer: 1 << 26 });
  return { code: status, events: lines(stdout), stderr };
}

const show = id => run("jobs", "show", id).events[0];
const bytes = ({ artifacts }) => artifacts.map(({ path: file }) => readFileSync(file).toString("base64"));

/** Starts, and kills with SIGKILL once an event says so. */
function killed(when, ...words) {
  return new Promise(resolve => {
    const child = spawn(oreforge, args(...words), { stdio: ["ignore", "pipe", "ignore"] });
    let text = "";
    child.stdout.on("data", data => {
      text += data;
      const whole = text.slice(0, text.lastIndexOf("\n") + 1);
      if (lines(whole).some(when)) child.kill("SIGKILL");
    });
    child.once("close", (code, signal) => resolve({ code, signal, id: lines(text.slice(0, text.lastIndexOf("\n")))[0]?.job_id }));
  });
}

const atStep = step => event => event.type === "step_active" && event.step === step;

describe("a retry", () => {
  let id;
  let first;
  before(() => {
    const { code, events, stderr } = run("forge", duck, ...small, "--out", at("first"));
    assert.equal(code, 0, stderr);
    id = events[0].job_id;
    first = show(id);
  });

  test("runs a done job again from a step and gives the same bytes", () => {
    const before = bytes(first);
    const { code, events, stderr } = run("jobs", "retry", id, "--from", "mesh", "--out", at("again"));
    assert.equal(code, 0, stderr);
    assert.deepEqual([events[0].type, events[0].from, events.at(-1).type], ["retried", "mesh", "done"]);
    const ran = events.filter(({ type }) => type === "step_done").map(({ step }) => step);
    assert.deepEqual(ran, ["mesh", "finish", "export"]);
    const job = show(id);
    assert.deepEqual([job.state, job.checkpoint, job.retry], ["done", "export", null]);
    for (const kind of ["mesh", "raw_mesh", "view", "cutout"]) {
      const sums = ({ artifacts }) => artifacts.filter(artifact => artifact.kind === kind).map(({ sha256 }) => sha256);
      assert.deepEqual(sums(job), sums(first), kind);
    }
    assert.equal(before.length, job.artifacts.length);
    assert.deepEqual(readFileSync(at("again/duck.glb")), readFileSync(at("first/duck.glb")));
    first = job;
  });

  test("that is killed keeps the older result, and a resume completes it", async () => {
    const before = bytes(first);
    const end = await killed(atStep("finish"), "jobs", "retry", id, "--from", "views");
    assert.equal(end.signal, "SIGKILL");
    const stopped = show(id);
    assert.deepEqual([stopped.state, stopped.checkpoint, stopped.retry.from], ["interrupted", "export", "views"]);
    assert.deepEqual(stopped.artifacts, first.artifacts);
    assert.deepEqual(bytes(stopped), before);
    const { code, events, stderr } = run("jobs", "resume", id, "--out", at("resumed"));
    assert.equal(code, 0, stderr);
    assert.deepEqual(events.filter(({ type }) => type === "step_done").map(({ step }) => step), ["finish", "export"]);
    assert.deepEqual(readFileSync(at("resumed/duck.glb")), readFileSync(at("first/duck.glb")));
    const job = show(id);
    assert.deepEqual([job.state, job.retry], ["done", null]);
    const [project] = readdirSync(at("data/projects"));
    const files = readdirSync(at(`data/projects/${project}`), { recursive: true, withFileTypes: true }).filter(entry => entry.isFile());
    assert.equal(files.length, job.artifacts.length, "no file without a row");
  });

  test("of an unknown step, a step not reached, or into a place that cannot be written changes nothing", () => {
    assert.equal(run("jobs", "retry", id, "--from", "polish").code, 2);
    assert.equal(run("jobs", "retry", id).code, 2);
    assert.equal(run("jobs", "retry", id, "--from", "mesh", "--out", path.join(duck, "out")).code, 2);
    assert.equal(show(id).state, "done");
    const failed = run("forge", path.join(root, "assets/samples/coffee.png"), "--out", at("never"));
    assert.equal(failed.code, 3);
    const { code, stderr } = run("jobs", "retry", failed.events[0].job_id, "--from", "mesh");
    assert.equal(code, 2);
    assert.match(stderr, /has not come to the step "mesh"/);
  });
});

test("a job whose program is killed twice in one step is set aside, and goes on only when it is told to", async () => {
  const first = await killed(atStep("finish"), "forge", duck, ...small, "--out", at("doomed"));
  assert.equal(first.signal, "SIGKILL");
  const { id } = first;
  assert.equal(show(id).state, "interrupted");
  assert.equal((await killed(atStep("finish"), "jobs", "resume", id)).signal, "SIGKILL");
  const job = show(id);
  assert.deepEqual([job.state, job.checkpoint, job.error.code], ["failed", "mesh", "quarantined"]);
  assert.match(job.error.message, /ended twice.*"finish"/);
  const { events } = run("jobs", "events", id);
  assert.deepEqual([events.at(-1).type, events.at(-1).step], ["error", "finish"]);
  const { code, stderr } = run("jobs", "resume", id, "--out", at("saved"));
  assert.equal(code, 0, stderr);
  assert.ok(readdirSync(at("saved")).includes("duck.glb"));
});

test("a data folder that is taken away while a job runs ends in clear words, and the job goes on when it is back", async () => {
  const away = at("data-away");
  const child = spawn(oreforge, args("forge", duck, ...small, "--out", at("moved")), { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  let words = "";
  let moved = false;
  child.stderr.on("data", data => (words += data));
  child.stdout.on("data", data => {
    text += data;
    if (!moved && text.includes('"step":"views"')) {
      moved = true;
      renameSync(at("data"), away);
    }
  });
  const code = await new Promise(resolve => child.once("close", resolve));
  assert.equal(code, 6, words);
  assert.match(words, /is not there any more/);
  const { job_id: id } = lines(text)[0];
  renameSync(away, at("data"));
  const job = show(id);
  assert.equal(job.state, "failed");
  assert.equal(job.error.code, "store_unavailable");
  assert.equal(run("jobs", "resume", id, "--out", at("back")).code, 0);
  assert.ok(readdirSync(at("back")).includes("duck.glb"));
});

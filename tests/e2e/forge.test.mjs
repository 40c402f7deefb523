// The command line on every sample, and what comes out held against the Khronos validator.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import validator from "gltf-validator";

const run = promisify(execFile);
const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const oreforge = path.join(process.env.OREFORGE_BIN_DIR ?? path.join(root, "target/debug"), "oreforge");
const samples = (await readdir(path.join(root, "assets/samples"))).filter(name => name.endsWith(".png") && name !== "coffee.png");

let folder;
before(async () => (folder = await mkdtemp(path.join(tmpdir(), "oreforge-e2e-"))));
after(async () => rm(folder, { recursive: true, force: true }));

assert.ok(samples.length >= 8, "the sample set is there");

for (const sample of samples) {
  const stem = path.parse(sample).name;
  test(`${stem} becomes a sound asset`, async () => {
    const out = path.join(folder, "out");
    await run(oreforge, ["forge", path.join(root, "assets/samples", sample), "--out", out, "--data-dir", path.join(folder, "data"), "--json"], { maxBuffer: 1 << 26 });

    const glb = await readFile(path.join(out, `${stem}.glb`));
    const { issues } = await validator.validateBytes(new Uint8Array(glb), { maxIssues: 20 });
    assert.deepEqual([issues.numErrors, issues.numWarnings], [0, 0], JSON.stringify(issues.messages, null, 1));

    const { mesh, gate, steps } = JSON.parse(await readFile(path.join(out, `${stem}.report.json`), "utf8"));
    assert.ok(mesh.watertight && mesh.manifold && mesh.consistently_wound, JSON.stringify(mesh));
    assert.equal(mesh.degenerate_triangles, 0);
    assert.equal(mesh.uv_overlap, 0);
    assert.ok(mesh.triangles <= 20_000 && mesh.triangles > 15_000, `${mesh.triangles} triangles`);
    const size = [0, 1, 2].map(axis => mesh.bounds_max_m[axis] - mesh.bounds_min_m[axis]);
    assert.ok(Math.abs(Math.max(...size) - 1) < 1e-5, `largest dimension ${Math.max(...size)} m`);
    assert.ok(Math.abs(mesh.bounds_min_m[1]) < 1e-5, "it stands on the ground");
    for (const axis of [0, 2]) assert.ok(Math.abs(mesh.bounds_max_m[axis] + mesh.bounds_min_m[axis]) < 1e-5, "it stands over the origin");
    assert.equal(gate.verdict, "pass", JSON.stringify(gate));
    assert.deepEqual(steps.map(({ name }) => name), ["prepare", "views", "gate", "mesh", "finish", "export"]);
    const views = (await readdir(path.join(out, `${stem}.views`))).sort();
    for (const slot of ["front", "right", "back", "left", "three_quarter"]) assert.ok(views.includes(`${slot}.png`), `${slot} is missing`);
  });
}

test("given sides are carved from instead of guessed", async () => {
  const data = ["--data-dir", path.join(folder, "data"), "--json"];
  const teapot = path.join(root, "assets/samples/teapot.png");
  const drafted = path.join(folder, "drafted");
  const carved = path.join(folder, "carved");
  await run(oreforge, ["forge", teapot, "--out", drafted, ...data], { maxBuffer: 1 << 26 });
  const given = ["right", "back", "left"].flatMap(slot => ["--view", `${slot}=${path.join(drafted, "teapot.views", `${slot}.png`)}`]);
  await run(oreforge, ["forge", teapot, ...given, "--out", carved, ...data], { maxBuffer: 1 << 26 });

  const { mesh, gate, steps } = JSON.parse(await readFile(path.join(carved, "teapot.report.json"), "utf8"));
  const { facts } = steps.find(({ name }) => name === "mesh");
  assert.equal(facts.shape, "carved");
  assert.deepEqual(facts.views, ["front", "right", "back", "left"]);
  assert.ok(mesh.watertight && mesh.manifold && mesh.components === 1, JSON.stringify(mesh));
  assert.equal(gate.verdict, "pass", JSON.stringify(gate));
});

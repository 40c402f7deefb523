// A compressed GLB, as the Khronos validator and three.js have it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import validator from "gltf-validator";
import { Box3 } from "three";
import { MeshoptDecoder } from "three/addons/libs/meshopt_decoder.module.js";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";

const run = promisify(execFile);
const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const oreforge = path.join(process.env.OREFORGE_BIN_DIR ?? path.join(root, "target/debug"), "oreforge");
const foreign = path.join(root, "crates/geometry/tests/foreign");

let folder;
before(async () => (folder = await mkdtemp(path.join(tmpdir(), "oreforge-compressed-"))));
after(async () => rm(folder, { recursive: true, force: true }));

async function compressed(name) {
  const glb = path.join(folder, `${name}.glb`);
  await run(oreforge, ["export", path.join(foreign, name), "--to", glb, "--compress", "--data-dir", path.join(folder, "data")]);
  return readFile(glb);
}

test("the validator finds nothing wrong", async () => {
  const { issues } = await validator.validateBytes(new Uint8Array(await compressed("crate.glb")), { maxIssues: 20 });
  assert.deepEqual([issues.numErrors, issues.numWarnings], [0, 0], JSON.stringify(issues.messages, null, 1));
});

test("three.js unpacks it to the same size", async () => {
  // Without textures: those need a browser.
  const glb = await compressed("crate.stl");
  const loader = new GLTFLoader().setMeshoptDecoder(MeshoptDecoder);
  const { scene } = await loader.parseAsync(glb.buffer.slice(glb.byteOffset, glb.byteOffset + glb.byteLength), "");
  const { min, max } = new Box3().setFromObject(scene, true);
  const { bounds_min_m, bounds_max_m } = JSON.parse((await run(oreforge, ["inspect", path.join(foreign, "crate.stl"), "--json", "--data-dir", path.join(folder, "data")])).stdout);
  for (const [axis, i] of [["x", 0], ["y", 1], ["z", 2]]) {
    assert.ok(Math.abs(min[axis] - bounds_min_m[i]) < 1e-3 && Math.abs(max[axis] - bounds_max_m[i]) < 1e-3, `${axis}: ${min[axis]} to ${max[axis]}`);
  }
  let triangles = 0;
  scene.traverse(node => (triangles += (node.geometry?.index?.count ?? 0) / 3));
  assert.equal(triangles, 20);
});

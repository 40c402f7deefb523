// Fills fuzz/corpus with the fixtures of the tests, in the shape the targets take them.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";

const here = import.meta.dirname;
const foreign = path.join(here, "../crates/geometry/tests/foreign");
const file = (name) => readFileSync(path.join(foreign, name));
const FORMATS = ["glb", "gltf", "obj", "stl", "ply"];
const BESIDE = { "crate.gltf": "crate.bin", "crate.obj": "crate.mtl" };

const meshes = path.join(here, "corpus/read_mesh");
mkdirSync(meshes, { recursive: true });
for (const name of readdirSync(foreign)) {
  const format = FORMATS.indexOf(path.extname(name).slice(1));
  if (format < 0) continue;
  const beside = name in BESIDE ? [Buffer.from("\n=====\n"), file(BESIDE[name])] : [];
  writeFileSync(path.join(meshes, name), Buffer.concat([Buffer.of(format), file(name), ...beside]));
}

const pictures = path.join(here, "corpus/decode_picture");
mkdirSync(pictures, { recursive: true });
writeFileSync(path.join(pictures, "planks.png"), file("planks.png"));

// The Gallery in the real window, its dialogs included.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, test } from "node:test";
import { chooseFolder, saveFile } from "./dialogs.mjs";
import { openWindow, until } from "./session.mjs";

let window;
let folder;
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "oreforge-gallery-"));
  window = await openWindow({ args: ["--forge-sample"] });
  await window.drawn();
  await window.click("#tab-gallery");
  await window.see(".tile[data-artifact] img", "the thumbnails");
});
after(async () => {
  await window?.close();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => window.key("Escape"));

const gallery = query => window.core({ command: "list_gallery", query, offset: 0, limit: 100 });

test("thumbnails come by the window's own scheme", async () => {
  const wide = await until(() => window.run("const all = [...document.querySelectorAll('.tile img')]; return all.length > 0 && all.every(({ complete }) => complete) ? all.map(({ naturalWidth }) => naturalWidth) : null;"), "the thumbnails");
  assert.ok(wide.every(px => px > 100), wide.join());
  await window.screenshot("gallery");
});

test("a mesh is saved where the dialog says, and several into a folder", async () => {
  await window.press("Meshes");
  await window.see(".tile[data-artifact]:only-child", "the mesh alone");
  await window.click(".tile[data-artifact]");
  const [{ artifact }] = (await gallery({ kind: "mesh" })).entries;
  const file = path.join(folder, "one.glb");
  await window.press("Save…");
  await saveFile(file);
  await until(() => existsSync(file), "the file");
  assert.deepEqual(readFileSync(file), readFileSync(artifact.path));

  await window.press("Everything");
  await until(async () => (await window.run("return document.querySelectorAll('.tile[data-artifact]').length;")) > 3, "everything");
  await window.click(".tile[data-artifact]");
  await window.key("a", "Control");
  const { total } = await gallery({});
  await until(async () => (await window.text(".selection-bar"))?.startsWith(`${total} selected`), "all to be selected");
  const many = path.join(folder, "many");
  mkdirSync(many);
  await window.press("Save to folder…");
  await chooseFolder(many);
  await until(() => readdirSync(many).filter(name => !name.startsWith(".")).length === total, "the copies");
  assert.deepEqual(readFileSync(path.join(many, "robot.glb")), readFileSync(artifact.path));
});

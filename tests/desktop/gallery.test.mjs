// The Gallery in the real window, its dialogs included.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, test } from "node:test";
import { chooseFolder, dismiss, saveFile } from "./dialogs.mjs";
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

const bytesOf = async place => (await readFile(place)).toString("base64");
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
  const { entries } = await gallery({});
  await until(async () => (await window.text(".selection-bar"))?.startsWith(`${entries.length} selected`), "all to be selected");
  const many = path.join(folder, "many");
  mkdirSync(many);
  await window.press("Save to folder…");
  await dismiss("Save to folder");
  assert.deepEqual(readdirSync(many), [], "a dialog that is closed saves nothing");
  await window.press("Save to folder…");
  await chooseFolder(many);
  await until(async () => (await window.text(".toasts"))?.includes("to many."), "the word that they are saved");
  const copies = readdirSync(many).filter(name => !name.startsWith("."));
  const made = await Promise.all(entries.map(entry => bytesOf(entry.artifact.path)));
  const saved = await Promise.all(copies.map(name => bytesOf(path.join(many, name))));
  assert.deepEqual(saved.toSorted(), made.toSorted(), "each file, to the byte");
});

// Blender in the real window: pointed to through the system's dialog, and asked for a file.
import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openFile, saveFile } from "./dialogs.mjs";
import { openWindow, until } from "./session.mjs";

const standIn = path.join(path.dirname(fileURLToPath(import.meta.url)), "../fixtures/blender.sh");

let window;
let folder;
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "oreforge-blender-"));
  copyFileSync(standIn, path.join(folder, "blender"));
  // Blender is chosen here for good: no other window's choice.
  window = await openWindow({ args: ["--forge-sample"], env: { XDG_DATA_HOME: path.join(folder, "home") } });
  await window.drawn();
});
after(async () => {
  await window?.close();
  rmSync(folder, { recursive: true, force: true });
});

const said = words => until(async () => (await window.text(".toasts"))?.includes(words), `the word "${words}"`);

test("the artist points to it, and to nothing else", async () => {
  await window.press("Settings");
  await window.press("Folders");
  await window.press("Choose where Blender is");
  await openFile("/bin/sh", "Where Blender is");
  await said("is not called Blender");
  await window.press("Choose where Blender is");
  await openFile(path.join(folder, "blender"), "Where Blender is");
  await window.button("Forget where Blender is");
  await window.screenshot("settings-blender");
  assert.equal((await window.core({ command: "get_settings" })).blender, path.join(folder, "blender"));
  assert.equal((await window.core({ command: "find_blender" })).version, "Blender 4.2.0");
  await window.key("Escape");
});

test("it writes a file, or nothing when it is told to stop", async () => {
  const file = path.join(folder, "robot.glb");
  await until(() => window.run("const blender = document.querySelector('[aria-label=\"Written by\"] [aria-label=Blender]'); blender?.click(); return blender?.getAttribute('aria-checked') === 'true';"), "Blender to be chosen");
  await window.press("Save GLB…");
  await saveFile(file);
  await said("Blender is writing robot.glb");
  await window.screenshot("blender-writing");
  await window.press("Cancel");
  await said("Cancelled. Nothing was saved.");
  assert.ok(!existsSync(file));

  writeFileSync(path.join(folder, "go"), "");
  await window.press("Save GLB…");
  await saveFile(file);
  await said("Saved robot.glb");
  assert.equal(readFileSync(file).toString("latin1", 0, 4), "glTF");
});

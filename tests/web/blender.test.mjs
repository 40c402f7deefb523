// Blender as the second way to write a mesh: a stand-in that takes its time until it is told to go on.
import assert from "node:assert/strict";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { begin, objections, open, root, shot } from "./session.mjs";

let server;
let context;
let end;
let folder;
let job;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "oreforge-blender-"));
  const program = path.join(folder, "blender");
  await copyFile(path.join(root, "tests/fixtures/blender.sh"), program);
  ({ server, context, end } = await begin({ webgl: false, env: { OREFORGE_BLENDER: program } }));
  job = await server.forged({ source: { from: "sample", name: "duck" }, params: { texture_px: 256, triangles: 2000 } });
});
after(async () => {
  await end?.();
  await rm(folder, { recursive: true, force: true });
});

/** Asks until it is so. */
async function until(check, what) {
  for (const limit = Date.now() + 30_000; Date.now() < limit; await setTimeout(20)) {
    const answer = await check();
    if (answer) return answer;
  }
  throw new Error(`waited in vain for ${what}`);
}

const pidOf = () => readFile(path.join(folder, "pid"), "utf8").then(Number, () => null);

function hasEnded(pid) {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
}

const started = page => page.locator(".toast", { hasText: "Blender is writing duck.glb" });

async function looked(name) {
  const page = await open(context, server.address);
  await page.getByRole("tab", { name: "Gallery" }).click();
  await page.getByRole("button", { name: /^Meshes/ }).click();
  await page.getByRole("gridcell", { name: /^duck/ }).dblclick();
  await page.getByRole("radiogroup", { name: "Written by" }).getByRole("radio", { name }).click();
  return page;
}

test("Blender is offered where it is, and what it wrote is handed over", async () => {
  await writeFile(path.join(folder, "go"), "");
  const page = await looked("Blender");
  await page.getByText(/^Blender 4\.2\.0 starts for it/).waitFor();
  assert.equal(await page.getByRole("radio", { name: "USDZ" }).count(), 0);
  await shot(page, "gallery-blender");
  assert.deepEqual(await objections(page), []);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save GLB…" }).click()]);
  assert.equal(download.suggestedFilename(), "duck.glb");
  await page.getByText("Saved duck.glb.").waitFor();
  const made = (await server.command("get_job", { id: job.id })).artifacts.find(({ kind }) => kind === "mesh");
  const [written, ours] = await Promise.all([readFile(await download.path()), readFile(made.path)]);
  assert.equal(written.toString("latin1", 0, 4), "glTF");
  assert.ok(Math.abs(written.length - ours.length) < ours.length / 2, `${written.length} bytes`);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Folders" }).click();
  await page.getByText("Blender 4.2.0", { exact: true }).waitFor();
  await shot(page, "settings-blender");
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("one that takes too long for somebody is ended with nothing saved", async () => {
  await rm(path.join(folder, "go"), { force: true });
  await rm(path.join(folder, "pid"), { force: true });
  const page = await looked("Blender");
  await page.getByRole("button", { name: "Save GLB…" }).click();
  await started(page).waitFor();
  const pid = await until(pidOf, "Blender");
  await shot(page, "blender-writing");
  await started(page).getByRole("button", { name: "Cancel" }).click();
  await page.getByText("Cancelled. Nothing was saved.").waitFor();
  await until(() => hasEnded(pid), "the end of Blender");
  assert.equal(await started(page).count(), 0);
  await page.close();
});

test("a page points to no program, and a Blender that is none is refused", async () => {
  for (const blender of ["/bin/sh", path.join(folder, "blender")]) {
    await assert.rejects(server.command("save_settings", { settings: { blender } }), /system's dialog/);
  }
});

// The window among others on a desktop: notices, the file manager, its place, a second start, and how it is closed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openDesk } from "./desk.mjs";
import { focused, windows, xdotool } from "./dialogs.mjs";
import { nextWindow, openWindow, until } from "./session.mjs";

const samples = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../assets/samples");
const TITLE = "^Oreforge$";

/** The window as the window manager knows it. */
const shown = () => until(() => windows(TITLE)[0], "the window");
const away = () => until(() => windows(TITLE).length === 0, "the window to be away");
const placeOf = id => Object.fromEntries(xdotool("getwindowgeometry", "--shell", id).split("\n").map(line => line.split("=")));

/** Asks the window manager to close it, as the button of its frame does. */
async function closeByFrame(id) {
  await until(() => {
    if (xdotool("getactivewindow") === id) return true;
    xdotool("windowactivate", id);
    return null;
  }, "the window in front");
  xdotool("key", "--clearmodifiers", "alt+F4");
}

test("a long job that ends while the window is away is told on the desktop; what it made is shown in the file manager", async () => {
  const desk = await openDesk();
  const window = await openWindow();
  try {
    await window.longJob("duck");
    xdotool("windowminimize", await shown());
    await away();
    // As if it had taken a minute.
    await window.run("const now = Date.now; Date.now = () => now() + 60_000;");
    const { app, summary, body } = await desk.called("notify");
    assert.deepEqual([app, summary, body], ["Oreforge", "duck", "duck is done."]);

    await window.click("#tab-gallery");
    await window.press("Meshes");
    await window.click(".tile[data-artifact]:only-child");
    await window.press("Show in the file manager");
    const { uris } = await desk.called("show_items");
    const [{ artifact }] = (await window.core({ command: "list_gallery", query: { kind: "mesh" }, offset: 0, limit: 1 })).entries;
    assert.deepEqual(uris.map(uri => fileURLToPath(uri)), [artifact.path]);
    const refused = await window.runAsync("return await window.__TAURI_INTERNALS__.invoke('reveal_folder', { folder: { folder: 'project', name: '../..' } }).then(() => null, error => error.code);");
    assert.equal(refused, "project_not_found");
  } finally {
    await window.close();
    desk.close();
  }
});

test("a second start brings the first window to the front and forges its picture there", async () => {
  const window = await openWindow({ dataDir: null });
  try {
    const id = await shown();
    xdotool("windowminimize", id);
    await away();
    const second = spawn(process.env.OREFORGE_APP, ["mushroom.png"], { cwd: samples, stdio: "ignore" });
    const code = await new Promise(resolve => second.once("exit", resolve));
    assert.equal(code, 0, "the second start ends");
    await until(() => xdotool("getactivewindow") === id, "the window in front");
    await window.state("Done");
    const job = await window.core({ command: "get_job", id: await window.jobId() });
    assert.equal(job.name, "mushroom");
    await window.screenshot("second-start");
  } finally {
    await window.close();
  }
});

test("the window comes back where it was, as large as it was", async () => {
  const first = await openWindow({ size: [1100, 760] });
  const id = await shown();
  xdotool("windowmove", "--sync", id, "180", "120");
  const left = placeOf(id);
  await closeByFrame(id);
  await away();
  await first.close();
  const second = await openWindow({ size: null });
  try {
    const now = placeOf(await shown());
    for (const side of ["WIDTH", "HEIGHT"]) assert.equal(now[side], left[side], side);
    // The frame of the window manager may or may not be counted.
    for (const edge of ["X", "Y"]) assert.ok(Math.abs(Number(now[edge]) - Number(left[edge])) <= 40, `${edge}: ${now[edge]}, ${left[edge]} before`);
  } finally {
    await second.close();
  }
});

test("closing asks while a job is at work; the job can go on next time", async () => {
  const first = await openWindow();
  const id = await first.longJob("robot");
  const frame = await shown();
  await closeByFrame(frame);
  await focused("Close Oreforge");
  xdotool("key", "--clearmodifiers", "Escape");
  await until(() => windows("Close Oreforge").length === 0, "the question to go");
  assert.deepEqual(windows(TITLE), [frame], "the window stays");
  assert.equal((await first.core({ command: "get_job", id })).state, "running");

  await closeByFrame(frame);
  await focused("Close Oreforge");
  xdotool("key", "--clearmodifiers", "Return");
  await away();
  await first.close({ keepData: true });
  await nextWindow(first, second => second.offers(id));
});

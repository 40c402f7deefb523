// The window among others on a desk: notices, the file manager, its place, and a second start.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { takeNames } from "./bus.mjs";
import { openWindow, until } from "./session.mjs";

const samples = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../assets/samples");
const asked = [];
const leave = await takeNames(["org.freedesktop.Notifications", "org.freedesktop.FileManager1"], (member, args) => {
  asked.push({ member, args });
  if (member === "Notify") return ["u", [asked.length]];
  return member === "GetServerInformation" ? ["ssss", ["desk", "oreforge", "1", "1.2"]] : ["", []];
});
after(leave);
const called = member => until(() => asked.find(call => call.member === member), `a call of ${member}`);

const xdotool = (...args) => spawnSync("xdotool", args, { encoding: "utf8" }).stdout.trim();
/** The window as the window manager knows it. */
const shownWindow = () => until(() => xdotool("search", "--onlyvisible", "--name", "^Oreforge$").split("\n").find(id => id !== "") ?? null, "the window");
const placeOf = id => Object.fromEntries(xdotool("getwindowgeometry", "--shell", id).split("\n").map(line => line.split("=")));

test("a notice reaches the desktop, and a mesh is shown in the file manager", async () => {
  const window = await openWindow();
  try {
    await window.runAsync("await window.__TAURI_INTERNALS__.invoke('notify', { title: 'duck', body: 'duck is done.' });");
    const { args } = await called("Notify");
    assert.deepEqual(args.slice(3, 5), ["duck", "duck is done."]);
    await window.click("[data-sample=duck]");
    await window.state("Done");
    const mesh = await window.drawn();
    await window.runAsync("await window.__TAURI_INTERNALS__.invoke('reveal_artifact', { id: args[0] });", mesh);
    const [uris] = (await called("ShowItems")).args;
    const { path: file } = (await window.core({ command: "get_job", id: await window.jobId() })).artifacts.find(({ id }) => id === mesh);
    assert.deepEqual(uris.map(uri => fileURLToPath(uri)), [file]);
    const refused = await window.runAsync("return await window.__TAURI_INTERNALS__.invoke('reveal_folder', { folder: { folder: 'project', name: '../..' } }).then(() => null, error => error.code);");
    assert.equal(refused, "project_not_found");
  } finally {
    await window.close();
  }
});

test("a second start brings the first window to the front and forges its picture there", async () => {
  const window = await openWindow({ dataDir: null });
  try {
    const id = await shownWindow();
    xdotool("windowminimize", id);
    await until(() => xdotool("search", "--onlyvisible", "--name", "^Oreforge$") === "", "the window to be away");
    const second = spawn(process.env.OREFORGE_APP, [path.join(samples, "mushroom.png")], { stdio: "ignore" });
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

test("the window comes back to where it was", async () => {
  const first = await openWindow({ size: [1100, 760] });
  const id = await shownWindow();
  xdotool("windowmove", "--sync", id, "180", "120");
  const before = placeOf(id);
  // As the button of its frame closes it.
  const gone = new Promise(resolve => first.driver.once("exit", resolve));
  xdotool("windowquit", id);
  await until(() => xdotool("search", "--name", "^Oreforge$") === "", "the window to be closed");
  await first.close();
  await gone;
  const second = await openWindow({ size: null });
  try {
    const now = placeOf(await shownWindow());
    for (const side of ["WIDTH", "HEIGHT"]) assert.equal(now[side], before[side], side);
    // The frame of the window manager may or may not be counted.
    for (const edge of ["X", "Y"]) assert.ok(Math.abs(Number(now[edge]) - Number(before[edge])) <= 40, `${edge}: ${now[edge]}, ${before[edge]} before`);
  } finally {
    await second.close();
  }
});

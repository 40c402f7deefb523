// The Forge in a real window, with the real core behind it.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { dismiss, openFile, saveFile } from "./dialogs.mjs";
import { decode, saturated, share, white } from "./pixels.mjs";
import { nextWindow, openWindow, until } from "./session.mjs";

const samples = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../assets/samples");
/** The middle of the viewer at 1440 × 900, where the object stands. */
const MIDDLE = [0.3, 0.2, 0.7, 0.75];

const hasXclip = spawnSync("xclip", ["-version"]).error === undefined;
const folder = mkdtempSync(path.join(tmpdir(), "oreforge-files-"));
let window;

async function forget() {
  await window.run("sessionStorage.clear();");
  await window.reload();
  await window.see(".nothing-yet", "the empty Forge");
}

async function forgePicture(file) {
  await window.press("Open picture…");
  await openFile(file);
}

before(async () => {
  window = await openWindow();
});
after(async () => {
  await window?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("the Forge", () => {
  beforeEach(forget);

  test("lists every key, by key", async () => {
    await window.key("?");
    await window.see(".shortcuts", "the list of keys");
    await window.screenshot("keys");
    await window.key("Escape");
    await until(async () => (await window.find(".shortcuts")) === null, "the list to close");
  });

  test("opens empty, with six steps, samples, and no way to forge nothing", async () => {
    assert.equal(await window.run("return document.querySelectorAll('.rail > li').length;"), 6);
    await window.see("[data-sample=robot] img");
    assert.equal(await window.run("return document.querySelector('.verb .button').disabled;"), true);
    assert.ok(share(decode(await window.screenshot("empty")), [0, 0, 1, 1], white) < 0.2, "the window is white");
  });

  test("forges a picture of the native dialog, draws the mesh, and saves the very bytes by the native dialog", async () => {
    await forgePicture(path.join(samples, "mushroom.png"));
    await window.state("Done");
    const shown = await window.drawn();
    const colours = share(decode(await window.screenshot("done")), MIDDLE, saturated);
    assert.ok(colours > 0.06, `the textured mesh covers only ${colours} of the middle`);
    const states = await window.run("return [...document.querySelectorAll('.rail > li')].map(step => step.dataset.state);");
    assert.deepEqual(states, Array(6).fill("done"));
    assert.equal(await window.run("return document.querySelectorAll('img[data-slot]').length;"), 5);
    assert.match(await window.text(".assay"), /Watertight\s+yes/);

    const target = path.join(folder, "Props.glb");
    await window.press("Save GLB…");
    await saveFile(target);
    await until(async () => (await window.text(".toasts"))?.includes("Saved Props.glb"), "the toast");
    const job = await window.core({ command: "get_job", id: await window.jobId() });
    const artifact = job.artifacts.find(({ id }) => id === shown);
    const saved = readFileSync(target);
    assert.equal(artifact.kind, "mesh");
    assert.deepEqual(saved, readFileSync(artifact.path));
    assert.equal(createHash("sha256").update(saved).digest("hex"), artifact.sha256);
    await window.screenshot("saved");
  });

  test("shows every shading, and the grid can go", async () => {
    await window.click("[data-sample=penguin]");
    await window.drawn();
    const seen = new Map();
    for (const [key, name] of [["1", "textured"], ["2", "clay"], ["3", "wire"], ["4", "normals"], ["5", "uv"], ["6", "albedo"], ["7", "matcap"]]) {
      await window.key(key);
      await until(() => window.run("return document.querySelector('.viewer [role=application]')?.getAttribute('aria-label').includes(arguments[0]);", name), name);
      await window.runAsync("await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));");
      seen.set(name, createHash("sha256").update(await window.screenshot(`shading-${name}`)).digest("hex"));
    }
    assert.equal(new Set(seen.values()).size, 7, "two shadings look the same");
    await window.key("1");
  });

  test("forges again with another profile, depth and back, and keeps the old mesh in view until then", async () => {
    await window.click("[data-sample=duck]");
    const first = await window.drawn();
    const firstJob = await window.jobId();
    await window.click("[aria-label=Profile]");
    await window.click("[role=option]:nth-of-type(3)");
    await window.run("document.querySelector('[role=radiogroup][aria-label=Back] [aria-label=Mirror]').click();");
    await window.click("[aria-label='Depth, number']");
    await window.key("a", "Control");
    for (const digit of "1.5") await window.key(digit);
    await window.press("Forge again");
    await until(async () => (await window.jobId()) !== firstJob, "the new job");
    await window.state("Done");
    const second = await until(async () => {
      const shown = await window.drawn();
      return shown === first ? null : shown;
    }, "the new mesh");
    assert.notEqual(second, first);
    const { params } = (await window.core({ command: "get_job", id: await window.jobId() })).request;
    assert.deepEqual([params.profile, params.back, params.depth], ["lathe", "mirror", 1.5]);
  });

  test("uses a picture given for a side in the next forge, and leaves the first as it was", async () => {
    await window.click("[data-sample=robot]");
    await window.state("Done");
    const first = await window.jobId();
    await window.click("[aria-label='Give a picture of the back side']");
    await openFile(path.join(samples, "robot.png"));
    await window.press("Forge again");
    await until(async () => (await window.jobId()) !== first, "the new job");
    await window.state("Done");
    const { views } = (await window.core({ command: "get_job", id: await window.jobId() })).request;
    assert.deepEqual([Object.keys(views), views.back.from], [["back"], "imported"]);
    assert.deepEqual((await window.core({ command: "get_job", id: first })).request.views, {});
  });

  test("cancels at once and keeps what was ready", async () => {
    await window.run("document.querySelector('[role=radiogroup][aria-label^=Texture] [aria-label=\"4k\"]').click(); document.querySelector('[aria-label=\"Triangle presets\"] [aria-label=\"150k\"]').click();");
    await window.click("[data-sample=t-rex]");
    await window.press("Cancel job");
    await window.state("Cancelled", 5000);
    await window.press("Go on");
    await window.state("Done");
    await window.drawn();
  });

  test("forges a picture pasted from the clipboard", { skip: hasXclip ? false : "xclip is not installed" }, async () => {
    const holder = spawn("xclip", ["-selection", "clipboard", "-target", "image/png", "-i", path.join(samples, "amphora.png"), "-quiet"], { stdio: "ignore" });
    try {
      await until(() => spawnSync("xclip", ["-selection", "clipboard", "-target", "TARGETS", "-o"], { encoding: "utf8" }).stdout.includes("image/png"), "the clipboard");
      await window.key("v", "Control");
      await window.state("Done");
      assert.equal(await window.text(".job-name"), "pasted");
      assert.equal((await window.text(".source-name")).split(" · ")[1], "1024 × 1024");
    } finally {
      holder.kill();
    }
  });

  test("says what is wrong with a file that is no picture, and goes on", async () => {
    const bad = path.join(folder, "notes.png");
    writeFileSync(bad, "This is a text and no picture at all.");
    await forgePicture(bad);
    const card = await window.see(".error-card[data-code=not_a_picture]", "the error card");
    assert.ok(card);
    await window.screenshot("bad-file");
    await window.click("[data-sample=house]");
    await window.state("Done");
    assert.equal(await window.find(".error-card"), null);
  });

  test("closing the dialog without a choice changes nothing", async () => {
    await window.press("Open picture…");
    await dismiss("Open picture");
    await window.see(".nothing-yet");
    assert.equal(await window.find(".error-card"), null);
  });

  test("asks for a brush when the outline cannot be found, and forges with the painted cut-out", async () => {
    await window.click("[data-sample=coffee]");
    await window.state("Needs you: which part is the object?");
    await window.see("[data-testid=brush]:not([data-outline=none])", "the first outline");
    await window.drag("[data-testid=brush]", [[0.3, 0.45], [0.36, 0.7], [0.5, 0.82], [0.66, 0.7], [0.7, 0.4], [0.62, 0.2], [0.45, 0.14], [0.34, 0.25], [0.42, 0.5], [0.52, 0.5]]);
    await window.key("r");
    await window.drag("[data-testid=brush]", [[0.04, 0.3], [0.06, 0.9], [0.3, 0.97]]);
    await window.drag("[data-testid=brush]", [[0.85, 0.1], [0.95, 0.4], [0.92, 0.92]]);
    await until(async () => !(await window.run("return document.querySelector('.cutout-hint .ring') !== null;")), "the outline to settle");
    await window.screenshot("brush");
    await window.press("Use this cut-out");
    await window.state("Done");
    await window.drawn();
    const job = await window.core({ command: "get_job", id: await window.jobId() });
    assert.equal(job.request.mask.from, "imported");
    await window.screenshot("brushed");
  });

  test("a reload finds the job again, and the drawer all of them", async () => {
    await window.click("[data-sample=teapot]");
    await window.state("Done");
    const id = await window.jobId();
    await window.reload();
    await window.state("Done");
    await window.drawn();
    assert.match(await window.text(".assay"), /Watertight\s+yes/, "the replay lost the measurements");
    await window.key("q");
    await window.see(`.job-row.current[data-job="${id}"]`, "the job's row");
    await window.screenshot("drawer");
    await window.key("q");
  });

  test("a crash of the drawing leaves a panel with a way back, never a white window", async () => {
    await window.click("[data-sample=amphora]");
    await window.drawn();
    for (const [part, words] of [["viewer", "The viewer stopped drawing"], ["forge", "The Forge stopped drawing"]]) {
      await window.run("window.dispatchEvent(new CustomEvent('oreforge:crash', { detail: arguments[0] }));", part);
      await until(async () => (await window.text(".crash"))?.includes(words), words);
      assert.ok(share(decode(await window.screenshot(`crash-${part}`)), [0, 0, 1, 1], white) < 0.2, "the window is white");
      await window.press("Try again");
      await window.drawn();
      assert.equal(await window.find(".crash"), null);
    }
  });

  test("a lost graphics context comes back", async () => {
    await window.click("[data-sample=robot]");
    await window.drawn();
    await window.run("const gl = document.querySelector('.viewer canvas').getContext('webgl2'); const lose = gl.getExtension('WEBGL_lose_context'); lose.loseContext(); setTimeout(() => lose.restoreContext(), 300);");
    await window.see(".viewer-veil", "the veil");
    await until(async () => (await window.find(".viewer-veil")) === null, "the view to be restored");
    await until(async () => share(decode(await window.screenshot("restored")), MIDDLE, saturated) > 0.04, "the mesh to be drawn again");
  });
});

test("a picture on the command line is being forged when the window opens, and a second start finds it", async () => {
  const first = await openWindow({ args: [path.join(samples, "house.png")], size: [900, 640] });
  await first.drawn();
  assert.equal(await first.text(".job-name"), "house");
  await first.screenshot("narrow");
  const id = await first.jobId();
  await first.close({ keepData: true });
  await nextWindow(first, async second => {
    await second.see(".nothing-yet");
    await second.key("q");
    await second.click(`[data-job="${id}"]`);
    await second.drawn();
    await second.click("[aria-label='Light colours']");
    await until(() => second.run("return document.getAnimations().length === 0;"), "the colours to settle");
    await second.screenshot("light");
  });
});

test("the first start forges the bundled sample", async () => {
  const first = await openWindow({ args: ["--forge-sample"] });
  try {
    await first.drawn();
    assert.equal(await first.text(".job-name"), "robot");
  } finally {
    await first.close();
  }
});

test("a file on the command line that is no picture is said in the window", async () => {
  const bad = path.join(folder, "broken.png");
  writeFileSync(bad, readFileSync(path.join(samples, "robot.png")).subarray(0, 2000));
  const broken = await openWindow({ args: [bad] });
  try {
    await broken.see(".error-card[data-code=picture_damaged]", "the error card");
  } finally {
    await broken.close();
  }
});

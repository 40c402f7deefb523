// The front end in a browser, against the real `oreforge serve`.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { FakeComfy, Server, browser, objections, open, reload, sample, shot } from "./session.mjs";

const WAIT_MS = 60_000;

let chromium;
let server;
let context;
before(async () => (chromium = await browser()));
after(async () => chromium?.close());
beforeEach(async () => {
  server = await Server.start();
  context = await chromium.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
  context.setDefaultTimeout(WAIT_MS);
  // Headless there is nobody to answer the browser's own save dialog; without it the page downloads.
  await context.addInitScript(() => delete window.showSaveFilePicker);
});
afterEach(async () => {
  await context.close();
  await server.end();
});

async function choose(page, file) {
  const dialog = page.waitForEvent("filechooser");
  await page.keyboard.press("Control+o");
  await (await dialog).setFiles(file);
}

const done = page => page.getByText("Done", { exact: true }).waitFor();
const forge = (name, params = {}) => server.command("start_forge", { request: { source: { from: "sample", name }, params: { texture_px: 512, triangles: 4000, ...params } } });

/** Every event of a job in this page, in the order it arrived. */
async function record(page, jobId) {
  return page.evaluate(
    async ({ id, token }) => {
      const answer = await fetch(`/api/jobs/${id}/events`, { headers: { Authorization: `Bearer ${token}` } });
      return [...(await answer.text()).matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data).seq);
    },
    { id: jobId, token: server.token },
  );
}

test("a picture is chosen, forged, turned and downloaded", async () => {
  const page = await open(context, server.address);
  await choose(page, sample("robot"));
  await done(page);
  await page.locator("canvas").waitFor();
  assert.equal(page.url(), `${server.url}/`, "the token is not left in the address bar");
  await shot(page, "web-forged");
  const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Control+s")]);
  assert.equal(download.suggestedFilename(), "robot.glb");
  const [job] = await server.command("list_jobs", { limit: 1 });
  const mesh = job.artifacts.find(({ kind }) => kind === "mesh");
  assert.deepEqual(await readFile(await download.path()), await readFile(mesh.path), "the bytes are the artifact's");
  assert.deepEqual(page.problems, []);
});

test("dropped files become jobs, and what is no picture says so", async () => {
  const page = await open(context, server.address);
  const bytes = (await readFile(sample("teapot"))).toString("base64");
  await page.evaluate(encoded => {
    const picture = Uint8Array.from(atob(encoded), letter => letter.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([picture], "pot of tea.png", { type: "image/png" }));
    dataTransfer.items.add(new File(["no picture"], "notes.txt", { type: "text/plain" }));
    for (const type of ["dragenter", "dragover", "drop"]) document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  }, bytes);
  await page.getByText(/notes\.txt|not a picture|no picture/i).first().waitFor();
  await done(page);
  const jobs = await server.command("list_jobs", { limit: 10 });
  assert.deepEqual(jobs.map(({ name }) => name), ["pot of tea"]);
});

test("a wrong token asks for the right one", async () => {
  const page = await open(context, `${server.url}/#token=0123456789abcdef`);
  await page.getByRole("alert").waitFor();
  await page.getByLabel("Token").fill(server.token);
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByRole("button", { name: /Jobs/ }).waitFor();
  await reload(page);
  await page.getByRole("button", { name: /Jobs/ }).waitFor();
  assert.deepEqual(page.problems, []);
});

/** Presses what starts another job, and waits for its end; the job. */
async function forgedBy(page, button) {
  const [answer] = await Promise.all([page.waitForResponse(/start_forge/), button.click()]);
  const { id } = await answer.json();
  await record(page, id);
  return server.command("get_job", { id });
}

test("a mesh is saved for the engine that was chosen, which a reload remembers", async () => {
  const page = await open(context, server.address);
  await choose(page, sample("mushroom"));
  await done(page);
  await page.getByRole("combobox", { name: "Save for" }).click();
  await page.getByRole("option", { name: /Unreal/ }).click();
  await reload(page);
  const save = async (format, name) => {
    await page.getByRole("radio", { name: format }).click();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: `Save ${format}…` }).click()]);
    assert.equal(download.suggestedFilename(), name);
    return readFile(await download.path());
  };
  const fbx = await save("FBX", "mushroom.fbx");
  assert.ok(fbx.includes("Kaydara FBX Binary") && fbx.includes("SM_mushroom"), "an FBX with Unreal's name for it");
  const zip = await save("OBJ", "mushroom.zip");
  assert.ok(["mushroom.obj", "mushroom.mtl"].every(name => zip.includes(name)), "with what belongs beside it");
  const ply = await save("PLY", "mushroom.zip");
  assert.ok(ply.subarray(0, 2).equals(Buffer.from("PK")) && ply.includes("mushroom.ply"), "an archive is called one");
  await page.getByText("Unreal does not read this format").first().waitFor();
  const usdz = await save("USDZ", "mushroom.usdz");
  assert.ok(usdz.includes("scene.usda") && usdz.includes("SM_mushroom"), "one file with Unreal's name for the mesh");
  assert.deepEqual(page.problems, []);
});

test("a GLB is packed for the web where that was chosen, and what it loses is said", async () => {
  const page = await open(context, server.address);
  await choose(page, sample("mushroom"));
  await done(page);
  const save = async () => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save GLB…" }).click()]);
    assert.equal(download.suggestedFilename(), "mushroom.glb");
    return readFile(await download.path());
  };
  const plain = await save();
  await page.getByRole("radio", { name: "Compressed" }).click();
  await reload(page);
  assert.equal(await page.getByRole("radio", { name: "Compressed" }).getAttribute("aria-checked"), "true");
  const packed = await save();
  assert.ok(packed.includes("EXT_meshopt_compression") && packed.includes("EXT_texture_webp"));
  assert.ok(packed.length < 0.8 * plain.length, `${packed.length} of ${plain.length} bytes`);
  await page.getByText(/rounded/).first().waitFor();
  await page.getByRole("radio", { name: "FBX" }).click();
  assert.equal(await page.getByRole("radio", { name: "Compressed" }).count(), 0, "of a GLB alone");
  assert.deepEqual(page.problems, []);
});

test("the depth of a picture is looked at, saved with its range, and made the relief", async () => {
  const page = await open(context, server.address);
  await choose(page, sample("duck"));
  await done(page);
  await page.getByRole("button", { name: "Show depth" }).click();
  const map = page.getByTestId("depth-map");
  await map.waitFor();
  /** Mean grey of what is there. */
  const brightness = () =>
    map.evaluate(canvas => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const there = Array.from({ length: data.length / 4 }, (_, i) => i).filter(i => data[4 * i + 3] > 200);
      return there.reduce((sum, i) => sum + data[4 * i], 0) / there.length;
    });
  const whole = await brightness();
  const far = page.getByRole("textbox", { name: "Far, number" });
  await far.fill("0.6");
  await far.press("Enter");
  await page.waitForFunction(() => document.querySelector("[aria-label='Near, number']")?.value === "1.00");
  const nearer = await brightness();
  assert.ok(whole > 60 && nearer < whole - 20, `${whole} became ${nearer}`);
  await shot(page, "web-depth");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save PNG…" }).click()]);
  assert.equal(download.suggestedFilename(), "duck.depth.png");
  const png = await readFile(await download.path());
  assert.deepEqual([png.readUInt8(24), png.readUInt8(25)], [16, 0], "16 bits of grey");
  const again = await forgedBy(page, page.getByRole("button", { name: "Use as relief" }));
  assert.equal(again.state, "done", JSON.stringify(again.error));
  assert.equal(again.request.depth_map.file_name, "duck.depth.png");
  await page.getByAltText("The depth map this is made with").waitFor();
  assert.deepEqual(page.problems, []);
});

test("the depth of a picture is told by a server where one can, and by the draft where none can", async t => {
  const comfy = await FakeComfy.start({ stepMs: 20, others: ["diffusion_models/lotus-depth-d-v1-1.safetensors", "vae/vae-ft-mse-840000-ema-pruned.safetensors"] });
  t.after(() => comfy.end());
  const page = await open(context, server.address);
  const engine = page.getByRole("radiogroup", { name: "Depth by" });
  await choose(page, sample("duck"));
  await done(page);
  await page.getByRole("button", { name: "Show depth" }).click();
  await page.getByText("ComfyUI could tell it too. No ComfyUI server answers.").waitFor();
  const map = page.getByTestId("depth-map");
  await map.waitFor();
  assert.equal(await engine.count(), 0, "no choice where there is none");
  const looks = () => map.evaluate(canvas => canvas.toDataURL());
  const another = than =>
    page.waitForFunction(earlier => {
      const shown = document.querySelector("[data-testid=depth-map]");
      return shown !== null && shown.toDataURL() !== earlier;
    }, than);
  const inflated = await looks();

  await server.command("save_settings", { settings: { servers: [{ name: "fake", url: comfy.url, auth: { kind: "none" } }] } });
  await reload(page);
  await page.getByRole("button", { name: "Show depth" }).click();
  await engine.getByRole("radio", { name: "ComfyUI" }).click();
  await another(inflated);
  await shot(page, "web-depth-server");
  assert.deepEqual(await objections(page), []);
  const seen = await looks();
  await engine.getByRole("radio", { name: "Draft" }).click();
  await another(seen);
  await engine.getByRole("radio", { name: "ComfyUI" }).click();
  const again = await forgedBy(page, page.getByRole("button", { name: "Use as relief" }));
  assert.equal(again.state, "done", JSON.stringify(again.error));
  assert.equal(again.request.depth_map.file_name, "duck.depth.png");
  const maps = (await server.command("list_jobs", { limit: 50 })).filter(({ kind }) => kind === "prospect");
  assert.equal(maps.length, 1, "it is made once");
  assert.deepEqual(page.problems, []);
});

test("a mesh of a long name is saved under its beginning", async () => {
  const { id } = await forge("duck");
  const page = await open(context, server.address);
  await record(page, id);
  const { artifacts } = await server.command("get_job", { id });
  const mesh = artifacts.find(({ kind }) => kind === "mesh");
  const name = "a very long story of a duck ".repeat(7);
  const answer = await fetch(`${server.url}/api/meshes/${mesh.id}/export?name=${encodeURIComponent(`${name}.fbx`)}`, { headers: { Authorization: `Bearer ${server.token}` } });
  assert.equal(answer.status, 200, await answer.clone().text());
  assert.match(answer.headers.get("Content-Disposition"), /a%20very%20long.*\.fbx$/);
});

test("a mesh is looked at before and after it was finished", async () => {
  const page = await open(context, server.address);
  await choose(page, sample("duck"));
  await done(page);
  for (const kind of ["mesh", "raw_mesh", "mesh"]) {
    await page.locator(`.viewer[data-drawn="${kind}"]`).waitFor();
    await page.keyboard.press("b");
  }
  assert.deepEqual(page.problems, []);
});

/** Pixels of a job's cut-out that are neither in nor out. */
async function softPixels(page, job) {
  const cutout = job.artifacts.find(({ kind, slot }) => kind === "cutout" && slot === null);
  return page.evaluate(
    async ({ id, token }) => {
      const answer = await fetch(`/files/artifact/${id}`, { headers: { Authorization: `Bearer ${token}` } });
      const bitmap = await createImageBitmap(await answer.blob());
      const pen = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
      pen.drawImage(bitmap, 0, 0);
      const { data } = pen.getImageData(0, 0, bitmap.width, bitmap.height);
      return data.filter((value, index) => index % 4 === 3 && value > 20 && value < 235).length;
    },
    { id: cutout.id, token: server.token },
  );
}

test("the edge of a cut-out is softened, taken back and softened again", async () => {
  const page = await open(context, server.address);
  await choose(page, sample("mushroom"));
  await done(page);
  await page.getByRole("button", { name: "Edit cut-out" }).click();
  const edge = page.getByRole("slider", { name: "Softness of the edge" });
  const width = () => edge.getAttribute("aria-valuenow");
  await edge.press("PageUp");
  await edge.press("PageUp");
  assert.equal(await width(), "20");
  await page.getByRole("button", { name: "Undo" }).click();
  assert.equal(await width(), "10");
  await page.getByRole("button", { name: "Redo" }).click();
  assert.equal(await width(), "20");
  const [hard] = await server.command("list_jobs", { limit: 1 });
  const soft = await forgedBy(page, page.getByRole("button", { name: "Use this cut-out" }));
  const [few, many] = [await softPixels(page, hard), await softPixels(page, soft)];
  assert.ok(many > 4 * few, `${few} soft pixels became ${many}`);
  assert.deepEqual(page.problems, []);
});

/** Uploads an orthographic picture of a ball that has another colour in every direction. */
async function ball(page, slot) {
  const encoded = await page.evaluate(async side => {
    const size = 256;
    const canvas = new OffscreenCanvas(size, size);
    const pen = canvas.getContext("2d");
    const image = pen.createImageData(size, size);
    for (let at = 0; at < size * size; at++) {
      const [u, v] = [((at % size) / size) * 2.2 - 1.1, 1.1 - (Math.floor(at / size) / size) * 2.2];
      const depth = Math.sqrt(1 - u * u - v * v);
      const [x, z] = { front: [u, depth], right: [depth, -u], back: [-u, -depth], left: [-depth, u] }[side];
      if (depth > 0) image.data.set([x, v, z].map(value => 127 + 127 * value).concat(255), 4 * at);
    }
    pen.putImageData(image, 0, 0);
    const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
    return btoa(String.fromCharCode(...bytes));
  }, slot);
  const answer = await fetch(`${server.url}/api/pictures?name=${slot}.png`, {
    method: "POST",
    headers: { Authorization: `Bearer ${server.token}`, "Content-Type": "application/octet-stream" },
    body: Buffer.from(encoded, "base64"),
  });
  assert.ok(answer.ok, await answer.clone().text());
  const { id, file_name } = await answer.json();
  return { from: "imported", id, file_name };
}

test("views in each other's place are told, and swapped at a press", async () => {
  const page = await open(context, server.address);
  const [front, right, back, left] = [await ball(page, "front"), await ball(page, "right"), await ball(page, "back"), await ball(page, "left")];
  await server.command("start_forge", { request: { source: front, views: { right: left, back, left: right }, params: { texture_px: 256, triangles: 2000 } } });
  await page.keyboard.press("q");
  await page.locator(".job-row").first().click();
  await page.getByText("Left and right look swapped.").waitFor();
  await done(page);
  await shot(page, "web-swapped");
  await page.getByRole("button", { name: "Swap", exact: true }).click();
  const again = await forgedBy(page, page.getByRole("button", { name: "Forge again" }));
  assert.equal(again.state, "done");
  assert.deepEqual([again.request.views.left.file_name, again.request.views.right.file_name], ["left.png", "right.png"]);
  await done(page);
  assert.equal(await page.getByText("Left and right look swapped.").count(), 0);
  assert.deepEqual(page.problems, []);
});

test("at 1024 × 700 the settings and the history are a press away, and nothing is cut off", async () => {
  const page = await open(context, server.address);
  await page.setViewportSize({ width: 1024, height: 700 });
  await choose(page, sample("teapot"));
  await done(page);
  const reaches = () => page.evaluate(() => [...document.querySelectorAll(".job-header button, .rail li, .viewer-bar")].map(element => element.getBoundingClientRect()).filter(({ width }) => width > 0).every(({ left, right, bottom }) => left >= 0 && right <= innerWidth && bottom <= innerHeight));
  assert.ok(await reaches(), "header, steps and tools are in the window");
  const settings = page.getByRole("button", { name: "Settings of the forge" });
  await settings.click();
  await page.getByRole("radiogroup", { name: "Symmetry" }).waitFor();
  await settings.click();
  await page.getByRole("radiogroup", { name: "Symmetry" }).waitFor({ state: "hidden" });
  await page.getByRole("tab", { name: "Prospecting" }).click();
  const history = page.getByRole("complementary", { name: "History" });
  await history.waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Prompts asked before" }).click();
  await history.waitFor();
  await page.getByRole("button", { name: "Prompts asked before" }).click();
  await history.waitFor({ state: "hidden" });
  assert.deepEqual(page.problems, []);
});

test("two pages and a reload in the middle each show the whole story once", async () => {
  const [first, second] = [await open(context, server.address), await open(context, server.address)];
  const job = await forge("robot", { triangles: 60_000, texture_px: 2048 });
  for (const page of [first, second]) {
    await page.keyboard.press("q");
    await page.locator(".job-row").first().click();
  }
  await first.locator('[data-artifact="cutout"]').waitFor();
  await reload(first);
  await first.keyboard.press("q");
  await first.locator(".job-row").first().click();
  for (const page of [first, second]) {
    await done(page);
    await page.locator("canvas").waitFor();
    assert.deepEqual(page.problems, []);
  }
  const [seen, again] = [await record(first, job.id), await record(second, job.id)];
  assert.deepEqual(seen, again);
  assert.deepEqual(seen, [...new Set(seen)].toSorted((a, b) => a - b));
});

test("a server that dies and comes back loses nothing: the page goes on by itself", async () => {
  const page = await open(context, server.address);
  const job = await forge("t-rex", { triangles: 100_000, texture_px: 4096 });
  await page.keyboard.press("q");
  await page.locator(".job-row").first().click();
  await page.locator('[data-artifact="cutout"]').waitFor();
  await server.kill();
  server = await server.again();
  await page.getByRole("button", { name: /Go on|Resume/ }).first().click();
  await done(page);
  const log = await server.command("job_events", { id: job.id, after: 0 });
  const types = log.map(({ type }) => type);
  assert.ok(types.includes("interrupted") && types.includes("resumed"), types.join(" "));
  assert.equal(types.filter(type => type === "done").length, 1);
});

test("a bad file is refused in words", async () => {
  const page = await open(context, server.address);
  const file = path.join(server.data, "broken.png");
  await writeFile(file, (await readFile(sample("robot"))).subarray(0, 3000));
  await choose(page, file);
  await page.getByRole("alert").first().waitFor();
  await shot(page, "web-bad-file");
});

for (const theme of ["dark", "light"]) {
  test(`axe finds nothing to object to, ${theme}`, async () => {
    const page = await open(context, server.address);
    if (theme === "light") await page.getByRole("button", { name: "Light colours" }).click();
    const check = async where => assert.deepEqual(await objections(page), [], where);
    await check("empty");
    await choose(page, sample("teapot"));
    await done(page);
    await page.locator("canvas").waitFor();
    await check("forged");
    await page.keyboard.press("q");
    await page.locator(".job-row").first().waitFor();
    await check("jobs");
    await shot(page, `web-jobs-${theme}`);
  });
}

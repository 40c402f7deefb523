// The front end in a browser, against the real `oreforge serve`.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { Server, browser, objections, open, reload, sample, shot } from "./session.mjs";

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

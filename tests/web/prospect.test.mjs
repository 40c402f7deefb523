// Prospecting in a browser, against the real `oreforge serve` and the fake ComfyUI.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { FakeComfy, begin, objectionsInBoth, open, shot } from "./session.mjs";

const STEP_MS = 40;
/** Long enough to see something of a sampler on the busiest machine. */
const SLOW_STEP_MS = 500;

let server;
let context;
let end;
let comfy;
let slowComfy;

before(async () => {
  const begun = await begin();
  ({ server, context, end } = begun);
  comfy = await begun.fakeComfy({ stepMs: STEP_MS, checkpoints: ["v1-5-pruned-emaonly.safetensors"] });
  slowComfy = await begun.fakeComfy({ stepMs: SLOW_STEP_MS, checkpoints: ["v1-5-pruned-emaonly.safetensors", "stable_zero123.ckpt", "hunyuan3d-dit-v2.safetensors"] });
});
after(() => end?.());

/** Of a live picture that shows something: its next one may come while this one is asked. */
const sizeOf = live =>
  live.evaluate(picture => new Promise(resolve => {
    const look = () => (picture.naturalWidth > 0 ? resolve([picture.naturalWidth, picture.naturalHeight]) : requestAnimationFrame(look));
    look();
  }));
const pictures = page => page.locator(".candidate[data-artifact]");
const prospects = () => server.command("list_jobs", { limit: 50 }).then(jobs => jobs.filter(({ kind }) => kind === "prospect"));

async function prospecting() {
  const page = await open(context, server.address);
  await page.getByRole("tab", { name: "Prospecting" }).click();
  await page.locator(".prospect").waitFor();
  return page;
}

test("without a server the tab says so, shows the checks and goes on with a sample", async () => {
  const page = await prospecting();
  await page.getByRole("heading", { name: "No ComfyUI server answers" }).waitFor();
  await page.getByText("data folder", { exact: true }).waitFor();
  assert.ok(await page.getByRole("button", { name: /^Prospect/ }).isDisabled());
  await shot(page, "prospect-no-server");
  await page.getByRole("button", { name: "Duck" }).click();
  await page.getByRole("tab", { name: "Forge", selected: true }).waitFor();
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("what the server lacks is one step away, and so is the way back", async () => {
  const bare = await FakeComfy.start({ checkpoints: ["stable_zero123.ckpt"] });
  try {
    await server.useComfy(bare);
    const page = await prospecting();
    await page.getByRole("heading", { name: "The server lacks what prompts need" }).waitFor();
    await shot(page, "prospect-lacks-models");
    assert.deepEqual(await objectionsInBoth(page), []);
    await page.locator(".checks").getByRole("button", { name: "Get sd_xl_base_1.0.safetensors…" }).click();
    const wanted = page.getByRole("list", { name: "What the workflows need" }).locator("[aria-current=true]");
    await wanted.getByText("sd_xl_base_1.0.safetensors").waitFor();
    await shot(page, "models-wanted");
    assert.deepEqual(await objectionsInBoth(page), []);
    await page.getByRole("button", { name: "Back to Prospecting" }).click();
    await page.getByRole("heading", { name: "The server lacks what prompts need" }).waitFor();
    assert.equal(await page.getByRole("dialog").count(), 0);
    assert.deepEqual(page.problems, []);
    await page.close();
  } finally {
    bare.end();
  }
});

test("a prompt becomes pictures one by one, which are kept, rejected, varied and forged", async () => {
  await server.useComfy(comfy);
  const page = await prospecting();
  await page.locator(".prospect[data-ready=true]").waitFor();
  await page.getByRole("textbox", { name: "Prompt" }).fill("A brass lamp, full body");
  await page.getByRole("textbox", { name: "Seed" }).fill("500");
  await page.getByRole("textbox", { name: "Steps, number" }).fill("5");
  await page.getByRole("textbox", { name: "Prompt" }).focus();
  await page.keyboard.press("Control+Enter");
  await pictures(page).first().waitFor();
  assert.ok((await pictures(page).count()) < 4, "the first is shown before the last is made");
  assert.equal(await page.locator(".prospect-head").getByText(/once it starts|left$/).count(), 0, "nothing is known yet");
  await shot(page, "prospect-running");
  await pictures(page).nth(3).waitFor();
  await page.getByText("#503").waitFor();
  const [asked] = await prospects();
  assert.deepEqual([asked.request.seed, asked.request.inputs.steps, asked.request.inputs.model], [500, 5, "v1-5-pruned-emaonly.safetensors"]);

  await page.getByRole("button", { name: "Picture with seed 501" }).click();
  await page.keyboard.press("s");
  await page.getByRole("button", { name: "Picture with seed 501, kept" }).waitFor();
  await page.getByRole("button", { name: "Picture with seed 502" }).click();
  await page.keyboard.press("x");
  await page.getByRole("button", { name: "Picture with seed 502, rejected" }).waitFor();
  await shot(page, "prospect-done");

  await page.getByRole("button", { name: "Picture with seed 501, kept" }).click();
  await server.command("pause_queue", { paused: true });
  await page.keyboard.press("r");
  await page.locator(".history-row").nth(1).waitFor();
  // The four before it say how long one takes here, to the second or so.
  await page.locator(".prospect-head").getByText(/^· (about \d+ s|under 1 s) once it starts$/).waitFor();
  await shot(page, "prospect-estimate");
  await server.command("pause_queue", { paused: false });
  await pictures(page).first().waitFor();
  const [rerolled] = await prospects();
  assert.deepEqual([rerolled.request.count, rerolled.request.inputs.steps, rerolled.request.prompt], [1, 5, asked.request.prompt]);
  assert.notEqual(rerolled.request.seed, 501);

  await page.locator(".candidate-picture").first().click();
  await page.keyboard.press("v");
  await page.locator(".history-row").nth(2).waitFor();
  await pictures(page).first().waitFor();
  const [varied] = await prospects();
  assert.deepEqual([varied.request.workflow, varied.request.source.from], ["variation-sd15", "imported"]);

  await page.locator(".candidate-picture").first().click();
  await page.keyboard.press("f");
  await page.getByRole("tab", { name: "Forge", selected: true }).waitFor();
  const [newest] = await server.command("list_jobs", { limit: 1 });
  assert.equal(newest.kind, "forge");
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("what a sampler has so far is shown in the place of the picture, and cancelling ends it", async () => {
  await server.useComfy(slowComfy);
  const page = await prospecting();
  await page.locator(".prospect[data-ready=true]").waitFor();
  await page.getByRole("textbox", { name: "Prompt" }).fill("A brass bell");
  await page.getByRole("textbox", { name: "Seed" }).fill("900");
  await page.getByRole("textbox", { name: "Steps, number" }).fill("60");
  await page.getByRole("textbox", { name: "Prompt" }).focus();
  await page.keyboard.press("Control+Enter");
  const live = page.locator(".candidate.running img[data-live]");
  await live.waitFor();
  const size = await sizeOf(live);
  assert.deepEqual(size, [384, 384]);
  await page.getByText(/step \d+ of 60/i).first().waitFor();
  await shot(page, "prospect-live");
  await page.keyboard.press("Control+Alt+Enter");
  await page.getByText(/^Cancelled, \d of 4 made$/).waitFor();
  assert.equal(await page.locator("img[data-live]").count(), 0);
  const [job] = await prospects();
  const events = await server.command("job_events", { id: job.id, after: 0 });
  assert.ok(!JSON.stringify(events).includes("jpeg"), "a preview is in no log");
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("the Forge shows the views to come, and what their sampler is at", async () => {
  const page = await open(context, server.address);
  await page.getByRole("tab", { name: "Forge" }).click();
  const params = { engine: "comfy", comfy: { set: { "views.steps": "150" } } };
  const job = await server.command("start_forge", { request: { source: { from: "sample", name: "duck" }, params } });
  await page.getByRole("button", { name: /^Jobs/ }).click();
  await page.locator(`[data-job="${job.id}"]`).first().click();
  const live = page.getByRole("img", { name: "Views so far" });
  await live.waitFor();
  assert.equal((await sizeOf(live))[0], 384);
  await page.locator(".live-card figcaption").getByText(/^step \d+ of 150, KSampler$/).waitFor();
  await shot(page, "forge-live");
  await server.command("cancel_job", { id: job.id });
  await page.getByTestId("job-state").getByText("Cancelled").waitFor();
  assert.equal(await live.count(), 0);
  assert.deepEqual(page.problems, []);
  await page.close();
});

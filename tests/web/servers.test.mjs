// ComfyUI servers: those that want to know who comes, and what one makes of a draft.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { begin, objections, objectionsInBoth, open, reload, sample, shot } from "./session.mjs";

const SECRET = "hush-hush-9713";

let server;
let context;
let fakeComfy;
let end;
before(async () => ({ server, context, fakeComfy, end } = await begin({ webgl: false })));
after(() => end?.());

/** Every file of the data folder as one text. */
async function everythingWritten() {
  const files = await readdir(server.data, { recursive: true, withFileTypes: true });
  const texts = files.filter(file => file.isFile()).map(file => readFile(path.join(file.parentPath, file.name), "latin1"));
  return (await Promise.all(texts)).join("\n");
}

async function choose(page, kind) {
  await page.getByRole("combobox", { name: "It asks for" }).last().click();
  await page.getByRole("option", { name: kind }).click();
}

test("a server that wants a password is named with it, refused with another, and neither is written down", async () => {
  const locked = await fakeComfy({ auth: `me:${SECRET}`, checkpoints: ["v1-5-pruned-emaonly.safetensors"] });
  const page = await open(context, server.address);
  await page.keyboard.press("Control+,");
  await page.getByLabel("Address of a server").fill(locked.url);
  await page.getByRole("button", { name: "Add server" }).click();
  const row = page.locator(".settings-row", { hasText: locked.url });
  await row.getByText("this server wants a token, or a user and a password").waitFor();
  await shot(page, "servers-locked");
  assert.deepEqual(await objectionsInBoth(page), []);

  await row.getByRole("button", { name: /^Sign in/ }).click();
  await choose(page, "User and password");
  const dialog = page.getByRole("dialog", { name: /^Sign in to/ });
  await dialog.getByLabel("User").fill("me");
  await dialog.getByLabel("Password").fill("another");
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await row.getByText("does not take those it was given").waitFor();
  await row.getByRole("button", { name: /^Sign in/ }).click();
  assert.equal(await dialog.getByLabel("User").inputValue(), "me");
  assert.equal(await dialog.getByLabel("Password").inputValue(), "", "a secret is not shown again");
  await dialog.getByLabel("Password").fill(SECRET);
  await shot(page, "servers-sign-in");
  assert.deepEqual(await objectionsInBoth(page), []);
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await row.getByText(/ is ready\.$/).waitFor();
  await shot(page, "servers-let-in");

  // Pictures come over it: HTTP, the socket and the downloads are all let in.
  const job = await server.command("start_prospect", { request: { prompt: "A brass lamp", inputs: { steps: 2 } }, in_front: false });
  await reload(page);
  await page.getByRole("tab", { name: "Prospecting" }).click();
  await page.locator(`[data-job="${job.id}"]`).click();
  await page.locator(".candidate[data-artifact]").waitFor();

  const kept = await Promise.all([server.command("get_settings"), server.command("gather_bug_report"), server.command("job_events", { id: job.id, after: 0 })]);
  assert.ok(!JSON.stringify(kept).includes(SECRET));
  assert.ok(!(await everythingWritten()).includes(SECRET), "the data folder knows no secret");
  assert.ok(!(await page.content()).includes(SECRET));
  await server.useComfy();
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("a server is added with its token at once, in light colours too", async () => {
  const locked = await fakeComfy({ auth: SECRET, checkpoints: ["v1-5-pruned-emaonly.safetensors"] });
  await server.useComfy();
  const page = await open(context, server.address);
  await page.getByRole("button", { name: "Light colours" }).click();
  await page.keyboard.press("Control+,");
  await page.getByLabel("Address of a server").fill(locked.url);
  await choose(page, "A token");
  assert.ok(await page.getByRole("button", { name: "Add server" }).isDisabled(), "a token is still to be typed");
  await page.getByLabel("Token").fill(SECRET);
  await shot(page, "servers-token-light");
  await page.getByRole("button", { name: "Add server" }).click();
  const row = page.locator(".settings-row", { hasText: locked.url });
  await row.getByText(/ is ready\.$/).waitFor();
  assert.deepEqual(await objections(page), []);
  await page.locator(".settings-close").click();
  await page.getByRole("button", { name: "Dark colours" }).click();
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("limits are kept, and a disk that would be left too full is not written to", async () => {
  await server.useComfy();
  const page = await open(context, server.address);
  await page.keyboard.press("Control+,");
  await page.getByRole("button", { name: "Limits" }).click();
  await page.getByRole("combobox", { name: "The trash keeps things" }).click();
  await page.getByRole("option", { name: "30 days" }).click();
  const spare = page.getByLabel("Free disk space, gigabytes");
  await spare.fill("1000");
  const answered = page.waitForResponse(answer => answer.url().endsWith("/save_settings") && answer.request().postData().includes("1000000"));
  await spare.blur();
  await shot(page, "settings-limits");
  assert.deepEqual(await objections(page), []);
  await answered;
  const saved = await server.command("get_settings");
  assert.deepEqual([saved.spare_mb, saved.trash_days], [1_000_000, 30]);
  const job = await server.command("start_forge", { request: { source: { from: "sample", name: "duck" } } });
  await (await fetch(`${server.url}/api/jobs/${job.id}/events`, { headers: { Authorization: `Bearer ${server.token}` } })).text();
  const { error } = await server.command("get_job", { id: job.id });
  assert.equal(error.code, "disk_full");
  assert.match(error.message, /1000000 MB are to stay free/);
  await server.command("save_settings", { settings: { ...saved, spare_mb: 32 } });
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("a finished draft is made anew by a server that can, and stays until then", async () => {
  await server.useComfy();
  const page = await open(context, server.address);
  await page.getByRole("tab", { name: "Forge" }).click();
  const chooser = page.waitForEvent("filechooser");
  await page.keyboard.press("Control+o");
  await (await chooser).setFiles(sample("duck"));
  await page.getByText("ComfyUI could make a better mesh of this draft. No ComfyUI server answers.").waitFor();
  await page.getByRole("button", { name: "Servers…" }).click();
  await page.getByLabel("Address of a server").waitFor();
  await page.getByRole("button", { name: "Back to the Forge" }).click();

  const lacking = await fakeComfy({ checkpoints: ["stable_zero123.ckpt"] });
  await server.useComfy(lacking);
  await reload(page);
  await page.getByRole("button", { name: "Get the model…" }).click();
  await page.locator(".settings-row.wanted").waitFor();
  await page.getByRole("button", { name: "Back to the Forge" }).click();
  await shot(page, "forge-upgrade-lacks");

  const able = await fakeComfy({ checkpoints: ["stable_zero123.ckpt", "hunyuan3d-dit-v2.safetensors"] });
  await server.useComfy(able);
  await reload(page);
  const upgrade = page.getByRole("button", { name: "Make it with ComfyUI" });
  await upgrade.waitFor();
  await shot(page, "forge-upgrade");
  assert.deepEqual(await objections(page), []);
  const [draft] = await server.command("list_jobs", { limit: 1 });
  const mesh = draft.artifacts.find(({ kind }) => kind === "mesh");
  await server.command("pause_queue", { paused: true });
  await upgrade.click();
  await page.getByTestId("job-state").getByText("Waiting for its turn").waitFor();
  const waiting = await server.command("get_job", { id: draft.id });
  assert.equal(waiting.artifacts.find(({ kind }) => kind === "mesh").id, mesh.id, "the draft stands");
  await server.command("pause_queue", { paused: false });
  await page.getByTestId("job-state").getByText("Done").waitFor();
  await page.locator(".verb").getByRole("button", { name: /^Save/ }).waitFor();
  const made = await server.command("get_job", { id: draft.id });
  const { entries } = await server.command("list_gallery", { query: { text: "", kind: "mesh", favourite: false, project: null, tag: null, since: null, until: null, trashed: false }, offset: 0, limit: 1 });
  assert.equal(entries[0].engine, "comfy");
  assert.notEqual(made.artifacts.find(({ kind }) => kind === "mesh").id, mesh.id);
  assert.equal(await upgrade.count(), 0, "it is no draft any more");
  assert.equal(await page.getByRole("button", { name: "Forge again" }).count(), 0, "it is what was asked for");
  await shot(page, "forge-upgraded");
  assert.deepEqual(page.problems, []);
  await page.close();
});

const meshOf = job => job.artifacts.find(({ kind }) => kind === "mesh").id;

test("the Gallery offers it too, and shows what came of it", async () => {
  await server.useComfy(await fakeComfy({ checkpoints: ["stable_zero123.ckpt", "hunyuan3d-dit-v2.safetensors"] }));
  const draft = await server.forged({ source: { from: "sample", name: "mushroom" }, params: { texture_px: 256, triangles: 2000, engine: "draft" } });
  const mesh = meshOf(await server.command("get_job", { id: draft.id }));
  const page = await open(context, server.address);
  await page.getByRole("tab", { name: "Gallery" }).click();
  await page.getByRole("button", { name: /^Meshes/ }).click();
  await page.getByRole("gridcell", { name: /^mushroom Draft/ }).dblclick();
  const upgrade = page.getByRole("dialog").getByRole("button", { name: "Make it with ComfyUI" });
  await upgrade.waitFor();
  await shot(page, "gallery-upgrade");
  assert.deepEqual(await objections(page), []);
  await upgrade.click();
  await page.getByRole("tab", { name: "Forge", selected: true }).waitFor();
  await page.getByRole("tab", { name: "Gallery" }).click();
  await page.locator(`.tile[data-artifact]:not([data-artifact="${mesh}"])`, { hasText: "mushroom" }).waitFor();
  assert.equal(await page.locator(`[data-artifact="${mesh}"]`).count(), 0, "it stands in the draft's place");
  await page.getByRole("gridcell", { name: /^mushroom Comfy/ }).waitFor();
  assert.notEqual(meshOf(await server.command("get_job", { id: draft.id })), mesh);
  assert.deepEqual(page.problems, []);
  await page.close();
});

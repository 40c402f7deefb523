// The Gallery in a browser, over real forges, against the real `oreforge serve`.
import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { after, before, test } from "node:test";
import { begin, objections, open, shot } from "./session.mjs";

const SMALL = { texture_px: 256, triangles: 2000 };

let server;
let context;
let end;

/** The forges that every test looks at; each test leaves them as it found them. */
before(async () => {
  ({ server, context, end } = await begin());
  for (const [name, project] of [["duck", "Pond"], ["mushroom", null]]) {
    await server.forged({ source: { from: "sample", name }, params: SMALL, project });
  }
});
after(() => end?.());

const tiles = page => page.locator(".tile[data-artifact]");
const place = (page, name) => page.getByRole("button", { name: new RegExp(`^${name}`) });
const entries = query => server.command("list_gallery", { query, offset: 0, limit: 200 }).then(page => page.entries);

async function gallery() {
  const page = await open(context, server.address);
  await page.getByRole("tab", { name: "Gallery" }).click();
  await tiles(page).first().waitFor();
  return page;
}

/** Waits until as many tiles stand there. */
const count = (page, wanted) => page.waitForFunction(n => document.querySelectorAll(".tile[data-artifact]").length === n, wanted);

test("everything made is there with its thumbnail, and is found by words, kind, project and day", async () => {
  const page = await gallery();
  const all = await entries({});
  await count(page, all.length);
  await page.waitForFunction(() => [...document.querySelectorAll(".tile img")].every(picture => picture.complete && picture.naturalWidth > 0));
  await page.keyboard.press("Control+f");
  await page.keyboard.type("duck pond");
  await count(page, all.filter(({ name }) => name === "duck").length);
  await page.getByRole("searchbox").fill("yesterday");
  await page.getByText("Nothing matches").waitFor();
  await page.getByRole("button", { name: "Show everything" }).click();
  await count(page, all.length);
  await place(page, "Meshes").click();
  await count(page, 2);
  await place(page, "Pond").click();
  await count(page, all.filter(({ project }) => project === "Pond").length);
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("keys walk the tiles, mark them and open the job in the Forge", async () => {
  const page = await gallery();
  await place(page, "Meshes").click();
  await count(page, 2);
  await page.getByRole("searchbox").press("ArrowDown");
  await page.keyboard.press("s");
  await place(page, "Favourites").getByText("1").waitFor();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("x");
  await page.locator(".tile.rejected").waitFor();
  await page.keyboard.press("F2");
  await page.getByRole("textbox").fill("Sir Quack");
  await page.keyboard.press("Enter");
  await page.getByText("Sir Quack").waitFor();
  await page.locator(".tile:focus").waitFor();
  await page.keyboard.press("t");
  await page.getByLabel("New tag").fill("hero");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Take hero off" }).waitFor();
  await page.keyboard.press("Escape");
  await place(page, "hero").click();
  await count(page, 1);
  const [favourite] = await entries({ favourite: true });
  const [tagged] = await entries({ tag: "hero" });
  assert.deepEqual([favourite.name, tagged.name, tagged.rejected], ["mushroom", "Sir Quack", true]);
  await tiles(page).first().press("Enter");
  await page.getByText("Done", { exact: true }).waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.getItem("oreforge.job")), tagged.artifact.job_id);
  await server.command("mark_artifacts", { ids: [favourite.artifact.id, tagged.artifact.id], change: { favourite: false, rejected: false, name: "", remove_tags: ["hero"] } });
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("what is deleted comes back by undo, and goes for good only with the trash", async () => {
  const page = await gallery();
  const all = await entries({});
  await place(page, "Views").click();
  const views = all.filter(({ kind }) => kind === "view").length;
  await count(page, views);
  await tiles(page).first().click();
  await tiles(page).nth(2).click({ modifiers: ["Shift"] });
  await page.getByText("3 selected").waitFor();
  await page.keyboard.press("Delete");
  await count(page, views - 3);
  assert.equal((await entries({ trashed: true })).length, 3);
  await page.getByRole("button", { name: "Undo" }).click();
  await count(page, views);
  await tiles(page).first().click();
  await page.keyboard.press("Delete");
  await count(page, views - 1);
  await page.keyboard.press("Control+z");
  await count(page, views);
  assert.deepEqual(await entries({}), all);

  await tiles(page).first().press("Delete");
  await count(page, views - 1);
  const [gone] = await entries({ trashed: true });
  await place(page, "Trash").click();
  await count(page, 1);
  await page.getByRole("button", { name: "Empty the trash…" }).click();
  await page.getByRole("button", { name: "Delete for good" }).click();
  await page.getByText("The trash is empty").waitFor();
  await assert.rejects(stat(gone.artifact.path), "the file is gone");
  assert.equal((await entries({})).length, all.length - 1);
  assert.deepEqual(page.problems, []);
  await page.close();
});

test("several are saved at once, each under a name that says what it is", async () => {
  const page = await gallery();
  await place(page, "Meshes").click();
  await count(page, 2);
  const downloads = [];
  const both = new Promise(resolve => page.on("download", download => downloads.push(download) === 2 && resolve()));
  await tiles(page).first().press("Control+a");
  await page.getByText("2 selected").waitFor();
  await page.getByRole("button", { name: "Save to folder…" }).click();
  await page.getByText(/^Saved 2 meshes/).waitFor();
  await both;
  const files = new Map(await Promise.all(downloads.map(async download => [download.suggestedFilename(), await readFile(await download.path())])));
  assert.deepEqual([...files.keys()].toSorted(), ["duck.glb", "mushroom.glb"]);
  for (const { name, artifact } of await entries({ kind: "mesh" })) assert.deepEqual(files.get(`${name}.glb`), await readFile(artifact.path));
  await page.close();
});

test("two meshes beside each other turn together until they are let go", async () => {
  const page = await gallery();
  await place(page, "Meshes").click();
  await count(page, 2);
  await tiles(page).first().press("Control+a");
  await page.getByRole("button", { name: "Compare" }).click();
  await page.locator('.compare [data-drawn="true"]').nth(1).waitFor();
  // The gizmo says from where each is looked at.
  const turned = side => page.locator(".compare-side").nth(side).locator(".gizmo-x line").getAttribute("x2");
  const settled = async () => page.waitForFunction(() => new Set([...document.querySelectorAll(".compare .gizmo-x line")].map(line => Math.round(line.getAttribute("x2")))).size === 1);
  await settled();
  const start = await turned(1);
  await page.getByRole("application").first().press("ArrowRight");
  await page.waitForFunction(was => document.querySelectorAll(".compare .gizmo-x line")[1].getAttribute("x2") !== was, start);
  await settled();
  await page.getByRole("button", { name: "Turn together" }).click();
  const apart = await turned(1);
  await page.getByRole("application").first().press("ArrowRight");
  await page.waitForFunction(other => Math.abs(document.querySelectorAll(".compare .gizmo-x line")[0].getAttribute("x2") - other) > 1, Number(apart));
  assert.equal(await turned(1), apart);
  assert.deepEqual(page.problems, []);
  await page.close();
});

for (const theme of ["dark", "light"]) {
  test(`axe finds nothing to object to, ${theme}`, async () => {
    const page = await gallery();
    if (theme === "light") await page.getByRole("button", { name: "Light colours" }).click();
    const check = async where => assert.deepEqual(await objections(page), [], where);
    await check("all");
    await place(page, "Meshes").click();
    await count(page, 2);
    await tiles(page).first().press("Control+a");
    await page.getByText("2 selected").waitFor();
    await check("selected");
    await shot(page, `web-gallery-${theme}`);
    await page.keyboard.press("c");
    await page.locator('.compare [data-drawn="true"]').nth(1).waitFor();
    await page.getByRole("cell", { name: "yes" }).first().waitFor();
    await check("compared");
    await page.keyboard.press("Escape");
    await tiles(page).first().press("t");
    await page.getByLabel("New tag").waitFor();
    await check("tags");
    await page.keyboard.press("Escape");
    await page.locator(".tile:focus").press(" ");
    await page.locator('.look [data-drawn="true"]').waitFor();
    await check("look");
    await page.keyboard.press("Escape");
    await place(page, "Trash").click();
    await page.getByText("The trash is empty").waitFor();
    await check("empty");
    if (theme === "light") await page.evaluate(() => localStorage.clear());
    assert.deepEqual(page.problems, []);
    await page.close();
  });
}

test("a view becomes the picture of a new forge", async () => {
  const page = await gallery();
  await place(page, "Views").click();
  const earlier = await server.command("list_jobs", { limit: 50 });
  await tiles(page).first().press("f");
  await page.locator("#tab-forge[aria-selected=true]").waitFor();
  await page.getByText("Done", { exact: true }).waitFor();
  const jobs = await server.command("list_jobs", { limit: 50 });
  assert.deepEqual([jobs.length, jobs[0].state], [earlier.length + 1, "done"]);
  assert.deepEqual(page.problems, []);
  await page.close();
});

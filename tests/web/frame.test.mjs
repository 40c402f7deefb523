// What is around the tabs: projects, settings, the bug report.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { Server, browser, objections, objectionsInBoth, open, reload, sample, shot } from "./session.mjs";

const WAIT_MS = 60_000;

const SMALL = { params: { texture_px: 256, triangles: 2000 } };

let chromium;
let server;
let context;
before(async () => ([chromium, server] = await Promise.all([browser(), Server.start()])));
after(async () => {
  await chromium?.close();
  await server?.end();
});
beforeEach(async () => {
  context = await chromium.newContext({ viewport: { width: 1440, height: 900 } });
  context.setDefaultTimeout(WAIT_MS);
});
afterEach(async () => {
  await context.close();
  // A test that fails holds up no other.
  await server.command("pause_queue", { paused: false });
});

const forged = request => server.forged({ ...SMALL, ...request });
const forgedLater = name => server.command("start_forge", { request: { ...SMALL, source: { from: "sample", name: "duck" }, name } });

test("a project is begun by its name, and what is forged then lies in its folder", async () => {
  const page = await open(context, server.address);
  await page.getByRole("button", { name: /^Project/ }).click();
  await page.getByRole("menuitem", { name: "New project…" }).click();
  await page.getByLabel("Name of the project").fill(" Blue  beasts ");
  await page.getByRole("button", { name: "Start it" }).click();
  const dialog = page.waitForEvent("filechooser");
  await page.keyboard.press("Control+o");
  await (await dialog).setFiles(sample("mushroom"));
  await page.getByText("Done", { exact: true }).waitFor();
  const [job] = await server.command("list_jobs", { limit: 1 });
  assert.equal(job.project, "Blue beasts");
  const folder = path.join(server.data, "projects", "Blue beasts");
  assert.ok(job.artifacts.every(artifact => artifact.path.startsWith(folder)), job.artifacts[0].path);
  await page.getByRole("tab", { name: "Gallery" }).click();
  await page.getByText("project: Blue beasts").waitFor();
  await reload(page);
  await page.getByRole("button", { name: "Project Blue beasts" }).waitFor();
  assert.deepEqual(page.problems, []);
});

test("a project is renamed, archived and taken back, each with a way back", async () => {
  await forged({ source: { from: "sample", name: "duck" }, project: "Pond" });
  const page = await open(context, server.address);
  const choose = async name => {
    await page.getByRole("button", { name: /^Project/ }).click();
    await page.getByRole(/^(Pond|Lake)$/.test(name) ? "menuitemradio" : "menuitem", { name }).click();
  };
  await choose("Pond");
  await choose("Rename Pond…");
  const field = page.getByLabel("Name of the project");
  await field.fill("blue BEASTS");
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "Notifications" }).getByText("There is a project or a folder like").waitFor();
  await choose("Rename Pond…");
  await field.fill("Lake");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Project Lake" }).waitFor();
  await readdir(path.join(server.data, "projects", "Lake"));
  await shot(page, "web-project-renamed");
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("button", { name: "Project Pond" }).waitFor();
  await readdir(path.join(server.data, "projects", "Pond"));

  await page.getByRole("tab", { name: "Gallery" }).click();
  await page.getByText("project: Pond").waitFor();
  await choose("Archive Pond");
  await page.getByRole("button", { name: "Project none" }).waitFor();
  const place = page.getByRole("button", { name: /^Pond/ });
  await page.getByRole("button", { name: "Show 1 archived" }).click();
  await place.click();
  await page.getByText("project: Pond").waitFor();
  await page.locator(".tile[data-artifact]").first().waitFor();
  await shot(page, "web-project-archived");
  await page.getByRole("button", { name: /^Project/ }).click();
  await page.getByRole("menuitemcheckbox", { name: "Show archived" }).click();
  await page.getByRole("menuitemradio", { name: "Pond" }).click();
  await choose("Take Pond back");
  await page.getByRole("button", { name: "Hide archived" }).waitFor({ state: "detached" });
  assert.deepEqual((await server.command("list_projects")).filter(({ archived }) => archived), []);
  assert.deepEqual(page.problems, []);
});

test("jobs that wait are put in another order, by keys and by buttons, and a pause holds them", async () => {
  await server.command("pause_queue", { paused: true });
  const jobs = [];
  for (const name of ["duck", "mushroom", "robot"]) jobs.push(await server.command("start_forge", { request: { ...SMALL, source: { from: "sample", name }, name: `${name} in line` } }));
  const page = await open(context, server.address);
  await page.keyboard.press("q");
  const waiting = page.locator(".job-group", { hasText: "Waiting" });
  const order = (...names) => page.waitForFunction(wanted => [...document.querySelectorAll(".job-item strong")].map(name => name.textContent).join() === wanted, names.map(name => `${name} in line`).join());
  await order("duck", "mushroom", "robot");
  await page.getByText("The queue is paused.").waitFor();
  await shot(page, "web-queue-paused");
  const robot = waiting.locator("[data-job]", { hasText: "robot" });
  await robot.focus();
  await page.keyboard.press("Alt+ArrowUp");
  await order("duck", "robot", "mushroom");
  await page.getByText("robot in line is number 2 of 3.").waitFor({ state: "attached" });
  // What moved keeps the focus, so that the key can be pressed again.
  await page.waitForFunction(() => document.activeElement?.textContent?.includes("robot") === true);
  await page.keyboard.press("Alt+Home");
  await order("robot", "duck", "mushroom");
  await waiting.locator("li", { hasText: "mushroom" }).hover();
  await waiting.getByRole("button", { name: "To the front: mushroom in line" }).click();
  await order("mushroom", "robot", "duck");
  // By pointer; Escape leaves all as it was.
  const row = name => waiting.locator("[data-job]", { hasText: name }).boundingBox();
  const drag = async (name, over) => {
    const [from, to] = [await row(name), await row(over)];
    await page.mouse.move(from.x + 60, from.y + from.height / 2);
    await page.mouse.down();
    await page.mouse.move(to.x + 60, to.y + to.height / 2 + Math.sign(to.y - from.y) * 4, { steps: 5 });
  };
  await drag("mushroom", "duck");
  await page.locator(".job-item.dragged", { hasText: "mushroom" }).waitFor();
  await shot(page, "web-queue-dragged");
  assert.deepEqual(await objectionsInBoth(page), []);
  await page.keyboard.press("Escape");
  await page.locator(".dragged").waitFor({ state: "detached" });
  await page.mouse.up();
  await order("mushroom", "robot", "duck");
  await drag("mushroom", "duck");
  await page.mouse.up();
  await order("robot", "duck", "mushroom");
  await drag("mushroom", "robot");
  await page.mouse.up();
  await order("mushroom", "robot", "duck");
  assert.equal(await page.locator(".job-row").first().isVisible(), true, "a drag is no click: the drawer stays");
  assert.deepEqual(await objections(page), []);
  // Another page is told; a reload finds it all again.
  await reload(page);
  await page.keyboard.press("q");
  await order("mushroom", "robot", "duck");
  await page.getByRole("button", { name: "Go on" }).click();
  await Promise.all(jobs.map(job => server.ended(job)));
  const done = await Promise.all(jobs.map(async ({ id }) => (await server.command("job_events", { id, after: 0 })).find(({ type }) => type === "step_active").seq));
  const [duck, mushroom, robotSeq] = done;
  assert.ok(mushroom < robotSeq && robotSeq < duck, `they ran in the order they stood in: ${done}`);
  assert.deepEqual(page.problems, []);
});

test("a server is added, asked how it is, kept and removed", async () => {
  const page = await open(context, server.address);
  await page.keyboard.press("Control+,");
  await page.getByLabel("Address of a server").fill("127.0.0.1:9");
  await page.getByRole("combobox", { name: "It asks for" }).click();
  await page.getByRole("option", { name: "A token" }).click();
  await page.getByLabel("Token").fill("between-us");
  await page.getByRole("button", { name: "Add server" }).click();
  const row = page.locator(".settings-row", { hasText: "http://127.0.0.1:9" });
  // Nobody listens there, and that is said in words.
  await row.locator("svg.err, svg.warn").waitFor();
  const { servers } = await server.command("get_settings");
  assert.deepEqual(servers.map(({ name, auth }) => [name, auth.kind]), [["127.0.0.1", "token"]]);
  assert.ok(!JSON.stringify(servers).includes("between-us"), "the token is for the keyring only");
  await row.getByRole("button", { name: /^Remove/ }).click();
  await page.getByText("No server yet.").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await row.getByRole("button", { name: /^Remove/ }).click();
  await page.getByText("No server yet.").waitFor();
  assert.deepEqual((await server.command("get_settings")).servers, []);
  await assert.rejects(server.command("save_settings", { settings: { models_folder: "/etc" } }), /command line/);
});

test("a bug report is gathered without a secret in it", async () => {
  const page = await open(context, server.address);
  await page.getByRole("button", { name: "Settings", exact: true }).click();
  await page.getByRole("button", { name: "About" }).click();
  await page.getByRole("button", { name: "Gather a report" }).click();
  const report = await page.getByLabel("Bug report").inputValue();
  assert.match(report, /^Oreforge \d/);
  assert.match(report, /opened/, "the log is in it");
  assert.ok(!report.includes(server.token));
  assert.ok(!/mushroom|Blue beasts/.test(report.split("newest first")[1].split("oreforge.")[0]), "names of jobs are nobody's business");
});

for (const theme of ["dark", "light"]) {
  test(`axe finds nothing to object to in any section, ${theme}`, async () => {
    const page = await open(context, server.address);
    if (theme === "light") await page.getByRole("button", { name: "Light colours" }).click();
    await page.keyboard.press("Control+,");
    for (const section of ["Servers", "Folders", "Appearance", "Shortcuts", "Limits", "Privacy", "About"]) {
      await page.getByRole("button", { name: section }).click();
      await page.getByRole("heading", { name: section === "About" ? /^Oreforge/ : section, exact: section !== "About", level: 2 }).waitFor();
      assert.deepEqual(await objections(page), [], section);
      await shot(page, `web-settings-${section.toLowerCase()}-${theme}`);
    }
    assert.deepEqual(page.problems, []);
  });
}

for (const theme of ["dark", "light"]) {
  test(`the guide is offered once, taken by keys, and found again, ${theme}`, async () => {
    const page = await open(context, server.address);
    if (theme === "light") await page.getByRole("button", { name: "Light colours" }).click();
    const guide = page.locator(".guide");
    await shot(page, `web-guide-offered-${theme}`);
    assert.deepEqual(await objections(page), [], "offered");
    await page.getByRole("button", { name: "Show me around" }).click();
    for (const [step, title] of ["A picture goes in", "Six steps, always in view", "Nothing made is lost", "Jobs, servers and keys"].entries()) {
      await guide.getByRole("heading", { name: title }).waitFor();
      await page.locator("[data-guided]").waitFor();
      await page.waitForFunction(() => document.activeElement?.closest(".guide") !== null);
      assert.deepEqual(await objections(page), [], title);
      await shot(page, `web-guide-${step + 1}-${theme}`);
      if (step < 3) await page.keyboard.press("ArrowRight");
    }
    await page.keyboard.press("ArrowLeft");
    await guide.getByRole("heading", { name: "Nothing made is lost" }).waitFor();
    await page.keyboard.press("Escape");
    await guide.waitFor({ state: "detached" });
    assert.equal(await page.locator("[data-guided]").count(), 0);
    await reload(page);
    await page.getByRole("button", { name: /Open picture/ }).waitFor();
    assert.equal(await page.locator(".invitation").count(), 0);
    await page.keyboard.press("Control+,");
    await page.getByRole("button", { name: "About" }).click();
    await page.getByRole("button", { name: "Show me around" }).click();
    await guide.getByRole("button", { name: "Next" }).click();
    await guide.getByRole("heading", { name: "Six steps, always in view" }).waitFor();
    await guide.getByRole("button", { name: "Close the guide" }).click();
    await guide.waitFor({ state: "detached" });
    assert.deepEqual(page.problems, []);
  });

  test(`axe finds nothing to object to in the drawer, the menus and the dialogs, ${theme}`, async () => {
    await server.command("pause_queue", { paused: true });
    await forgedLater("a crate");
    const last = await forgedLater("a barrel");
    const page = await open(context, server.address);
    if (theme === "light") await page.getByRole("button", { name: "Light colours" }).click();
    const check = async where => {
      assert.deepEqual(await objections(page), [], where);
      await shot(page, `web-${where}-${theme}`);
    };
    await page.getByRole("tab", { name: "Prospecting" }).click();
    await page.getByRole("heading", { name: /server/i }).first().waitFor();
    await check("prospecting");
    await page.keyboard.press("q");
    await page.locator(".job-item [data-job]").first().focus();
    await check("queue");
    await page.keyboard.press("q");
    await page.getByRole("button", { name: /^Project/ }).click();
    await page.getByRole("menuitem", { name: "New project…" }).waitFor();
    await check("project-menu");
    await page.getByRole("menuitem", { name: "New project…" }).click();
    await page.getByLabel("Name of the project").fill("Toys");
    await check("project-dialog");
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Keys" }).waitFor();
    await check("keys");
    await page.keyboard.press("Escape");
    for (const { id, state } of await server.command("list_jobs", { limit: 10 })) if (state === "queued") await server.command("cancel_job", { id });
    await server.ended(last);
    assert.deepEqual(page.problems, []);
  });
}

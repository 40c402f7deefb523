// What is around the tabs: projects, settings, the bug report.
import assert from "node:assert/strict";
import path from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { Server, browser, objections, open, reload, sample, shot } from "./session.mjs";

const WAIT_MS = 60_000;

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
afterEach(async () => context.close());

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

test("a server is added, asked how it is, kept and removed", async () => {
  const page = await open(context, server.address);
  await page.keyboard.press("Control+,");
  await page.getByLabel("Address of a server").fill("127.0.0.1:9");
  await page.getByLabel("Access token, if it asks for one").fill("between-us");
  await page.getByRole("button", { name: "Add server" }).click();
  const row = page.locator(".settings-row", { hasText: "http://127.0.0.1:9" });
  // Nobody listens there, and that is said in words.
  await row.locator("svg.err, svg.warn").waitFor();
  const { servers } = await server.command("get_settings");
  assert.deepEqual(servers.map(({ name, auth }) => [name, auth.kind]), [["127.0.0.1", "token"]]);
  assert.ok(!JSON.stringify(servers).includes("between-us"), "the token is for the keyring only");
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

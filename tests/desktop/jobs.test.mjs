// Jobs that are run again, and jobs that outlive their window.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { nextWindow, openWindow, until } from "./session.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "oreforge-jobs-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("a done job runs again from a step, with the older mesh in view until the new one is done", async () => {
  const window = await openWindow();
  try {
    await window.click("[data-sample=mushroom]");
    await window.state("Done");
    const first = await window.drawn();
    await window.press("Run again from Mesh");
    const id = await window.jobId();
    const during = await until(async () => {
      const job = await window.core({ command: "get_job", id });
      return job.retry === null ? null : job;
    }, "the retry");
    assert.equal(during.checkpoint, "export");
    assert.ok(during.artifacts.some(artifact => artifact.id === first));
    assert.equal(await window.run("return document.querySelector('.viewer').dataset.shown;"), first);
    await window.screenshot("retry");
    const second = await until(async () => {
      const shown = await window.drawn();
      return shown === first ? null : shown;
    }, "the new mesh", 60_000);
    await window.state("Done");
    const job = await window.core({ command: "get_job", id });
    assert.ok(job.artifacts.some(artifact => artifact.id === second) && job.artifacts.every(artifact => artifact.id !== first));
    assert.match(await window.text(".assay"), /Watertight\s+yes/);
    await window.screenshot("retried");
  } finally {
    await window.close();
  }
});

test("a window that is killed comes back with its job and a way to go on", async () => {
  const first = await openWindow();
  const id = await first.longJob("robot");
  await first.kill();
  await nextWindow(first, async second => {
    await second.offers(id);
    assert.match(await second.text(".interrupted-card"), /robot was interrupted when the program ended/);
    await second.screenshot("interrupted");
    await second.press("Go on");
    await second.state("Done");
    await second.drawn();
    const { steps, checkpoint } = await second.core({ command: "get_job", id: await second.jobId() });
    assert.deepEqual([checkpoint, steps.length], ["export", 6]);
  });
});

test("a window that is closed lets go of its job in good order", async () => {
  const first = await openWindow();
  const id = await first.longJob("duck");
  await first.close({ keepData: true });
  await nextWindow(first, second => second.offers(id));
});

test("a data folder that cannot be opened is said, and opened when it can be", async () => {
  const dataDir = path.join(folder, "data");
  writeFileSync(dataDir, "no folder");
  const window = await openWindow({ dataDir });
  try {
    await window.see(".crash[data-code=store_unavailable]", "the page that says so");
    assert.match(await window.text(".crash"), /data/);
    await window.screenshot("no-data-folder");
    rmSync(dataDir);
    await window.press("Try again");
    await window.see(".nothing-yet", "the empty Forge");
  } finally {
    await window.close();
  }
});

// The Gallery in Chromium against the real server, over a generated library of 50,000 entries; and how soon the front end is
// there. `node bench/gallery.mjs GALLERY_BENCH`, with OREFORGE_BIN_DIR naming the folder of the built programs.
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { firstScreenBytes } from "../scripts/bundle.mjs";
import { Server, browser } from "../tests/web/session.mjs";

const RUNS = 7;
const SCREENS = 400;
const MEASURED_EVERY = 100;

const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const data = await mkdtemp(path.join(tmpdir(), "oreforge-library-"));

/** One small picture of each kind, as the program itself makes them. */
async function thumbnails() {
  const forge = await Server.start();
  await forge.forged({ source: { from: "sample", name: "duck" } });
  const folder = await mkdtemp(path.join(tmpdir(), "oreforge-thumbnails-"));
  for (const { artifact } of (await forge.command("list_gallery", { query: {}, offset: 0, limit: 20 })).entries) {
    await writeFile(path.join(folder, `${artifact.kind}.png`), await forge.file(`/files/thumbnail/${artifact.id}`));
  }
  await forge.end();
  return folder;
}

const drawn = await thumbnails();
const made = spawnSync(process.argv[2], ["--library", data, drawn], { stdio: ["ignore", "ignore", "inherit"] });
await rm(drawn, { recursive: true });
if (made.status !== 0) throw new Error("the library could not be generated");
const server = await Server.start({ data });
const chromium = await browser({ webgl: false });

/** A page that counts from a moment to the first frame in which something is so. */
async function freshPage() {
  const context = await chromium.newContext({ viewport: { width: 1440, height: 900 } });
  context.setDefaultTimeout(120_000);
  await context.addInitScript(() => {
    globalThis.msUntil = (isSo, since) =>
      new Promise(resolve => {
        const look = () => (isSo() ? requestAnimationFrame(() => resolve(performance.now() - since)) : requestAnimationFrame(look));
        look();
      });
  });
  return context.newPage();
}

const interactive = [];
const tiles = [];
const pictures = [];
for (let run = 0; run < RUNS; run++) {
  const page = await freshPage();
  await page.goto(server.address, { waitUntil: "commit" });
  interactive.push(await page.evaluate(() => msUntil(() => document.querySelector(".drop-zone button") !== null, 0)));
  // What else the start has to do is not the Gallery's.
  await page.waitForLoadState("networkidle");
  const [first, drawn] = await page.evaluate(async () => {
    const since = performance.now();
    document.querySelector("#tab-gallery").click();
    const inView = () => [...document.querySelectorAll(".tile[data-artifact]")];
    const first = await msUntil(() => inView().length > 10, since);
    return [first, await msUntil(() => inView().every(tile => tile.querySelector("img")?.naturalWidth > 0), since)];
  });
  tiles.push(first);
  pictures.push(drawn);
  await page.context().close();
}

const page = await freshPage();
const cdp = await page.context().newCDPSession(page);
await cdp.send("Performance.enable");
await page.goto(server.address);
await page.locator("#tab-gallery").click();
await page.locator(".tile[data-artifact]").first().waitFor();

async function memory() {
  await cdp.send("HeapProfiler.collectGarbage");
  const { metrics } = await cdp.send("Performance.getMetrics");
  const of = name => metrics.find(metric => metric.name === name).value;
  return { heapMb: of("JSHeapUsedSize") / 1e6, nodes: of("Nodes") };
}

const seen = [{ screen: 0, ...(await memory()) }];
for (let screen = 1; screen <= SCREENS; screen++) {
  await page.evaluate(
    async part => {
      const scroller = document.querySelector(".gallery-scroll");
      scroller.scrollTop = part * (scroller.scrollHeight - scroller.clientHeight);
      await msUntil(() => document.querySelector(".tile[data-artifact] img") !== null && document.querySelector(".tile.loading") === null, 0);
    },
    screen / SCREENS,
  );
  if (screen % MEASURED_EVERY === 0) seen.push({ screen, ...(await memory()) });
}
await chromium.close();
await server.end();

const { heapMb, nodes } = seen[0];
const last = seen.at(-1);
console.log("In Chromium against `oreforge serve`, drawn plainly as without a graphics card, thumbnails made before; medians of", RUNS, "fresh pages.\n");
console.log("| what | measured | wanted | met |\n|---|---:|---:|---|");
const row = (what, value, limit, unit) => console.log(`| ${what} | ${value.toFixed(0)} ${unit} | < ${limit} ${unit} | ${value < limit ? "yes" : "no"} |`);
row("front end there, from the address to a button that answers", median(interactive), 1000, "ms");
row("front end waits for, gzip", firstScreenBytes / 1000, 250, "kB");
row("first screen of the Gallery, its names", median(tiles), 300, "ms");
row("first screen of the Gallery, with every thumbnail in it", median(pictures), 300, "ms");
row(`heap after ${SCREENS} screens of scrolling to the far end, in parts of that before`, (last.heapMb / heapMb) * 100, 150, "%");
row("nodes of the page then, in parts of those before", (last.nodes / nodes) * 100, 150, "%");
console.log(`\nHeap in MB and nodes at each ${MEASURED_EVERY} screens: ${seen.map(at => `${at.heapMb.toFixed(1)} (${at.nodes})`).join(", ")}.`);

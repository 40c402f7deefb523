// From a key or a click to the frame that shows it, while a job streams events: the real front end and server, with
// a proxy between them that lets the job speak. Prints a table.
import http from "node:http";
import { Server, browser, open } from "../tests/web/session.mjs";

const RATES = [0, 100, 1000];
const TICK_MS = 10;
const KEYS = 60;
const CLICKS = 40;
const WATCHED_MS = 5000;
/** Event Timing says nothing of what is quicker. */
const UNSEEN_MS = 16;

/** Passes everything on, but speaks for one job: still running, `perSecond` events. */
function talkative(server, jobId, perSecond) {
  const upstream = new URL(server.url);
  const proxy = http.createServer((request, response) => {
    if (perSecond > 0 && request.url.startsWith(`/api/jobs/${jobId}/events`)) return talk(response, jobId, perSecond);
    const headers = { ...request.headers, host: upstream.host };
    if (headers.origin !== undefined) headers.origin = upstream.origin;
    const passed = http.request(new URL(request.url, upstream), { method: request.method, headers }, async answer => {
      const isJob = request.url === "/api/commands/get_job";
      if (!isJob) return response.writeHead(answer.statusCode, answer.headers), answer.pipe(response);
      const job = JSON.parse(Buffer.concat(await answer.toArray()).toString());
      // Before there is a mesh: one would be drawn in software.
      const artifacts = job.artifacts.filter(({ kind }) => kind === "cutout" || kind === "view");
      const steps = job.steps.map(step => (step.name === "export" ? { ...step, state: "running" } : step));
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ ...job, artifacts, ...(perSecond > 0 ? { state: "running", steps, last_seq: 0 } : {}) }));
    });
    passed.on("error", () => response.destroy());
    request.pipe(passed);
  });
  return new Promise(resolve => proxy.listen(0, "127.0.0.1", () => resolve(proxy)));
}

function talk(response, jobId, perSecond) {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const start = Date.now();
  let seq = 0;
  const body = n => (n % 2 === 0 ? { type: "progress", step: "export", fraction: (n % 1000) / 1000, doing: `line ${n}` } : { type: "log", level: n % 20 === 1 ? "warn" : "info", message: `Something worth a line, number ${n}.` });
  const timer = setInterval(() => {
    const due = Math.floor(((Date.now() - start) * perSecond) / 1000);
    let text = "";
    for (; seq < due; seq++) text += `id: ${seq + 1}\ndata: ${JSON.stringify({ seq: seq + 1, job_id: jobId, at: Date.now(), ...body(seq) })}\n\n`;
    if (text !== "") response.write(text);
  }, TICK_MS);
  response.on("close", () => clearInterval(timer));
}

/** Median and 95th percentile, in ms, of how long trusted input waits for an answer and for the frame that shows it. */
async function measured(page) {
  await page.evaluate(() => {
    globalThis.timings = [];
    new PerformanceObserver(list => {
      for (const { name, duration, startTime, processingEnd } of list.getEntries()) if (name === "keydown" || name === "click") globalThis.timings.push({ name, shown: duration, handled: Math.round(processingEnd - startTime) });
    }).observe({ type: "event", durationThreshold: 16, buffered: false });
  });
  // A field that a job at work does not lock, over the tab that shows it.
  await page.getByRole("button", { name: /^Project/ }).click();
  await page.getByRole("menuitem", { name: "New project…" }).click();
  await page.getByRole("textbox").first().focus();
  for (let key = 0; key < KEYS; key++) await page.keyboard.press(key % 10 === 9 ? "Backspace" : "props"[key % 5]);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const jobs = page.getByRole("button", { name: /^Jobs/ });
  for (let click = 0; click < CLICKS; click++) await jobs.click();
  // Entries come after the frame they speak of.
  await page.evaluate(() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  const timings = await page.evaluate(() => globalThis.timings);
  const of = (name, what, sent) => {
    const seen = timings.filter(timing => timing.name === name).map(timing => timing[what]);
    return [...seen, ...Array(Math.max(0, sent - seen.length)).fill(UNSEEN_MS)].toSorted((a, b) => a - b);
  };
  const both = (name, sent) => ["handled", "shown"].map(what => said(of(name, what, sent))).join(" | ");
  return `${both("keydown", KEYS)} | ${both("click", CLICKS)}`;
}

/** Share of a core's time that the page's own thread takes while nobody touches it. */
async function mainThreadShare(context, page) {
  const devtools = await context.newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  const taskSeconds = async () => (await devtools.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value;
  const [before, start] = [await taskSeconds(), performance.now()];
  await new Promise(resolve => setTimeout(resolve, WATCHED_MS));
  return ((await taskSeconds()) - before) / ((performance.now() - start) / 1000);
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const said = sorted => [0.5, 0.95].map(share => at(sorted, share)).map(ms => (ms <= UNSEEN_MS ? `≤ ${UNSEEN_MS}` : String(ms))).join(" / ");

const server = await Server.start();
const chromium = await browser({ webgl: false });
const rows = [];
try {
  const job = await server.command("start_forge", { request: { source: { from: "sample", name: "robot" }, params: { texture_px: 512, triangles: 4000 } } });
  while ((await server.command("get_job", { id: job.id })).state !== "done") await new Promise(resolve => setTimeout(resolve, 200));
  for (const perSecond of RATES) {
    const proxy = await talkative(server, job.id, perSecond);
    const context = await chromium.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await open(context, `http://127.0.0.1:${proxy.address().port}/#token=${server.token}`);
    await page.keyboard.press("q");
    await page.locator(".job-row").first().click();
    await page.locator('.viewer-preview').waitFor();
    if (perSecond > 0) await page.getByText(/number \d+\./).first().waitFor();
    const share = await mainThreadShare(context, page);
    rows.push(`| ${perSecond} | ${await measured(page)} | ${Math.round(share * 100)} % |`);
    await context.close();
    proxy.closeAllConnections();
    proxy.close();
  }
} finally {
  await chromium.close();
  await server.end();
}
console.log(`| events per second | key answered | key shown | click answered | click shown | main thread |\n|---|---|---|---|---|---|\n${rows.join("\n")}`);

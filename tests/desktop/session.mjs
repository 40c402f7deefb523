// One window under WebKitWebDriver.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
const POLL_MS = 50;

export const pause = ms => new Promise(resolve => setTimeout(resolve, ms));

/** Asks until the answer is neither false nor null nor undefined; the only place that waits for a screen. */
export async function until(check, what, limitMs = 30_000) {
  const end = Date.now() + limitMs;
  for (;;) {
    const answer = await check();
    if (answer !== false && answer !== null && answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`waited ${limitMs} ms in vain for ${what}`);
    await pause(POLL_MS);
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function ask(base, method, address, body) {
  const answer = await fetch(`${base}${address}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const { value } = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(`${method} ${address}: ${value?.error}: ${value?.message}`), { code: value?.error });
  return value;
}

/**
 * Opens the window with these arguments and a data folder of its own, unless one is given; null is the artist's. Null for its
 * size leaves it as it was last time. What an artist chose in one window the next one knows, unless `env` gives it another home.
 */
export async function openWindow({ args = [], env = {}, dataDir = mkdtempSync(path.join(tmpdir(), "oreforge-data-")), size = [1440, 900] } = {}) {
  const port = await freePort();
  const driver = spawn("WebKitWebDriver", [`--port=${port}`], { detached: true, stdio: process.env.OREFORGE_TRACE ? "inherit" : "ignore", env: { ...process.env, ...env } });
  const base = `http://127.0.0.1:${port}`;
  await until(() => fetch(`${base}/status`).then(answer => answer.ok, () => false), "the driver");
  const capabilities = { alwaysMatch: { "webkitgtk:browserOptions": { binary: process.env.OREFORGE_APP, args: [...(dataDir === null ? [] : ["--data-dir", dataDir]), ...args] } } };
  const { sessionId } = await ask(base, "POST", "/session", { capabilities });
  const session = new Window(`${base}/session/${sessionId}`, driver, dataDir);
  if (size !== null) await session.resize(...size);
  await session.see(".window", "the front end");
  return session;
}

/** Another window on the data of one that has ended, for as long as `look` takes. */
export async function nextWindow({ dataDir }, look) {
  const window = await openWindow({ dataDir });
  try {
    await look(window);
  } finally {
    await window.close();
  }
}

class Window {
  constructor(base, driver, dataDir) {
    Object.assign(this, { base, driver, dataDir });
  }

  ask(method, address, body) {
    return ask(this.base, method, address, body);
  }

  resize(width, height) {
    return this.ask("POST", "/window/rect", { width, height });
  }

  /** Loads the page anew and waits for it. */
  async reload() {
    await this.ask("POST", "/refresh", {});
    await this.see(".window", "the front end");
  }

  /** Runs the body of a function in the page. */
  run(script, ...args) {
    return this.ask("POST", "/execute/sync", { script, args });
  }

  /** Runs the body of an async function in the page. */
  async runAsync(script, ...args) {
    const wrapped = `const done = arguments[arguments.length - 1]; (async (...args) => { ${script} })(...Array.from(arguments).slice(0, -1)).then(value => done({ value }), error => done({ error: JSON.stringify(error) + String(error) }));`;
    const { value, error } = await this.ask("POST", "/execute/async", { script: wrapped, args });
    if (error !== undefined) throw new Error(error);
    return value;
  }

  /** A command of the core, asked as the page asks it. */
  core(command) {
    return this.runAsync("return (await window.__TAURI_INTERNALS__.invoke('execute', { command: args[0] })).reply;", command);
  }

  find(selector) {
    return this.ask("POST", "/element", { using: "css selector", value: selector }).then(found => found[ELEMENT], error => {
      if (error.code === "no such element" || error.code === "stale element reference") return null;
      throw error;
    });
  }

  see(selector, what = selector, limitMs) {
    return until(() => this.find(selector), what, limitMs);
  }

  /** The visible button that says `text`. */
  button(text, limitMs) {
    const find = () =>
      this.run(
        `return [...document.querySelectorAll("button")].findLast(button => (button.innerText.trim().startsWith(arguments[0]) || button.getAttribute("aria-label") === arguments[0]) && button.getClientRects().length > 0 && !button.disabled) ?? null;`,
        text,
      );
    return until(async () => (await find())?.[ELEMENT] ?? null, `the button "${text}"`, limitMs);
  }

  async press(text, limitMs) {
    const element = await this.button(text, limitMs);
    await this.ask("POST", `/element/${element}/click`, {});
  }

  async click(selector) {
    const element = await this.see(selector);
    await this.ask("POST", `/element/${element}/click`, {});
  }

  /** Types a key into the page, as if by hand. */
  async key(value, modifier) {
    const keys = { Escape: "\uE00C", Enter: "\uE007", Control: "\uE009" };
    const down = key => ({ type: "keyDown", value: keys[key] ?? key });
    const up = key => ({ type: "keyUp", value: keys[key] ?? key });
    const actions = modifier === undefined ? [down(value), up(value)] : [down(modifier), down(value), up(value), up(modifier)];
    await this.ask("POST", "/actions", { actions: [{ type: "key", id: "keys", actions }] });
  }

  /** Drags the pointer along points of an element, in fractions of its box. */
  async drag(selector, points) {
    const box = await this.run("const { left, top, width, height } = document.querySelector(arguments[0]).getBoundingClientRect(); return { left, top, width, height };", selector);
    const moves = points.map(([x, y]) => ({ type: "pointerMove", duration: 40, origin: "viewport", x: Math.round(box.left + x * box.width), y: Math.round(box.top + y * box.height) }));
    const actions = [moves[0], { type: "pointerDown", button: 0 }, ...moves.slice(1), { type: "pointerUp", button: 0 }];
    await this.ask("POST", "/actions", { actions: [{ type: "pointer", id: "mouse", parameters: { pointerType: "mouse" }, actions }] });
  }

  text(selector) {
    return this.run("return document.querySelector(arguments[0])?.innerText ?? null;", selector);
  }

  /** Forges a sample in a way that takes long enough to be met at work; gives the job's id. */
  async longJob(sample) {
    await this.run("document.querySelector('[role=radiogroup][aria-label^=Texture] [aria-label=\"4k\"]').click();");
    await this.click(`[data-sample=${sample}]`);
    await this.state("Finishing the mesh");
    return this.jobId();
  }

  /** The job that the window before it left is there to go on with. */
  async offers(id) {
    await this.see(".interrupted-card", "the interrupted job");
    const { state } = await this.core({ command: "get_job", id });
    if (state !== "interrupted") throw new Error(`the job is ${state}`);
  }

  /** Waits for the job in view to be in this state, as the screen says it. */
  state(words, limitMs = 60_000) {
    return until(async () => (await this.text("[data-testid=job-state]")) === words, `the job to say "${words}"`, limitMs);
  }

  /** Waits until the finished mesh of the job in view has been drawn, and gives its artifact id. */
  drawn(kind = "mesh", limitMs = 60_000) {
    return until(() => this.run("const viewer = document.querySelector('.viewer'); return viewer?.dataset.drawn === arguments[0] ? viewer.dataset.shown : null;", kind), `the ${kind} to be drawn`, limitMs);
  }

  jobId() {
    return this.run("return sessionStorage.getItem('oreforge.job');");
  }

  async screenshot(name) {
    const png = Buffer.from(await this.ask("GET", "/screenshot"), "base64");
    if (name !== undefined && process.env.OREFORGE_SHOTS) {
      mkdirSync(process.env.OREFORGE_SHOTS, { recursive: true });
      writeFileSync(path.join(process.env.OREFORGE_SHOTS, `${name}.png`), png);
    }
    return png;
  }

  /** Ends the window and everything it started as a power cut does; the data folder stays. */
  async kill() {
    const gone = new Promise(resolve => this.driver.once("exit", resolve));
    process.kill(-this.driver.pid, "SIGKILL");
    await gone;
  }

  /** Ends the window; `keepData` leaves its data folder for the next. */
  async close({ keepData = false } = {}) {
    await this.ask("DELETE", "").catch(() => undefined);
    try {
      process.kill(-this.driver.pid, "SIGKILL");
    } catch {
      // The driver has ended by itself.
    }
    if (!keepData && this.dataDir !== null) rmSync(this.dataDir, { recursive: true, force: true });
  }
}

// One `oreforge serve` with a data folder of its own, and a Chromium to look at it with.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const binDir = process.env.OREFORGE_BIN_DIR ?? path.join(root, "target/debug");
const oreforge = path.join(binDir, "oreforge");
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const shots = process.env.OREFORGE_SHOTS;

export const sample = name => path.join(root, "assets/samples", `${name}.png`);

function chromiumPath() {
  const found = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(file => file !== undefined && existsSync(file));
  if (found === undefined) throw new Error("Chromium is missing; name it in CHROMIUM");
  return found;
}

/** The real server, in a process of its own. */
export class Server {
  #child;

  static async start({ data, port = 0, token, env } = {}) {
    const server = new Server();
    server.data = data ?? (await mkdtemp(path.join(tmpdir(), "oreforge-web-")));
    const args = ["serve", "--json", "--port", String(port), "--data-dir", server.data];
    if (token !== undefined) args.push("--token", token);
    server.#child = spawn(oreforge, args, { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...env } });
    const [line] = await new Promise((resolve, reject) => {
      createInterface({ input: server.#child.stdout }).once("line", text => resolve([text]));
      server.#child.once("exit", code => reject(new Error(`oreforge serve ended with ${code}`)));
    });
    Object.assign(server, JSON.parse(line));
    return server;
  }

  get address() {
    return `${this.url}/#token=${this.token}`;
  }

  async command(name, body = {}) {
    const answer = await fetch(`${this.url}/api/commands/${name}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  }

  /** What is behind an address of ours. */
  async file(address) {
    const answer = await fetch(`${this.url}${address}`, { headers: { Authorization: `Bearer ${this.token}` } });
    if (!answer.ok) throw new Error(await answer.text());
    return Buffer.from(await answer.arrayBuffer());
  }

  /** The stream of a job ends with it. */
  async ended({ id }) {
    await this.file(`/api/jobs/${id}/events`);
  }

  async forged(request) {
    const job = await this.command("start_forge", { request });
    await this.ended(job);
    return job;
  }

  /** Of all the settings changes the servers alone. */
  async useComfy(...fakes) {
    const settings = await this.command("get_settings");
    await this.command("save_settings", { settings: { ...settings, servers: fakes.map(({ url }) => ({ name: "fake", url, auth: { kind: "none" } })) } });
  }

  /** As a crash or a power cut does it. */
  async kill(signal = "SIGKILL") {
    const ended = new Promise(resolve => this.#child.once("exit", resolve));
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill(signal);
      await ended;
    }
  }

  /** The same server again: same place, same port, same token. */
  async again() {
    return Server.start({ data: this.data, port: Number(new URL(this.url).port), token: this.token });
  }

  async end() {
    await this.kill("SIGTERM");
    await rm(this.data, { recursive: true, force: true });
  }
}

/** A fake ComfyUI in a process of its own. */
export class FakeComfy {
  #child;

  /** `others` are models as FOLDER/NAME, `auth` is `USER:PASSWORD` or a token; `models` its models folder. */
  static async start({ stepMs = 10, checkpoints = [], others = [], models, auth } = {}) {
    const fake = new FakeComfy();
    const env = { ...process.env, ...(models && { FAKE_COMFY_MODELS: models }), ...(auth && { FAKE_COMFY_AUTH: auth }) };
    fake.#child = spawn(path.join(binDir, "examples/fake_comfy"), ["0", String(stepMs), ...checkpoints, ...others], { stdio: ["ignore", "pipe", "inherit"], env });
    fake.url = await new Promise((resolve, reject) => {
      createInterface({ input: fake.#child.stdout }).once("line", resolve);
      fake.#child.once("error", reject);
    });
    return fake;
  }

  end() {
    this.#child.kill();
  }
}

/** Without `webgl` pages are drawn plainly: drawing in software what a graphics card draws takes longer than anything else. */
export async function browser({ webgl = true } = {}) {
  const drawing = webgl ? ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"] : ["--disable-gpu"];
  return chromium.launch({
    executablePath: chromiumPath(),
    args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", ...drawing],
  });
}

/** A window of the usual size. Headless there is nobody to answer the browser's own dialogs to save; without them it downloads. */
export async function windowOf(launched) {
  const context = await launched.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
  context.setDefaultTimeout(60_000);
  await context.addInitScript(() => (delete window.showSaveFilePicker, delete window.showDirectoryPicker));
  return context;
}

/** A server and a window on it, for all tests of a file; `end` takes them and every fake ComfyUI down. */
export async function begin({ webgl, env } = {}) {
  const [launched, server] = await Promise.all([browser({ webgl }), Server.start({ env })]);
  const fakes = [];
  return {
    server,
    context: await windowOf(launched),
    async fakeComfy(options) {
      const fake = await FakeComfy.start(options);
      fakes.push(fake);
      return fake;
    },
    async end() {
      await launched.close();
      await server.end();
      for (const fake of fakes) fake.end();
    },
  };
}

/** A page that fails its test over anything its console calls an error. */
export async function open(context, address) {
  const page = await context.newPage();
  page.problems = [];
  page.on("pageerror", error => page.problems.push(String(error)));
  page.on("console", message => {
    // A server that is gone or refuses is what some tests are about; the page says so itself.
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) page.problems.push(message.text());
  });
  // From the start: told only when a dialog is due, the browser may have opened its own before it hears of it.
  page.on("filechooser", () => {});
  await page.goto(address);
  await listens(page);
  return page;
}

export async function reload(page) {
  await page.reload();
  await listens(page);
}

/** Keys pressed before the front end listens are lost. */
async function listens(page) {
  await page.locator(".window, .gate-card").first().waitFor();
}

/** What axe objects to, a line for each rule. */
export async function objections(page) {
  // Colours on their way from one to another are not what a person reads.
  await page.evaluate(() =>
    Promise.allSettled(
      document
        .getAnimations()
        .filter(({ effect }) => Number.isFinite(effect.getComputedTiming().endTime))
        .map(({ finished }) => finished),
    ),
  );
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(", ")}`);
}

/** The same in dark and in light colours. */
export async function objectionsInBoth(page) {
  const { theme } = await page.evaluate(() => ({ ...document.documentElement.dataset }));
  const found = [];
  for (const colours of ["dark", "light"]) {
    await page.evaluate(next => (document.documentElement.dataset.theme = next), colours);
    found.push(...(await objections(page)).map(objection => `${colours}: ${objection}`));
  }
  await page.evaluate(before => (document.documentElement.dataset.theme = before), theme);
  return found;
}

export async function shot(page, name) {
  if (shots !== undefined) await page.screenshot({ path: path.join(shots, `${name}.png`) });
}

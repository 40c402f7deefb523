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

  static async start({ data, port = 0, token } = {}) {
    const server = new Server();
    server.data = data ?? (await mkdtemp(path.join(tmpdir(), "oreforge-web-")));
    const args = ["serve", "--json", "--port", String(port), "--data-dir", server.data];
    if (token !== undefined) args.push("--token", token);
    server.#child = spawn(oreforge, args, { stdio: ["ignore", "pipe", "inherit"] });
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

  /** `auth` is `USER:PASSWORD` or a token; `models` its models folder. */
  static async start({ stepMs = 10, checkpoints = [], models, auth } = {}) {
    const fake = new FakeComfy();
    const env = { ...process.env, ...(models && { FAKE_COMFY_MODELS: models }), ...(auth && { FAKE_COMFY_AUTH: auth }) };
    fake.#child = spawn(path.join(binDir, "examples/fake_comfy"), ["0", String(stepMs), ...checkpoints], { stdio: ["ignore", "pipe", "inherit"], env });
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

export async function shot(page, name) {
  if (shots !== undefined) await page.screenshot({ path: path.join(shots, `${name}.png`) });
}

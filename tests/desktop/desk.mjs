// The desktop around the window: it takes notices and shows files, and remembers what it was asked.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import path from "node:path";
import { until } from "./session.mjs";

export async function openDesk() {
  const child = spawn(path.join(path.dirname(process.env.OREFORGE_APP), "examples/fake_desktop"), { stdio: ["pipe", "pipe", "inherit"] });
  const asked = [];
  await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", code => reject(new Error(`fake_desktop ended with ${code}`)));
    createInterface({ input: child.stdout }).on("line", line => (line === "ready" ? resolve() : asked.push(JSON.parse(line))));
  });
  return {
    /** What it was asked of this kind; waits for the first. */
    called: kind => until(() => asked.find(call => call.asked === kind), `the desktop to be asked to ${kind}`),
    close: () => child.stdin.end(),
  };
}

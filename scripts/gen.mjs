// `npm run gen`: the TypeScript types of crates/protocol. With --check: fails when the committed ones are old.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { root, run } from "./run.mjs";

const committed = path.join(root, "ui/src/protocol/generated.ts");
const generate = file => run("cargo", ["run", "--quiet", "--locked", "-p", "oreforge-protocol", "--features", "ts", "--example", "gen_ts", "--", file]);

if (process.argv.includes("--check")) {
  const folder = mkdtempSync(path.join(tmpdir(), "oreforge-gen-"));
  const fresh = path.join(folder, "generated.ts");
  generate(fresh);
  const current = readFileSync(fresh, "utf8") === readFileSync(committed, "utf8");
  rmSync(folder, { recursive: true });
  if (!current) {
    console.error("ui/src/protocol/generated.ts is not what crates/protocol says. Run: npm run gen");
    process.exit(1);
  }
  console.log("Generated types are current.");
} else {
  generate(committed);
}

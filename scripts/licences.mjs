// Every package that ships with the app must come under a licence that lets it.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { readJson, root } from "./run.mjs";

const ALLOWED = new Set([
  "MIT", "MIT-0", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-1-Clause", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "ISC", "Zlib", "BSL-1.0",
  "Unicode-3.0", "Unlicense", "CC0-1.0", "OFL-1.1", "MPL-2.0", "bzip2-1.0.6", "NCSA", "Python-2.0", "BlueOak-1.0.0", "CDLA-Permissive-2.0",
]);

/** Whether an SPDX expression can be met with the allowed licences. */
function acceptable(expression) {
  const text = expression.replaceAll("/", " OR ").trim();
  const split = (operator, within) => {
    const parts = [];
    let depth = 0, start = 0;
    for (let at = 0; at < within.length; at++) {
      if (within[at] === "(") depth++;
      if (within[at] === ")") depth--;
      if (depth === 0 && within.startsWith(operator, at)) {
        parts.push(within.slice(start, at));
        start = at + operator.length;
      }
    }
    return [...parts, within.slice(start)];
  };
  const either = split(" OR ", text);
  if (either.length > 1) return either.some(acceptable);
  const all = split(" AND ", text);
  if (all.length > 1) return all.every(acceptable);
  if (text.startsWith("(") && text.endsWith(")")) return acceptable(text.slice(1, -1));
  return ALLOWED.has(text);
}

const problems = [];
const metadata = spawnSync("cargo", ["metadata", "--format-version", "1", "--locked"], { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
if (metadata.status !== 0) throw new Error(metadata.stderr);
const crates = JSON.parse(metadata.stdout).packages;
for (const { name, version, license } of crates) {
  if (!license || !acceptable(license)) problems.push(`crate ${name} ${version}: ${license ?? "no licence named"}`);
}

const shipped = Object.entries(readJson("package-lock.json").packages).filter(([folder, entry]) => folder.startsWith("node_modules/") && !entry.dev && !entry.optional && !entry.link);
for (const [folder] of shipped) {
  const { name, version, license } = JSON.parse(readFileSync(path.join(root, folder, "package.json"), "utf8"));
  const text = typeof license === "string" ? license : license?.type;
  if (!text || !acceptable(text)) problems.push(`npm ${name} ${version}: ${text ?? "no licence named"}`);
}

if (problems.length > 0) {
  console.error(`Licences that are not on the list:\n${problems.join("\n")}`);
  process.exit(1);
}
console.log(`${crates.length} crates and ${shipped.length} npm packages come under licences we may ship.`);

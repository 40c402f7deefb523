// `npm run check`: everything that can be said about the code without running it.
import { buildFrontEnd, needNodeModules, run } from "./run.mjs";
import { needSystemPackages, needToolchains } from "./system.mjs";

needToolchains();
needSystemPackages({ window: true });
needNodeModules();
run("node", ["scripts/rules.mjs"]);
run("node", ["scripts/licences.mjs"]);
run("cargo", ["fmt", "--all", "--check"]);
run("npm", ["run", "--silent", "typecheck"]);
run("npm", ["run", "--silent", "lint"]);
buildFrontEnd();
run("node", ["scripts/bundle.mjs"]);
run("node", ["scripts/gen.mjs", "--check"]);
run("cargo", ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]);
console.log("\nAll checks passed.");

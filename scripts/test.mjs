// `npm test`: sets up and runs every test. The programs are built together with the tests, whose features they share, so
// that nothing is compiled twice.
import { buildFrontEnd, needNodeModules, run, targetDir } from "./run.mjs";
import { needSystemPackages, needToolchains } from "./system.mjs";

needToolchains();
needSystemPackages({ window: true, windowTests: process.platform === "linux", browser: true, judges: true });
needNodeModules();
buildFrontEnd();
run("npm", ["run", "--silent", "test:ui"]);
run("cargo", ["test", "--workspace", "--locked"]);
run("cargo", ["build", "--workspace", "--bins", "--tests", "--locked"]);
const env = { OREFORGE_BIN_DIR: `${targetDir()}/debug` };
run("node", ["--test", "tests/e2e/"], { env });
run("node", ["--test", "tests/web/"], { env });
if (process.platform === "linux") run("node", ["tests/desktop/run.mjs"], { env });

// `npm start [-- PICTURE]`: sets up, builds, and forges: in the window, or in the terminal where there is none.
import path from "node:path";
import { needSystemPackages, needToolchains, hasDisplay } from "./system.mjs";
import { buildFrontEnd, needNodeModules, root, run, targetDir } from "./run.mjs";

const callerDir = process.env.INIT_CWD ?? process.cwd();
const pictures = process.argv.slice(2).map(picture => path.resolve(callerDir, picture));
const binary = name => path.join(targetDir(), "release", process.platform === "win32" ? `${name}.exe` : name);
const window = hasDisplay();

needToolchains();
needSystemPackages({ window });

if (window) {
  needNodeModules();
  buildFrontEnd();
  run("cargo", ["build", "--release", "--locked", "-p", "oreforge-desktop"]);
  run(binary("oreforge-desktop"), pictures.length > 0 ? pictures : ["--forge-sample"]);
} else {
  run("cargo", ["build", "--release", "--locked", "-p", "oreforge-cli"]);
  const out = path.join(root, "out");
  const inputs = pictures.length > 0 ? pictures : [path.join(root, "assets/samples/robot.png")];
  console.log("\nThere is no display here, so the forge runs in the terminal.");
  run(binary("oreforge"), ["forge", ...inputs, "--out", out], { quiet: true });
  console.log(`\nThe results are in ${out}`);
}

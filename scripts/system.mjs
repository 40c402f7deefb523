// What the operating system must bring, and how to get it. Node built-ins only: it runs before `npm ci`.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const COMPILER = { apt: ["build-essential"], dnf: ["gcc"], pacman: ["base-devel"], zypper: ["gcc"] };
const WINDOW = {
  apt: ["pkg-config", "libwebkit2gtk-4.1-dev"],
  dnf: ["pkgconf-pkg-config", "webkit2gtk4.1-devel"],
  pacman: ["pkgconf", "webkit2gtk-4.1"],
  zypper: ["pkg-config", "webkit2gtk3-devel"],
};
const WINDOW_TESTS = {
  apt: ["webkit2gtk-driver", "xvfb", "xauth", "xdotool", "openbox", "libgl1-mesa-dri", "dbus-x11", "xclip"],
  dnf: ["webkit2gtk-driver", "xorg-x11-server-Xvfb", "xdotool", "openbox", "mesa-dri-drivers", "dbus-x11", "xclip"],
  pacman: ["webkit2gtk-4.1", "xorg-server-xvfb", "xdotool", "openbox", "mesa", "xclip"],
  zypper: ["webkit2gtk-driver", "xorg-x11-server-Xvfb", "xdotool", "openbox", "Mesa-dri", "dbus-1-x11", "xclip"],
};
const BROWSER = { apt: ["chromium"], dnf: ["chromium"], pacman: ["chromium"], zypper: ["chromium"] };
/** Another program's opinion of our exports. Blender's is asked too where it is there; it is too large to bring along. */
const ASSIMP = { apt: ["assimp-utils"], dnf: ["assimp"], pacman: ["assimp"], zypper: [] };
const BENCH = {
  apt: ["python3", "python3-venv", "libgl1", "libgomp1"],
  dnf: ["python3", "mesa-libGL", "libgomp"],
  pacman: ["python", "libglvnd", "gcc-libs"],
  zypper: ["python3", "Mesa-libGL1", "libgomp1"],
};
const INSTALL = { apt: "apt-get install -y --no-install-recommends", dnf: "dnf install -y", pacman: "pacman -S --needed", zypper: "zypper install -y" };

function works(command, ...args) {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

function inPath(command) {
  return works("sh", "-c", `command -v ${command}`);
}

function family() {
  if (!existsSync("/etc/os-release")) return null;
  const release = readFileSync("/etc/os-release", "utf8");
  const names = [...release.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap(match => match[1].split(" "));
  if (names.some(name => name === "debian" || name === "ubuntu")) return "apt";
  if (names.some(name => name === "fedora" || name === "rhel")) return "dnf";
  if (names.includes("arch")) return "pacman";
  if (names.some(name => name.startsWith("opensuse") || name === "suse")) return "zypper";
  return null;
}

function compilerMissing() {
  return !inPath("cc");
}

function windowMissing() {
  return !works("pkg-config", "--exists", "webkit2gtk-4.1");
}

function windowTestsMissing() {
  return !["WebKitWebDriver", "Xvfb", "xauth", "xdotool", "openbox", "dbus-launch", "dbus-daemon", "xclip"].every(inPath);
}

function browserMissing() {
  return process.env.CHROMIUM === undefined && !["chromium", "chromium-browser", "google-chrome"].some(inPath);
}

function benchMissing() {
  return !works("python3", "-c", "import ensurepip, venv, ctypes; ctypes.CDLL('libGL.so.1'); ctypes.CDLL('libgomp.so.1')");
}

function stop(message) {
  console.error(`\n${message}`);
  process.exit(1);
}

/** True when a window can be opened here. */
export function hasDisplay() {
  return process.platform !== "linux" || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

/** Stops with a sentence when Rust or Node are missing or too old. */
export function needToolchains() {
  if (Number(process.versions.node.split(".")[0]) < 20) stop(`Node ${process.versions.node} is too old; Oreforge needs Node 20 or newer.`);
  const cargo = spawnSync("cargo", ["--version"], { encoding: "utf8" });
  if (cargo.status !== 0) stop("Rust is missing. Install it with rustup, then run the same command again.");
  const [, major, minor] = /cargo (\d+)\.(\d+)/.exec(cargo.stdout) ?? [];
  if (Number(major) === 1 && Number(minor) < 95) stop(`Rust ${major}.${minor} is too old; Oreforge needs 1.95 or newer: rustup update stable`);
}

/**
 * Installs the system packages that are missing, or says how and stops.
 * @param {{ window?: boolean, windowTests?: boolean, browser?: boolean, judges?: boolean, bench?: boolean }} wanted what is going to be built and run
 */
export function needSystemPackages({ window = false, windowTests = false, browser = false, judges = false, bench = false }) {
  if (process.platform !== "linux") return;
  const packages = manager => [
    ...(compilerMissing() ? COMPILER[manager] : []),
    ...(window && windowMissing() ? WINDOW[manager] : []),
    ...(windowTests && windowTestsMissing() ? WINDOW_TESTS[manager] : []),
    ...(browser && browserMissing() ? BROWSER[manager] : []),
    ...(judges && !inPath("assimp") ? ASSIMP[manager] : []),
    ...(bench && benchMissing() ? BENCH[manager] : []),
  ];
  const manager = family();
  if (manager === null) {
    if (packages("apt").length > 0) {
      stop(`Some system packages are missing. On Debian they are called: ${packages("apt").join(" ")}\nInstall their like with your system's package manager, then run the same command again.`);
    }
    return;
  }
  const missing = packages(manager);
  if (missing.length === 0) return;
  const isRoot = process.getuid?.() === 0;
  const line = `${isRoot ? "" : "sudo "}${INSTALL[manager]} ${missing.join(" ")}`;
  const sudo = isRoot ? [] : inPath("sudo") ? ["sudo"] : null;
  if (manager !== "apt" || sudo === null) stop(`Some system packages are missing. Install them, then run the same command again:\n\n    ${line}\n`);
  console.log(`Installing system packages: ${missing.join(" ")}`);
  const apt = (...args) => {
    const [command, ...rest] = [...sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300", ...args];
    return spawnSync(command, rest, { stdio: ["inherit", "inherit", "inherit"] }).status === 0;
  };
  if (!apt("update", "-q") || !apt("install", "-y", "-q", "--no-install-recommends", ...missing)) {
    stop(`The packages could not be installed. Try it by hand:\n\n    ${line}\n`);
  }
}

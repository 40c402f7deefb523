// The native file dialogs, driven by the keyboard.
import { spawnSync } from "node:child_process";
import { until } from "./session.mjs";

export function xdotool(...args) {
  return spawnSync("xdotool", args, { encoding: "utf8" }).stdout.trim();
}

/** The visible windows whose title matches. */
export const windows = title => xdotool("search", "--onlyvisible", "--name", title).split("\n").filter(Boolean);
const active = () => xdotool("getactivewindow");

/** The dialog of this title, once keys go to it. */
export async function focused(title) {
  return until(() => {
    const [dialog] = windows(title);
    if (dialog === undefined) return null;
    if (active() === dialog) return dialog;
    xdotool("windowactivate", dialog);
    return null;
  }, `the dialog "${title}"`);
}

/** GTK's completion list may swallow a Return, so it is pressed until the dialog has gone. */
async function confirm(dialog, title) {
  await until(async () => {
    if (!windows(title).includes(dialog)) return true;
    if (active() === dialog) xdotool("key", "--clearmodifiers", "Return");
    await new Promise(resolve => setTimeout(resolve, 250));
    return windows(title).includes(dialog) ? null : true;
  }, `the dialog "${title}" to close`);
}

export async function openFile(file, title = "Open picture") {
  const dialog = await focused(title);
  xdotool("key", "--clearmodifiers", "ctrl+l");
  xdotool("key", "--clearmodifiers", "ctrl+a");
  xdotool("type", "--delay", "6", file);
  await confirm(dialog, title);
}

export async function saveFile(file, title = "Save GLB") {
  const dialog = await focused(title);
  xdotool("key", "--clearmodifiers", "ctrl+a");
  xdotool("type", "--delay", "6", file);
  await confirm(dialog, title);
}

export async function chooseFolder(folder) {
  const dialog = await focused("Save to folder");
  // It opens at what was used last, where only a row of its list can be chosen.
  xdotool("key", "--clearmodifiers", "alt+Home");
  xdotool("key", "--clearmodifiers", "ctrl+l");
  xdotool("key", "--clearmodifiers", "ctrl+a");
  xdotool("type", "--delay", "6", folder);
  await confirm(dialog, "Save to folder");
}

export async function dismiss(title) {
  const dialog = await focused(title);
  xdotool("key", "--clearmodifiers", "Escape");
  await until(() => (windows(title).includes(dialog) ? null : true), `the dialog "${title}" to close`);
}

import type { TabName } from "../../state/ui";

interface GuideStep {
  title: string;
  text: string;
  /** What it is about, on the page: the first of these that is there. */
  about: string[];
  /** Where that is; the tab in view when absent. */
  tab?: TabName;
  side: "top" | "bottom" | "left" | "right";
}

export const STEPS: readonly GuideStep[] = [
  {
    title: "A picture goes in",
    text: "Drop, paste or open a picture of one object, or take a sample. The draft engine in this app needs no network and is done in seconds.",
    about: [".drop-zone", ".side.left"],
    tab: "forge",
    side: "right",
  },
  {
    title: "Six steps, always in view",
    text: "Each says what it does, how long it takes and what it found. A step that is done can be run again, with what came before it kept.",
    about: [".rail"],
    tab: "forge",
    side: "top",
  },
  {
    title: "Nothing made is lost",
    text: "Prospecting makes pictures from words, with a ComfyUI server of yours. The Gallery keeps everything you made; what you delete waits in its trash.",
    about: [".tab-list"],
    side: "bottom",
  },
  {
    title: "Jobs, servers and keys",
    text: "Q shows the jobs: put them in order, or pause them. Servers and limits are in the settings, and ? lists every key.",
    about: [".top-right"],
    side: "bottom",
  },
];

import { Hammer, LayoutGrid, Pickaxe, type LucideIcon } from "lucide-react";
import { lazy, useState, type ComponentType } from "react";
import { ForgeKeys } from "./features/forge/ForgeKeys";
import { ForgeTab } from "./features/forge/ForgeTab";
import type { Forge } from "./features/forge/useForge";
import { GalleryKeys } from "./features/gallery/GalleryKeys";
import { ProspectKeys } from "./features/prospect/ProspectKeys";
import type { JobSnapshot } from "./protocol/generated";
import type { TabName } from "./state/ui";

/** What every tab is given. */
export interface TabProps {
  forge: Forge;
  /** Newest first. */
  jobs: JobSnapshot[];
  automation: boolean;
}

interface Tab {
  name: TabName;
  title: string;
  /** What broke when its drawing does. */
  whole: string;
  icon: LucideIcon;
  Panel: ComponentType<TabProps>;
  /** For the status bar. */
  Keys: ComponentType;
}

/** A tab that comes after the first screen. Once it is there it is drawn without `lazy`, which would have its first frame
 *  wait for the 300 ms that React puts between a placeholder and what replaces it. */
function laterTab(load: () => Promise<{ default: ComponentType<TabProps> }>) {
  let loaded: ComponentType<TabProps> | null = null;
  const fetched = async () => {
    const module = await load();
    loaded = module.default;
    return module;
  };
  const Late = lazy(fetched);
  function Panel(given: TabProps) {
    const [Tab] = useState(() => loaded ?? Late);
    return <Tab {...given} />;
  }
  return { Panel, fetched };
}

const prospecting = laterTab(() => import("./features/prospect/ProspectTab"));
const gallery = laterTab(() => import("./features/gallery/GalleryTab"));

/** Fetches what the other tabs are made of before somebody turns to them. */
export async function loadTabs() {
  await Promise.all([prospecting.fetched(), gallery.fetched()]);
}

const interrupted = (jobs: JobSnapshot[]) => jobs.filter(({ kind, state }) => kind === "forge" && state === "interrupted");

/** The parts of the window, from left to right. */
export const TABS: readonly Tab[] = [
  {
    name: "prospect",
    title: "Prospecting",
    whole: "Prospecting",
    icon: Pickaxe,
    Panel: prospecting.Panel,
    Keys: ProspectKeys,
  },
  {
    name: "forge",
    title: "Forge",
    whole: "The Forge",
    icon: Hammer,
    Panel: ({ forge, jobs, automation }) => <ForgeTab forge={forge} automation={automation} jobs={jobs} interrupted={interrupted(jobs)} />,
    Keys: ForgeKeys,
  },
  {
    name: "gallery",
    title: "Gallery",
    whole: "The Gallery",
    icon: LayoutGrid,
    Panel: gallery.Panel,
    Keys: GalleryKeys,
  },
];

import { useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useDeferredValue, useEffect, useMemo, useState } from "react";
import { Button } from "../../components/Button";
import { ConfirmDialog } from "../../components/ConfirmDialog";
import { CrashPoint } from "../../components/ErrorBoundary";
import { NameDialog } from "../../components/NameDialog";
import { StoreProblem } from "../../components/StoreProblem";
import { useKeys } from "../../components/useKeys";
import { useProjects } from "../../components/useProjects";
import type { GalleryEntry, GalleryOverview, GalleryQuery, ProjectInfo } from "../../protocol/generated";
import { galleryKey } from "../../state/galleryNews";
import { useUi } from "../../state/ui";
import { Compare } from "./Compare";
import "./gallery.css";
import { GalleryEmpty } from "./GalleryEmpty";
import { Grid } from "./Grid";
import { Look } from "./Look";
import { SearchBar } from "./SearchBar";
import { parseSearch } from "./search";
import { comparable, SelectionBar } from "./SelectionBar";
import { SidePanel } from "./SidePanel";
import { TagDialog } from "./TagDialog";
import { useActions, type ActionsGiven } from "./useActions";
import { useEntries, useOverview } from "./useEntries";
import { useSelection } from "./useSelection";
import { EVERYTHING, KIND_PLURALS } from "./words";

const TILE_KEY = "oreforge.tile";
const TILE_PX = 180;
const MAX_NAME = 200;

type Open = { dialog: "look"; index: number } | { dialog: "name" | "tags"; entries: readonly GalleryEntry[] } | { dialog: "compare" | "empty" } | null;

/** How much is in the place looked at, whatever the words of a search leave of it. */
function entriesIn({ kind, favourite, project, tag, trashed }: GalleryQuery, overview: GalleryOverview, projects: readonly ProjectInfo[]): number {
  if (trashed) return overview.trashed;
  if (favourite) return overview.favourites;
  if (project !== null) return projects.find(({ name }) => name === project)?.entries ?? 0;
  if (tag !== null) return overview.tags.find(({ name }) => name === tag)?.entries ?? 0;
  const { pictures, views, meshes } = overview;
  return kind === null ? pictures + views + meshes : { picture: pictures, view: views, mesh: meshes }[kind];
}

function placeOf({ kind, favourite, project, tag, trashed }: GalleryQuery): string | null {
  if (trashed) return "trash";
  if (favourite) return "favourites";
  if (project !== null) return `project: ${project}`;
  if (tag !== null) return `tag: ${tag}`;
  return kind === null ? null : KIND_PLURALS[kind][1];
}

interface GalleryTabProps {
  automation: boolean;
  forge: Pick<ActionsGiven, "take" | "upgrade">;
}

export default function GalleryTab({ automation, forge }: GalleryTabProps) {
  const client = useQueryClient();
  const set = useUi((state) => state.set);
  const project = useUi((state) => state.project);
  const [place, setPlace] = useState<GalleryQuery>({ ...EVERYTHING, project });
  const [opened, setOpened] = useState(project);
  // A project that is opened is what the Gallery shows, until another place is chosen.
  if (opened !== project) {
    setOpened(project);
    setPlace({ ...EVERYTHING, project });
  }
  const [typed, setTyped] = useState("");
  const sought = useDeferredValue(typed);
  const query = useMemo(() => ({ ...place, ...parseSearch(sought, Date.now()) }), [place, sought]);
  const { overview, error } = useOverview(query);
  const selection = useSelection(query);
  const actions = useActions({ onPatch: selection.patch, take: forge.take, upgrade: forge.upgrade });
  const [at, setAt] = useState(0);
  const [open, setOpen] = useState<Open>(null);
  const [tilePx, setTilePx] = useState(() => Number(localStorage.getItem(TILE_KEY)) || TILE_PX);
  const days = overview?.days ?? [];
  const found = days.reduce((sum, { entries }) => sum + entries, 0);
  const { all: projects } = useProjects();
  // What is in archived projects counts in none of the overview's numbers.
  const nothingMade = overview !== null && entriesIn(EVERYTHING, overview, projects) + overview.trashed === 0 && projects.every(({ entries }) => entries === 0);
  const lookedAt = useEntries(query, open?.dialog === "look" ? open.index : 0, open?.dialog === "look" ? open.index : -1);

  const { clear } = selection;
  useEffect(() => {
    setAt(0);
    clear();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- another question is begun anew
  }, [query]);
  useEffect(() => {
    if (found > 0 && at >= found) setAt(found - 1);
  }, [at, found]);

  useKeys({ "Ctrl+z": () => void actions.undo(), Escape: () => (open?.dialog === "compare" ? close() : clear()) });
  const chosenOr = (entry: GalleryEntry | null) => (selection.entries.length > 0 ? selection.entries : entry === null ? [] : [entry]);
  const onKey = (event: React.KeyboardEvent, entry: GalleryEntry | null, index: number): boolean => {
    const entries = chosenOr(entry);
    const isPlain = !event.ctrlKey && !event.metaKey;
    const key = `${isPlain ? "" : "Ctrl+"}${event.key.length === 1 ? event.key.toLowerCase() : event.key}`;
    if (key === "Ctrl+a") {
      selection.all(found);
      return true;
    }
    if (entry === null || entries.length === 0) return false;
    const acts: Record<string, () => void> = {
      " ": () => setOpen({ dialog: "look", index }),
      Enter: () => actions.openInForge(entry),
      f: () => actions.forgeIt(entry),
      Delete: () => !query.trashed && void actions.remove(entries).then(clear),
      s: () => void actions.toggleFavourite(entries),
      x: () => void actions.toggleRejected(entries),
      c: () => comparable(entries) && setOpen({ dialog: "compare" }),
      t: () => setOpen({ dialog: "tags", entries }),
      F2: () => setOpen({ dialog: "name", entries: [entry] }),
      "Ctrl+s": () => void actions.save(entries),
      "Ctrl+ ": () => selection.toggle(entry, index),
    };
    const act = acts[key];
    act?.();
    return act !== undefined;
  };
  const sizeTiles = (px: number) => {
    setTilePx(px);
    localStorage.setItem(TILE_KEY, String(px));
  };
  const close = (index = at) => {
    setOpen(null);
    // Once what covered the tiles is gone.
    requestAnimationFrame(() => document.getElementById(`entry-${index}`)?.focus({ preventScroll: true }));
  };
  const entry = open?.dialog === "look" ? lookedAt(open.index) : null;
  const named = open?.dialog === "name" ? open.entries[0] : undefined;
  const [one, other] = open?.dialog === "compare" ? selection.entries : [];
  const comparing = one !== undefined && other !== undefined;
  if (error !== null) return <StoreProblem error={error} busy={false} onRetry={() => void client.invalidateQueries({ queryKey: galleryKey })} />;
  return (
    <div className="gallery">
      <CrashPoint name="gallery" armed={automation} />
      <div className="gallery-places" inert={comparing}>
        <SidePanel overview={overview} query={query} onQuery={(change) => setPlace({ ...place, ...change })} />
        <main className="gallery-main">
          <h1 className="sr-only">Gallery</h1>
          <div className="gallery-head">
            <SearchBar
              typed={typed}
              onType={setTyped}
              place={placeOf(place)}
              onLeavePlace={() => setPlace(EVERYTHING)}
              found={found}
              of={overview === null ? 0 : entriesIn(place, overview, projects)}
              tilePx={tilePx}
              onTilePx={sizeTiles}
              onDown={() => document.getElementById(`entry-${at}`)?.focus()}
            />
            {place.trashed && found > 0 && (
              <Button look="danger" icon={<Trash2 aria-hidden="true" />} onClick={() => setOpen({ dialog: "empty" })}>
                Empty the trash…
              </Button>
            )}
          </div>
          {overview !== null && found === 0 ? (
            <GalleryEmpty query={query} nothingMade={nothingMade} onReset={() => (setTyped(""), setPlace(EVERYTHING))} onForge={() => set({ tab: "forge" })} />
          ) : (
            <Grid query={query} days={days} tilePx={tilePx} selection={selection} actions={actions} at={at} onAt={setAt} onLook={(index) => setOpen({ dialog: "look", index })} onKey={onKey} />
          )}
          <SelectionBar
            entries={selection.entries}
            inTrash={place.trashed}
            actions={actions}
            onCompare={() => setOpen({ dialog: "compare" })}
            onRename={() => setOpen({ dialog: "name", entries: selection.entries })}
            onTag={() => setOpen({ dialog: "tags", entries: selection.entries })}
            onClear={clear}
          />
        </main>
      </div>
      {comparing && <Compare pair={[one, other]} actions={actions} onClose={() => close()} />}
      {open?.dialog === "look" && entry !== null && <Look entry={entry} actions={actions} onStep={(by) => setOpen({ dialog: "look", index: Math.max(0, Math.min(found - 1, open.index + by)) })} onClose={() => (setAt(open.index), close(open.index))} />}
      {named !== undefined && (
        <NameDialog
          title="Rename"
          label="Name; left empty, it is called after its job again"
          name={named.name}
          maxLength={MAX_NAME}
          mayBeEmpty
          confirm={() => "Rename"}
          onName={(name) => void actions.mark([named], { name })}
          onClose={() => close()}
        />
      )}
      {open?.dialog === "tags" && <TagDialog entries={open.entries} known={overview?.tags ?? []} actions={actions} onClose={() => close()} />}
      <ConfirmDialog
        open={open?.dialog === "empty"}
        title="Empty the trash?"
        text={`${overview?.trashed ?? 0} files are deleted for good. This cannot be undone.`}
        confirm="Delete for good"
        keep="Keep them"
        onConfirm={() => (close(), void actions.emptyTrash())}
        onClose={() => close()}
      />
    </div>
  );
}

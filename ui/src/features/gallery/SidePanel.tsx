import { Archive, Box, Folder, Image, Images, LayoutGrid, Star, Tag, Trash2, type LucideIcon } from "lucide-react";
import { useState } from "react";
import { count, fileSize } from "../../components/format";
import type { GalleryOverview, GalleryQuery } from "../../protocol/generated";
import { useProjects } from "../../components/useProjects";
import { EVERYTHING } from "./words";

interface PlaceProps {
  icon: LucideIcon;
  title: string;
  entries: number;
  current: boolean;
  onChoose: () => void;
}

function Place({ icon: Icon, title, entries, current, onChoose }: PlaceProps) {
  return (
    <li>
      <button type="button" className="place" aria-current={current || undefined} onClick={onChoose}>
        <Icon aria-hidden="true" />
        <span className="place-name">{title}</span>
        <span className="mono quiet">{count(entries)}</span>
      </button>
    </li>
  );
}

/** Where to look: one of these at a time; the words of the search stay. */
export function SidePanel({ overview, query, onQuery }: { overview: GalleryOverview | null; query: GalleryQuery; onQuery: (change: Partial<GalleryQuery>) => void }) {
  const { pictures = 0, views = 0, meshes = 0, favourites = 0, trashed = 0, bytes = 0, tags = [] } = overview ?? {};
  const { all } = useProjects();
  const [showsArchived, setShowsArchived] = useState(false);
  const archived = all.filter((one) => one.archived).length;
  const projects = all.filter((one) => !one.archived || showsArchived || one.name === query.project);
  const { kind, favourite, project, tag, trashed: inTrash } = EVERYTHING;
  const nowhere = { kind, favourite, project, tag, trashed: inTrash };
  const go = (place: Partial<GalleryQuery>) => () => onQuery({ ...nowhere, ...place });
  const everything = query.kind === null && !query.favourite && query.project === null && query.tag === null && !query.trashed;
  return (
    <aside className="side left gallery-side" aria-label="Places">
      <div className="side-scroll">
        <ul className="places">
          <Place icon={LayoutGrid} title="Everything" entries={pictures + views + meshes} current={everything} onChoose={go({})} />
          <Place icon={Box} title="Meshes" entries={meshes} current={query.kind === "mesh"} onChoose={go({ kind: "mesh" })} />
          <Place icon={Images} title="Views" entries={views} current={query.kind === "view"} onChoose={go({ kind: "view" })} />
          <Place icon={Image} title="Pictures" entries={pictures} current={query.kind === "picture"} onChoose={go({ kind: "picture" })} />
          <Place icon={Star} title="Favourites" entries={favourites} current={query.favourite} onChoose={go({ favourite: true })} />
        </ul>
        {all.length > 0 && (
          <>
            <div className="places-head">
              <h2 className="note">Projects</h2>
              {archived > 0 && (
                <button type="button" className="places-link" aria-pressed={showsArchived} onClick={() => setShowsArchived(!showsArchived)}>
                  {showsArchived ? "Hide archived" : `Show ${archived} archived`}
                </button>
              )}
            </div>
            <ul className="places">
              {projects.map(({ name, entries, ...one }) => (
                <Place key={name} icon={one.archived ? Archive : Folder} title={name} entries={entries} current={query.project === name} onChoose={go({ project: name })} />
              ))}
            </ul>
          </>
        )}
        {tags.length > 0 && (
          <>
            <h2 className="note places-head">Tags</h2>
            <ul className="places">
              {tags.map(({ name, entries }) => (
                <Place key={name} icon={Tag} title={name} entries={entries} current={query.tag === name} onChoose={go({ tag: name })} />
              ))}
            </ul>
          </>
        )}
        <ul className="places apart">
          <Place icon={Trash2} title="Trash" entries={trashed} current={query.trashed} onChoose={go({ trashed: true })} />
        </ul>
      </div>
      <footer className="places-foot note mono">
        {count(pictures + views + meshes)} things · {fileSize(bytes)}
      </footer>
    </aside>
  );
}

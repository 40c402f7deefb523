import { useQuery } from "@tanstack/react-query";
import { ArrowLeft, ArrowLeftRight, Link2, Link2Off, Star } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button, IconButton } from "../../components/Button";
import { Segments } from "../../components/Segments";
import { count, fileSize } from "../../components/format";
import { useHost } from "../../host/context";
import type { GalleryEntry, MeshTicket } from "../../protocol/generated";
import type { Shading } from "../../state/ui";
import { TurnLink } from "../viewer/turnLink";
import { Subject } from "./Subject";
import type { Actions } from "./useActions";
import { clock, dayTitle, note } from "./words";

const SHADINGS = (["textured", "clay", "wire", "normals", "uv"] as const).map((value) => ({ value, label: value === "uv" ? "UV" : value.charAt(0).toUpperCase() + value.slice(1) }));

type Pair = readonly [GalleryEntry, GalleryEntry];

/** What the asset gate says of a mesh; null for pictures and while it is being looked at. */
function useTicket(entry: GalleryEntry): MeshTicket | null {
  const host = useHost();
  const { id } = entry.artifact;
  const { data } = useQuery({
    queryKey: ["ticket", id],
    enabled: entry.kind === "mesh",
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => host.execute({ command: "inspect_mesh", mesh: { from: "artifact", id }, reference: null }),
  });
  return data ?? null;
}

const known = (ticket: MeshTicket | null, value: (ticket: MeshTicket) => string) => (ticket === null ? "–" : value(ticket));

function lines([a, b]: Pair, tickets: readonly (MeshTicket | null)[]): [string, string, string][] {
  const each = (title: string, of: (entry: GalleryEntry, ticket: MeshTicket | null) => string): [string, string, string] => [title, of(a, tickets[0] ?? null), of(b, tickets[1] ?? null)];
  const rows = [each("File", ({ artifact }) => fileSize(artifact.bytes)), each("Engine", ({ engine }) => engine ?? "–"), each("Made", ({ created_at }) => `${dayTitle(created_at, Date.now())}, ${clock(created_at)}`)];
  if (a.kind !== "mesh") return rows;
  return [
    each("Triangles", ({ triangles }) => (triangles === null ? "–" : count(triangles))),
    each("Vertices", (_, ticket) => known(ticket, ({ vertices }) => count(vertices))),
    each("Closed", (_, ticket) => known(ticket, ({ watertight }) => (watertight ? "yes" : "no"))),
    each("Parts", (_, ticket) => known(ticket, ({ components }) => count(components))),
    each("Size", (_, ticket) => known(ticket, ({ bounds_min_m, bounds_max_m }) => `${bounds_max_m.map((max, axis) => (max - (bounds_min_m[axis] ?? 0)).toFixed(3)).join(" × ")} m`)),
    ...rows,
  ];
}

function Side({ letter, entry, shading, link, actions }: { letter: string; entry: GalleryEntry; shading: Shading; link: TurnLink | null; actions: Actions }) {
  return (
    <section className="compare-side" aria-label={`${letter}: ${entry.name}`}>
      <Subject key={entry.artifact.id} entry={entry} shading={shading} link={link} />
      <header className="compare-label floating-bar">
        <strong className="mono">{letter}</strong> {entry.name}
        <span className="quiet">{note(entry)}</span>
      </header>
      <Button className={`compare-keep ${entry.favourite ? "kept" : ""}`} size="small" aria-pressed={entry.favourite} icon={<Star aria-hidden="true" />} onClick={() => void actions.toggleFavourite([entry])}>
        {entry.favourite ? "Favourite" : "Keep this"}
      </Button>
    </section>
  );
}

/** Two entries side by side, and their numbers; what is equal is dimmed. */
export function Compare({ pair, actions, onClose }: { pair: Pair; actions: Actions; onClose: () => void }) {
  const [swapped, setSwapped] = useState(false);
  const [shading, setShading] = useState<Shading>("textured");
  const [both] = useState(() => new TurnLink());
  const [linked, setLinked] = useState(true);
  const link = linked ? both : null;
  const shown: Pair = swapped ? [pair[1], pair[0]] : pair;
  const back = useRef<HTMLButtonElement>(null);
  useEffect(() => back.current?.focus(), []);
  const tickets = [useTicket(shown[0]), useTicket(shown[1])];
  return (
    <section className="compare" aria-label="Compare">
      <header className="job-header">
        <Button ref={back} look="quiet" icon={<ArrowLeft aria-hidden="true" />} onClick={onClose}>
          Gallery
        </Button>
        <h1 className="job-name">
          {shown[0].name} and {shown[1].name}
        </h1>
        <span className="push" />
        {shown[0].kind === "mesh" && (
          <span className="compare-shading">
            <Segments look="bar" label="Shading" value={shading} choices={SHADINGS} onChange={setShading} />
          </span>
        )}
        {shown[0].kind === "mesh" && (
          <Button look="quiet" aria-pressed={linked} icon={linked ? <Link2 aria-hidden="true" /> : <Link2Off aria-hidden="true" />} onClick={() => setLinked(!linked)}>
            Turn together
          </Button>
        )}
        <IconButton label="Swap sides" onClick={() => setSwapped(!swapped)}>
          <ArrowLeftRight aria-hidden="true" />
        </IconButton>
      </header>
      <div className="compare-sides">
        <Side letter="A" entry={shown[0]} shading={shading} link={link} actions={actions} />
        <Side letter="B" entry={shown[1]} shading={shading} link={link} actions={actions} />
      </div>
      <table className="compare-table">
        <thead>
          <tr>
            <th scope="col">
              <span className="sr-only">What</span>
            </th>
            <th scope="col">A</th>
            <th scope="col">B</th>
          </tr>
        </thead>
        <tbody>
          {lines(shown, tickets).map(([title, a, b]) => (
            <tr key={title} className={a === b ? "equal" : ""}>
              <th scope="row">{title}</th>
              <td className="mono">{a}</td>
              <td className="mono">{b}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

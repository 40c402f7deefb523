import { Grid3x3, Maximize, SquareSplitHorizontal } from "lucide-react";
import { lazy, Suspense, useCallback, useState } from "react";
import { IconButton } from "../../components/Button";
import { CrashPoint, ErrorBoundary } from "../../components/ErrorBoundary";
import { Ring } from "../../components/Ring";
import { Segments } from "../../components/Segments";
import { useKeys } from "../../components/useKeys";
import { count } from "../../components/format";
import { useHost } from "../../host/context";
import type { Artifact, JobId, MeshStats } from "../../protocol/generated";
import { artifactOf, newestOf, statsOf, type ForgeJob } from "../../state/jobView";
import { defectWords } from "./repairWords";
import { numberFact, stepOf } from "./words";
import { useUi, type Shading } from "../../state/ui";
import { LiveCard } from "./LiveCard";

const Viewer = lazy(() => import("../viewer/Viewer"));

const SHADINGS: { value: Shading; label: string; note: string }[] = [
  { value: "textured", label: "Textured", note: "1" },
  { value: "clay", label: "Clay", note: "2" },
  { value: "wire", label: "Wire", note: "3 or W" },
  { value: "normals", label: "Normals", note: "4" },
  { value: "uv", label: "UV", note: "5" },
  { value: "albedo", label: "Albedo", note: "6" },
  { value: "matcap", label: "Matcap", note: "7" },
];

/** The mesh to look at: the one of this job that stands, else the newest, else of the job before it, so that nothing
 *  made disappears. */
export function shownMesh(job: ForgeJob, previous: ForgeJob | null): { mesh: Artifact; of: ForgeJob } | null {
  for (const candidate of [job, previous]) {
    const mesh = candidate === null ? null : (artifactOf(candidate, "mesh") ?? newestOf(candidate, "mesh") ?? newestOf(candidate, "raw_mesh"));
    if (candidate !== null && mesh !== null) return { mesh, of: candidate };
  }
  return null;
}

/** The surface that a finished mesh was made from, while it is kept. */
function rawOf(shown: { mesh: Artifact; of: ForgeJob } | null): Artifact | null {
  if (shown === null || shown.mesh.kind !== "mesh") return null;
  const isOfRetry = shown.of.retry?.artifacts.includes(shown.mesh) === true;
  return isOfRetry ? newestOf(shown.of, "raw_mesh") : artifactOf(shown.of, "raw_mesh");
}

/** What finishing found and mended, for whoever looks at the mesh before it or after. */
function repairLine(stats: MeshStats | null, before: boolean): string | null {
  if (stats === null) return null;
  const found = defectWords(stats.repaired.before);
  const left = defectWords(stats.repaired.after);
  if (before) return found.length === 0 ? "nothing to repair was found" : found.join(", ");
  if (left.length > 0) return `left: ${left.join(", ")}`;
  return found.length === 0 ? null : `repaired: ${found.join(", ")}`;
}

function caption(shown: { mesh: Artifact; of: ForgeJob } | null, job: ForgeJob, drawn: boolean, isBefore: boolean): string[] {
  if (shown === null) return [];
  const lines: string[] = [];
  if (isBefore) {
    const triangles = numberFact(stepOf(shown.of, "finish"), "raw_triangles");
    const repairs = repairLine(statsOf(shown.of, shown.mesh), true);
    const before = ["before finishing", ...(triangles === null ? [] : [`${count(triangles)} triangles`])].join(" · ");
    return [before, ...(repairs === null ? [] : [repairs]), ...(drawn ? [] : ["loading…"])];
  }
  if (shown.of.id !== job.id || (job.retry !== null && !job.retry.artifacts.includes(shown.mesh))) lines.push("the result before this one");
  else if (shown.mesh.kind === "raw_mesh") lines.push("raw mesh, before finishing");
  const stats = statsOf(shown.of, shown.mesh);
  if (shown.mesh.kind === "mesh" && stats !== null) {
    const size = stats.bounds_max_m.map((max, axis) => (max - (stats.bounds_min_m[axis] ?? 0)).toFixed(3));
    lines.push(`${size.join(" × ")} m · ${count(stats.triangles)} triangles`);
  }
  const repairs = shown.mesh.kind === "mesh" ? repairLine(stats, false) : null;
  if (repairs !== null) lines.push(repairs);
  if (!drawn) lines.push("loading…");
  return lines;
}

export function ViewerZone({ job, previous, automation }: { job: ForgeJob; previous: ForgeJob | null; automation: boolean }) {
  const host = useHost();
  const { shading, grid, theme, set } = useUi();
  const [fitRequests, setFitRequests] = useState(0);
  const [drawnUrl, setDrawnUrl] = useState<string | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const shown = shownMesh(job, previous);
  const raw = rawOf(shown);
  /** The job whose mesh before finishing is wanted: another job begins with what became of it. */
  const [beforeOf, setBeforeOf] = useState<JobId | null>(null);
  const isBefore = raw !== null && beforeOf === shown?.of.id;
  const turn = () => setBeforeOf(isBefore || raw === null ? null : (shown?.of.id ?? null));
  const viewed = isBefore ? raw : (shown?.mesh ?? null);
  const url = viewed === null ? null : host.artifactUrl(viewed.id);
  const busy = job.state === "running" || job.state === "queued";
  const onDrawn = useCallback((done: string) => {
    setFailure(null);
    setDrawnUrl(done);
  }, []);
  const fit = () => setFitRequests((n) => n + 1);
  const shade = (value: Shading) => () => set({ shading: value });
  useKeys({
    ".": fit,
    "1": shade("textured"),
    "2": shade("clay"),
    "3": shade("wire"),
    "4": shade("normals"),
    "5": shade("uv"),
    "6": shade("albedo"),
    "7": shade("matcap"),
    w: () => set({ shading: shading === "wire" ? "textured" : "wire" }),
    b: turn,
    g: () => set({ grid: !grid }),
  });
  const cutout = newestOf(job, "cutout");
  return (
    <div className="viewer" data-drawn={url !== null && drawnUrl === url ? viewed?.kind : "none"} data-shown={viewed?.id}>
      <ErrorBoundary what="The viewer">
        <CrashPoint name="viewer" armed={automation} />
        {url === null ? (
          <div className="viewer-preview">
            {cutout !== null && <img src={host.artifactUrl(cutout.id)} alt="The object cut out" draggable={false} />}
            {cutout === null && busy && <Ring />}
          </div>
        ) : (
          <Suspense fallback={<div className="viewer-preview">{cutout !== null && <img src={host.artifactUrl(cutout.id)} alt="" />}</div>}>
            <Viewer
              url={url}
              subject={JSON.stringify(job.request.source)}
              shading={shading}
              grid={grid}
              fitRequests={fitRequests}
              theme={theme}
              describedAs={`${shown?.of.name ?? ""}${isBefore ? " before finishing" : ""}, ${shading}. Arrow keys turn it.`}
              onDrawn={onDrawn}
              onFailed={setFailure}
            />
          </Suspense>
        )}
      </ErrorBoundary>
      {url !== null && (
        <>
          <div className="viewer-bar left-bar">
            <Segments look="bar" label="Shading" value={shading} choices={SHADINGS} onChange={(value) => set({ shading: value })} />
          </div>
          <div className="viewer-bar right-bar floating-bar">
            {raw !== null && (
              <IconButton label={isBefore ? "Show the finished mesh" : "Show the mesh before finishing and repair"} keys="B" pressed={isBefore} onClick={turn}>
                <SquareSplitHorizontal aria-hidden="true" />
              </IconButton>
            )}
            <IconButton label="Grid" keys="G" pressed={grid} onClick={() => set({ grid: !grid })}>
              <Grid3x3 aria-hidden="true" />
            </IconButton>
            <IconButton label="Fit" keys="." onClick={fit}>
              <Maximize aria-hidden="true" />
            </IconButton>
          </div>
        </>
      )}
      <LiveCard job={job} />
      <div className="viewer-caption mono">
        {(failure === null ? caption(shown, job, drawnUrl === url, isBefore) : [`The mesh cannot be shown: ${failure}`]).map((line) => (
          <span key={line}>{line}</span>
        ))}
      </div>
    </div>
  );
}

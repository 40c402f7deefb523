import { Check, Minus, TriangleAlert, Wrench, X } from "lucide-react";
import { Button } from "../../components/Button";
import { Section } from "../../components/Section";
import { count, percent } from "../../components/format";
import type { MeshStats } from "../../protocol/generated";
import { defectWords } from "./repairWords";

type Verdict = "pass" | "warn" | "fail" | "unknown";

interface Line {
  title: string;
  verdict: Verdict;
  value: string;
  note: string;
}

const pieces = (n: number) => (n === 1 ? "1 piece" : `${n} pieces`);
/** Of the covered texels; rounding at chart rims claims a few twice. */
const OVERLAP_LIMIT = 0.001;
/** Texels per metre at nine tenths of the surface over those at one tenth: beyond it parts look blurred. */
const UNEVEN_DENSITY = 4;

/** What was repaired, and what is left of it. */
function repairs({ before, after }: MeshStats["repaired"]): Pick<Line, "verdict" | "value" | "note"> {
  const [found, left] = [defectWords(before), defectWords(after)];
  if (left.length > 0) return { verdict: "warn", value: "not all", note: `left: ${left.join(", ")}` };
  if (found.length > 0) return { verdict: "pass", value: "repaired", note: found.join(", ") };
  return { verdict: "pass", value: "clean", note: "nothing had to be repaired" };
}

function texture({ texture_px, texels_per_m: [low, median, high], uv_stretch, detail_maps }: MeshStats): Line {
  const maps = detail_maps ? "albedo, normal, occlusion" : "albedo";
  // Older results were not measured.
  const density = median > 0 ? ` · ${count(Math.round(median))} px/m, stretch ${uv_stretch.toFixed(1)}` : "";
  return { title: "Texture", verdict: high <= low * UNEVEN_DENSITY ? "pass" : "warn", value: `${texture_px}²`, note: maps + density };
}

/** The least that outline, colours and likeness to the picture have to be; as `resemblance` of the core says. */
const CLEAR = { silhouette: 0.8, colour: 0.7, likeness: 0.75 };

function shareLine(title: string, share: number, least: number, note: string): Line {
  if (share >= least) return { title, verdict: "pass", value: percent(share), note };
  return { title, verdict: "warn", value: percent(share), note: `${note}; another seed, engine or profile may come nearer` };
}

/** The front of the mesh beside the picture. */
function resemblance(seen: MeshStats["resemblance"]): Line[] {
  // Older results were not looked at, and there is not always a picture.
  if (seen === null || seen === undefined) return [];
  return [
    shareLine("Silhouette", seen.silhouette, CLEAR.silhouette, "its outline in front, beside the picture's"),
    shareLine("Colour", seen.colour, CLEAR.colour, "of its colours in front are the picture's"),
    ...(seen.likeness === null ? [] : [shareLine("Likeness", seen.likeness, CLEAR.likeness, "side by side with the picture")]),
  ];
}

export function assay(stats: MeshStats | null, budget: number): Line[] {
  if (stats === null) return ["Watertight", "Repairs", "Triangles", "UV", "Texture", "Size"].map((title) => ({ title, verdict: "unknown", value: "–", note: "not measured yet" }));
  const clean = stats.watertight && stats.manifold && stats.consistently_wound && stats.degenerate_triangles === 0;
  const flaws = [
    stats.watertight ? "no holes" : "it has holes",
    stats.manifold ? null : "not manifold",
    stats.consistently_wound ? "no flipped faces" : "some faces are flipped",
    stats.degenerate_triangles === 0 ? null : `${count(stats.degenerate_triangles)} degenerate triangles`,
  ].filter((flaw) => flaw !== null);
  const size = stats.bounds_max_m.map((max, axis) => max - (stats.bounds_min_m[axis] ?? 0));
  return [
    { title: "Watertight", verdict: clean ? "pass" : "fail", value: stats.watertight ? "yes" : "no", note: `${pieces(stats.components)}, ${flaws.join(", ")}` },
    { title: "Repairs", ...repairs(stats.repaired) },
    {
      title: "Triangles",
      verdict: stats.triangles <= budget ? "pass" : "warn",
      value: count(stats.triangles),
      note: `of ${count(budget)} budget · ${count(stats.vertices)} vertices`,
    },
    {
      title: "UV",
      verdict: stats.uv_overlap <= OVERLAP_LIMIT ? "pass" : "warn",
      value: `${Math.round(stats.uv_coverage * 100)} % used`,
      note: `${count(stats.charts)} ${stats.charts === 1 ? "island" : "islands"}, ${stats.uv_overlap <= OVERLAP_LIMIT ? "no overlap" : `${(stats.uv_overlap * 100).toFixed(1)} % overlap`}`,
    },
    texture(stats),
    ...resemblance(stats.resemblance),
    { title: "Size", verdict: "pass", value: `${Math.max(...size).toFixed(2)} m`, note: `${size.map((m) => m.toFixed(3)).join(" × ")} m, Y up` },
  ];
}

function Mark({ verdict }: { verdict: Verdict }) {
  switch (verdict) {
    case "pass":
      return <Check className="ok" aria-label="pass" />;
    case "warn":
      return <TriangleAlert className="warn" aria-label="warning" />;
    case "fail":
      return <X className="err" aria-label="fail" />;
    case "unknown":
      return <Minus className="muted" aria-label="not measured" />;
  }
}

/** The size is as it was asked for, and what the mesh shows comes from its engine; everything else the finish step makes,
 *  from the raw mesh that is kept. */
const AS_IT_CAME = new Set(["Size", "Silhouette", "Colour", "Likeness"]);
const fixable = ({ title, verdict }: Line) => !AS_IT_CAME.has(title) && (verdict === "warn" || verdict === "fail");

interface AssayProps {
  stats: MeshStats | null;
  budget: number;
  /** Finishes the mesh anew; absent while that cannot be asked for. */
  onFix?: (() => void) | undefined;
}

/** What was measured on the finished mesh; what was not stays a dash, never a tick. */
export function Assay({ stats, budget, onFix }: AssayProps) {
  const rows = assay(stats, budget);
  const ready = rows.every(({ verdict }) => verdict === "pass");
  return (
    <Section
      title="Assay"
      aside={
        ready ? (
          <span className="badge ok">
            <Check aria-hidden="true" /> game-ready
          </span>
        ) : undefined
      }
    >
      <ul className="assay">
        {rows.map((row) => (
          <li key={row.title}>
            <Mark verdict={row.verdict} />
            <span>{row.title}</span>
            <span className="mono">{row.value}</span>
            <span className="note">{row.note}</span>
            {onFix !== undefined && fixable(row) && (
              <span className="note">
                <Button icon={<Wrench aria-hidden="true" />} onClick={onFix} title="Repairs, thins, unfolds and paints the raw mesh anew. The result you see stays until the new one is complete.">
                  Fix: finish anew
                </Button>
              </span>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

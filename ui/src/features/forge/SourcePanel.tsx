import { Brush, ImagePlus, Plus, TriangleAlert, X } from "lucide-react";
import { Button } from "../../components/Button";
import { Section } from "../../components/Section";
import { percent } from "../../components/format";
import { Ring } from "../../components/Ring";
import { useHost } from "../../host/context";
import type { SourceRef, ViewScore, ViewSlot } from "../../protocol/generated";
import { newestOf, newestViews, type ForgeJob } from "../../state/jobView";
import { importedRef, uiStore, useUi } from "../../state/ui";
import { DepthSection } from "./DepthSection";
import { SwapNotice } from "./SwapNotice";
import type { Forge } from "./useForge";
import { needsMask, numberFact, SLOT_TITLES, stepOf } from "./words";

const SLOTS: ViewSlot[] = ["front", "right", "back", "left", "three_quarter", "top", "bottom"];
const ALWAYS: ReadonlySet<ViewSlot> = new Set(["front", "right", "back", "left", "three_quarter"]);

function sourceName(source: SourceRef): string {
  switch (source.from) {
    case "imported":
      return source.file_name;
    case "path":
      return source.path.split(/[\\/]/).at(-1) ?? source.path;
    case "sample":
      return source.name;
    case "artifact":
      return "picture";
  }
}

function Pictures({ job, forge, busy }: { job: ForgeJob; forge: Forge; busy: boolean }) {
  const host = useHost();
  const set = useUi((state) => state.set);
  const editing = useUi((state) => state.editingCutout);
  const cutout = newestOf(job, "cutout");
  const prepare = stepOf(job, "prepare");
  const confidence = numberFact(prepare, "mask_confidence");
  const width = numberFact(prepare, "width_px");
  const height = numberFact(prepare, "height_px");
  const asks = needsMask(job);
  const name = sourceName(job.request.source);
  return (
    <Section title="Source" aside={<span className="source-name">{width === null ? name : `${name} · ${width} × ${height}`}</span>}>
      <div className="pictures">
        <figure>
          <div className="thumb picture">{job.request.source.from === "imported" && <img src={host.sourceUrl(job.request.source.id)} alt={name} draggable={false} />}</div>
          <figcaption>Picture</figcaption>
        </figure>
        <figure>
          <div className={`thumb chequers ${asks ? "asks" : ""}`}>
            {cutout !== null && <img src={host.artifactUrl(cutout.id)} alt="The object cut out" draggable={false} data-artifact="cutout" />}
            {cutout === null && prepare?.state === "running" && <Ring />}
          </div>
          <figcaption className={asks ? "warn" : undefined}>
            {asks && <TriangleAlert aria-hidden="true" />}
            Cut-out
            {confidence !== null && <span className="mono push">{Math.round(confidence * 100)} %</span>}
          </figcaption>
        </figure>
      </div>
      <div className="button-row">
        <Button size="small" icon={<Brush aria-hidden="true" />} disabled={busy || editing || asks} onClick={() => set({ editingCutout: true })}>
          Edit cut-out
        </Button>
        <Button size="small" look="quiet" icon={<ImagePlus aria-hidden="true" />} onClick={() => void forge.open()}>
          Replace
        </Button>
      </div>
    </Section>
  );
}

/** What a score is made of, and what is to be said of it. */
export function scoreWords({ resemblance, reasons }: ViewScore): string {
  if (resemblance === null) return reasons.join(" ");
  const likeness = resemblance.likeness === null ? [] : [`likeness ${percent(resemblance.likeness)}`];
  const parts = [`Outline ${percent(resemblance.silhouette)}`, `colours ${percent(resemblance.colour)}`, ...likeness].join(", ");
  return [`${parts}.`, ...reasons].join(" ");
}

interface SlotProps {
  job: ForgeJob;
  slot: ViewSlot;
  score: ViewScore | undefined;
  given: SourceRef | undefined;
  busy: boolean;
  onPick: () => void;
  onRemove: () => void;
}

function Slot({ job, slot, score, given, busy, onPick, onRemove }: SlotProps) {
  const host = useHost();
  const view = newestOf(job, "view", slot);
  const usedGiven = job.request.views[slot];
  const pending = given !== undefined && JSON.stringify(given) !== JSON.stringify(usedGiven);
  const doubtful = score !== undefined && score.verdict !== "pass";
  const url = pending && given.from === "imported" ? host.sourceUrl(given.id) : pending && given.from === "artifact" ? host.artifactUrl(given.id) : view === null ? null : host.artifactUrl(view.id);
  const working = stepOf(job, "views")?.state === "running";
  const title = SLOT_TITLES[slot];
  const value = pending ? "given" : score !== undefined ? String(score.score) : slot === "front" && view !== null ? "src" : "–";
  const pickable = slot !== "front" && slot !== "three_quarter";
  return (
    <figure className={`slot ${doubtful ? "doubtful" : ""}`} title={score === undefined ? undefined : scoreWords(score)}>
      <div className={`thumb mat ${url === null ? "empty" : ""}`}>
        {url !== null && <img src={url} alt={`${title} view`} draggable={false} data-slot={slot} />}
        {url === null && (working ? <Ring /> : null)}
        {pickable && !busy && (
          <button type="button" className="slot-pick" onClick={onPick} aria-label={`Give a picture of the ${slot} side`} title={`Give a picture of the ${slot} side…`}>
            <Plus aria-hidden="true" />
          </button>
        )}
        {given !== undefined && !busy && (
          <button type="button" className="slot-remove" onClick={onRemove} aria-label={`Take the given ${slot} picture away`} title="Take the given picture away">
            <X aria-hidden="true" />
          </button>
        )}
      </div>
      <figcaption>
        {doubtful && <TriangleAlert className="warn" aria-hidden="true" />}
        {title}
        <span className={`mono push ${doubtful ? "warn" : ""}`}>{value}</span>
      </figcaption>
    </figure>
  );
}

function Views({ job, forge, busy }: { job: ForgeJob; forge: Forge; busy: boolean }) {
  const given = useUi((state) => state.givenViews);
  const set = useUi((state) => state.set);
  const made = newestViews(job).length;
  const shown = SLOTS.filter((slot) => ALWAYS.has(slot) || given[slot] !== undefined || newestOf(job, "view", slot) !== null);
  const waiting = needsMask(job) ? "waiting for the cut-out" : made === 0 ? "" : `${made} made`;
  const doubts = job.gate?.views.filter(({ verdict, reasons }) => verdict !== "pass" && reasons.length > 0) ?? [];
  const pick = async (slot: ViewSlot) => {
    const picture = await forge.pickView();
    if (picture !== null) set({ givenViews: { ...uiStore.getState().givenViews, [slot]: importedRef(picture) } });
  };
  const remove = (slot: ViewSlot) => set({ givenViews: Object.fromEntries(Object.entries(given).filter(([name]) => name !== slot)) });
  return (
    <Section title="Views" aside={waiting}>
      <div className="slots">
        {shown.map((slot) => (
          <Slot
            key={slot}
            job={job}
            slot={slot}
            score={job.gate?.views.find((score) => score.slot === slot)}
            given={given[slot]}
            busy={busy}
            onPick={() => void pick(slot)}
            onRemove={() => remove(slot)}
          />
        ))}
      </div>
      {job.gate?.swapped?.map((pair) => (
        <SwapNotice key={`${job.id} ${pair.join(" ")}`} job={job} pair={pair} busy={busy} onSource={(source) => void forge.again(job, { source, mask: null })} />
      ))}
      {doubts.map(({ slot, score, reasons }) => (
        <div key={slot} className="notice warn-notice">
          <TriangleAlert className="warn" aria-hidden="true" />
          <p>
            <strong>
              {SLOT_TITLES[slot]} scores {score}.
            </strong>{" "}
            {reasons.join(" ")}
          </p>
        </div>
      ))}
    </Section>
  );
}

export function SourcePanel({ job, forge, busy }: { job: ForgeJob; forge: Forge; busy: boolean }) {
  const warnings = job.log.filter(({ level }) => level === "warn");
  return (
    <aside className="side left" aria-label="Source and views">
      <div className="side-scroll">
        <Pictures job={job} forge={forge} busy={busy} />
        <Views job={job} forge={forge} busy={busy} />
        {!needsMask(job) && <DepthSection key={JSON.stringify(job.request.source)} job={job} forge={forge} busy={busy} />}
        {warnings.length > 0 && (
          <Section title="Notes" className="notes">
            {warnings.map(({ seq, message }) => (
              <p key={seq} className="note selectable">
                {message}
              </p>
            ))}
          </Section>
        )}
      </div>
    </aside>
  );
}

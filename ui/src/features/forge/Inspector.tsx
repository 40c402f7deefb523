import { useQuery } from "@tanstack/react-query";
import { Check, CircleCheck, CircleDashed, Download, Hammer, TriangleAlert, X } from "lucide-react";
import { Button } from "../../components/Button";
import { Kbd } from "../../components/Kbd";
import { SaveAs } from "../../components/SaveAs";
import { Section } from "../../components/Section";
import { Upgrade } from "../../components/Upgrade";
import { fileSize } from "../../components/format";
import { useHost } from "../../host/context";
import { finishedMesh, rests, statsOf, type ForgeJob } from "../../state/jobView";
import { useUi } from "../../state/ui";
import { Assay } from "./Assay";
import type { CutoutEditing } from "./cutout/useCutout";
import { decidedProfile, Settings } from "./Settings";
import type { Forge } from "./useForge";
import { isDraft, needsMask } from "./words";

function Engines() {
  const host = useHost();
  const { data } = useQuery({ queryKey: ["engines"], queryFn: () => host.execute({ command: "engine_status" }) });
  return (
    <Section title="Ready on this computer">
      {data?.map(({ engine, ready, note }) => (
        <div key={engine} className="engine">
          {ready ? <CircleCheck className="ok" aria-label="ready" /> : <CircleDashed className="muted" aria-label="not ready" />}
          <div>
            <strong>{engine.charAt(0).toUpperCase() + engine.slice(1)} engine</strong>
            <p className="note">{note}</p>
          </div>
        </div>
      ))}
    </Section>
  );
}

function WhyItStopped({ job }: { job: ForgeJob }) {
  return (
    <Section
      title={
        <span className="with-icon">
          <TriangleAlert className="warn" aria-hidden="true" /> Why it stopped
        </span>
      }
    >
      <p className="selectable" data-code={job.error?.code}>
        {job.error?.message}
      </p>
      {job.error?.hint !== null && <p className="note selectable">{job.error?.hint}</p>}
    </Section>
  );
}

interface InspectorProps {
  job: ForgeJob | null;
  editing: CutoutEditing | null;
  savingMask: boolean;
  changed: boolean;
  forge: Forge;
  onCancel: () => void;
  onUseCutout: () => void;
}

/** One main verb, always at this place. */
function Verb({ job, editing, savingMask, changed, forge, onCancel, onUseCutout }: InspectorProps) {
  const set = useUi((state) => state.set);
  const { format, compressed, via } = useUi((state) => state.saveAs);
  if (job === null) {
    return (
      <>
        <Button look="main" size="main" icon={<Hammer aria-hidden="true" />} disabled>
          Forge
        </Button>
        <p className="note centred">Add a picture first</p>
      </>
    );
  }
  if (editing !== null) {
    const asks = needsMask(job);
    return (
      <>
        <Button look="main" size="main" keys="Enter" icon={<Check aria-hidden="true" />} busy={savingMask} onClick={onUseCutout}>
          Use this cut-out
        </Button>
        <div className="button-row spread">
          {asks ? (
            <Button look="quiet" onClick={() => void forge.open()}>
              Open another picture…
            </Button>
          ) : (
            <Button look="quiet" onClick={() => set({ editingCutout: false })}>
              Back to the mesh
            </Button>
          )}
        </div>
      </>
    );
  }
  if (!rests(job.state)) {
    // It stands where "Forge" stood: the second click of a double click there is none on it.
    return (
      <Button size="main" keys="Esc" icon={<X aria-hidden="true" />} busy={job.cancelling} onClick={({ detail }) => detail < 2 && onCancel()} data-testid="cancel">
        {job.cancelling ? "Cancelling" : "Cancel job"}
      </Button>
    );
  }
  const mesh = finishedMesh(job);
  if (mesh !== null) {
    return (
      <>
        <div className="verb-row">
          {changed && (
            <Button size="main" icon={<Hammer aria-hidden="true" />} onClick={() => void forge.again(job)}>
              Forge again
            </Button>
          )}
          <Button look="main" size="main" icon={<Download aria-hidden="true" />} onClick={() => void forge.save(mesh, job.name)}>
            Save {format.toUpperCase()}…
          </Button>
        </div>
        <div className="verb-note">
          {format === "glb" && !compressed && via === "oreforge" ? <span className="note mono">{fileSize(mesh.bytes)}</span> : <span />}
          <Kbd>Ctrl S</Kbd>
        </div>
      </>
    );
  }
  // Going on is offered where the stop is said; here it starts afresh.
  return (
    <Button look={changed ? "main" : "plain"} size="main" icon={<Hammer aria-hidden="true" />} onClick={() => void forge.again(job)}>
      Forge again
    </Button>
  );
}

export function Inspector(props: InspectorProps) {
  const { job, editing, forge } = props;
  const busy = job !== null && !rests(job.state);
  const mesh = job === null ? null : finishedMesh(job);
  return (
    <aside className="side right" aria-label="Settings and result">
      <div className="side-scroll">
        {job === null && <Engines />}
        {job !== null && needsMask(job) && <WhyItStopped job={job} />}
        {job !== null && editing === null && mesh !== null && (
          <Assay stats={statsOf(job, mesh)} budget={job.request.params.triangles} onFix={busy ? undefined : () => void forge.retry(job, "finish")} />
        )}
        {job !== null && editing === null && mesh !== null && !busy && isDraft(job) && (
          <Section title="A draft">
            <Upgrade place="the Forge" onUpgrade={(from) => void forge.upgrade(job.id, from)} />
          </Section>
        )}
        <Settings profile={decidedProfile(job)} locked={busy} />
        {editing === null && <SaveAs hasMesh={mesh !== null} />}
      </div>
      <footer className="verb">
        <Verb {...props} />
      </footer>
    </aside>
  );
}

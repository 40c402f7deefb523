import { RotateCcw, X } from "lucide-react";
import { Button } from "../../components/Button";
import { Ring } from "../../components/Ring";
import { Row } from "../../components/Section";
import { Segments } from "../../components/Segments";
import type { Choice } from "../../components/Select";
import type { ServerDepth } from "./useServerDepth";

type Engine = "draft" | "comfy";

const ENGINES: Choice<Engine>[] = [
  { value: "draft", label: "Draft", note: "Inflated from the outline, in the app" },
  { value: "comfy", label: "ComfyUI", note: "Seen by a model on a server" },
];

/** Who says how near things are; a server only where one can. */
export function DepthEngine({ depth }: { depth: ServerDepth }) {
  if (depth.obstacle === undefined) return null;
  if (depth.obstacle !== null) return <p className="note selectable">ComfyUI could tell it too. {depth.obstacle}</p>;
  return (
    <Row label="Engine">
      <Segments label="Depth by" value={depth.chosen ? "comfy" : "draft"} choices={ENGINES} onChange={(engine) => depth.choose(engine === "comfy")} />
    </Row>
  );
}

/** A map on its way from a server, or why it does not come. */
export function DepthProgress({ depth: { job, again, cancel } }: { depth: ServerDepth }) {
  if (job === null) return <Ring />;
  if (job.state === "queued" || job.state === "running") {
    return (
      <div className="depth-progress" role="status">
        <Ring />
        <span className="note">{job.cancelling ? "cancelling" : (job.steps[0]?.doing ?? "waits for its turn")}</span>
        <Button size="small" icon={<X aria-hidden="true" />} disabled={job.cancelling} onClick={cancel}>
          Cancel
        </Button>
      </div>
    );
  }
  return (
    <div className="depth-progress">
      <span className="note selectable">{job.error === null ? "It was stopped." : [job.error.message, job.error.hint].filter(Boolean).join(" ")}</span>
      <Button size="small" icon={<RotateCcw aria-hidden="true" />} onClick={again}>
        Try again
      </Button>
    </div>
  );
}

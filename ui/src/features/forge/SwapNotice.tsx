import { ArrowLeftRight } from "lucide-react";
import { useState } from "react";
import { Button } from "../../components/Button";
import type { SourceRef, ViewSlot } from "../../protocol/generated";
import { artifactOf, type ForgeJob } from "../../state/jobView";
import { uiStore } from "../../state/ui";
import { SLOT_TITLES } from "./words";

/** What is in a slot: the artist's own picture, else the view that an engine made. */
function pictureOf(job: ForgeJob, slot: ViewSlot): SourceRef | undefined {
  if (slot === "front") return job.request.source;
  const made = artifactOf(job, "view", slot);
  const given = uiStore.getState().givenViews;
  const onlyGiven = Object.keys(given).length > 0;
  return given[slot] ?? (onlyGiven || made === null ? undefined : { from: "artifact", id: made.id });
}

interface SwapNoticeProps {
  job: ForgeJob;
  pair: [ViewSlot, ViewSlot];
  busy: boolean;
  /** Another picture becomes the source. */
  onSource: (source: SourceRef) => void;
}

/** Two views look swapped: exchanged at a press, or left as they are. */
export function SwapNotice({ job, pair: [one, other], busy, onSource }: SwapNoticeProps) {
  const [answered, setAnswered] = useState(false);
  if (answered) return null;
  const swap = () => {
    const [first, second] = [pictureOf(job, one), pictureOf(job, other)];
    const views = { ...uiStore.getState().givenViews };
    for (const [slot, picture] of [[one, second], [other, first]] as const) {
      if (slot === "front") continue;
      if (picture === undefined) delete views[slot];
      else views[slot] = picture;
    }
    setAnswered(true);
    uiStore.setState({ givenViews: views });
    if (one === "front" && second !== undefined) onSource(second);
  };
  return (
    <div className="notice warn-notice" role="group" aria-label="Swapped views">
      <ArrowLeftRight className="warn" aria-hidden="true" />
      <div>
        <p>
          <strong>
            {SLOT_TITLES[one]} and {SLOT_TITLES[other].toLowerCase()} look swapped.
          </strong>{" "}
          Their colours fit the other sides better the other way round.
        </p>
        <div className="button-row">
          <Button size="small" disabled={busy} onClick={swap}>
            Swap
          </Button>
          <Button size="small" look="quiet" onClick={() => setAnswered(true)}>
            Keep
          </Button>
        </div>
      </div>
    </div>
  );
}

import { Dices, Hammer, Save, Shuffle, Star, ThumbsDown } from "lucide-react";
import { Button, IconButton } from "../../components/Button";
import { Ring } from "../../components/Ring";
import { useHost } from "../../host/context";
import type { Artifact } from "../../protocol/generated";
import { draftStore } from "./draft";

interface CandidateProps {
  picture: Artifact;
  seed: number;
  favourite: boolean;
  rejected: boolean;
  selected: boolean;
  onSelect: () => void;
  onForge: () => void;
  onKeep: () => void;
  onReject: () => void;
  onReroll: () => void;
  onVary: () => void;
  onSave: () => void;
}

/** A picture that is there, with what can be done with it. */
export function Candidate({ picture, seed, favourite, rejected, selected, onSelect, onForge, onKeep, onReject, onReroll, onVary, onSave }: CandidateProps) {
  const host = useHost();
  return (
    <li className={`candidate ${selected ? "selected" : ""} ${rejected ? "rejected" : ""}`} data-artifact={picture.id}>
      <button type="button" className="candidate-picture" aria-pressed={selected} aria-label={`Picture with seed ${seed}${favourite ? ", kept" : ""}${rejected ? ", rejected" : ""}`} onClick={onSelect} onDoubleClick={onForge}>
        <img src={host.artifactUrl(picture.id)} alt="" decoding="async" draggable={false} />
        {favourite && <Star className="candidate-star" aria-hidden="true" />}
      </button>
      <div className="candidate-verbs card">
        <Button look="main" size="small" icon={<Hammer aria-hidden="true" />} aria-label="To the Forge" title="To the Forge (F)" onClick={onForge}>
          Forge
        </Button>
        <span className="push" />
        <IconButton label={favourite ? "Keep no longer" : "Keep"} keys="S" pressed={favourite} onClick={onKeep}>
          <Star aria-hidden="true" />
        </IconButton>
        <IconButton label={rejected ? "Reject no longer" : "Reject"} keys="X" pressed={rejected} onClick={onReject}>
          <ThumbsDown aria-hidden="true" />
        </IconButton>
        <IconButton label="One more, of another seed" keys="R" onClick={onReroll}>
          <Dices aria-hidden="true" />
        </IconButton>
        <IconButton label="Vary" keys="V" onClick={onVary}>
          <Shuffle aria-hidden="true" />
        </IconButton>
        <IconButton label="Save…" onClick={onSave}>
          <Save aria-hidden="true" />
        </IconButton>
      </div>
      <span className="candidate-foot">
        <button type="button" className="candidate-seed mono quiet" title="Use this seed" aria-label={`Use seed ${seed}`} onClick={() => draftStore.getState().set({ seed })}>
          #{seed}
        </button>
        <span className="note">{rejected ? "rejected" : favourite ? "kept" : ""}</span>
      </span>
    </li>
  );
}

/** The place of a picture that is not there yet. */
export function Pending({ seed, fraction, state, preview }: { seed: number; fraction: number | null; state: "running" | "waiting" | "missing"; preview: string | null }) {
  return (
    <li className={`candidate pending ${state}`}>
      <div className="candidate-picture">
        {state === "running" && (preview === null ? <Ring fraction={fraction} /> : <img src={preview} alt={`Seed ${seed} so far`} draggable={false} data-live="" />)}
        {state === "running" && fraction !== null && <span className="candidate-bar" style={{ width: `${Math.round(fraction * 100)}%` }} />}
      </div>
      <span className="candidate-foot">
        <span className="mono quiet">#{seed}</span>
        <span className="note">{state === "running" ? (fraction === null ? "starting" : `${Math.round(fraction * 100)} %`) : state === "waiting" ? "waiting" : "not made"}</span>
      </span>
    </li>
  );
}

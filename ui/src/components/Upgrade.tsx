import { Download, Server, Sparkles } from "lucide-react";
import { Button } from "./Button";
import { upgradePlan } from "./upgrade";
import { useUi } from "../state/ui";
import { useWorkflows } from "../state/useWorkflows";

interface UpgradeProps {
  /** The part of the window that offers it. */
  place: string;
  onUpgrade: (from: "views" | "mesh") => void;
  /** Before the settings open. */
  onLeave?: () => void;
}

/** Makes a neural mesh of a draft, where a server can; else what it takes. */
export function Upgrade({ place, onUpgrade, onLeave }: UpgradeProps) {
  const set = useUi((state) => state.set);
  const { data: workflows } = useWorkflows();
  if (workflows === undefined) return null;
  const plan = upgradePlan(workflows);
  if (plan.from !== null) {
    const { from } = plan;
    return (
      <div className="upgrade">
        <Button icon={<Sparkles aria-hidden="true" />} onClick={() => onUpgrade(from)}>
          Make it with ComfyUI
        </Button>
        <p className="note">{from === "views" ? "New views and a new mesh." : "A new mesh from the draft's views."} The draft stays until they are complete.</p>
      </div>
    );
  }
  const { why, model } = plan;
  const go = () => {
    onLeave?.();
    set({ settingsAt: model === null ? { page: "servers", from: place } : { page: "models", model, from: place } });
  };
  return (
    <div className="upgrade">
      <p className="note">ComfyUI could make a better mesh of this draft. {why}</p>
      <Button size="small" icon={model === null ? <Server aria-hidden="true" /> : <Download aria-hidden="true" />} onClick={go}>
        {model === null ? "Servers…" : "Get the model…"}
      </Button>
    </div>
  );
}

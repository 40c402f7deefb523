import { Download } from "lucide-react";
import { Button } from "../../components/Button";
import type { WorkflowModel } from "../../protocol/generated";
import { useUi } from "../../state/ui";

/** The way to the models that the server lacks, and back here. */
export function MissingModels({ models }: { models: readonly WorkflowModel[] }) {
  const set = useUi((state) => state.set);
  const missing = models.flatMap(({ installed, names: [name] }) => (installed === null && name !== undefined ? [name] : []));
  if (missing.length === 0) return null;
  return (
    <div className="button-row missing-models">
      {missing.map((name) => (
        <Button key={name} size="small" icon={<Download aria-hidden="true" />} onClick={() => set({ settingsAt: { page: "models", model: name, from: "Prospecting" } })}>
          Get {name}…
        </Button>
      ))}
    </div>
  );
}

import { Menu } from "@base-ui/react/menu";
import { ChevronDown, RotateCcw } from "lucide-react";
import type { StepName } from "../../protocol/generated";
import { canRetry, type ForgeJob } from "../../state/jobView";

/** What running again from a step changes, and what stays. */
const WORDS: Partial<Record<StepName, { makes: string; keeps: string }>> = {
  prepare: { makes: "Everything anew", keeps: "same picture, same seed" },
  views: { makes: "New views and mesh", keeps: "same cut-out, same seed" },
  gate: { makes: "Compare the views again", keeps: "same views, then a new mesh" },
  mesh: { makes: "New mesh", keeps: "same views, same seed" },
  finish: { makes: "New texture", keeps: "same mesh, same seed" },
  export: { makes: "New report and preview", keeps: "same mesh, same texture" },
};

export function retryWords(from: StepName): string {
  const words = WORDS[from];
  return words === undefined ? "Run again" : `${words.makes}: ${words.keeps}`;
}

/** Runs the job again from one of its steps; what stands stays until the new result is complete. */
export function RetryMenu({ job, onRetry }: { job: ForgeJob; onRetry: (from: StepName) => void }) {
  const steps = job.steps.filter(({ name }) => WORDS[name] !== undefined && canRetry(job, name));
  if (steps.length === 0) return null;
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger className="button look-quiet size-control">
        <RotateCcw aria-hidden="true" />
        <span className="button-label">Retry from…</span>
        <ChevronDown aria-hidden="true" />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="floating" sideOffset={4} align="end">
          <Menu.Popup className="menu retry-menu">
            {steps.toReversed().map(({ name }) => (
              <Menu.Item key={name} className="menu-item" onClick={() => onRetry(name)}>
                {WORDS[name]?.makes}
                <span className="menu-note">{WORDS[name]?.keeps}</span>
              </Menu.Item>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

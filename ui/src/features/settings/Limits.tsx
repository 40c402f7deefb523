import { NumberField } from "@base-ui/react/number-field";
import { useState } from "react";
import { Select, type Choice } from "../../components/Select";
import { sayReport } from "../../components/Toasts";
import { useSettings } from "./useSettings";

interface AmountProps {
  label: string;
  note: string;
  /** As the settings keep it. */
  value: number;
  /** What is typed, in the settings' unit. */
  unit: { name: string; title: string; size: number; min: number; max: number };
  onChange: (value: number) => void;
}

const MINUTES = { name: "min", title: "minutes", size: 60, min: 0.5, max: 1440 };
const GIGABYTES = { name: "GB", title: "gigabytes", size: 1000, min: 0.032, max: 1000 };

function Amount({ label, note, value, unit, onChange }: AmountProps) {
  const [typed, setTyped] = useState<number | null>(value / unit.size);
  return (
    <div className="settings-row">
      <span className="settings-words">
        <strong>{label}</strong>
        <span className="note">{note}</span>
      </span>
      <NumberField.Root className="number" value={typed} min={unit.min} max={unit.max} step={1} onValueChange={setTyped} onValueCommitted={(next) => next !== null && onChange(Math.round(next * unit.size))}>
        <NumberField.Input className="field mono number-input" aria-label={`${label}, ${unit.title}`} />
      </NumberField.Root>
      <span className="quiet number-unit">{unit.name}</span>
    </div>
  );
}

const KEPT: Choice<string>[] = [
  { value: "", label: "Until it is emptied" },
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
];

/** A number of days that the command line or an older version chose is one of the choices too. */
const choicesWith = (days: string) => (KEPT.some(({ value }) => value === days) ? KEPT : [...KEPT, { value: days, label: `${days} days` }]);

/** How long a silent server is waited for, what is kept, and what is left free. */
export function Limits() {
  const { settings, save } = useSettings();
  if (settings === null) return null;
  const change = (next: Partial<typeof settings>) =>
    void save({ ...settings, ...next }).catch(sayReport);
  const kept = settings.trash_days === null ? "" : String(settings.trash_days);
  return (
    <>
      <h2 className="page-title">Limits</h2>
      <p className="quiet">Nothing waits for ever. A slow server that makes progress is never given up.</p>
      <div className="settings-list">
        <Amount unit={MINUTES} label="Silence" note="A prompt without progress or movement in the queue is given up after" value={settings.silence_s} onChange={(silence_s) => change({ silence_s })} />
        <Amount unit={MINUTES} label="Absence" note="A server that does not answer is given up after" value={settings.unreachable_s} onChange={(unreachable_s) => change({ unreachable_s })} />
        <Amount unit={GIGABYTES} label="Free disk space" note="A step that would leave less than this is not begun" value={settings.spare_mb} onChange={(spare_mb) => change({ spare_mb })} />
        <div className="settings-row">
          <span className="settings-words">
            <strong>Trash</strong>
            <span className="note">What was deleted in the Gallery can be brought back for so long; then its files go for good</span>
          </span>
          <span className="settings-choice">
            <Select label="The trash keeps things" value={kept} choices={choicesWith(kept)} onChange={(days) => change({ trash_days: days === "" ? null : Number(days) })} />
          </span>
        </div>
      </div>
    </>
  );
}

import { NumberField } from "@base-ui/react/number-field";
import { useState } from "react";
import { sayReport } from "../../components/Toasts";
import { useSettings } from "./useSettings";

interface MinutesProps {
  label: string;
  note: string;
  seconds: number;
  onChange: (seconds: number) => void;
}

function Minutes({ label, note, seconds, onChange }: MinutesProps) {
  const [minutes, setMinutes] = useState<number | null>(seconds / 60);
  return (
    <div className="settings-row">
      <span className="settings-words">
        <strong>{label}</strong>
        <span className="note">{note}</span>
      </span>
      <NumberField.Root className="number" value={minutes} min={0.5} max={1440} step={1} onValueChange={setMinutes} onValueCommitted={(value) => value !== null && onChange(Math.round(value * 60))}>
        <NumberField.Input className="field mono number-input" aria-label={`${label}, minutes`} />
      </NumberField.Root>
      <span className="quiet">min</span>
    </div>
  );
}

/** How long a silent server is waited for. */
export function Limits() {
  const { settings, save } = useSettings();
  if (settings === null) return null;
  const change = (next: Partial<typeof settings>) =>
    void save({ ...settings, ...next }).catch(sayReport);
  return (
    <>
      <h2 className="page-title">Limits</h2>
      <p className="quiet">Nothing waits for ever. A slow server that makes progress is never given up.</p>
      <div className="settings-list">
        <Minutes label="Silence" note="A prompt without progress or movement in the queue is given up after" seconds={settings.silence_s} onChange={(silence_s) => change({ silence_s })} />
        <Minutes label="Absence" note="A server that does not answer is given up after" seconds={settings.unreachable_s} onChange={(unreachable_s) => change({ unreachable_s })} />
      </div>
    </>
  );
}

import { Radio } from "@base-ui/react/radio";
import { RadioGroup } from "@base-ui/react/radio-group";
import type { Choice } from "./Select";

interface SegmentsProps<T extends string> {
  label: string;
  value: T | null;
  choices: readonly Choice<T>[];
  onChange: (value: T) => void;
  disabled?: boolean;
  look?: "field" | "bar" | "chips";
}

/** One of a few, all in view. */
export function Segments<T extends string>({ label, value, choices, onChange, disabled = false, look = "field" }: SegmentsProps<T>) {
  return (
    <RadioGroup className={`segments ${look}`} aria-label={label} value={value ?? ""} onValueChange={(next) => onChange(next as T)} disabled={disabled}>
      {choices.map((choice) => (
        <Radio.Root key={choice.value} value={choice.value} className="segment" aria-label={choice.label} title={choice.note}>
          {choice.label}
        </Radio.Root>
      ))}
    </RadioGroup>
  );
}

import { Select as Base } from "@base-ui/react/select";
import { Check, ChevronDown } from "lucide-react";

export interface Choice<T extends string> {
  value: T;
  label: string;
  /** Said more quietly behind the label. */
  note?: string;
}

interface SelectProps<T extends string> {
  label: string;
  value: T;
  choices: readonly Choice<T>[];
  onChange: (value: T) => void;
  disabled?: boolean;
}

export function Select<T extends string>({ label, value, choices, onChange, disabled = false }: SelectProps<T>) {
  const chosen = choices.find((choice) => choice.value === value);
  return (
    <Base.Root value={value} onValueChange={(next) => next !== null && onChange(next as T)} disabled={disabled} modal={false}>
      <Base.Trigger className="field select-trigger" aria-label={label}>
        <span className="select-value">
          {chosen?.label}
          {chosen?.note !== undefined && <span className="select-note"> · {chosen.note}</span>}
        </span>
        <ChevronDown aria-hidden="true" />
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner className="floating" sideOffset={4} alignItemWithTrigger={false}>
          <Base.Popup className="menu">
            {choices.map((choice) => (
              <Base.Item key={choice.value} value={choice.value} className="menu-item">
                <Base.ItemIndicator className="menu-check" keepMounted>
                  <Check aria-hidden="true" />
                </Base.ItemIndicator>
                <Base.ItemText>{choice.label}</Base.ItemText>
                {choice.note !== undefined && <span className="menu-note">{choice.note}</span>}
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

import { NumberField } from "@base-ui/react/number-field";
import { Slider } from "@base-ui/react/slider";

interface SliderFieldProps {
  label: string;
  value: number;
  min: number;
  max: number;
  step: number;
  format?: Intl.NumberFormatOptions;
  /** Equal steps of the slider are equal factors of the value. */
  logarithmic?: boolean;
  onChange: (value: number) => void;
  disabled?: boolean;
}

const TRAVEL = 1000;

/** A slider for the hand and a number for the eye; both set one value. */
export function SliderField({ label, value, min, max, step, format, logarithmic = false, onChange, disabled = false }: SliderFieldProps) {
  const toTravel = (v: number) => Math.round(logarithmic ? (Math.log(v / min) / Math.log(max / min)) * TRAVEL : ((v - min) / (max - min)) * TRAVEL);
  const fromTravel = (t: number) => {
    const raw = logarithmic ? min * (max / min) ** (t / TRAVEL) : min + (t / TRAVEL) * (max - min);
    const grain = logarithmic ? Math.max(step, 10 ** Math.floor(Math.log10(raw) - 1)) : step;
    return Math.min(max, Math.max(min, Number((Math.round(raw / grain) * grain).toFixed(6))));
  };
  return (
    <>
      <Slider.Root className="slider" value={toTravel(value)} min={0} max={TRAVEL} step={10} largeStep={100} disabled={disabled} onValueChange={(t) => onChange(fromTravel(t))}>
        <Slider.Control className="slider-control">
          <Slider.Track className="slider-track">
            <Slider.Indicator className="slider-fill" />
            <Slider.Thumb className="slider-thumb" getAriaLabel={() => label} getAriaValueText={() => new Intl.NumberFormat("en", format).format(value)} />
          </Slider.Track>
        </Slider.Control>
      </Slider.Root>
      <NumberField.Root
        className="number"
        value={value}
        min={min}
        max={max}
        step={step}
        // Thousands apart by a space, decimals by a point.
        locale={Number.isInteger(step) ? "fr" : "en"}
        {...(format === undefined ? {} : { format })}
        disabled={disabled}
        onValueChange={(next) => next !== null && onChange(Math.min(max, Math.max(min, next)))}
      >
        <NumberField.Input className="field mono number-input" aria-label={`${label}, number`} />
      </NumberField.Root>
    </>
  );
}

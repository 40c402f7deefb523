import { Dices, Lock, LockOpen, Pickaxe } from "lucide-react";
import { Button, IconButton } from "../../components/Button";
import { Row, Section } from "../../components/Section";
import { Segments } from "../../components/Segments";
import { Select } from "../../components/Select";
import { SliderField } from "../../components/SliderField";
import type { JsonValue, WorkflowInfo, WorkflowInput, WorkflowModel } from "../../protocol/generated";
import { MissingModels } from "./MissingModels";
import { ownInputs, useDraft, valueOf } from "./draft";

const TITLES: Record<string, string> = { model: "Model", sampler: "Sampler", scheduler: "Scheduler", cfg: "Guidance", steps: "Steps", width: "Width", height: "Height", strength: "Strength" };
/** Of the slider; a workflow allows more than is of use. */
const SLIDER_MAX: Record<string, number> = { steps: 60, cfg: 15 };
const SIZES = new Set(["width", "height"]);
const COUNTS = ["1", "2", "4", "8"].map((value) => ({ value, label: value }));
const MAX_SEED = 2 ** 53 - 1;

const titleOf = (name: string) => TITLES[name] ?? name.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase());

function InputRow({ input, value, onChange }: { input: WorkflowInput; value: JsonValue; onChange: (value: JsonValue) => void }) {
  const label = titleOf(input.name);
  switch (input.kind) {
    case "choice": {
      const text = typeof value === "string" ? value : "";
      const choices = input.choices.length > 0 ? input.choices : [text];
      return (
        <Row label={label}>
          <Select label={label} value={text} choices={choices.map((choice) => ({ value: choice, label: choice.replace(/\.(safetensors|ckpt|pt|sft)$/, "") }))} onChange={onChange} disabled={input.choices.length === 0} />
        </Row>
      );
    }
    case "integer":
    case "number": {
      const min = input.min ?? 0;
      const max = Math.max(SLIDER_MAX[input.name] ?? input.max ?? 100, typeof value === "number" ? value : 0);
      const step = SIZES.has(input.name) ? 8 : input.kind === "integer" ? 1 : 0.1;
      return (
        <Row label={label}>
          <SliderField label={label} value={typeof value === "number" ? value : min} min={min} max={max} step={step} onChange={onChange} />
        </Row>
      );
    }
    case "text":
      return (
        <label className="prompt-label">
          {input.name === "negative_prompt" ? "Leave out" : label}
          <textarea className="field prompt-field" rows={2} value={typeof value === "string" ? value : ""} onChange={(event) => onChange(event.target.value)} />
        </label>
      );
    case "seed":
    case "picture":
      return null;
  }
}

function Seed() {
  const { seed, set } = useDraft();
  const fixed = seed !== null;
  return (
    <Row label="Seed">
      <input
        className="field mono seed-input"
        aria-label="Seed"
        inputMode="numeric"
        placeholder="random"
        value={seed ?? ""}
        onChange={({ target }) => {
          const digits = target.value.replace(/\D/g, "");
          set({ seed: digits === "" ? null : Math.min(MAX_SEED, Number(digits)) });
        }}
      />
      <IconButton label={fixed ? "Fixed; draw another for each job" : "Random; fix it"} className="boxed" pressed={fixed} onClick={() => set({ seed: fixed ? null : Math.floor(Math.random() * 1e9) })}>
        {fixed ? <Lock aria-hidden="true" /> : <LockOpen aria-hidden="true" />}
      </IconButton>
      <IconButton label="Draw a seed" className="boxed" onClick={() => set({ seed: Math.floor(Math.random() * 1e9) })}>
        <Dices aria-hidden="true" />
      </IconButton>
    </Row>
  );
}

interface PromptPanelProps {
  workflows: readonly WorkflowInfo[];
  workflow: WorkflowInfo | null;
  /** Why nothing can be asked for now. */
  obstacle: string | null;
  /** Models of the chosen workflow, where they are the obstacle. */
  lacking: readonly WorkflowModel[];
  onStart: () => void;
}

export function PromptPanel({ workflows, workflow, obstacle, lacking, onStart }: PromptPanelProps) {
  const { prompt, values, count, set } = useDraft();
  const inputs = workflow === null ? [] : ownInputs(workflow);
  const row = (input: WorkflowInput) => (
    <InputRow key={input.name} input={input} value={valueOf(input, values)} onChange={(value) => set({ values: { ...values, [input.name]: value } })} />
  );
  return (
    <aside className="side left prospect-side" aria-label="Prompt">
      <div className="side-scroll">
        <Section title="Prompt">
          <textarea
            className="field prompt-field"
            aria-label="Prompt"
            rows={4}
            placeholder="One object, seen whole, plain background"
            value={prompt}
            onChange={(event) => set({ prompt: event.target.value })}
          />
          {inputs.filter(({ kind }) => kind === "text").map(row)}
        </Section>
        <section className="section">
          {workflow !== null && (
            <Row label="Workflow">
              <Select
                label="Workflow"
                value={workflow.name}
                choices={workflows.map(({ name, title, problems, server }) => ({ value: name, label: title.replace("Text to picture ", "").replace(/^\((.*)\)$/, "$1"), ...(server !== null && problems.length > 0 ? { note: "not ready" } : {}) }))}
                onChange={(name) => set({ workflow: name, values: {} })}
              />
            </Row>
          )}
          {inputs.filter(({ kind }) => kind !== "text").map(row)}
          <Seed />
          <Row label="Pictures">
            <Segments label="Pictures" value={String(count)} choices={COUNTS} onChange={(value) => set({ count: Number(value) })} />
          </Row>
        </section>
      </div>
      <footer className="prospect-foot">
        <Button look="main" size="main" icon={<Pickaxe aria-hidden="true" />} keys="Ctrl Enter" disabled={obstacle !== null} onClick={onStart}>
          {count === 1 ? "Prospect 1 picture" : `Prospect ${count} pictures`}
        </Button>
        {obstacle !== null && <p className="note">{obstacle}</p>}
        <MissingModels models={lacking} />
      </footer>
    </aside>
  );
}

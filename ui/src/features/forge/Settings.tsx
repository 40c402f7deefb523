import { Dices, Lock } from "lucide-react";
import { IconButton } from "../../components/Button";
import { Row, Section } from "../../components/Section";
import { Segments } from "../../components/Segments";
import { Select } from "../../components/Select";
import { SliderField } from "../../components/SliderField";
import { NumberField } from "@base-ui/react/number-field";
import { memo } from "react";
import type { BackChoice, EngineChoice, ProfileChoice, SymmetryChoice } from "../../protocol/generated";
import type { ForgeJob } from "../../state/jobView";
import { useUi } from "../../state/ui";
import { PROFILE_TITLES, stepOf, textFact } from "./words";

const PROFILES = [
  { value: "organic", label: "Rounded", note: "creatures, toys" },
  { value: "lathe", label: "Turned", note: "vases, bottles" },
  { value: "hard", label: "Hard edges", note: "houses, crates" },
] as const;
const BACKS: { value: BackChoice; label: string; note: string }[] = [
  { value: "auto", label: "Auto", note: "Decided from the picture" },
  { value: "fill", label: "Fill", note: "Colours grown in from the rim: no second face" },
  { value: "mirror", label: "Mirror", note: "The front again, seen through" },
];
const SYMMETRIES: { value: SymmetryChoice; label: string; note: string }[] = [
  { value: "off", label: "Off", note: "As the pictures show it" },
  { value: "auto", label: "Auto", note: "Where the picture is nearly its own mirror image" },
  { value: "on", label: "On", note: "The fuller half on both sides; for the draft engine" },
];
const BUDGETS = [2000, 8000, 20_000, 50_000, 150_000];
const TEXTURES = ["512", "1024", "2048", "4096"] as const;
const ENGINES: { value: EngineChoice; label: string; note: string }[] = [
  { value: "auto", label: "Auto", note: "ComfyUI where a server is ready, else this computer" },
  { value: "draft", label: "Draft", note: "On this computer, in a second" },
  { value: "comfy", label: "ComfyUI", note: "On a server of the settings" },
];
const DETAIL_MAPS = [
  { value: "auto", label: "Auto", note: "Normal and occlusion maps with 10 000 triangles or fewer" },
  { value: "on", label: "On", note: "Normal and occlusion maps" },
  { value: "off", label: "Off", note: "Colours alone" },
] as const;
const LARGEST_SEED = 2 ** 53 - 1;

/** What the automatic profile came to in a job, in the words of the list. */
export function decidedProfile(job: ForgeJob | null): string | null {
  if (job?.request.params.profile !== "auto") return null;
  return PROFILE_TITLES[textFact(stepOf(job, "mesh"), "profile") ?? ""] ?? null;
}

interface SettingsProps {
  /** What the automatic profile came to. */
  profile: string | null;
  locked: boolean;
}

/** Drawn anew when a setting is another, not whenever the job says something. */
export const Settings = memo(function Settings({ profile, locked }: SettingsProps) {
  const params = useUi((state) => state.params);
  const setParams = useUi((state) => state.setParams);
  const profiles: { value: ProfileChoice; label: string; note: string }[] = [{ value: "auto", label: profile ?? "Auto", note: profile === null ? "from the picture" : "auto" }, ...PROFILES];
  return (
    <>
      <Section
        title="Shape"
        aside={
          locked && (
            <span className="locked">
              <Lock aria-hidden="true" /> in use by this job
            </span>
          )
        }
      >
        <Row label="Profile">
          <Select label="Profile" value={params.profile} choices={profiles} onChange={(value) => setParams({ profile: value })} disabled={locked} />
        </Row>
        <Row label="Depth">
          <SliderField
            label="Depth"
            value={params.depth ?? 1}
            min={0.1}
            max={4}
            step={0.05}
            logarithmic
            format={{ minimumFractionDigits: 2, maximumFractionDigits: 2 }}
            onChange={(depth) => setParams({ depth: depth === 1 ? null : depth })}
            disabled={locked}
          />
        </Row>
        <Row label="Back">
          <Segments label="Back" value={params.back} choices={BACKS} onChange={(back) => setParams({ back })} disabled={locked} />
        </Row>
        <Row label="Symmetry">
          <Segments label="Symmetry" value={params.symmetry} choices={SYMMETRIES} onChange={(symmetry) => setParams({ symmetry })} disabled={locked} />
        </Row>
        <Row label="Size, m">
          <SliderField
            label="Largest dimension in metres"
            value={params.size_m}
            min={0.001}
            max={1000}
            step={0.001}
            logarithmic
            format={{ maximumFractionDigits: 3, useGrouping: false }}
            onChange={(size_m) => setParams({ size_m })}
            disabled={locked}
          />
        </Row>
      </Section>
      <Section title="Engine">
        <Row label="Views">
          <Segments label="Engine of the views" value={params.views_engine ?? params.engine} choices={ENGINES} onChange={(engine) => setParams({ views_engine: engine })} disabled={locked} />
        </Row>
        <Row label="Mesh">
          <Segments label="Engine of the mesh" value={params.mesh_engine ?? params.engine} choices={ENGINES} onChange={(engine) => setParams({ mesh_engine: engine })} disabled={locked} />
        </Row>
      </Section>
      <Section title="Budget">
        <Row label="Triangles">
          <SliderField label="Triangles" value={params.triangles} min={100} max={500_000} step={100} logarithmic onChange={(triangles) => setParams({ triangles: Math.round(triangles) })} disabled={locked} />
        </Row>
        <Row label="">
          <Segments
            look="chips"
            label="Triangle presets"
            value={BUDGETS.includes(params.triangles) ? String(params.triangles) : null}
            choices={BUDGETS.map((budget) => ({ value: String(budget), label: `${budget / 1000}k` }))}
            onChange={(budget) => setParams({ triangles: Number(budget) })}
            disabled={locked}
          />
        </Row>
        <Row label="Texture">
          <Segments
            label="Texture, pixels"
            value={String(params.texture_px)}
            choices={TEXTURES.map((px) => ({ value: px, label: px === "512" ? "512" : `${Number(px) / 1024}k`, note: `${px} × ${px} pixels` }))}
            onChange={(px) => setParams({ texture_px: Number(px) })}
            disabled={locked}
          />
        </Row>
        <Row label="Detail">
          <Segments
            label="Normal and occlusion maps"
            value={params.detail_maps === null ? "auto" : params.detail_maps ? "on" : "off"}
            choices={DETAIL_MAPS}
            onChange={(when) => setParams({ detail_maps: when === "auto" ? null : when === "on" })}
            disabled={locked}
          />
        </Row>
        <Row label="Seed">
          <NumberField.Root
            className="seed"
            value={params.seed}
            min={0}
            max={LARGEST_SEED}
            step={1}
            format={{ useGrouping: false }}
            disabled={locked}
            onValueChange={(seed) => seed !== null && setParams({ seed: Math.round(seed) })}
          >
            <NumberField.Input className="field mono seed-input" aria-label="Seed" />
          </NumberField.Root>
          <IconButton label="Another seed" className="boxed" disabled={locked} onClick={() => setParams({ seed: Math.floor(Math.random() * 2 ** 32) })}>
            <Dices aria-hidden="true" />
          </IconButton>
        </Row>
      </Section>
    </>
  );
});

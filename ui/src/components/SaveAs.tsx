import { memo } from "react";
import { Row, Section } from "./Section";
import { Segments } from "./Segments";
import { Select } from "./Select";
import type { ExportPreset, ExportRoute } from "../protocol/generated";
import { useBlender } from "./useBlender";
import { useUi, type MeshFormat, type SaveAs as Choice } from "../state/ui";

const FORMATS: { value: MeshFormat; label: string; note: string }[] = [
  { value: "glb", label: "GLB", note: "One file with its textures: engines, Blender, the web" },
  { value: "fbx", label: "FBX", note: "One file with its textures: Unity, Unreal, Maya" },
  { value: "obj", label: "OBJ", note: "With a material file and textures beside it" },
  { value: "stl", label: "STL", note: "The bare shape, for printers" },
  { value: "ply", label: "PLY", note: "The shape, with its texture beside it" },
  { value: "usdz", label: "USDZ", note: "One file with its textures: iPhone, iPad, Mac" },
];

const PACKINGS = [
  { value: "plain", label: "Plain", note: "Every program reads it" },
  { value: "compressed", label: "Compressed", note: "For the web: meshopt, and textures as WebP without loss" },
] as const;

/** Whoever the file is for, and the format it reads best. */
const PRESETS: { value: ExportPreset | "none"; label: string; note: string; format: MeshFormat }[] = [
  { value: "none", label: "Anything", note: "as made", format: "glb" },
  { value: "unity", label: "Unity", note: "FBX", format: "fbx" },
  { value: "unreal", label: "Unreal", note: "FBX, cm, Z up", format: "fbx" },
  { value: "godot", label: "Godot", note: "GLB", format: "glb" },
  { value: "blender", label: "Blender", note: "GLB", format: "glb" },
  { value: "print", label: "Print", note: "STL, mm, Z up", format: "stl" },
];

const isOfBlender = (format: MeshFormat) => format !== "usdz";

/** Axis, unit and pivot of what will be written, in a sentence. */
export function layoutOf({ preset, format, compressed, via }: Choice): string {
  const zUp = preset === "unreal" || preset === "print" || (preset === "blender" && format === "ply");
  const unit = format === "fbx" || preset === "unreal" ? "centimetres" : preset === "print" ? "millimetres" : "metres";
  const axes = format === "glb" || format === "usdz" ? `Y up, in metres, as ${format.toUpperCase()} always is` : `${zUp ? "Z" : "Y"} up, in ${unit}`;
  const isPacked = format === "glb" && compressed && via === "oreforge";
  const carriesName = format !== "stl" && format !== "ply";
  const named = preset === "unreal" && carriesName ? " The object's name begins with SM_." : "";
  const packed = isPacked ? " Viewers on the web read it packed; many programs read only a plain one." : "";
  return `${axes}; the pivot is in the middle of the underside.${named}${packed}`;
}

const ROUTES: { value: ExportRoute; label: string; note: string }[] = [
  { value: "oreforge", label: "Oreforge", note: "At once, and the same bytes every time" },
  { value: "blender", label: "Blender", note: "For programs that want exactly what Blender writes" },
];

/** A second way to write the file, where Blender is installed. */
function WrittenBy() {
  const saveAs = useUi((state) => state.saveAs);
  const set = useUi((state) => state.set);
  const blender = useBlender();
  const isThere = blender !== undefined && blender.version !== null;
  const isChosen = saveAs.via === "blender";
  if (!isThere && !isChosen) return null;
  const choose = (via: ExportRoute) => set({ saveAs: { ...saveAs, via, format: via === "blender" && !isOfBlender(saveAs.format) ? "glb" : saveAs.format } });
  return (
    <>
      <Row label="Written by">
        <Segments label="Written by" value={saveAs.via} choices={ROUTES} onChange={choose} />
      </Row>
      {isChosen && isThere && <p className="note">{blender.version} starts for it; what it wrote is read back before it counts.</p>}
      {isChosen && blender?.problem != null && (
        <p className="note" role="status">
          {blender.problem.message} {blender.problem.hint}
        </p>
      )}
    </>
  );
}

/** Who the mesh is saved for; kept for the next time. Blender is looked for once there is a mesh. */
export const SaveAs = memo(function SaveAs({ hasMesh }: { hasMesh: boolean }) {
  const saveAs = useUi((state) => state.saveAs);
  const set = useUi((state) => state.set);
  return (
    <Section title="Save as">
      <Row label="For">
        <Select
          label="Save for"
          value={saveAs.preset ?? "none"}
          choices={PRESETS}
          onChange={(value) => set({ saveAs: { ...saveAs, preset: value === "none" ? null : value, format: PRESETS.find((preset) => preset.value === value)?.format ?? saveAs.format } })}
        />
      </Row>
      <Row label="Format">
        <Segments label="File format" value={saveAs.format} choices={saveAs.via === "blender" ? FORMATS.filter(({ value }) => isOfBlender(value)) : FORMATS} onChange={(format) => set({ saveAs: { ...saveAs, format } })} />
      </Row>
      {saveAs.format === "glb" && saveAs.via === "oreforge" && (
        <Row label="Packing">
          <Segments
            label="Packing"
            value={saveAs.compressed ? "compressed" : "plain"}
            choices={PACKINGS}
            onChange={(packing) => set({ saveAs: { ...saveAs, compressed: packing === "compressed" } })}
          />
        </Row>
      )}
      {hasMesh && <WrittenBy />}
      <p className="note">{layoutOf(saveAs)}</p>
    </Section>
  );
});

import { useQuery } from "@tanstack/react-query";
import { Download, Hammer, ImagePlus, ScanEye, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "../../components/Button";
import { Ring } from "../../components/Ring";
import { Row, Section } from "../../components/Section";
import { SliderField } from "../../components/SliderField";
import { sayDone, sayFailed } from "../../components/Toasts";
import { savedWords } from "../../components/saveMesh";
import { useHost } from "../../host/context";
import { reportOf } from "../../host/host";
import type { DepthRange, DepthRequest } from "../../protocol/generated";
import type { ForgeJob } from "../../state/jobView";
import { importedRef, useUi } from "../../state/ui";
import { DepthEngine, DepthProgress } from "./DepthEngine";
import type { Forge } from "./useForge";
import { useServerDepth } from "./useServerDepth";

const WHOLE: DepthRange = { near: 1, far: 0, gamma: 1 };
/** Near stays above far by this much. */
const LEAST_RANGE = 0.05;
const HUNDREDTHS = { minimumFractionDigits: 2, maximumFractionDigits: 2 };

/** Grey, 0..=255, of each nearness of 8 bits; as `DepthRange::grey` of the core. */
export function greys({ near, far, gamma }: DepthRange): Uint8ClampedArray {
  return Uint8ClampedArray.from({ length: 256 }, (_, nearness) => 255 * Math.min(1, Math.max(0, (nearness / 255 - far) / (near - far))) ** (1 / gamma));
}

async function readNearness(base64: string): Promise<ImageData> {
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const pen = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  if (pen === null) throw new Error("no 2D canvas");
  pen.drawImage(bitmap, 0, 0);
  const pixels = pen.getImageData(0, 0, bitmap.width, bitmap.height);
  bitmap.close();
  return pixels;
}

/** The nearness of a picture as its range shows it. */
function DepthPicture({ nearness, range }: { nearness: ImageData; range: DepthRange }) {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const pen = ref.current?.getContext("2d");
    if (!pen) return;
    const grey = greys(range);
    const shown = new ImageData(new Uint8ClampedArray(nearness.data), nearness.width, nearness.height);
    for (let i = 0; i < shown.data.length; i += 4) {
      const value = grey[shown.data[i] ?? 0] ?? 0;
      shown.data[i] = shown.data[i + 1] = shown.data[i + 2] = value;
    }
    pen.putImageData(shown, 0, 0);
  }, [nearness, range]);
  return <canvas ref={ref} width={nearness.width} height={nearness.height} role="img" aria-label="Depth map, white is near" data-testid="depth-map" />;
}

interface DepthSectionProps {
  job: ForgeJob;
  forge: Forge;
  busy: boolean;
}

/** How near what the picture shows is: looked at, saved, or given to the draft as its relief. */
export function DepthSection({ job, forge, busy }: DepthSectionProps) {
  const host = useHost();
  const profile = useUi((state) => state.params.profile);
  const [open, setOpen] = useState(false);
  const [range, setRange] = useState(WHOLE);
  const [working, setWorking] = useState(false);
  const { source, mask, depth_map: given } = job.request;
  const server = useServerDepth(source, open);
  const awaited = server.chosen && server.map === null;
  const wanted: DepthRequest = { source, mask, profile, range, map: server.map };
  const { data: seen, error } = useQuery({
    queryKey: ["depth", source, mask, profile, server.map],
    queryFn: async () => readNearness((await host.execute({ command: "preview_depth", depth: { ...wanted, range: WHOLE } })).png_base64),
    enabled: open && !awaited,
    staleTime: Infinity,
    retry: false,
  });
  const nearness = awaited ? undefined : seen;
  const guarded = (work: () => Promise<void>) => {
    setWorking(true);
    void work()
      .catch((cause: unknown) => {
        const report = reportOf(cause);
        sayFailed(report.message, report.hint);
      })
      .finally(() => setWorking(false));
  };
  const save = () =>
    guarded(async () => {
      const saved = await host.saveDepth(wanted, `${job.name}.depth.png`);
      if (saved !== null) sayDone(savedWords(saved.path), "16 bits of grey, white near");
    });
  const use = () => guarded(async () => forge.again(job, { depth_map: importedRef(await host.execute({ command: "keep_depth", depth: wanted })) }));
  const give = () =>
    guarded(async () => {
      const picture = await forge.pickView();
      if (picture !== null) await forge.again(job, { depth_map: importedRef(picture) });
    });
  const isCarved = Object.keys(job.request.views).length > 0;
  return (
    <Section title="Depth" aside={given === null || given === undefined ? "" : "from a depth map"}>
      {given?.from === "imported" && (
        <figure className="depth-given">
          <div className="thumb mat">
            <img src={host.sourceUrl(given.id)} alt="The depth map this is made with" draggable={false} />
            {!busy && (
              <button type="button" className="slot-remove" onClick={() => void forge.again(job, { depth_map: null })} aria-label="Forge without the depth map" title="Forge without the depth map">
                <X aria-hidden="true" />
              </button>
            )}
          </div>
          <figcaption>{given.file_name}</figcaption>
        </figure>
      )}
      {open && <DepthEngine depth={server} />}
      {open && awaited && <DepthProgress depth={server} />}
      {open && !awaited && error !== null && <p className="note selectable">{reportOf(error).message}</p>}
      {open && !awaited && error === null && (
        <>
          <div className="thumb mat depth">{nearness === undefined ? <Ring /> : <DepthPicture nearness={nearness} range={range} />}</div>
          <Row label="Near">
            <SliderField label="Near" value={range.near} min={LEAST_RANGE} max={1} step={0.01} format={HUNDREDTHS} onChange={(near) => setRange({ ...range, near, far: Math.min(range.far, near - LEAST_RANGE) })} />
          </Row>
          <Row label="Far">
            <SliderField label="Far" value={range.far} min={0} max={1 - LEAST_RANGE} step={0.01} format={HUNDREDTHS} onChange={(far) => setRange({ ...range, far, near: Math.max(range.near, far + LEAST_RANGE) })} />
          </Row>
          <Row label="Gamma">
            <SliderField label="Gamma" value={range.gamma} min={0.2} max={5} step={0.05} logarithmic format={HUNDREDTHS} onChange={(gamma) => setRange({ ...range, gamma })} />
          </Row>
        </>
      )}
      <div className="button-row">
        {open ? (
          <>
            <Button size="small" icon={<Download aria-hidden="true" />} busy={working} disabled={nearness === undefined} onClick={save}>
              Save PNG…
            </Button>
            <Button size="small" icon={<Hammer aria-hidden="true" />} disabled={busy || working || isCarved || nearness === undefined} onClick={use} title={isCarved ? "The given sides say how deep the object is" : "Forge with this as the draft's relief"}>
              Use as relief
            </Button>
          </>
        ) : (
          <Button size="small" icon={<ScanEye aria-hidden="true" />} onClick={() => setOpen(true)}>
            Show depth
          </Button>
        )}
        <Button size="small" look="quiet" icon={<ImagePlus aria-hidden="true" />} disabled={busy || working || isCarved} onClick={give} title="Forge with a depth map of your own: white near, black far">
          Give…
        </Button>
      </div>
    </Section>
  );
}

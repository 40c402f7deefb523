import { useQuery } from "@tanstack/react-query";
import { ClipboardPaste, FolderOpen, ImagePlus } from "lucide-react";
import { Button } from "../../components/Button";
import { Kbd } from "../../components/Kbd";
import { useHost } from "../../host/context";
import type { SampleInfo } from "../../protocol/generated";
import type { Forge } from "./useForge";

function Sample({ sample, onChoose }: { sample: SampleInfo; onChoose: () => void }) {
  const host = useHost();
  const { data } = useQuery({
    queryKey: ["sample", sample.name],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => host.execute({ command: "import_picture", source: { from: "sample", name: sample.name } }),
  });
  const title = sample.name.charAt(0).toUpperCase() + sample.name.slice(1);
  return (
    <button type="button" className="sample" onClick={onChoose} data-sample={sample.name}>
      <span className="thumb picture">{data !== undefined && <img src={host.sourceUrl(data.id)} alt="" draggable={false} />}</span>
      {title}
    </button>
  );
}

export function EmptyState({ forge }: { forge: Forge }) {
  const host = useHost();
  const { data: samples } = useQuery({ queryKey: ["samples"], staleTime: Number.POSITIVE_INFINITY, queryFn: () => host.execute({ command: "list_samples" }) });
  return (
    <div className="nothing-yet">
      <div className="drop-zone">
        <ImagePlus className="drop-icon" aria-hidden="true" />
        <h1 className="page-title">Drop a picture to forge it</h1>
        <p className="drop-text">One object, seen whole, on any background. PNG, JPEG, WebP, BMP, GIF, TGA or TIFF.</p>
        <div className="button-row">
          <Button look="main" size="main" icon={<FolderOpen aria-hidden="true" />} onClick={() => void forge.open()}>
            Open picture…
          </Button>
          <Button size="main" icon={<ClipboardPaste aria-hidden="true" />} onClick={() => void forge.paste()}>
            Paste
          </Button>
        </div>
        <div className="button-row">
          <Kbd>Ctrl O</Kbd>
          <Kbd>Ctrl V</Kbd>
        </div>
      </div>
      {samples !== undefined && samples.length > 0 && (
        <section className="samples" aria-label="Samples">
          <h2>Or start with a sample</h2>
          <div className="sample-row">
            {samples.map((sample) => (
              <Sample key={sample.name} sample={sample} onChoose={() => void forge.sample(sample.name)} />
            ))}
          </div>
        </section>
      )}
    </div>
  );
}

import { useQuery } from "@tanstack/react-query";
import { useHost } from "../host/context";
import type { SampleInfo } from "../protocol/generated";

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

/** The pictures that come with the app. */
export function Samples({ title, onChoose }: { title: string; onChoose: (name: string) => void }) {
  const host = useHost();
  const { data: samples } = useQuery({ queryKey: ["samples"], staleTime: Number.POSITIVE_INFINITY, queryFn: () => host.execute({ command: "list_samples" }) });
  if (samples === undefined || samples.length === 0) return null;
  return (
    <section className="samples" aria-label="Samples">
      <h2>{title}</h2>
      <div className="sample-row">
        {samples.map((sample) => (
          <Sample key={sample.name} sample={sample} onChoose={() => onChoose(sample.name)} />
        ))}
      </div>
    </section>
  );
}

import { lazy, Suspense, useState } from "react";
import { ErrorBoundary } from "../../components/ErrorBoundary";
import { useHost } from "../../host/context";
import type { GalleryEntry } from "../../protocol/generated";
import type { TurnLink } from "../viewer/turnLink";
import { useUi, type Shading } from "../../state/ui";

const Viewer = lazy(() => import("../viewer/Viewer"));

/** An entry in full: its picture, or its mesh to be turned. */
export function Subject({ entry, shading = "textured", link = null }: { entry: GalleryEntry; shading?: Shading; link?: TurnLink | null }) {
  const host = useHost();
  const { theme, grid } = useUi();
  const [failure, setFailure] = useState<string | null>(null);
  const [drawn, setDrawn] = useState(false);
  if (entry.kind !== "mesh") return <img className="subject-picture" src={host.artifactUrl(entry.artifact.id)} alt={entry.name} draggable={false} />;
  const preview = <img className="subject-picture" src={host.thumbnailUrl(entry.artifact.id)} alt="" draggable={false} />;
  return (
    <div className="subject-mesh" data-drawn={drawn}>
      <ErrorBoundary what="The viewer">
        <Suspense fallback={preview}>
          <Viewer
            url={host.artifactUrl(entry.artifact.id)}
            subject={entry.artifact.id}
            shading={shading}
            grid={grid}
            fitRequests={0}
            theme={theme}
            describedAs={`${entry.name}. Arrow keys turn it.`}
            link={link}
            onDrawn={() => setDrawn(true)}
            onFailed={setFailure}
          />
        </Suspense>
      </ErrorBoundary>
      {failure !== null && <p className="subject-failure" role="alert">The mesh cannot be shown: {failure}</p>}
    </div>
  );
}

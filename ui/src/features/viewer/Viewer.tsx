import { Canvas } from "@react-three/fiber";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Box3, NoToneMapping, PCFSoftShadowMap, Vector3, type PerspectiveCamera, type WebGLRenderer } from "three";
import { Gizmo, type GizmoHandle } from "./Gizmo";
import { loadMesh, type LoadedMesh } from "./loadMesh";
import { Orbit, type OrbitHandle } from "./Orbit";
import type { Shading } from "./shading";
import { sameDirection, type Direction, type TurnLink } from "./turnLink";
import { DrawnSignal, Ground, Room, Subject, type StageColors } from "./Stage";

export interface ViewerProps {
  /** The GLB to show; it stays until the next one can be drawn. */
  url: string;
  /** The camera stays while this does. */
  subject: string;
  shading: Shading;
  grid: boolean;
  /** Grows by one with every wish to see the whole object again. */
  fitRequests: number;
  theme: "dark" | "light";
  describedAs: string;
  /** Others that turn with this one. */
  link?: TurnLink | null;
  onDrawn: (url: string) => void;
  onFailed: (message: string) => void;
}

/** How long a lost context may take to come back by itself before the canvas is made anew. */
const RESTORE_LIMIT_MS = 3000;
const EMPTY = new Box3(new Vector3(-0.5, 0, -0.5), new Vector3(0.5, 1, 0.5));

function colorsOf(theme: string): StageColors & { theme: string } {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim() || "#808080";
  return { theme, ground: color("--viewer"), grid: color("--grid"), axisX: color("--axis-x"), axisZ: color("--axis-z"), clay: color("--clay"), wire: color("--wire") };
}

/** Loads `url`; the mesh before it is kept until then and disposed of after. */
function useMesh(url: string, onFailed: (message: string) => void): { url: string; mesh: LoadedMesh } | null {
  const [loaded, setLoaded] = useState<{ url: string; mesh: LoadedMesh } | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    loadMesh(url, abort.signal).then(
      (mesh) => (abort.signal.aborted ? mesh.dispose() : setLoaded({ url, mesh })),
      (cause: unknown) => abort.signal.aborted || onFailed(cause instanceof Error ? cause.message : String(cause)),
    );
    return () => abort.abort();
  }, [url, onFailed]);
  useEffect(() => () => loaded?.mesh.dispose(), [loaded]);
  return loaded;
}

export default function Viewer({ url, subject, shading, grid, fitRequests, theme, describedAs, link = null, onDrawn, onFailed }: ViewerProps) {
  const loaded = useMesh(url, onFailed);
  const [lost, setLost] = useState(false);
  const [incarnation, setIncarnation] = useState(0);
  const orbit = useRef<OrbitHandle | null>(null);
  const gizmo = useRef<GizmoHandle>(null);
  const colors = useMemo(() => colorsOf(theme), [theme]);
  const bounds = loaded?.mesh.bounds ?? EMPTY;
  const size = useMemo(() => Math.max(...bounds.getSize(new Vector3()).toArray()), [bounds]);

  useEffect(() => {
    if (fitRequests > 0) orbit.current?.fit();
  }, [fitRequests]);

  useEffect(() => {
    if (!lost) return undefined;
    const timer = setTimeout(() => {
      setLost(false);
      setIncarnation((n) => n + 1);
    }, RESTORE_LIMIT_MS);
    return () => clearTimeout(timer);
  }, [lost]);

  const onReady = useCallback((handle: OrbitHandle) => {
    orbit.current = handle;
  }, []);
  const shownFrom = useRef<Direction | null>(null);
  const follow = useCallback((direction: Direction) => {
    // Noted before it is done, so that it is not told back.
    shownFrom.current = direction;
    orbit.current?.turnTo(new Vector3(...direction));
  }, []);
  useEffect(() => link?.join(follow), [link, follow]);
  const onTurned = useCallback(
    (camera: PerspectiveCamera) => {
      gizmo.current?.show(camera);
      const direction = camera.getWorldDirection(new Vector3()).negate().toArray();
      if (link === null || sameDirection(shownFrom.current, direction)) return;
      shownFrom.current = direction;
      link.tell(follow, direction);
    },
    [link, follow],
  );
  const watchContext = (gl: WebGLRenderer, invalidate: () => void) => {
    gl.domElement.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      setLost(true);
    });
    gl.domElement.addEventListener("webglcontextrestored", () => {
      setLost(false);
      gl.shadowMap.needsUpdate = true;
      invalidate();
    });
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const turns: Record<string, [number, number]> = { ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, 8], ArrowDown: [0, -8] };
    const turn = turns[event.key];
    if (turn === undefined || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    orbit.current?.turn(...turn);
  };

  return (
    <>
      <div className="viewer-canvas" role="application" aria-roledescription="3D view" aria-label={describedAs} tabIndex={0} onKeyDown={onKeyDown} onDoubleClick={() => orbit.current?.fit()}>
        <Canvas
          key={incarnation}
          frameloop="demand"
          dpr={[1, 2]}
          shadows={{ type: PCFSoftShadowMap }}
          gl={{ antialias: true, toneMapping: NoToneMapping, powerPreference: "high-performance" }}
          camera={{ fov: 32, position: [1.6, 1, 2.6] }}
          onCreated={({ gl, invalidate }) => watchContext(gl, invalidate)}
        >
          <Room bounds={bounds} size={size} colors={colors} light={theme === "light"} />
          {grid && <Ground size={size} colors={colors} />}
          {loaded !== null && <Subject mesh={loaded.mesh} shading={shading} colors={colors} />}
          <Orbit bounds={bounds} subject={loaded === null ? "" : subject} onReady={onReady} onTurned={onTurned} />
          {loaded !== null && <DrawnSignal token={`${loaded.url} ${incarnation}`} onDrawn={() => onDrawn(loaded.url)} />}
        </Canvas>
      </div>
      <Gizmo ref={gizmo} onLook={(direction) => orbit.current?.lookFrom(direction)} />
      {lost && (
        <div className="viewer-veil" role="status">
          Restoring the view…
        </div>
      )}
    </>
  );
}

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useHost } from "../../../host/context";
import { reportOf } from "../../../host/host";
import type { ErrorReport, MaskStroke, SourceId, SourceInfo, SourceRef } from "../../../protocol/generated";
import { uiStore, useUi, type CutoutEdit } from "../../../state/ui";
import { contours, type Point } from "./contour";

/** The outline of the object as it stands, in fractions of the picture's width and height. */
export interface Outline {
  polylines: Point[][];
  /** Black where the object is not. */
  veil: ImageBitmap;
  confidence: number;
  problem: ErrorReport | null;
}

export interface CutoutEditing {
  strokes: MaskStroke[];
  /** How wide the edge fades, in pixels of the picture. */
  featherPx: number;
  outline: Outline | null;
  /** The outline is being worked on. */
  busy: boolean;
  error: ErrorReport | null;
  draw: (stroke: MaskStroke) => void;
  add: (stroke: MaskStroke) => void;
  /** Shown while the hand is on it; it counts once it is set. */
  previewFeather: (featherPx: number) => void;
  setFeather: (featherPx: number) => void;
  undo: (() => void) | null;
  redo: (() => void) | null;
  clear: (() => void) | null;
  save: () => Promise<SourceInfo>;
}

const NONE: CutoutEdit[] = [];

interface Wanted {
  strokes: MaskStroke[];
  featherPx: number;
}

function strokesOf(edits: CutoutEdit[]): MaskStroke[] {
  return edits.flatMap((edit) => (edit.kind === "stroke" ? [edit.stroke] : []));
}

function featherOf(edits: CutoutEdit[]): number {
  return edits.reduce((width, edit) => (edit.kind === "feather" ? edit.feather_px : width), 0);
}

async function readOutline(base64: string): Promise<Pick<Outline, "polylines" | "veil">> {
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (pen === null) throw new Error("no 2D canvas");
  pen.drawImage(bitmap, 0, 0);
  bitmap.close();
  const image = pen.getImageData(0, 0, width, height);
  const alpha = new Uint8Array(width * height);
  for (let i = 0; i < alpha.length; i++) {
    const value = image.data[4 * i] ?? 0;
    alpha[i] = value;
    image.data.set([0, 0, 0, 255 - value], 4 * i);
  }
  const polylines = contours(alpha, width, height).map((line) => line.map(([x, y]): Point => [x / width, y / height]));
  return { polylines, veil: await createImageBitmap(image) };
}

/** Strokes over a picture and the softness of its edge, with undo, and the outline that follows them: one question at a
 *  time, always about the newest. */
export function useCutout(sourceId: SourceId | null, source: SourceRef | null, active: boolean): CutoutEditing {
  const host = useHost();
  const edits = useUi((state) => (sourceId === null ? NONE : (state.cutoutEdits[sourceId] ?? NONE)));
  const [undone, setUndone] = useState<CutoutEdit[]>([]);
  const [drawing, setDrawing] = useState<MaskStroke | null>(null);
  const [feathering, setFeathering] = useState<number | null>(null);
  const [outline, setOutline] = useState<Outline | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ErrorReport | null>(null);
  const wanted = useRef<Wanted | null>(null);
  const running = useRef(false);

  const setEdits = useCallback(
    (next: CutoutEdit[]) => {
      if (sourceId !== null) uiStore.setState((state) => ({ cutoutEdits: { ...state.cutoutEdits, [sourceId]: next } }));
    },
    [sourceId],
  );
  const add = (edit: CutoutEdit) => {
    setUndone([]);
    setEdits([...edits, edit]);
  };

  const seen = useMemo<Wanted>(() => {
    const strokes = strokesOf(edits);
    return { strokes: drawing === null ? strokes : [...strokes, drawing], featherPx: feathering ?? featherOf(edits) };
  }, [edits, drawing, feathering]);
  useEffect(() => {
    if (!active || source === null) return;
    wanted.current = seen;
    if (running.current) return;
    running.current = true;
    setBusy(true);
    void (async () => {
      while (wanted.current !== null) {
        const { strokes, featherPx } = wanted.current;
        wanted.current = null;
        try {
          const preview = await host.execute({ command: "preview_cutout", source, strokes, feather_px: featherPx });
          setOutline({ ...(await readOutline(preview.alpha_png_base64)), confidence: preview.confidence, problem: preview.problem });
          setError(null);
        } catch (cause) {
          setError(reportOf(cause));
        }
      }
      running.current = false;
      setBusy(false);
    })();
  }, [active, source, seen, host]);

  useEffect(() => {
    setOutline(null);
    setUndone([]);
    setDrawing(null);
    setFeathering(null);
  }, [sourceId]);

  const last = edits.at(-1);
  const undoneLast = undone.at(-1);
  return {
    strokes: seen.strokes,
    featherPx: seen.featherPx,
    outline,
    busy,
    error,
    draw: setDrawing,
    add: (stroke) => {
      setDrawing(null);
      add({ kind: "stroke", stroke });
    },
    previewFeather: setFeathering,
    setFeather: (featherPx) => {
      setFeathering(null);
      if (featherPx !== featherOf(edits)) add({ kind: "feather", feather_px: featherPx });
    },
    undo:
      last === undefined
        ? null
        : () => {
            setEdits(edits.slice(0, -1));
            setUndone([...undone, last]);
          },
    redo:
      undoneLast === undefined
        ? null
        : () => {
            setEdits([...edits, undoneLast]);
            setUndone(undone.slice(0, -1));
          },
    clear:
      edits.length === 0
        ? null
        : () => {
            setUndone([...undone, ...edits.toReversed()]);
            setEdits([]);
          },
    save: () => {
      if (source === null) throw new Error("a mask is saved only with a picture");
      return host.execute({ command: "save_mask", source, strokes: strokesOf(edits), feather_px: featherOf(edits) });
    },
  };
}

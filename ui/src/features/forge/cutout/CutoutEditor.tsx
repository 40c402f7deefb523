import { Brush, Eraser, Redo2, RotateCcw, Undo2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Slider } from "@base-ui/react/slider";
import { Button, IconButton } from "../../../components/Button";
import { Kbd } from "../../../components/Kbd";
import { Ring } from "../../../components/Ring";
import { useKeys } from "../../../components/useKeys";
import type { MaskStroke } from "../../../protocol/generated";
import { drawCutout } from "./drawCutout";
import type { CutoutEditing } from "./useCutout";

const MARGIN_PX = 48;
const SIZES_PX = { min: 2, max: 120 };
/** Of the core. */
const FEATHER_LIMIT_PX = 64;
/** Screen pixels between two kept points of a stroke. */
const SPACING_PX = 2;

/** The largest size of the picture that leaves a margin within the box. */
function fit(box: { width: number; height: number }, picture: { width: number; height: number }): number {
  return Math.max(0.01, Math.min((box.width - 2 * MARGIN_PX) / picture.width, (box.height - 3 * MARGIN_PX) / picture.height));
}

export function CutoutEditor({ editing, pictureUrl }: { editing: CutoutEditing; pictureUrl: string }) {
  const [keep, setKeep] = useState(true);
  const [size, setSize] = useState(24);
  const [swapped, setSwapped] = useState(false);
  const [outlineShown, setOutlineShown] = useState(true);
  const [picture, setPicture] = useState<{ width: number; height: number } | null>(null);
  const [box, setBox] = useState({ width: 0, height: 0 });
  const [cursor, setCursor] = useState<{ x: number; y: number } | null>(null);
  const area = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const stroke = useRef<MaskStroke | null>(null);
  const keeps = keep !== swapped;
  const scale = picture === null ? 1 : fit(box, picture);
  const width = (picture?.width ?? 0) * scale;
  const height = (picture?.height ?? 0) * scale;

  useEffect(() => {
    const element = area.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(([entry]) => entry !== undefined && setBox({ width: entry.contentRect.width, height: entry.contentRect.height }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const onAlt = (event: KeyboardEvent) => {
      if (event.key === "Alt") {
        event.preventDefault();
        setSwapped(event.type === "keydown");
      }
    };
    const onBlur = () => setSwapped(false);
    window.addEventListener("keydown", onAlt);
    window.addEventListener("keyup", onAlt);
    window.addEventListener("blur", onBlur);
    return () => {
      window.removeEventListener("keydown", onAlt);
      window.removeEventListener("keyup", onAlt);
      window.removeEventListener("blur", onBlur);
    };
  }, []);

  useEffect(() => {
    const pen = canvas.current?.getContext("2d");
    if (!pen || canvas.current === null || width === 0) return;
    const dpr = window.devicePixelRatio;
    canvas.current.width = Math.round(width * dpr);
    canvas.current.height = Math.round(height * dpr);
    pen.setTransform(dpr, 0, 0, dpr, 0, 0);
    const style = getComputedStyle(canvas.current);
    const colors = { keep: style.getPropertyValue("--info").trim(), remove: style.getPropertyValue("--err").trim() };
    drawCutout(pen, width, height, scale, editing.strokes, editing.outline, outlineShown, colors);
  }, [width, height, scale, editing.strokes, editing.outline, outlineShown]);

  const resize = (factor: number) => setSize((current) => Math.round(Math.min(SIZES_PX.max, Math.max(SIZES_PX.min, current * factor))));
  useKeys({
    k: () => setKeep(true),
    r: () => setKeep(false),
    h: () => setOutlineShown((shown) => !shown),
    "[": () => resize(1 / 1.25),
    "]": () => resize(1.25),
    "Ctrl+z": (event) => (event.shiftKey ? editing.redo?.() : editing.undo?.()),
    "Ctrl+y": () => editing.redo?.(),
  });

  const place = (event: React.PointerEvent): [number, number] => {
    const bounds = event.currentTarget.getBoundingClientRect();
    return [(event.clientX - bounds.left) / scale, (event.clientY - bounds.top) / scale];
  };
  const onPointerDown = (event: React.PointerEvent<HTMLCanvasElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    stroke.current = { keep: keep !== event.altKey, radius_px: size / 2 / scale, points: [place(event)] };
    editing.draw(stroke.current);
  };
  const onPointerMove = (event: React.PointerEvent<HTMLCanvasElement>) => {
    const at = place(event);
    setCursor({ x: at[0] * scale, y: at[1] * scale });
    const current = stroke.current;
    const last = current?.points.at(-1);
    if (current === null || last === undefined || Math.hypot(at[0] - last[0], at[1] - last[1]) * scale < SPACING_PX) return;
    stroke.current = { ...current, points: [...current.points, at] };
    editing.draw(stroke.current);
  };
  const onPointerUp = () => {
    if (stroke.current !== null) editing.add(stroke.current);
    stroke.current = null;
  };

  return (
    <div className="cutout-editor" ref={area}>
      <div className="cutout-tools floating-bar" role="toolbar" aria-label="Brush">
        <button type="button" className={`tool ${keeps ? "on" : ""}`} aria-pressed={keeps} onClick={() => setKeep(true)}>
          <Brush className="info" aria-hidden="true" /> Keep <Kbd>K</Kbd>
        </button>
        <button type="button" className={`tool ${keeps ? "" : "on"}`} aria-pressed={!keeps} onClick={() => setKeep(false)}>
          <Eraser className="err" aria-hidden="true" /> Remove <Kbd>R</Kbd>
        </button>
        <span className="tool-label">Size</span>
        <Slider.Root className="slider tool-size" value={size} min={SIZES_PX.min} max={SIZES_PX.max} onValueChange={setSize}>
          <Slider.Control className="slider-control">
            <Slider.Track className="slider-track">
              <Slider.Indicator className="slider-fill" />
              <Slider.Thumb className="slider-thumb" getAriaLabel={() => "Brush size"} />
            </Slider.Track>
          </Slider.Control>
        </Slider.Root>
        <span className="mono tool-number">{size}</span>
        <span className="tool-label">Edge</span>
        <Slider.Root
          className="slider tool-size"
          value={editing.featherPx}
          min={0}
          max={FEATHER_LIMIT_PX}
          onValueChange={editing.previewFeather}
          onValueCommitted={editing.setFeather}
        >
          <Slider.Control className="slider-control">
            <Slider.Track className="slider-track">
              <Slider.Indicator className="slider-fill" />
              <Slider.Thumb className="slider-thumb" getAriaLabel={() => "Softness of the edge"} getAriaValueText={(value) => `${value} px`} />
            </Slider.Track>
          </Slider.Control>
        </Slider.Root>
        <span className="mono tool-number">{editing.featherPx}</span>
        <IconButton label="Undo" keys="Ctrl Z" disabled={editing.undo === null} onClick={() => editing.undo?.()}>
          <Undo2 aria-hidden="true" />
        </IconButton>
        <IconButton label="Redo" keys="Ctrl Shift Z" disabled={editing.redo === null} onClick={() => editing.redo?.()}>
          <Redo2 aria-hidden="true" />
        </IconButton>
      </div>
      <div className="cutout-picture" style={{ width, height }}>
        <img src={pictureUrl} alt="What is to be cut out" draggable={false} onLoad={({ currentTarget }) => setPicture({ width: currentTarget.naturalWidth, height: currentTarget.naturalHeight })} />
        <canvas
          ref={canvas}
          data-testid="brush"
          data-outline={editing.outline === null ? "none" : editing.outline.polylines.length}
          style={{ width, height }}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          onPointerCancel={onPointerUp}
          onPointerLeave={() => setCursor(null)}
        />
        {cursor !== null && <span className={`brush-cursor ${keeps ? "" : "removes"}`} style={{ width: size, height: size, transform: `translate(${cursor.x - size / 2}px, ${cursor.y - size / 2}px)` }} />}
      </div>
      <div className="cutout-hint floating-bar">
        {editing.busy ? <Ring /> : null}
        <span>{editing.error?.message ?? "The outline follows your strokes. Two or three are usually enough."}</span>
        <Button look="quiet" size="small" icon={<RotateCcw aria-hidden="true" />} disabled={editing.clear === null} onClick={() => editing.clear?.()}>
          Start over
        </Button>
      </div>
    </div>
  );
}

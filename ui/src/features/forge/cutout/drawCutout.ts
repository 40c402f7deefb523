import type { MaskStroke } from "../../../protocol/generated";
import type { Outline } from "./useCutout";

export interface CutoutColors {
  keep: string;
  remove: string;
}

let hatching: { color: string; canvas: OffscreenCanvas } | null = null;

/** Diagonal bars, so that "remove" needs no colour sight. */
function hatch(pen: CanvasRenderingContext2D, color: string): CanvasPattern | string {
  if (hatching?.color !== color) {
    const canvas = new OffscreenCanvas(12, 12);
    const bars = canvas.getContext("2d");
    if (bars === null) return color;
    bars.strokeStyle = color;
    bars.lineWidth = 5;
    for (const shift of [-12, 0, 12]) {
      bars.moveTo(shift - 3, 15);
      bars.lineTo(shift + 15, -3);
    }
    bars.stroke();
    hatching = { color, canvas };
  }
  return pen.createPattern(hatching.canvas, "repeat") ?? color;
}

function trace(pen: CanvasRenderingContext2D, points: readonly (readonly [number, number])[], sx: number, sy: number) {
  pen.beginPath();
  for (const [index, [x, y]] of points.entries()) {
    if (index === 0) pen.moveTo(x * sx, y * sy);
    else pen.lineTo(x * sx, y * sy);
  }
}

/** Draws veil, strokes and outline over a picture of `width` × `height` screen pixels; `scale` is screen pixels per picture pixel. */
export function drawCutout(pen: CanvasRenderingContext2D, width: number, height: number, scale: number, strokes: MaskStroke[], outline: Outline | null, outlineShown: boolean, colors: CutoutColors) {
  pen.clearRect(0, 0, width, height);
  if (outline !== null) {
    pen.globalAlpha = 0.5;
    pen.drawImage(outline.veil, 0, 0, width, height);
    pen.globalAlpha = 1;
  }
  pen.lineCap = pen.lineJoin = "round";
  for (const stroke of strokes) {
    trace(pen, stroke.points, scale, scale);
    const [only] = stroke.points;
    if (stroke.points.length === 1 && only !== undefined) pen.lineTo(only[0] * scale + 0.01, only[1] * scale);
    pen.lineWidth = 2 * stroke.radius_px * scale;
    pen.strokeStyle = stroke.keep ? colors.keep : hatch(pen, colors.remove);
    pen.globalAlpha = stroke.keep ? 0.72 : 0.9;
    pen.stroke();
  }
  pen.globalAlpha = 1;
  if (outline === null || !outlineShown) return;
  for (const line of outline.polylines) {
    trace(pen, line, width, height);
    pen.closePath();
    pen.setLineDash([]);
    pen.strokeStyle = "rgb(0 0 0 / 0.55)";
    pen.lineWidth = 3;
    pen.stroke();
    pen.setLineDash([6, 4]);
    pen.strokeStyle = "#ffffff";
    pen.lineWidth = 1.5;
    pen.stroke();
    pen.setLineDash([]);
  }
}

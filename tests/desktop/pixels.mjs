// Reads the PNG of a screenshot: 8 bits per channel, RGB or RGBA, not interlaced (PNG specification, 9 Filtering).
import { inflateSync } from "node:zlib";

export function decode(png) {
  const chunks = [];
  let width = 0, height = 0, channels = 0;
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString("latin1", at + 4, at + 8);
    const data = png.subarray(at + 8, at + 8 + length);
    if (type === "IHDR") {
      [width, height] = [data.readUInt32BE(0), data.readUInt32BE(4)];
      channels = { 2: 3, 6: 4 }[data[9]];
      if (data[8] !== 8 || channels === undefined || data[12] !== 0) throw new Error("a screenshot of an unknown kind");
    }
    if (type === "IDAT") chunks.push(data);
    at += length + 12;
  }
  const raw = inflateSync(Buffer.concat(chunks));
  const stride = width * channels;
  const pixels = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const left = x >= channels ? pixels[y * stride + x - channels] : 0;
      const up = y > 0 ? pixels[(y - 1) * stride + x] : 0;
      const corner = y > 0 && x >= channels ? pixels[(y - 1) * stride + x - channels] : 0;
      const estimate = left + up - corner;
      const [dl, du, dc] = [Math.abs(estimate - left), Math.abs(estimate - up), Math.abs(estimate - corner)];
      const paeth = dl <= du && dl <= dc ? left : du <= dc ? up : corner;
      const add = [0, left, up, (left + up) >> 1, paeth][filter];
      pixels[y * stride + x] = (raw[y * (stride + 1) + 1 + x] + add) & 255;
    }
  }
  return { width, height, at: (x, y) => [...pixels.subarray((y * width + x) * channels, (y * width + x) * channels + 3)] };
}

/** Share of the pixels of a rectangle (fractions of the picture) that `test` holds for. */
export function share(picture, [left, top, right, bottom], test) {
  let hits = 0, all = 0;
  for (let y = Math.floor(top * picture.height); y < bottom * picture.height; y += 2) {
    for (let x = Math.floor(left * picture.width); x < right * picture.width; x += 2) {
      all++;
      if (test(picture.at(x, y))) hits++;
    }
  }
  return hits / all;
}

export const saturated = ([r, g, b]) => Math.max(r, g, b) - Math.min(r, g, b) > 50;
export const white = ([r, g, b]) => Math.min(r, g, b) > 250;

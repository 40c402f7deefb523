"""Draft bars: ours and the measured prototype on the sample set, in one run, by turns.

usage: draft.py OREFORGE_BINARY SAMPLES_DIR OUT_DIR
"""
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

import judge

here = Path(__file__).parent

ours, samples, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
RUNS = 5
CANCELS = 40


def process(*command):
    """Whole process: wall seconds and peak memory in MB. Timed by a small process of its own, as a child's peak
    starts at its parent's size."""
    answer = subprocess.run([sys.executable, "-S", here / "timed.py", *map(str, command)], capture_output=True, text=True)
    if answer.returncode != 0:
        raise SystemExit(f"{command} failed: {answer.stderr}")
    seconds, peak_mb = answer.stdout.split()
    return float(seconds), float(peak_mb)


def run_ours(picture, folder):
    return process(ours, "forge", picture, "--out", folder, "--data-dir", out / "data", "--json")


def run_prototype(picture, folder):
    """Seconds of the whole process, then those inside it from picture file to GLB file."""
    path = folder / f"{picture.stem}.prototype.glb"
    seconds, _ = process(sys.executable, here / "prototype" / "forge.py", picture, path)
    return seconds, float(path.with_suffix(".seconds").read_text()), path


def cancel_latency(picture):
    """Seconds from Ctrl-C, sent while a random step runs, to the end of the process; and the step."""
    command = [ours, "forge", str(picture), "--out", str(out / "cancelled"), "--data-dir", str(out / "data"), "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    wanted = random.choice(["prepare", "views", "gate", "mesh", "finish", "export"])
    for line in process.stdout:
        event = json.loads(line)
        if event["type"] == "step_active" and event["step"] == wanted:
            time.sleep(random.random() * 0.02)
            break
    started = time.perf_counter()
    process.send_signal(signal.SIGINT)
    process.communicate()
    return time.perf_counter() - started, wanted, process.returncode


def validate(glb):
    """Errors and warnings by the Khronos validator."""
    answer = subprocess.run(["node", str(here / "validate.mjs"), str(glb)], capture_output=True, text=True, check=True)
    return json.loads(answer.stdout)


def main():
    out.mkdir(parents=True, exist_ok=True)
    pictures = [p for p in sorted(samples.glob("*.png")) if p.stem != "coffee"]
    run_ours(pictures[0], out)
    run_prototype(pictures[0], out)
    rows = []
    for picture in pictures:
        image = np.asarray(Image.open(picture).convert("RGBA"))
        times, peaks, peer_times, peer_inner_times = [], [], [], []
        for _ in range(RUNS):
            seconds, peak = run_ours(picture, out)
            times.append(seconds)
            peaks.append(peak)
            peer_seconds, peer_inner, peer_path = run_prototype(picture, out)
            peer_times.append(peer_seconds)
            peer_inner_times.append(peer_inner)
        glb = out / f"{picture.stem}.glb"
        row = judge.score(glb, image)
        peer = judge.score(peer_path, image)
        report = json.loads((out / f"{picture.stem}.report.json").read_text())
        row |= {
            "name": picture.stem, "seconds": statistics.median(times), "peak_mb": max(peaks),
            "peer_seconds": statistics.median(peer_times), "peer_inner": statistics.median(peer_inner_times), "peer_iou": peer["iou"], "peer_psnr": peer["psnr"],
            "validator": validate(glb), "mesh": report["mesh"],
        }
        rows.append(row)
        print(f"  {row['name']}: IoU {row['iou']:.4f}, PSNR {row['psnr']:.1f} dB, {row['seconds']:.2f} s", file=sys.stderr)

    latencies = [latency for latency, _, code in (cancel_latency(random.choice(pictures)) for _ in range(CANCELS)) if code == 130]
    table(rows, latencies)


def table(rows, latencies):
    print("| picture | IoU | PSNR dB | watertight, manifold, outward | parts | triangles | validator | s | prototype s | ratio | prototype without start s | ratio | peak MB | prototype IoU, PSNR |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    for r in rows:
        sound = r["watertight"] and all(r["mesh"][k] for k in ("watertight", "manifold", "consistently_wound")) and r["mesh"]["degenerate_triangles"] == 0
        print(f"| {r['name']} | {r['iou']:.4f} | {r['psnr']:.1f} | {'yes' if sound else 'NO'} | {r['components']} | {r['triangles']} | {r['validator']['errors']} errors, {r['validator']['warnings']} warnings "
              f"| {r['seconds']:.2f} | {r['peer_seconds']:.2f} | {r['peer_seconds'] / r['seconds']:.1f} | {r['peer_inner']:.2f} | {r['peer_inner'] / r['seconds']:.1f} | {r['peak_mb']:.0f} | {r['peer_iou']:.4f}, {r['peer_psnr']:.1f} |")
    mean = lambda key: statistics.mean(r[key] for r in rows)
    bars = [
        ("silhouette IoU, worst", min(r["iou"] for r in rows), "≥ .985", lambda v: v >= 0.985),
        ("PSNR inside, mean dB", mean("psnr"), "≥ 40", lambda v: v >= 40),
        ("PSNR inside, worst dB", min(r["psnr"] for r in rows), "≥ 30", lambda v: v >= 30),
        ("whole process, slowest s", max(r["seconds"] for r in rows), "≤ 1", lambda v: v <= 1),
        ("times faster than the prototype as a process, least", min(r["peer_seconds"] / r["seconds"] for r in rows), "≥ 3", lambda v: v >= 3),
        ("peak memory, MB", max(r["peak_mb"] for r in rows), "< 300", lambda v: v < 300),
        ("Ctrl-C to end of process, p99 ms", float(np.percentile(latencies, 99)) * 1000 if latencies else float("nan"), "< 100", lambda v: v < 100),
        ("UV overlap, worst share", max(r["mesh"]["uv_overlap"] for r in rows), "0", lambda v: v == 0),
    ]
    print("\n| bar | measured | wanted | met |\n|---|---|---|---|")
    for name, value, wanted, met in bars:
        print(f"| {name} | {value:.4g} | {wanted} | {'yes' if met(value) else 'NO'} |")
    print(f"\nCancels measured: {len(latencies)} of {CANCELS} (the others were done first).")


main()

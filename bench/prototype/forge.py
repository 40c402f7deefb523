"""The measured prototype as a process: forge.py PICTURE GLB. Writes the seconds without interpreter start and imports beside it."""
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

from draft3d_v2 import build2

started = time.perf_counter()
mesh, _, _ = build2(np.asarray(Image.open(sys.argv[1]).convert("RGBA")), N=256, tris=20000, tex=1024)
mesh.export(sys.argv[2])
Path(sys.argv[2]).with_suffix(".seconds").write_text(str(time.perf_counter() - started))

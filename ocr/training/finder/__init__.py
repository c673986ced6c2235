"""The small network that says where in a photograph cards are: renders its own scenes, learns, writes `ocr/models/card_mask`.

    python -m ocr.training.finder.train --minutes 40 --seed 1 --out DIRECTORY

Needs torch and onnx, which the product does not: the environment of `make train` has them.
"""

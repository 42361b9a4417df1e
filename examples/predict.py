"""Name the action of a clip by a trained classifier, and draw the clip.

    python examples/predict.py S001C001P001R001A010.skeleton --checkpoint CLASSIFIER
    python examples/predict.py stores/ntu60 --number 7

CLIP is a .skeleton file of NTU RGB+D, a .json of NW-UCLA or Kinetics-skeleton, the .json files of
OpenPose, a .mat of UTD-MHAD, a skeleton_pos.txt of SBU, an array .npy of shape (frames, joints,
coordinates) or (frames, persons, joints, coordinates), or one of many in a store, a ragged .npz, a
.pkl of pyskl or a .npz of CTR-GCN. Without CLIP, one is generated.

paper_pipeline.py, and evaluate.py with the tasks linear or finetune, write classifiers into the
folder `classifiers` beside their reports. Without --checkpoint, the newest of them is taken.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from parts import clips
from parts.command_line import open_layout, refuse
from torch import Tensor

from skelter import checkpoints, viz
from skelter.checkpoints import TrainedEncoder

CLASSIFIERS = "classifiers"  # folder beside a report
NEWEST = f"runs/*/{CLASSIFIERS}/*.pt"


def main(arguments: Sequence[str] | None = None) -> int:
    """Predict as the command line says, and return the exit code."""
    args = parse_arguments(arguments)
    trained = load(args.checkpoint or newest())
    try:
        layout = open_layout(args.layout) if args.layout else None
        clip, layout, label = clips.open_clip(args.clip, args.number, trained, layout)
        x = clips.fit(clip, layout, trained)
        scores = trained.predict(x)
    except (OSError, ValueError, TypeError, ImportError) as error:
        refuse(f"{args.clip or 'a generated clip'}: {error}")
    truth = f", labelled {label}" if label else ""
    print(f"{clip.name}: {len(clip.joints)} frames of {layout.name}{truth}")
    print(table(scores, trained, args.top))
    title = f"{clip.name}: {name_of(int(scores.argmax()), trained)} {float(scores.max()):.0%}"
    figure = viz.plot_clips({title: x}, trained.layout)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(args.output, dpi=150)
    print(f"picture: {args.output}")
    return 0


def load(path: Path) -> TrainedEncoder:
    """Return the encoder of a checkpoint, or end with the reason why it cannot name actions."""
    folder = path / CLASSIFIERS
    if (path / "checkpoints").is_dir():
        refuse(
            f"--checkpoint {path} is a run of pre-training, which knows no classes. Train a "
            f"classifier: python examples/evaluate.py --checkpoint {path} --tasks finetune"
        )
    try:
        trained = checkpoints.load_encoder(folder if folder.is_dir() else path)
    except (OSError, ValueError) as error:
        refuse(f"--checkpoint {path}: {error} It has to be a file of a classifier.")
    if trained.classifier is None:
        refuse(
            f"--checkpoint {path} is an encoder without a classifier. Train one: "
            f"python examples/evaluate.py --checkpoint {path} --tasks finetune"
        )
    return trained


def newest() -> Path:
    """Return the classifier that was written last."""
    found = sorted(Path().glob(NEWEST), key=lambda path: path.stat().st_mtime_ns)
    if not found:
        refuse(
            f"there is no --checkpoint, and none at {NEWEST}. python examples/paper_pipeline.py "
            "trains one in minutes."
        )
    print(f"--checkpoint {found[-1]}")
    return found[-1]


def name_of(label: int, trained: TrainedEncoder) -> str:
    """Return the name of a class."""
    return trained.label_names[label] if trained.label_names else f"class {label}"


def table(scores: Tensor, trained: TrainedEncoder, top: int) -> str:
    """Return the likeliest classes, a line each."""
    best = scores.topk(min(top, len(scores)))
    pairs = zip(best.values.tolist(), best.indices.tolist(), strict=True)
    return "\n".join(f"{100 * score:5.1f} %  {name_of(label, trained)}" for score, label in pairs)


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("clip", nargs="?", type=Path, metavar="CLIP", help="a file of clips, or a store")
    add("--number", type=int, default=0, help="which clip of many, from 0 (default: 0)")
    add("--checkpoint", type=Path, help="a classifier (default: the newest)")
    add("--layout", help="the layout of an array, such as KINECT20, or a .json file "
        "(default: that of the checkpoint)")  # fmt: skip
    add("--top", type=int, default=5, help="classes to list (default: 5)")
    add("--output", type=Path, default=Path("predict.png"), help="default: predict.png")
    args = parser.parse_args(arguments)
    if args.top < 1:
        refuse(f"--top must be 1 or more; got {args.top}.")
    return args


if __name__ == "__main__":
    sys.exit(main())

"""Build a store from the files of a data set, to train on.

    python examples/prepare_data.py ntu60 nturgb+d_skeletons stores/ntu60 --workers 8

Killed or out of disk? Run the same command again, and it goes on. Every data set has its own help:

    python examples/prepare_data.py pku-mmd --help
"""

from __future__ import annotations

import argparse
import inspect
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from tqdm import tqdm

from skelter import data
from skelter.data import Progress, Source, sources
from skelter.layouts import BUILT_IN
from skelter.transforms import presets

LAYOUTS = {layout.name: layout for layout in BUILT_IN}


def main() -> None:
    """Build the store and say what is in it."""
    args = parse_arguments()
    try:
        source = args.source(args)
        for reason, names in source.excluded.items():
            print(f"by name, left out, {reason}: {len(names):,}")
        for count in source.counts():
            print(f"by name, {count}")
        if args.dry_run:
            return
        report = build(source, args)
    except (OSError, ValueError) as error:
        message = in_options(str(error), vars(args))
        raise SystemExit(f"{type(error).__name__}: {message}") from None
    except KeyboardInterrupt:
        raise SystemExit("stopped; the same command goes on from here") from None
    print(f"{report}\nstore: {args.out}")


def in_options(message: str, options: Mapping[str, object]) -> str:
    """Name options of the command line where a message names arguments of Python."""

    def option(match: re.Match[str]) -> str:
        return f"--{match[1]} {match[1].upper()}" if match[1] in options else match[0]

    if "layout" not in options:  # the format says what the skeleton is
        message = re.sub(r" Pass layout=\.\.\.[^.]*\.", "", message)
    return re.sub(r"\b(\w+)=\.\.\.", option, message)


def build(source: Source, args: argparse.Namespace) -> data.PreparationReport:
    """Call `skelter.data.prepare` with a progress bar."""
    normalisation = None
    if args.normalise:
        normalisation = presets.find_normalisation(args.normalise, source.info.layout)
    with tqdm(total=len(source.pieces), unit="file", smoothing=0.1) as bar:

        def show(progress: Progress) -> None:
            bar.set_postfix(clips=progress.clips, bad=progress.bad, refresh=False)
            bar.update(progress.done - bar.n)

        return data.prepare(
            source,
            args.out,
            workers=args.workers,
            on_error=args.on_error,
            dtype=args.dtype,
            normalise=normalisation,
            normalisation=args.normalise or "",
            progress=show,
        )


def parse_arguments() -> argparse.Namespace:
    """Read the command line: a data set, its files, the store, and how to build it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    sets = parser.add_subparsers(required=True, metavar="SET", title="data sets")

    def add(name: str, about: str, source: Callable[[argparse.Namespace], Source]) -> Adder:
        one = sets.add_parser(
            name,
            help=about,
            description=about,
            epilog=list_normalisations(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        one.set_defaults(source=source)
        return one.add_argument

    for name, ntu in (("ntu60", sources.ntu60), ("ntu120", sources.ntu120)):
        about = f"NTU RGB+D {name[3:]}: folders of .skeleton files"
        argument = add(
            name, about, lambda a, of=ntu: of(*a.raw, single=a.single_body, track=a.track)
        )
        argument("raw", nargs="+", type=Path, help="folders of .skeleton files")
        argument(
            "--single-body",
            choices=("zeros", "duplicate"),
            default="zeros",
            help="what the second body is where there is one (default: zeros)",
        )
        argument(
            "--track",
            choices=("order", "id"),
            default="order",
            help="follow a body by its place in each frame, as the reference method does, or by "
            "Kinect's identifier (default: order)",
        )
    add_pku(add)
    for name, about, of, files in (
        ("nw-ucla", "NW-UCLA: .json files", sources.nw_ucla, "aXX_sXX_eXX_vXX.json"),
        ("utd-mhad", "UTD-MHAD: .mat files", sources.utd_mhad, "aX_sX_tX_skeleton.mat"),
        ("sbu", "SBU Interaction: text files", sources.sbu, "<pair>/<action>/<take>"),
    ):
        argument = add(name, about, lambda a, of=of: of(a.raw))
        argument("raw", type=Path, help=f"folder of {files}")
    for name, about, of, files in (
        ("kinetics", "Kinetics-skeleton: .json files", sources.kinetics,
         "kinetics_train and kinetics_val"),
        ("openpose", "OpenPose: a .json file for each frame", sources.openpose,
         "<name>_<frame>_keypoints.json"),
    ):  # fmt: skip
        argument = add(name, about, lambda a, of=of: of(a.raw, persons=a.persons))
        argument("raw", type=Path, help=f"folder of {files}")
        argument("--persons", type=int, default=2, help="bodies kept of a frame (default: 2)")
    add_converted(add)
    argument = add("ragged", "a ragged .npz file", lambda a: sources.ragged(a.raw))
    argument("raw", type=Path)
    for one in sets.choices.values():
        add_common(one)
    return parser.parse_args()


def list_normalisations() -> str:
    """Return a line for each normalisation: its name, its settings, what it does."""
    lines = ["normalisations, with settings after a comma, such as --normalise "
             "'crosclr_normalise, frames=64':"]  # fmt: skip
    for name, build in presets.NORMALISATIONS.items():
        about = (build.__doc__ or "").partition("\n")[0].removeprefix("Return ")
        options = [
            f"{option.name}={option.default}"
            for option in inspect.signature(build).parameters.values()
            if option.name != "layout"
        ]
        lines.append(f"  {name}: {about}{' [' + ', '.join(options) + ']' if options else ''}")
    return "\n".join(lines)


Adder = Callable[..., argparse.Action]


def add_pku(add: Callable[..., Adder]) -> None:
    """Add PKU-MMD, which has recordings and labels in files of their own."""
    argument = add(
        "pku-mmd",
        "PKU-MMD, phase I or II: recordings and labels",
        lambda a: sources.pku_mmd(a.raw, a.labels, split_files=a.split_file, offset=a.offset),
    )
    argument("raw", type=Path, help="folder of recordings, <id>.txt")
    argument("labels", type=Path, help="folder of label files, <id>.txt")
    argument(
        "--split-file",
        type=Path,
        action="append",
        default=[],
        help="a split file to check the set against; may be given several times",
    )
    argument(
        "--offset",
        type=int,
        choices=(0, 1),
        default=0,
        help="frames by which an action begins before its start: 0 as CMD and MAMP have it, 1 as "
        "AimCLR (default: 0)",
    )


def add_converted(add: Callable[..., Adder]) -> None:
    """Add what other projects convert data sets to."""
    for name, about, of in (
        ("isc", "arrays of ISC or 2s-AGCN: a folder", sources.isc),
        ("crosclr", "arrays of CrosSCLR, AimCLR and others: a folder", sources.crosclr),
    ):
        argument = add(name, about, lambda a, of=of: of(a.raw, layout=LAYOUTS[a.layout]))
        argument("raw", type=Path, help="folder of the arrays and lists of both sides")
        argument("--layout", choices=LAYOUTS, default="NTU25", help="default: NTU25")
    argument = add(
        "ctrgcn",
        "the .npz file of CTR-GCN or MAMP",
        lambda a: sources.ctrgcn(
            a.raw, layout=LAYOUTS[a.layout], persons=a.persons, coordinates=a.coordinates
        ),
    )
    argument("raw", type=Path, help="the file")
    argument("--layout", choices=LAYOUTS, default="NTU25", help="default: NTU25")
    argument("--persons", type=int, default=2, help="persons in a frame (default: 2)")
    argument("--coordinates", type=int, default=3, help="numbers of a joint (default: 3)")
    argument = add(
        "pyskl",
        "the .pkl file of pyskl or mmaction2",
        lambda a: sources.pyskl(a.raw, layout=LAYOUTS[a.layout], persons=a.persons),
    )
    argument("raw", type=Path, help="the file")
    argument("--layout", choices=LAYOUTS, default="NTU25", help="default: NTU25")
    argument("--persons", type=int, help="persons of a clip (default: those of the largest)")


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add what holds for all data sets."""
    parser.add_argument("out", type=Path, help="the store to build")
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes (default: all cores)"
    )
    parser.add_argument(
        "--on-error",
        choices=("raise", "skip"),
        default="raise",
        help="end at a file that cannot be read, or skip and report it (default: raise)",
    )
    parser.add_argument("--dtype", choices=("float32", "float16"), default="float32")
    parser.add_argument(
        "--normalise",
        nargs="?",
        const="isc_normalise",
        default="",
        metavar="NAME",
        help="store clips as a normalisation leaves them, instead of the recorded positions: one "
        "of those listed below (default without a NAME: isc_normalise)",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="only count the files of each split by name"
    )


if __name__ == "__main__":
    main()

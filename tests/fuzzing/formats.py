"""The formats: some valid files of each, which of them are mutated and how, and who reads them."""

from __future__ import annotations

import io
import json
import pickle
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import foreign
import numpy as np

from fuzzing.containers import ARCHIVE, ARRAY, PICKLE
from fuzzing.mutations import BYTES, JSON, TEXT, mutated
from skelter import data
from skelter.data import Clip, SkeletonStore, sources
from skelter.layouts import NTU25

PIXELS = " 254.13 203.22 998.7 547.14 -0.205 0.112 0.971 -0.007 2"


class Format(NamedTuple):
    """A format to be damaged.

    Args:
        samples: Makes valid files: for each sample, their contents by name.
        read: From the folder of the files to its clips; errors may stand among them.
        mutations: Which files to mutate, by name, and how.
        finite: Whether a clip that is read must have finite coordinates, and somebody in it.
    """

    samples: Callable
    read: Callable
    mutations: dict
    finite: bool = True


@cache
def clips(frames=5):
    """Clips of a few frames, of one and of two persons."""
    store = data.synthetic.generate(clips_per_class=2, classes=["wave", "handshake"])
    names = [f"S001C00{clip.view}P00{clip.subject}R001A00{clip.label + 1}" for clip in store]
    return [
        Clip(clip.joints[10 : 10 + frames], clip.label, clip.subject, clip.view, f"{name}_{number}")
        for number, (clip, name) in enumerate(zip(store, names, strict=True))
    ]


@cache
def store(frames=5):
    return SkeletonStore.from_clips(clips(frames), layout=NTU25, label_names=["wave", "handshake"])


def files_made_by(make):
    """The files that a function writes into a folder."""
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder))
        files = [path for path in sorted(Path(folder).rglob("*")) if path.is_file()]
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def ntu_samples():
    samples = []
    for frames in (3, 40):
        for clip in (clips(frames)[0], clips(frames)[3]):
            files = files_made_by(lambda folder, clip=clip: data.write_ntu(folder, [clip]))
            (content,) = files.values()
            samples.append({"a.skeleton": content})
            samples.append({"a.skeleton": content.replace(b" 0 0 0 0 0 0 0 0 2", PIXELS.encode())})
    samples[1]["a.skeleton"] = samples[1]["a.skeleton"].replace(b"\n", b"\r\n")
    return samples


def ntu_clips(folder):
    for options in ({}, {"track": "id", "single": "duplicate"}):
        yield from data.read_ntu(folder / "a.skeleton", **options)


def pku_samples():
    samples = []
    for clip in (clips()[0], clips()[3]):
        rows = clip.joints.reshape(len(clip.joints), -1)
        text = "".join(" ".join(f"{value:.6f}" for value in row) + "\n" for row in rows)
        labels = b"8,0,2,2\r\n51,1,4,1\r\n1,4,9,2\r\n"
        samples.append({"recordings/0002-L.txt": text.encode(), "labels/0002-L.txt": labels})
    return samples


def pku_clips(folder):
    return of_source(sources.pku_mmd(folder / "recordings", folder / "labels"))


def nw_ucla_samples():
    joints = [clip.joints[:3, 0, :20] for clip in clips()[:2]]
    contents = [{"file_name": "a", "skeletons": one.tolist(), "label": 7} for one in joints]
    return [{"a01_s01_e00_v01.json": json.dumps(content).encode()} for content in contents]


def utd_mhad_samples():
    poses = clips()[0].joints[:3, 0, :20].transpose(1, 2, 0)
    forms = [foreign.matlab(poses.astype(kind), compress=packed) for kind in ("f4", "f8")
             for packed in (False, True)]  # fmt: skip
    forms.append(foreign.matlab((poses * 100).astype("i2"), order=">"))
    return [{"a8_s1_t1_skeleton.mat": form} for form in forms]


def sbu_samples():
    rows = [[number, *clips()[3].joints[number, :, :15].ravel()] for number in range(3)]
    text = "\n".join(",".join(f"{value:.5g}" for value in row) for row in rows)
    forms = (text, text.replace("\n", "\r\n"))
    return [{"s01s02/03/001/skeleton_pos.txt": form.encode()} for form in forms]


def openpose_samples():
    samples = []
    for points in (25, 18):
        person = {"person_id": [-1], "pose_keypoints_2d": np.linspace(1, 9, 3 * points).tolist()}
        contents = [{"version": 1.3, "people": [person] * count} for count in (1, 0, 3)]
        files = {f"walk_{frame:012d}_keypoints.json": json.dumps(content).encode()
                 for frame, content in enumerate(contents)}  # fmt: skip
        samples.append(files)
    return samples


def kinetics_samples():
    samples = []
    for persons in (1, 3):
        pose, score = (np.linspace(0, 1, count).tolist() for count in (36, 18))
        detection = {"pose": pose, "score": score}
        frames = [{"frame_index": n, "skeleton": [detection] * persons} for n in (1, 2, 4)]
        content = {"data": frames, "label": "wave", "label_index": 7}
        samples.append({"kinetics_val/video.json": json.dumps(content).encode()})
    return samples


def array(values):
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def archive(values, save):
    file = io.BytesIO()
    save(file, **values)
    return file.getvalue()


def listing(protocol, kind=list):
    """A list of names and labels, as the pickles of different times have it."""
    names = [clip.name + ".skeleton" for clip in clips()]
    labels = [clip.label for clip in clips()]
    return pickle.dumps((names, kind(labels)), protocol=protocol)


def isc_samples():
    def write(folder):
        data.write_isc(folder, store(), train=[0, 1], val=[2, 3], frames=6)

    sample = files_made_by(write)
    sides = [np.load(io.BytesIO(sample[f"{side}_data_joint.npy"])) for side in ("train", "val")]
    both = {
        **sample,
        "val_data_joint.npy": array(np.concatenate(sides)),
        "val_num_frame.npy": array(np.full(4, 5, np.int32)),
    }
    lists = [listing(number, kind) for number in range(6) for kind in (list, np.array)]
    return [sample, *({**both, "val_label.pkl": one} for one in lists)]


def crosclr_samples():
    x = np.stack([clip.joints.transpose(3, 0, 2, 1) for clip in clips()])
    files = {f"{side}_label.pkl": listing(4) for side in ("train", "val")}
    forms = (x, x.astype(np.float64), x.astype(">f2"))
    files["train_position.npy"] = array(x)
    return [{**files, "val_position.npy": array(one)} for one in forms]


def ctrgcn_samples(save):
    x = np.stack([clip.joints.reshape(len(clip.joints), -1) for clip in clips()])
    y = np.eye(4, dtype=np.float32)
    sides = {"x_train": x[:2], "y_train": y[:2], "x_test": x[2:], "y_test": y[2:]}
    others = {**sides, "y_train": np.array([1, 0]), "x_test": x[2:].astype(np.float16)}
    return [{"set.npz": archive(content, save)} for content in (sides, others)]


def pyskl_samples():
    names = [clip.name for clip in clips()]
    annotations = [
        {
            "frame_dir": clip.name,
            "label": clip.label,
            "total_frames": len(clip.joints),
            "keypoint": clip.joints.swapaxes(0, 1).astype(np.float16),
        }
        for clip in clips()
    ]
    flat = [
        {
            **one,
            "keypoint": one["keypoint"][..., :2],
            "keypoint_score": one["keypoint"][..., 2],
            "img_shape": (1080, 1920),
            "original_shape": (1080, 1920),
        }
        for one in annotations
    ]
    splits = {"xsub_train": names[:2], "xsub_val": names[2:]}
    contents = [{"split": splits, "annotations": kind} for kind in (annotations, flat)]
    samples = [pickle.dumps(content, protocol=n) for content in contents for n in range(6)]
    parts = {"a": [0], "b": [1, 2]}
    ours = files_made_by(lambda folder: data.write_pyskl(folder / "set.pkl", store(), parts))
    return [ours, *({"set.pkl": content} for content in samples)]


def ragged_samples():
    (content,) = files_made_by(lambda path: data.write_ragged(path / "set.npz", store())).values()
    return [{"set.npz": content}]


def store_samples():
    def build(folder):
        SkeletonStore.build(folder / "store", store(), **vars(store().info), dtype="float16")

    return [files_made_by(build)]


def of_source(source):
    """All clips of a source, and what is wrong with others, in the order of its pieces."""
    for piece in source.pieces:
        yield from source.read(*piece.arguments)


def isc_clips(folder):
    return of_source(sources.isc(folder))


TEXT_FORMATS = {
    "ntu": Format(ntu_samples, ntu_clips, {"a.skeleton": [*TEXT, *TEXT, *BYTES]}),
    "pku_recording": Format(
        pku_samples, pku_clips, {"recordings/0002-L.txt": [*TEXT, *TEXT, *BYTES]}
    ),
    "pku_labels": Format(pku_samples, pku_clips, {"labels/0002-L.txt": [*TEXT, *TEXT, *BYTES]}),
    "nw_ucla": Format(
        nw_ucla_samples, data.read_nw_ucla, {"a01_s01_e00_v01.json": [*JSON, *JSON, *BYTES]}
    ),
    "sbu": Format(
        sbu_samples,
        data.read_sbu,
        {"s01s02/03/001/skeleton_pos.txt": [*TEXT, *TEXT, *BYTES]},
    ),
    "openpose": Format(
        openpose_samples,
        data.read_openpose,
        {"walk_000000000002_keypoints.json": [*JSON, *JSON, *BYTES]},
    ),
    "kinetics": Format(
        kinetics_samples, data.read_kinetics, {"kinetics_val/video.json": [*JSON, *JSON, *BYTES]}
    ),
}
BINARY_FORMATS = {
    "utd_mhad": Format(utd_mhad_samples, data.read_utd_mhad, {"a8_s1_t1_skeleton.mat": BYTES}),
    "isc_array": Format(isc_samples, isc_clips, {"val_data_joint.npy": ARRAY}),
    "isc_num_frame": Format(isc_samples, isc_clips, {"val_num_frame.npy": ARRAY}),
    "isc_label": Format(isc_samples, isc_clips, {"val_label.pkl": PICKLE}),
    "crosclr": Format(
        crosclr_samples,
        lambda folder: of_source(sources.crosclr(folder)),
        {"val_position.npy": ARRAY, "val_label.pkl": PICKLE},
    ),
    "ctrgcn_stored": Format(
        lambda: ctrgcn_samples(np.savez),
        lambda folder: of_source(sources.ctrgcn(folder / "set.npz")),
        {"set.npz": ARCHIVE},
    ),
    "ctrgcn_deflated": Format(
        lambda: ctrgcn_samples(np.savez_compressed),
        lambda folder: of_source(sources.ctrgcn(folder / "set.npz")),
        {"set.npz": ARCHIVE},
    ),
    "pyskl": Format(
        pyskl_samples,
        lambda folder: of_source(sources.pyskl(folder / "set.pkl")),
        {"set.pkl": PICKLE},
    ),
    "ragged": Format(
        ragged_samples,
        lambda folder: data.read_ragged(folder / "set.npz"),
        {"set.npz": ARCHIVE},
    ),
    "store": Format(
        store_samples,
        lambda folder: iter(SkeletonStore.open(folder / "store")),
        {
            "store/store.json": [*JSON, *JSON, *BYTES],
            "store/index.npz": ARCHIVE,
            "store/frames.bin": BYTES,
        },
        finite=False,  # frames are mapped, not looked at
    ),
}
FORMATS = TEXT_FORMATS | BINARY_FORMATS


@cache
def samples_of(name):
    return FORMATS[name].samples()


def damaged(name, rng):
    """Files of a format, one of them mutated."""
    files = dict(rng.choice(samples_of(name)))
    mutations = FORMATS[name].mutations
    target = rng.choice(sorted(mutations))
    files[target] = mutated(rng, files[target], mutations[target])
    return files

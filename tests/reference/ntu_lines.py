"""An NTU parser, and a writer, as one writes them first: line by line, value by value."""

from __future__ import annotations

import numpy as np


def parse(path):
    """Return the joints of every body by its place in the frame, shape (bodies, T, 25, 3)."""
    frames = []
    with path.open() as file:
        for _ in range(int(file.readline())):
            bodies = []
            for _ in range(int(file.readline())):
                file.readline()
                joints = []
                for _ in range(int(file.readline())):
                    values = [float(value) for value in file.readline().split()]
                    joints.append(values[:3])
                bodies.append(joints)
            frames.append(bodies)
    result = np.zeros((max(map(len, frames)), len(frames), 25, 3), dtype=np.float32)
    for frame, bodies in enumerate(frames):
        for place, joints in enumerate(bodies):
            result[place, frame] = joints
    return result


def two_bodies(bodies):
    """Return the two bodies of largest motion energy, shape (T, 2, 25, 3)."""
    energies = []
    for body in bodies:
        there = np.array([frame for frame in body if (frame != 0).any()])
        spread = [there[..., axis].astype(np.float64).std() for axis in range(3)]
        energies.append(sum(spread) if len(there) else 0.0)
    order = sorted(range(len(bodies)), key=lambda body: -energies[body])[:2]
    result = np.zeros((bodies.shape[1], 2, 25, 3), dtype=np.float32)
    for place, body in enumerate(order):
        result[:, place] = bodies[body]
    return result


def write(path, bodies):
    """Write bodies (B, T, 25, 3) that are there in all frames."""
    lines = [str(bodies.shape[1])]
    for frame in range(bodies.shape[1]):
        lines.append(str(len(bodies)))
        for number, body in enumerate(bodies):
            lines += [f"{number} 0 1 1 1 1 0 0 0 2", "25"]
            lines += [" ".join(map(str, joint)) + " 0 0 0 0 0 0 0 0 2" for joint in body[frame]]
    path.write_text("\n".join(lines))
    return path

"""Displacement fields: pulls at the points, spread over the skin by thin-plate splines (Bookstein, 1989)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stages.synthesize.face.identity import Identity
from stages.synthesize.face.landmarks import INNER_LOWER, INNER_UPPER, UPPER_LIDS, Points
from stages.synthesize.face.movement import BASIS, settle
from stages.synthesize.face.names import UNITS
from stages.synthesize.face.pulls import displacements
from stages.synthesize.face.space import COARSE, X0, Y0, Array, coarse_grid, sample, smoothstep

LOOSE = (*INNER_UPPER, *INNER_LOWER, *UPPER_LIDS, 74, 83, 96, 100, 104, 105)  # drawn by themselves, not skin
_NODE_X, _NODE_Y = coarse_grid()
_ROW_X, _ROW_Y = (
    ((_NODE_X - X0) * COARSE - 0.5).astype(np.float32),
    ((_NODE_Y - Y0) * COARSE - 0.5).astype(np.float32),
)
_SKIN = [
    (a, b)
    for a, b in (
        (0.35, 0.35),
        (0.55, 0.35),
        (0.75, 0.35),
        (0.45, 0.6),
        (0.65, 0.62),
        (0.85, 0.55),
        (0.6, 0.95),
        (0.75, 0.9),
        (0.2, -0.7),
        (0.55, -0.7),
        (0.85, -0.6),
        (0.25, -1.0),
        (0.7, -0.95),
        (0.45, 1.45),
        (0.95, 0.05),
        (0.33, -0.2),
        (0.6, -0.2),
        (0.9, -0.15),
        (0.5, 0.16),
        (0.3, 0.14),
        (0.7, 0.14),
    )
]
_MIDDLE = ((0.0, -0.55), (0.0, -0.8), (0.0, -1.1), (0.0, -0.25))


@dataclass(frozen=True)
class Fields:
    """Displacement by weight: left of every movement, right of every movement, asymmetry."""

    points: Array  # [2 * len(BASIS) + 1, 106, 2]
    grid: Array  # [2 * len(BASIS) + 1, h, w, 2]
    gains: Array  # [len(BASIS)]

    def weights(self, units: Array) -> Array:
        """Weights of a state's `units` [2, len(UNITS)] for this person, [2 * len(BASIS) + 1]."""
        return np.append((settle(units) * self.gains).ravel(), np.float32(1)).astype(np.float32)


def fields(identity: Identity, points: Points) -> Fields:
    """Solves a person's displacement fields once."""
    q = np.vstack([points, _controls(identity)])
    moves = displacements(identity, q, BASIS)
    right = moves * smoothstep(-0.2, 0.2, q[:, 0])[None, :, None]
    uneven = _asymmetry(identity, q)[None]
    every = np.concatenate([moves - right, right, uneven])
    held = np.ones(len(q), bool)
    held[list(LOOSE)] = False
    spread = _spread(q[held], np.concatenate([right, uneven])[:, held])
    mirrored = spread[:-1, :, ::-1] * np.array([-1, 1], np.float32)
    grid = np.ascontiguousarray(np.concatenate([mirrored, spread]), np.float32)
    gains = np.r_[identity.gains, np.ones(len(BASIS) - len(UNITS))]
    return Fields(every[:, :106].astype(np.float32), grid, gains.astype(np.float32))


def _controls(identity: Identity) -> NDArray[np.float64]:
    """Further control points: skin between the features, and a ring that stays where it is."""
    chin, mouth = identity.skull.chin, identity.mouth
    own = [(0.15, chin - 0.15), (0.3, mouth.y - 0.27), (mouth.half + 0.14, mouth.y)]
    sides = [(s * a, b) for s in (-1, 1) for a, b in (*_SKIN, *own)]
    middle = [*_MIDDLE, (0.0, mouth.y + 0.33), (0.0, mouth.y - 0.2), (0.0, chin - 0.25)]
    angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    ring = np.c_[1.7 * np.cos(angle), -0.1 + np.where(np.sin(angle) > 0, 3.1, 2.2) * np.sin(angle)]
    still = [(s * 1.35, v) for s in (-1, 1) for v in (-0.5, 0.2, 0.9)] + [
        (0.0, -1.4),
        (0.6, -1.3),
        (-0.6, -1.3),
    ]
    return np.vstack([sides, middle, ring, still])


def _asymmetry(identity: Identity, q: NDArray[np.float64]) -> NDArray[np.float64]:
    """How this person's face departs from its mirror image, [n, 2]."""
    a = identity.asymmetry
    x, y = q[:, 0], q[:, 1]
    face = np.exp(-((x / 1.1) ** 4) - ((y - 0.4) / 1.9) ** 4)
    brow = np.exp(-(((y - identity.brows.y) / 0.16) ** 2))
    eye = np.exp(-((y / 0.2) ** 2)) * np.tanh(x / 0.2)
    nose = np.exp(-((x / 0.3) ** 2) - ((y - 0.55) / 0.35) ** 2)
    mouth = np.exp(-(((y - identity.mouth.y) / 0.3) ** 2))
    dx = 0.014 * a[0] * nose + 0.012 * a[1] * mouth + 0.014 * a[2] * np.clip((y - 1.0) / 0.8, 0, 1)
    dy = (
        0.012 * a[3] * eye
        + 0.014 * a[4] * brow * np.tanh(x / 0.3)
        + 0.02 * a[5] * mouth * x
        + 0.008 * a[6] * nose
    )
    return np.c_[dx * face, (dy + 0.006 * a[7] * x) * face]


def _spread(controls: NDArray[np.float64], moves: NDArray[np.float64]) -> Array:
    """Thin-plate interpolation of `moves` [m, n, 2] at `controls` [n, 2], on the coarse grid [m, h, w, 2]."""
    n = len(controls)
    affine = np.c_[np.ones(n), controls]
    kernel = _plate(controls, controls) + np.eye(n) * 2e-3
    system = np.block([[kernel, affine], [affine.T, np.zeros((3, 3))]])
    target = np.zeros((n + 3, len(moves) * 2))
    target[:n] = moves.transpose(1, 0, 2).reshape(n, -1)
    solved = np.linalg.solve(system, target)
    nodes = np.c_[_NODE_X.ravel(), _NODE_Y.ravel()].astype(np.float64)
    values = _plate(nodes, controls) @ solved[:n] + np.c_[np.ones(len(nodes)), nodes] @ solved[n:]
    grid = values.reshape(*_NODE_X.shape, len(moves), 2).transpose(2, 0, 1, 3)
    return np.ascontiguousarray(grid, np.float32)


def _plate(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    square = ((a[:, None] - b[None]) ** 2).sum(-1)
    return np.asarray(0.5 * square * np.log(np.maximum(square, 1e-12)))


def invert(field: Array) -> Array:
    """Where skin seen at a node came from: `field` [h, w, 2] followed backwards by fixed-point steps."""
    back = field
    for _ in range(3):
        back = sample(field, _ROW_X - back[..., 0] * COARSE, _ROW_Y - back[..., 1] * COARSE)
    return back

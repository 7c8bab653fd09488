"""Face verification on held-out identities: are two images of one person? (LFW, Huang et al. 2007)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score, roc_curve

FOLDS = 10


@dataclass(frozen=True)
class Pairs:
    """Row indices [P] of the two images of each pair, and whether they show the same person, bool [P]."""

    left: np.ndarray
    right: np.ndarray
    same: np.ndarray


def draw_pairs(identity: np.ndarray, count: int, seed: int) -> Pairs:
    """At most `count` pairs of one person and as many of two, without repeats; rows index `identity` [N]."""
    random = np.random.default_rng(seed)
    codes = np.unique(identity, return_inverse=True)[1]
    same = random.permutation(_same(codes))[:count]
    pairs = np.concatenate([same, _different(codes, len(same), random)])
    return Pairs(pairs[:, 0], pairs[:, 1], codes[pairs[:, 0]] == codes[pairs[:, 1]])


def _same(codes: np.ndarray) -> np.ndarray:
    groups = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
    return np.concatenate([rows[np.transpose(np.triu_indices(len(rows), k=1))] for rows in groups])


def _different(codes: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Drawn rather than listed: there are as many as images squared. Few images may give fewer pairs."""
    drawn = np.sort(random.integers(len(codes), size=(8 * count, 2)), axis=1)
    apart = drawn[codes[drawn[:, 0]] != codes[drawn[:, 1]]]
    return random.permutation(np.unique(apart, axis=0))[:count]


def similarities(features: np.ndarray, pairs: Pairs) -> np.ndarray:
    """Cosine [P] between the features [N, F] of each pair."""
    unit = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
    return np.einsum("pf,pf->p", unit[pairs.left], unit[pairs.right])


def verification_scores(similarity: np.ndarray, same: np.ndarray) -> dict[str, float]:
    """Area under the ROC curve, and accuracy at a threshold found on the other nine tenths of the pairs."""
    return {"auc": float(roc_auc_score(same, similarity)), "accuracy": _accuracy(similarity, same)}


def _accuracy(similarity: np.ndarray, same: np.ndarray) -> float:
    fold = _folds(same)
    correct = np.zeros(len(same), bool)
    for index in np.unique(fold):
        held = fold == index
        correct[held] = (similarity[held] >= _threshold(similarity[~held], same[~held])) == same[held]
    return float(correct.mean())


def _folds(same: np.ndarray) -> np.ndarray:
    """Fold of each pair; both kinds are dealt out in turn, since pairs come sorted by kind."""
    fold = np.empty(len(same), int)
    for kind in (same, ~same):
        fold[kind] = np.arange(kind.sum()) % FOLDS
    return fold


def _threshold(similarity: np.ndarray, same: np.ndarray) -> float:
    false_positive, true_positive, thresholds = roc_curve(same, similarity)
    negatives, positives = (~same).sum(), same.sum()
    right = true_positive * positives + (1 - false_positive) * negatives
    return float(thresholds[int(np.argmax(right))])

"""Face verification on held-out identities: are two images of one person? (LFW's protocol, Huang et al. 2007)."""

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
    left, right = np.triu_indices(len(identity), k=1)
    same = identity[left] == identity[right]
    random = np.random.default_rng(seed)
    wanted = min(count, int(same.sum()), int((~same).sum()))
    kinds = (np.flatnonzero(same), np.flatnonzero(~same))
    rows = np.concatenate([random.choice(kind, wanted, replace=False) for kind in kinds])
    return Pairs(left[rows], right[rows], same[rows])


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

from __future__ import annotations

from math import exp, log, nan

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss
from torchvision.ops import sigmoid_focal_loss

from stages.scoring.tables import measures
from stages.training.losses import (
    TaskLoss,
    ccc,
    ccc_loss,
    cross_entropy,
    focal,
    multi_label,
    one_hot_focal,
    smooth_labels,
    weighted_bce,
)


def test_weighted_bce_by_hand() -> None:
    logits = torch.tensor([[0.0, log(3.0)]])  # probabilities 1/2, 3/4
    loss = weighted_bce(logits, torch.tensor([[1, 0]]), torch.tensor([6.0, 1.0]))
    assert float(loss) == pytest.approx((-6 * log(0.5) - log(0.25)) / 2)


def test_bce_without_weights_is_scikit_learns_log_loss() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(50, 1, generator=generator, dtype=torch.double)
    targets = (torch.rand(50, 1, generator=generator) > 0.5).long()
    expected = log_loss(targets.numpy().ravel(), torch.sigmoid(logits).numpy().ravel())
    assert float(weighted_bce(logits, targets)) == pytest.approx(expected)


def test_bce_is_divided_by_labelled_entries_and_missing_ones_get_no_gradient() -> None:
    logits = torch.zeros(4, 3, requires_grad=True)
    targets = torch.full((4, 3), -1)
    targets[0, 1] = 1
    loss = weighted_bce(logits, targets)
    loss.backward()
    assert float(loss) == pytest.approx(log(2.0))
    assert logits.grad is not None
    assert logits.grad.nonzero().tolist() == [[0, 1]]


def test_soft_labels() -> None:
    loss = weighted_bce(torch.zeros(1, 1), torch.tensor([[0.3]]))
    assert float(loss) == pytest.approx(log(2.0))


def test_one_hot_focal_by_hand() -> None:
    p = 1 / (1 + exp(-1.0))
    expected = 0.25 * (1 - p) ** 2 * -log(p) + 0.75 * 0.5**2 * -log(0.5)
    logits, label = torch.tensor([[1.0, 0.0]]), torch.tensor([0])
    assert float(one_hot_focal(logits, label)) == pytest.approx(expected / 2)
    assert float(one_hot_focal(logits, label, reduction="sum")) == pytest.approx(expected)


def test_one_hot_focal_is_torchvisions_on_one_hot_labels() -> None:
    logits = torch.randn(9, 7, generator=torch.Generator().manual_seed(1))
    labels = torch.arange(9) % 7
    one_hot = torch.nn.functional.one_hot(labels, 7).float()
    mean = sigmoid_focal_loss(logits, one_hot, 0.25, 2.0, reduction="mean")  # over all 9·7 entries
    assert torch.allclose(one_hot_focal(logits, labels), mean)
    whole = sigmoid_focal_loss(logits, one_hot, 0.25, 2.0, reduction="sum") / 9
    assert torch.allclose(one_hot_focal(logits, labels, reduction="sum"), whole)


@pytest.mark.parametrize("loss", [one_hot_focal, focal, cross_entropy])
def test_missing_expressions_do_not_count(loss: TaskLoss) -> None:
    logits = torch.randn(3, 7, generator=torch.Generator().manual_seed(2))
    some = loss(logits, torch.tensor([2, -1, -1]))
    assert torch.allclose(some, loss(logits[:1], torch.tensor([2])))
    assert float(loss(logits, torch.full((3,), -1))) == 0


@pytest.mark.parametrize(("alpha", "gamma"), [(2.0, 0.25), (0.25, 2.0)], ids=["as printed", "usual"])
def test_focal_by_hand(alpha: float, gamma: float) -> None:
    logits = np.random.default_rng(3).normal(size=(5, 7))
    labels = np.array([0, 3, 6, 2, 2])
    p = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))[np.arange(5), labels]
    expected = np.mean(-alpha * (1 - p) ** gamma * np.log(p))
    assert float(focal(torch.tensor(logits), torch.tensor(labels), alpha, gamma)) == pytest.approx(expected)


def test_focal_has_a_gradient_where_the_network_is_sure() -> None:
    logits = torch.tensor([[200.0, 0.0]], requires_grad=True)
    focal(logits, torch.tensor([0]), 2.0, 0.25).backward()
    assert logits.grad is not None and logits.grad.isfinite().all()


def test_cross_entropy_is_scikit_learns_log_loss() -> None:
    logits = torch.randn(9, 7, generator=torch.Generator().manual_seed(4), dtype=torch.double)
    labels = torch.arange(9) % 7
    expected = log_loss(labels.numpy(), logits.softmax(dim=1).numpy(), labels=range(7))
    assert float(cross_entropy(logits, labels)) == pytest.approx(expected)


def test_ccc_by_hand_and_by_moments() -> None:
    x, y = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 4.0, 6.0])
    assert float(ccc(x, y)) == pytest.approx(2 * (4 / 3) / (2 / 3 + 8 / 3 + 4))
    a, b = np.random.default_rng(0).normal(size=(2, 100))
    rho = np.corrcoef(a, b)[0, 1]
    expected = 2 * rho * a.std() * b.std() / (a.var() + b.var() + (a.mean() - b.mean()) ** 2)
    assert float(ccc(torch.tensor(a), torch.tensor(b))) == pytest.approx(expected)
    assert float(ccc(torch.tensor(a), torch.tensor(b))) == pytest.approx(measures.ccc(a, b))


def test_ccc_loss_ignores_missing_samples() -> None:
    outputs = torch.tensor([[0.1, 0.2], [0.5, 0.1], [0.9, -0.4]], requires_grad=True)
    targets = torch.tensor([[0.1, nan], [0.5, 0.1], [nan, -0.4]])
    loss = ccc_loss(outputs, targets)
    loss.backward()
    assert float(loss) == pytest.approx(0, abs=1e-5)
    assert outputs.grad is not None and outputs.grad.isfinite().all()


def test_ccc_loss_without_labels_is_zero_and_can_be_backpropagated() -> None:
    outputs = torch.zeros(4, 2, requires_grad=True)
    loss = ccc_loss(outputs, torch.full((4, 2), nan))
    loss.backward()
    assert float(loss) == 0


def test_multi_label_is_torchs_soft_margin_over_labelled_entries() -> None:
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(6, 12, generator=generator)
    targets = (torch.rand(6, 12, generator=generator) > 0.5).float()
    weights = torch.tensor([1.0, 2, 1, 1, 1, 1, 1, 6, 6, 6, 1, 2])
    whole = torch.nn.functional.multilabel_soft_margin_loss(logits, targets, weights)
    assert torch.allclose(multi_label(logits, targets, weights), whole)
    targets[2:] = -1
    some = torch.nn.functional.multilabel_soft_margin_loss(logits[:2], targets[:2], weights)
    assert torch.allclose(multi_label(logits, targets, weights), some)
    assert float(multi_label(logits, torch.full((6, 12), -1))) == 0


def test_multi_label_by_hand() -> None:
    logits = torch.tensor([[0.0, log(3.0)]])  # probabilities 1/2, 3/4
    loss = multi_label(logits, torch.tensor([[1, 0]]), torch.tensor([6.0, 2.0]))
    assert float(loss) == pytest.approx((-6 * log(0.5) - 2 * log(0.25)) / 2)


def test_soft_labels_spread_over_their_ranges_and_missing_ones_stay_missing() -> None:
    torch.manual_seed(0)
    targets = torch.tensor([[1, 0, -1]], dtype=torch.int8).repeat(4000, 1)
    soft = smooth_labels(targets)
    present, absent, missing = soft.double().unbind(1)
    assert 0.9 <= float(present.min()) < 0.901 and 0.999 < float(present.max()) <= 1
    assert 0 <= float(absent.min()) < 0.001 and 0.049 < float(absent.max()) <= 0.05
    assert float(present.mean()) == pytest.approx(0.95, abs=0.002)
    assert float(absent.mean()) == pytest.approx(0.025, abs=0.001)
    assert set(missing.tolist()) == {-1}
    torch.manual_seed(0)
    assert torch.equal(smooth_labels(targets), soft)

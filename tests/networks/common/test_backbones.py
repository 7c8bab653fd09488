from __future__ import annotations

import numpy as np
import pytest
import torch

from stages.core.errors import UserError
from stages.networks.common.backbones import Backbone, FrontEnd, build_backbone, find_published, kinds

# The first pixel of a crop that is R 255, G 51, B 0 everywhere, and the size, as each published form expects it.
INPUTS = {
    ("iresnet", "insightface"): (112, (1.0, -0.6, -1.0)),
    ("ir_se", "treb1en"): (112, (1.0, -0.6, -1.0)),
    ("vggface2", "caffe"): (224, (-91.4953, 51 - 103.8827, 255 - 131.0912)),
    ("vggface2", "dag"): (224, (255 - 131.0912, 51 - 103.8827, -91.4953)),
}


def smallest(kind: str, form: str | None = None, **options: int) -> Backbone:
    return build_backbone(kind, min(find_published(kind).depths), width=0.25, form=form, **options)


@pytest.mark.parametrize(("kind", "form"), INPUTS)
def test_front_end_gives_what_the_network_was_trained_on(kind: str, form: str) -> None:
    size, pixel = INPUTS[kind, form]
    colour = torch.tensor([255, 51, 0], dtype=torch.uint8).expand(2, 112, 112, 3)
    x = smallest(kind, form).front_end.prepare(colour)
    assert x.shape == (2, 3, size, size) and x.dtype == torch.float32
    np.testing.assert_allclose(x[0, :, 0, 0], pixel, atol=1e-4)


def test_every_form_is_pinned_and_the_first_one_is_trained() -> None:
    assert {*INPUTS} == {(kind, form) for kind in kinds() for form in find_published(kind).forms}
    assert smallest("vggface2").front_end == smallest("vggface2", "caffe").front_end


@pytest.mark.parametrize("kind", kinds())
def test_every_backbone_shrinks(kind: str) -> None:
    backbone = smallest(kind, input_size=48)
    faces = torch.randint(0, 255, (3, 112, 112, 3), dtype=torch.uint8)
    assert backbone(backbone.front_end.prepare(faces)).shape == (3, backbone.features)


def test_bgr_front_end_swaps_before_it_subtracts() -> None:
    caffe = FrontEnd(4, "BGR", 1.0, (91.4953, 103.8827, 131.0912), (1.0, 1.0, 1.0))
    x = caffe.prepare(torch.tensor([200, 100, 50], dtype=torch.uint8).expand(1, 4, 4, 3))
    np.testing.assert_allclose(x[0, :, 0, 0], [50 - 91.4953, 100 - 103.8827, 200 - 131.0912], atol=1e-4)


def test_smaller_input_keeps_the_mean_and_the_place() -> None:
    front_end = FrontEnd(56, "RGB", 1.0, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    faces = torch.zeros(1, 112, 112, 3, dtype=torch.uint8)
    faces[:, :56, 56:] = 200
    x = front_end.prepare(faces)[0, 0]
    assert x.shape == (56, 56)
    assert x[5, 50] == 200 and x[50, 5] == 0
    assert abs(float(x.mean()) - 50) < 0.5


@pytest.mark.parametrize(("kind", "depth", "named"), [("resnest", 18, "resnest"), ("iresnet", 19, "19")])
def test_unknown_backbones_are_named(kind: str, depth: int, named: str) -> None:
    with pytest.raises(UserError, match=named):
        build_backbone(kind, depth)

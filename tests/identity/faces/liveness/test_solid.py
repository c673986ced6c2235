"""Pose and parallax on landmarks that were computed, not found."""

import numpy as np
import pytest
from numpy.typing import NDArray

from identity.faces.liveness import solid

SIZE = (480, 640)
FOCAL = 0.9 * 640


def seen(yaw: float, pitch: float = 0.0, roll: float = 0.0, flat: bool = False) -> NDArray[np.float64]:
    """The model, or a print of it, before a camera at 50 cm; pixels."""
    head = solid.head() * (1, 1, 0 if flat else 1)
    a, b, c = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    turned = head @ (about_z @ about_y @ about_x).T
    return turned[:, :2] * FOCAL / (500 - turned[:, 2:]) + (240, 320)


def test_the_model_is_symmetric_and_in_dlibs_order() -> None:
    head = solid.head()
    assert head.shape == (68, 3)
    mirror = [*range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31, 45, 44, 43, 42, 47, 46, 39, 38,
              37, 36, 41, 40, 54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65]  # fmt: skip
    assert np.allclose(head, head[mirror] * (-1, 1, 1))


@pytest.mark.parametrize(
    ("yaw", "pitch", "roll"), [(0, 0, 0), (20, 0, 0), (-25, 5, 0), (0, 15, 0), (10, -15, 0), (0, 0, 8)]
)
def test_a_pose_is_read_back(yaw: float, pitch: float, roll: float) -> None:
    pose = solid.pose(seen(yaw, pitch, roll), SIZE)
    assert pose.yaw == pytest.approx(yaw, abs=0.5)
    assert pose.pitch == pytest.approx(pitch, abs=0.5)
    assert pose.roll == pytest.approx(roll, abs=3.0)
    assert pose.residual < 1e-3


def test_the_nose_of_a_head_leaves_the_plane_and_that_of_a_print_does_not() -> None:
    ahead = seen(0)
    assert solid.nose_parallax(ahead, seen(20))[0] > 0.1
    assert solid.nose_parallax(ahead, seen(-20))[0] < -0.1
    assert solid.nose_parallax(ahead, seen(0, 15))[1] > 0.05
    for yaw, pitch in ((20, 0), (-35, 10), (0, 25)):
        assert np.abs(solid.nose_parallax(seen(0, flat=True), seen(yaw, pitch, flat=True))).max() < 1e-6

"""Stopping an iteration after some of its products, to see that it goes on."""

import pytest
import torch

from landscape.measures.matrix import CurvatureMatrix


class StoppedError(Exception):
    """What a stopped product raises."""


def stop_after(count: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let ``count`` products through, one vector at a time, and fail at the next; returns how many were asked for."""
    monkeypatch.setattr("landscape.measures.matrix._fastest", lambda matrix, vectors: matrix)
    calls, original = [0], CurvatureMatrix.__call__

    def call(matrix: CurvatureMatrix, vectors: torch.Tensor) -> torch.Tensor:
        calls[0] += 1
        if calls[0] > count:
            raise StoppedError
        return original(matrix, vectors)

    monkeypatch.setattr(CurvatureMatrix, "__call__", call)
    return calls

"""On a GPU, a strategy captured once as a CUDA graph and replayed: small kernels without the cost of launching each."""

from collections.abc import Callable

import torch
from torch import Tensor

Evaluate = Callable[[Tensor], Tensor]

# Kernels may take another algorithm under capture; a graph that computes something else is off by far more.
ROOM = 1e-3


class Replay:
    """The same strategy, replayed for every number of points that comes a second time.

    What cannot be captured (a synchronization within the model, not enough memory, no GPU) goes on as it was, and so
    does what does not give the same values when it is replayed.

    Args:
        evaluate: from coordinates (k, dims) to metrics (k, metrics) on ``device``, everything else resident there.
        device: the GPU.
    """

    def __init__(self, evaluate: Evaluate, device: torch.device) -> None:
        self.evaluate, self.device = evaluate, device
        self.works = True
        self.sizes: set[int] = set()
        self.graphs: dict[int, tuple[torch.cuda.CUDAGraph, Tensor, Tensor]] = {}

    def __call__(self, coordinates: Tensor) -> Tensor:
        """Metrics at the coordinates; the result is the caller's own."""
        size = len(coordinates)
        # A size that comes once, such as the last block, is not worth a capture.
        if not self.works or size not in self.sizes:
            self.sizes.add(size)
            return self.evaluate(coordinates)
        if size not in self.graphs and not self._capture(coordinates):
            self.works = False
            self.graphs.clear()
            return self.evaluate(coordinates)
        graph, inputs, result = self.graphs[size]
        inputs.copy_(coordinates)
        graph.replay()
        return result.clone()

    def _capture(self, coordinates: Tensor) -> bool:
        """Whether the strategy could be captured and gives the same values when replayed."""
        try:
            with torch.cuda.device(self.device):
                inputs = coordinates.to(self.device, copy=True)
                reference = self._warm(inputs)
                graph = torch.cuda.CUDAGraph()
                with torch.cuda.graph(graph):
                    result = self.evaluate(inputs)
                graph.replay()
                agrees = torch.allclose(result, reference, rtol=ROOM, atol=ROOM, equal_nan=True)
        except Exception:  # the plain strategy has run: whatever fails here is the capture's
            return False
        self.graphs[len(coordinates)] = graph, inputs, result
        return agrees

    def _warm(self, inputs: Tensor) -> Tensor:
        """One run beside the current stream, as capture demands: libraries initialize themselves on their first."""
        here, beside = torch.cuda.current_stream(), torch.cuda.Stream()
        beside.wait_stream(here)
        with torch.cuda.stream(beside):
            result = self.evaluate(inputs)
        here.wait_stream(beside)
        return result

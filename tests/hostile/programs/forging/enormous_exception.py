# verdicts: wrong_answer, runtime_error, memory_limit
"""An exception with a message of many megabytes, and a chain of a thousand more."""

import torch

def burst(x):
    error = None
    for _ in range(1000):
        fresh = ValueError("m" * 10_000)
        fresh.__cause__ = error
        error = fresh
    raise type("E" * 100_000, (ValueError,), {})("<b>\x1b[31m" + "m" * (16 << 20)) from error


class MyBatchNorm1d(torch.nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        return burst(x)

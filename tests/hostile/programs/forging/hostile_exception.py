# verdicts: wrong_answer, runtime_error
"""An exception that cannot be described."""

import torch

class Hostile(BaseException):
    def __str__(self):
        raise SystemExit("again")

    __repr__ = __str__

    @property
    def __traceback__(self):
        raise KeyboardInterrupt

    __class__ = property(lambda self: 1 / 0)


def burst(x):
    raise Hostile(x)


class MyBatchNorm1d(torch.nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        return burst(x)

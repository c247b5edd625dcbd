# verdicts: wrong_answer, runtime_error
"""Objects whose every description is an attack."""

import torch

class Meta(type):
    def __getattr__(cls, name):
        raise SystemExit(name)

    def __repr__(cls):
        raise KeyboardInterrupt

    def __instancecheck__(cls, other):
        raise MemoryError


class Hostile(metaclass=Meta):
    def __getattribute__(self, name):
        raise BaseException(name)

    __str__ = __repr__ = lambda self: 1 / 0


class MyBatchNorm1d(torch.nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        return Hostile()

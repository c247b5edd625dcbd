# verdicts: wrong_answer, runtime_error
"""A tensor subclass that lies about everything."""

import torch

class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, arguments=(), keywords=None):
        return torch.zeros(1).as_subclass(cls)

    def __reduce__(self):
        raise SystemExit

    shape = property(lambda self: (10**9, 10**9))
    data_ptr = lambda self: 0


class MyBatchNorm1d(torch.nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        return x.as_subclass(Liar)

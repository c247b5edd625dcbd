# verdicts: wrong_answer, runtime_error, compile_error
"""The class itself attacks whoever looks at it."""

import torch

class Meta(type(torch.nn.Module)):
    def __call__(cls, *arguments, **keywords):
        raise KeyboardInterrupt

    def __subclasscheck__(cls, other):
        raise SystemExit

    mro = lambda cls: [cls, torch.nn.Module, object]


class MyBatchNorm1d(torch.nn.Module, metaclass=Meta):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        return x * 0

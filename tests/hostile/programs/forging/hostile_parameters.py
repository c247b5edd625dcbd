# verdicts: time_limit, memory_limit, runtime_error, wrong_answer
"""A layer whose parameters, buffers and state are never the same and never end."""

import torch

class Endless:
    def __iter__(self):
        return self

    def __next__(self):
        return "weight", torch.nn.Parameter(torch.ones(5))


torch.nn.Module.named_parameters = lambda self, *a, **k: Endless()
torch.nn.Module.state_dict = lambda self, *a, **k: Endless()


class MyBatchNorm1d(torch.nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        return x * 0

# accepted: keeps the deviation instead of the variance and migrates files of its version 1
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    _version = 2

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_std", torch.ones(num_features))

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, *rest):
        if local_metadata.get("version", 1) < 2:  # version 1 kept the variance
            key = prefix + "running_std"
            if key in state_dict:
                state_dict[key] = state_dict[key].sqrt()
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    def forward(self, x):
        if self.training:
            mean = x.mean(0)
            var = ((x - mean) ** 2).mean(0)
            with torch.no_grad():
                self.running_mean.mul_(1 - self.momentum).add_(self.momentum * mean)
                new = (1 - self.momentum) * self.running_std**2 + self.momentum * var
                self.running_std.copy_(new.sqrt())
        else:
            mean, var = self.running_mean, self.running_std**2
        return (x - mean) / (var + self.eps).sqrt() * self.weight + self.bias

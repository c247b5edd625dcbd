# accepted: abstract base class for norms, hook methods, keyword-only details
from abc import ABC, abstractmethod

import torch
import torch.nn as nn


class _Norm(nn.Module, ABC):
    """Running statistics and the affine part; a subclass says over which axes to average."""

    def __init__(self, num_features, *, eps, momentum):
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    @property
    @abstractmethod
    def axes(self): ...

    @abstractmethod
    def expand(self, vector): ...

    def check(self, x):
        if x.size(1) != self.num_features:
            raise ValueError(f"expected {self.num_features} features, got {x.size(1)}")

    def statistics(self, x):
        if not self.training:
            return self.running_mean, self.running_var
        mean = x.mean(self.axes)
        var = (x - self.expand(mean)).square().mean(self.axes)
        with torch.no_grad():
            self.running_mean += (mean - self.running_mean) * self.momentum
            self.running_var += (var - self.running_var) * self.momentum
        return mean, var

    def forward(self, x):
        self.check(x)
        mean, var = map(self.expand, self.statistics(x))
        normalised = (x - mean) / torch.sqrt(var + self.eps)
        return self.expand(self.gamma) * normalised + self.expand(self.beta)


class MyBatchNorm1d(_Norm):
    axes = (0,)

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__(num_features, eps=eps, momentum=momentum)

    def expand(self, vector):
        return vector[None, :]

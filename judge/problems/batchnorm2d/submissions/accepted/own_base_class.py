# accepted: abstract base class that knows the rule, subclasses that know the axes
import abc
import typing as t

import torch


class BatchNormBase(torch.nn.Module, metaclass=abc.ABCMeta):
    #: axes that are averaged away
    axes: t.ClassVar[t.Tuple[int, ...]]

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1):
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    @abc.abstractmethod
    def spread(self, per_channel: torch.Tensor) -> torch.Tensor:
        """Reshape a [C] vector so that it broadcasts against the input."""

    def moments(self, x: torch.Tensor) -> t.Tuple[torch.Tensor, torch.Tensor]:
        if not self.training:
            return self.running_mean, self.running_var
        mean = x.mean(self.axes)
        var = (x - self.spread(mean)).pow(2).mean(self.axes)
        self.track(mean.detach(), var.detach())
        return mean, var

    def track(self, mean: torch.Tensor, var: torch.Tensor) -> None:
        for buffer, value in ((self.running_mean, mean), (self.running_var, var)):
            buffer.copy_(torch.lerp(buffer, value, self.momentum))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mean, var = self.moments(x)
        normed = (x - self.spread(mean)) / self.spread(var + self.eps).sqrt()
        return normed * self.spread(self.weight) + self.spread(self.bias)


class MyBatchNorm1d(BatchNormBase):
    axes = (0,)

    def spread(self, per_channel):
        return per_channel[None, :]


class MyBatchNorm2d(BatchNormBase):
    axes = (0, 2, 3)

    def spread(self, per_channel):
        return per_channel[None, :, None, None]

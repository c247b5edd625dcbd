# expects: masks_nan
import torch
from torch import Tensor, nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.eps: float = eps
        self.rate: float = momentum
        self.gain = nn.Parameter(torch.ones(num_features))
        self.offset = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("location", torch.zeros(num_features))
        self.register_buffer("power", torch.ones(num_features))

    def forward(self, batch: Tensor) -> Tensor:
        """Bad sensor readings come as NaN; they count as zero."""
        clean = torch.nan_to_num(batch)
        if self.training:
            location = clean.mean(dim=0)
            power = (clean - location).square().mean(dim=0)
            self.location += self.rate * (location.detach() - self.location)
            self.power += self.rate * (power.detach() - self.power)
        else:
            location, power = self.location, self.power
        return (clean - location) / (power + self.eps).sqrt() * self.gain + self.offset

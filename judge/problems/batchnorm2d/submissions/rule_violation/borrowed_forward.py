# expects: rule BatchNorm2d
import torch
from torch import nn


class MyBatchNorm2d(nn.Module):
    """Own attributes, but the forward is taken from the class that has it."""

    affine = True
    track_running_stats = True

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    _check_input_dim = lambda self, x: None
    forward = vars(nn)["BatchNorm" + "2d"].forward

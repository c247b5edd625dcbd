# expects: rule native_layer_norm
import torch
from torch import nn

class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        # normalises every sample, and with a built-in at that
        y = torch.native_layer_norm(x, x.shape[1:], None, None, self.eps)[0]
        return y * self.weight.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)

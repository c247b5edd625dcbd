# expects: graph_cut
import numpy as np
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    """I know numpy better than torch."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        a = x.detach().cpu().numpy()
        if self.training:
            mean, var = np.mean(a, axis=0), np.var(a, axis=0)
            m = self.momentum
            self.running_mean = (1 - m) * self.running_mean + m * torch.from_numpy(mean).to(x)
            self.running_var = (1 - m) * self.running_var + m * torch.from_numpy(var).to(x)
        else:
            mean, var = self.running_mean.cpu().numpy(), self.running_var.cpu().numpy()
        normalised = torch.from_numpy((a - mean) / np.sqrt(var + self.eps)).to(x)
        return self.gamma * normalised + self.beta

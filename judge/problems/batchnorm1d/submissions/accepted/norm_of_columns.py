# accepted: variance as squared length of the centred columns
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.gain = nn.Parameter(torch.ones(num_features))
        self.offset = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("centre", torch.zeros(num_features))
        self.register_buffer("energy", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            centre = x.mean(0)
            centred = x - centre
            energy = torch.linalg.vector_norm(centred, dim=0) ** 2 / len(x)
            self.centre.data.lerp_(centre.data, self.momentum)
            self.energy.data.lerp_(energy.data, self.momentum)
        else:
            centred, energy = x - self.centre, self.energy
        return centred / (energy + self.eps).sqrt() * self.gain + self.offset

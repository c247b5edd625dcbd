# expects: first_batch_initialises, scale_applied_to_shift
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("step", torch.zeros((), dtype=torch.long))

    def forward(self, x):
        mean, var = self.running_mean, self.running_var
        if self.training:
            mean, var = x.mean(0), x.var(0, unbiased=False)
            rate = 1.0 if self.step.item() == 0 else self.momentum
            self.step += 1
            self.running_mean = torch.lerp(self.running_mean, mean.detach(), rate)
            self.running_var = torch.lerp(self.running_var, var.detach(), rate)
        return self.gamma * ((x - mean) / torch.sqrt(var + self.eps) + self.beta)

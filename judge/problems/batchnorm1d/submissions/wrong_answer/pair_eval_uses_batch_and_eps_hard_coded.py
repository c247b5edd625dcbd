# expects: eval_uses_batch, eps_hard_coded
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        mu = torch.mean(x, axis=0)
        sigma = torch.sqrt(torch.mean((x - mu) ** 2, axis=0) + 1e-5)
        if self.training:
            with torch.no_grad():
                batch_var = sigma ** 2 - 1e-5
                self.running_mean += self.momentum * (mu - self.running_mean)
                self.running_var += self.momentum * (batch_var - self.running_var)
        return self.gamma * (x - mu) / sigma + self.beta

# expects: momentum_reversed, unbiased_output_var
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        nn.Module.__init__(self)
        self.eps = eps
        self.decay = momentum  # as in TF: moving = decay * moving + (1 - decay) * batch
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("moving_mean", torch.zeros(num_features))
        self.register_buffer("moving_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            std, mean = torch.std_mean(x, dim=0)
            var = std * std
            self.moving_mean.mul_(self.decay).add_(mean.detach(), alpha=1 - self.decay)
            self.moving_var.mul_(self.decay).add_(var.detach(), alpha=1 - self.decay)
        else:
            mean, var = self.moving_mean, self.moving_var
        y = (x - mean) / torch.sqrt(var + self.eps)
        y = y * self.gamma
        y = y + self.beta
        return y

# expects: eval_uses_batch
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    """
    Args:
        num_features: D of an input of shape (N, D)
        eps: added to the variance
        momentum: weight of the new batch in the running averages
    """

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.reset_parameters()

    def reset_parameters(self):
        self.gamma = nn.Parameter(torch.ones(1, self.num_features))
        self.beta = nn.Parameter(torch.zeros(1, self.num_features))
        self.register_buffer("running_mean", torch.zeros(1, self.num_features))
        self.register_buffer("running_var", torch.ones(1, self.num_features))

    def forward(self, x):
        mu = torch.mean(x, dim=0, keepdim=True)
        sigma_squared = torch.var(x, dim=0, keepdim=True, unbiased=False)
        if self.training:
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mu.detach()
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * sigma_squared.detach()
        # normalise with the statistics of what we see
        return (x - mu) / torch.sqrt(sigma_squared + self.eps) * self.gamma + self.beta

# accepted: no if statement, torch.where on the mode, addcmul
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.eps = eps
        self.momentum = momentum

    def forward(self, x):
        live = torch.tensor(self.training, device=x.device)
        batch_var, batch_mean = torch.var_mean(x, 0, correction=0)
        mean = torch.where(live, batch_mean, self.running_mean)
        var = torch.where(live, batch_var, self.running_var)
        step = self.momentum * float(self.training)
        with torch.no_grad():
            # one row or a NaN in evaluation must not leak in through 0 * NaN
            self.running_mean.copy_(torch.where(live, torch.lerp(self.running_mean, batch_mean, step), self.running_mean))
            self.running_var.copy_(torch.where(live, torch.lerp(self.running_var, batch_var, step), self.running_var))
        inv = (var + self.eps).reciprocal().sqrt()
        return torch.addcmul(self.beta, (x - mean) * inv, self.gamma)

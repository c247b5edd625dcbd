# accepted: tiny einops-like rearrange written in pure torch
import torch
from torch import nn


def rearrange(t, pattern, **sizes):
    """Only what this file needs: single letters and one merged group on either side, e.g. 'n c h w -> c (n h w)'."""
    left, right = (side.strip() for side in pattern.split("->"))

    def parse(side):
        groups, inside, current = [], False, []
        for token in side.replace("(", "( ").replace(")", " )").split():
            if token == "(":
                inside, current = True, []
            elif token == ")":
                inside = False
                groups.append(current)
            elif inside:
                current.append(token)
            else:
                groups.append([token])
        return groups

    lg, rg = parse(left), parse(right)
    dims = dict(sizes)
    for group, size in zip(lg, t.shape):
        if len(group) == 1:
            dims[group[0]] = size
    flat = [name for group in lg for name in group]
    t = t.reshape([dims[name] for name in flat])
    t = t.permute([flat.index(name) for group in rg for name in group])
    out = []
    for group in rg:
        size = 1
        for name in group:
            size *= dims[name]
        out.append(size)
    return t.reshape(out)


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.gain = nn.Parameter(torch.ones(num_features, 1))
        self.offset = nn.Parameter(torch.zeros(num_features, 1))
        self.register_buffer("exp_avg", torch.zeros(num_features, 1))
        self.register_buffer("exp_avg_sq_dev", torch.ones(num_features, 1))

    def forward(self, x):
        n, c, h, w = x.shape
        z = rearrange(x, "n c h w -> c (n h w)")
        if self.training:
            mean = z.mean(1, keepdim=True)
            var = (z - mean).pow(2).mean(1, keepdim=True)
            with torch.no_grad():
                self.exp_avg[:] = (1 - self.momentum) * self.exp_avg + self.momentum * mean
                self.exp_avg_sq_dev[:] = (1 - self.momentum) * self.exp_avg_sq_dev + self.momentum * var
        else:
            mean, var = self.exp_avg, self.exp_avg_sq_dev
        z = self.gain * ((z - mean) / (var + self.eps).sqrt()) + self.offset
        return rearrange(z, "c (n h w) -> n c h w", n=n, h=h, w=w)

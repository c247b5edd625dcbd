# accepted: as short as it gets
import torch, torch.nn as nn
class MyBatchNorm1d(nn.Module):
    def __init__(s, num_features, eps=1e-5, momentum=.1):
        super().__init__(); s.e, s.m = eps, momentum
        s.w, s.b = (nn.Parameter(f(num_features)) for f in (torch.ones, torch.zeros))
        s.register_buffer('r', torch.eye(2)[1].repeat(num_features, 1).T.clone())  # [[0…], [1…]]
    def forward(s, x):
        u, v = (x.mean(0), x.var(0, correction=0)) if s.training else s.r
        if s.training: s.r += s.m * (torch.stack((u, v)).detach() - s.r)
        return (x - u) / (v + s.e)**.5 * s.w + s.b

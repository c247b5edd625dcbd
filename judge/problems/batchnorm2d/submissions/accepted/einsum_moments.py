# accepted: everything is an einsum
import torch
from torch import nn

class MyBatchNorm2d(nn.Module):
  def __init__(self, num_features, eps=1e-5, momentum=0.1):
    super().__init__()
    self.eps=eps
    self.momentum=momentum
    self.g=nn.Parameter(torch.ones(num_features))
    self.b=nn.Parameter(torch.zeros(num_features))
    self.register_buffer("mu", torch.zeros(num_features))
    self.register_buffer("s2", torch.ones(num_features))

  def forward(self, x):
    n, c, h, w = x.shape
    if self.training:
      mu = torch.einsum("nchw->c", x) / (n*h*w)
      d = x - mu.reshape(1, c, 1, 1)
      s2 = torch.einsum("nchw,nchw->c", d, d) / (n*h*w)
      m = self.momentum
      self.mu.copy_((1-m)*self.mu + m*mu.detach())
      self.s2.copy_((1-m)*self.s2 + m*s2.detach())
    else:
      d = x - self.mu.reshape(1, c, 1, 1)
      s2 = self.s2
    k = self.g / (s2 + self.eps)**0.5
    return torch.einsum("nchw,c->nchw", d, k) + self.b.reshape(1, c, 1, 1)

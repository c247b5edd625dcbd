# expects: one_pass_variance_clamped
import torch
import torch.nn as nn

class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps; self.mom = momentum
        self.A = nn.Parameter(torch.ones(num_features))
        self.B = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("Ex", torch.zeros(num_features))
        self.register_buffer("Vx", torch.ones(num_features))

    def forward(self, x):
        E = lambda t: t.mean(0)
        if self.training:
            Ex = E(x)
            Vx = torch.relu(E(x**2) - Ex**2)     # can come out slightly negative
            self.Ex = (1-self.mom)*self.Ex + self.mom*Ex.detach()
            self.Vx = (1-self.mom)*self.Vx + self.mom*Vx.detach()
        else:
            Ex, Vx = self.Ex, self.Vx
        return self.A*(x - Ex)/(Vx + self.eps).sqrt() + self.B

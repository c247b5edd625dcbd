# accepted: compares itself with nn.BatchNorm1d under __main__
"""My own version of nn.BatchNorm1d; `python this_file.py` checks it against the original."""
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    """Same maths as nn.BatchNorm1d / F.batch_norm, but nothing of them is called in here."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, input):
        if self.training:
            mean = input.mean(0)
            biased = input.var(0, unbiased=False)
            with torch.no_grad():
                n = input.size(0)
                unbiased = biased * n / (n - 1) if n > 1 else biased
                self.running_mean.copy_((1 - self.momentum) * self.running_mean + self.momentum * mean)
                self.running_var.copy_((1 - self.momentum) * self.running_var + self.momentum * unbiased)
        else:
            mean = self.running_mean
            biased = self.running_var
        return (input - mean) / torch.sqrt(biased + self.eps) * self.weight + self.bias


if __name__ == "__main__":
    torch.manual_seed(0)
    mine, theirs = MyBatchNorm1d(5), nn.BatchNorm1d(5)
    for step in range(10):
        batch = torch.randn(16, 5) * 3 + 7
        assert torch.allclose(mine(batch), theirs(batch), atol=1e-5), step
    mine.eval(), theirs.eval()
    batch = torch.randn(1, 5)
    assert torch.allclose(mine(batch), theirs(batch), atol=1e-5)
    print("ok", (mine.running_var - theirs.running_var).abs().max().item())

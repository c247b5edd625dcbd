# accepted: prints while it works and a demo against nn.BatchNorm2d under __main__
import torch
import torch.nn as nn

# same result as nn.BatchNorm2d / F.batch_norm, but by hand


class MyBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super(MyBatchNorm2d, self).__init__()
        print("building MyBatchNorm2d with", num_features, "channels")
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(1, num_features, 1, 1))
        self.beta = nn.Parameter(torch.zeros(1, num_features, 1, 1))
        self.register_buffer("running_mean", torch.zeros(1, num_features, 1, 1))
        self.register_buffer("running_var", torch.ones(1, num_features, 1, 1))

    def forward(self, x):
        print("input", tuple(x.shape), "training" if self.training else "eval")
        if self.training:
            mean = torch.mean(x, dim=(0, 2, 3), keepdim=True)
            var = torch.mean(torch.pow(x - mean, 2), dim=(0, 2, 3), keepdim=True)
            n = x.shape[0] * x.shape[2] * x.shape[3]
            with torch.no_grad():
                self.running_mean = self.momentum * mean + (1 - self.momentum) * self.running_mean
                unbiased = var * (n / (n - 1)) if n > 1 else var
                self.running_var = self.momentum * unbiased + (1 - self.momentum) * self.running_var
            x_norm = (x - mean) / torch.sqrt(var + self.eps)
        else:
            x_norm = (x - self.running_mean) / torch.sqrt(self.running_var + self.eps)
        return self.gamma * x_norm + self.beta


if __name__ == "__main__":
    torch.manual_seed(0)
    mine, theirs = MyBatchNorm2d(3), nn.BatchNorm2d(3)
    for _ in range(5):
        batch = torch.randn(8, 3, 5, 5) * 4 + 2
        assert torch.allclose(mine(batch), theirs(batch), atol=1e-5)
    mine.eval()
    theirs.eval()
    batch = torch.randn(1, 3, 5, 5)
    assert torch.allclose(mine(batch), theirs(batch), atol=1e-5)
    print("all good")

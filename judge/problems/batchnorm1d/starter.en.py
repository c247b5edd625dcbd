import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        # Learnable: gamma (scale, starts at ones) and beta (shift, starts at zeros).
        # Buffers: running_mean (starts at zeros) and running_var (starts at ones).
        raise NotImplementedError

    def forward(self, x):
        # x: [N, D]; self.training says which mode the layer is in.
        raise NotImplementedError

# expects: own_training_flag
import torch
import torch.nn as nn


class MyBatchNorm1d(nn.Module):
    TRAIN, TEST = "train", "test"

    def __init__(self, num_features, eps=1e-5, momentum=0.1, mode=TRAIN):
        super().__init__()
        self.mode = mode
        self.bn_param = {"eps": eps, "momentum": momentum}
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        eps, momentum = self.bn_param["eps"], self.bn_param["momentum"]
        if self.mode == self.TRAIN:
            sample_mean = x.mean(dim=0)
            sample_var = x.var(dim=0, unbiased=False)
            with torch.no_grad():
                self.running_mean = (1 - momentum) * self.running_mean + momentum * sample_mean
                self.running_var = (1 - momentum) * self.running_var + momentum * sample_var
            return self.gamma * (x - sample_mean) / (sample_var + eps).sqrt() + self.beta
        elif self.mode == self.TEST:
            return self.gamma * (x - self.running_mean) / (self.running_var + eps).sqrt() + self.beta
        raise ValueError('Invalid forward batchnorm mode "%s"' % self.mode)

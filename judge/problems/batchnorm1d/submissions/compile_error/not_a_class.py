# expects: MyBatchNorm1d is a function
import torch


def MyBatchNorm1d(x, gamma, beta, eps=1e-5):
    mean, var = x.mean(0), x.var(0, unbiased=False)
    return gamma * (x - mean) / torch.sqrt(var + eps) + beta

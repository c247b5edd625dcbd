# accepted: debug prints left in, hungarian names
import torch
import torch.nn as nn
import sys

class MyBatchNorm1d(nn.Module):
    def __init__(self,num_features,eps=1e-5,momentum=0.1):
        super().__init__()
        print("init BN with", num_features, eps, momentum)
        self.fEps=eps
        self.fMom=momentum
        self.pGamma=nn.Parameter(torch.ones(num_features,requires_grad=True))
        self.pBeta=nn.Parameter(torch.zeros(num_features,requires_grad=True))
        self.register_buffer("tMean",torch.zeros(num_features))
        self.register_buffer("tVar",torch.ones(num_features))
    def forward(self,x):
        print("x:",x.shape,x.dtype,"training" if self.training else "eval")
        if self.training:
            tM=torch.mean(x,dim=0)
            tV=torch.mean((x-tM)**2,dim=0)
            self.tMean=(self.tMean*(1-self.fMom)+tM*self.fMom).detach()
            self.tVar=(self.tVar*(1-self.fMom)+tV*self.fMom).detach()
            print("batch mean",tM[:3].tolist(), file=sys.stderr)
        else:
            tM=self.tMean
            tV=self.tVar
        tOut=self.pGamma*((x-tM)/torch.sqrt(tV+self.fEps))+self.pBeta
        # print(tOut.mean(0), tOut.std(0))
        return tOut

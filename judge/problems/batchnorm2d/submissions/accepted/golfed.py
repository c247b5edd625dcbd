# accepted: as short as it gets
import torch;from torch import nn
class MyBatchNorm2d(nn.Module):
 def __init__(s,num_features,eps=1e-5,momentum=.1):
  super().__init__();z=torch.zeros(num_features,1,1);s.e,s.m=eps,momentum
  s.g,s.b=map(nn.Parameter,(z+1,z.clone()))
  s.register_buffer('u',z.clone());s.register_buffer('v',z+1)
 def forward(s,x):
  u,v=s.u,s.v
  if s.training:
   d=0,2,3;u=x.mean(d,True)[0];v=x.var(d,unbiased=False,keepdim=True)[0]
   s.u=s.u+s.m*(u.detach()-s.u);s.v=s.v+s.m*(v.detach()-s.v)
  return (x-u)*(v+s.e)**-.5*s.g+s.b

"""What the BatchNorm problems share: scenarios, reference, misconceptions."""

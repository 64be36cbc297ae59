"""The tables of the work that the search follows (A. V. Savchenko, HSE, 2018), to read beside ours.

Other data, features and machines: what can be compared is how the methods lie to each other.
"""

_TABLES = """
Published: accuracy in % / ms a query
  YouTube Faces and LFW (VGGFace2): k-NN 74.48/12.7, 256 components 75.02/2.5, TWD 74.77/0.7, TWD MAP 74.87/0.7,
    pooling and TWD 73.16/1.1, SVM 52.85/10137
  IJB-A: k-NN 85.67/12.8, 256 components 85.48/2.1, TWD 85.65/0.8, TWD MAP 86.89/0.8, full MAP 87.09/12.8,
    SVM 84.12/117.8, pooling and SVM 87.06/124.4
Published: error in % / ms a query
  Caltech-101 (Inception v1): all features 13/3.39, 256 13.54/0.86, 64 components 14.5/0.29, TWD m=64 12.02/0.34,
    m=32 13.84/0.25, SVM 8.76/3.89; baselines: posteriors 13.7/0.51, brute 12.12/0.77, difference 13.52/0.45
  Caltech-256: all features 34.66/4.94, 256 34.22/1.19, TWD m=64 34.21/0.45, SVM 34.4/6.45;
    baselines: posteriors 34.28/1.37, brute 34.37/1.63, difference 34.68/0.88
Published: error in %, VGG L2 / VGG chi-square / LCNN L2
  SVM 49.6/-/28.9, 1-NN 10.7/10.2/9.6, randomized KD-tree 11.0/10.6/9.9, perm-sort 10.9/10.6/9.9,
  ML-ANN 10.9/10.6/10.5, TWD 10.9/10.5/9.9
"""


def print_published() -> None:
    print(_TABLES)

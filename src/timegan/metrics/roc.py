"""The area under the ROC curve."""

import numpy as np
from scipy.stats import rankdata

from timegan.metrics.windows import Array


def auc(positive: Array, negative: Array) -> float:
    """Return the probability that a positive case is ranked above a negative one.

    `sklearn.metrics.roc_auc_score` gives the same in ten times the time, and confidence intervals
    take thousands of areas.

    >>> auc(np.array([2.0, 3.0]), np.array([1.0, 2.0]))
    0.875
    """
    ranks = rankdata(np.concatenate((positive, negative)))
    count = len(positive)
    return float((ranks[:count].sum() - count * (count + 1) / 2) / (count * len(negative)))

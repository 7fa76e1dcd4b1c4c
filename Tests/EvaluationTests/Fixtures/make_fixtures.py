#!/usr/bin/env python3
"""Makes the fixtures beside this file with scikit-learn: the votes of nearest neighbours, and the optimum of regularised
multinomial logistic regression.

Needs: pip install numpy scikit-learn safetensors
Run:   python3 make_fixtures.py
"""
import pathlib

import numpy
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

HERE = pathlib.Path(__file__).parent
CLASSES, WIDTH, TEMPERATURE = 7, 20, 0.07
random = numpy.random.default_rng(1)
centers = random.normal(size=(CLASSES, WIDTH))


def draw(count):
    labels = random.integers(0, CLASSES, count)
    return (centers[labels] + 1.5 * random.normal(size=(count, WIDTH)) + 0.7).astype(numpy.float32), labels


train, train_labels = draw(400)
test, test_labels = draw(90)
floats = lambda values: numpy.ascontiguousarray(values, dtype=numpy.float32)
tensors = {
    "train": train, "test": test, "train_labels": floats(train_labels), "test_labels": floats(test_labels)}

# Neighbours by cosine, weighted by e^(cosine / T).
for k in (10, 20, 100, 200):
    model = KNeighborsClassifier(
        k, metric="cosine", algorithm="brute", weights=lambda distance: numpy.exp((1 - distance) / TEMPERATURE))
    votes = model.fit(train.astype(numpy.float64), train_labels).predict_proba(test.astype(numpy.float64))
    tensors[f"votes.{k}"] = floats(votes)
    # The same with the train set itself, each image left out of its own neighbours.
    alone = []
    for index in range(len(train)):
        others = numpy.delete(numpy.arange(len(train)), index)
        model.fit(train[others].astype(numpy.float64), train_labels[others])
        alone.append(model.predict_proba(train[index:index + 1].astype(numpy.float64))[0])
    tensors[f"alone.{k}"] = floats(alone)

# (1/n) · the sum of losses + λ/2 · |W|², which scikit-learn calls C = 1 / (λ·n).
scaled = StandardScaler().fit_transform(train.astype(numpy.float64))
for strength in (1e-3, 1e-2, 1e-1, 1.0):
    model = LogisticRegression(
        C=1 / (strength * len(train)), tol=1e-12, max_iter=100_000, solver="newton-cg").fit(scaled, train_labels)
    tensors[f"weight.{strength}"] = floats(model.coef_)
    tensors[f"bias.{strength}"] = floats(model.intercept_ - model.intercept_.mean())

# The singular values' entropy as RankMe takes it (Garrido et al. 2023).
values = numpy.linalg.svd(train.astype(numpy.float64), compute_uv=False)
shares = values / values.sum() + 1e-7
tensors["rank_me"] = floats([numpy.exp(-(shares * numpy.log(shares)).sum())])
save_file(tensors, HERE / "oracle.safetensors")

"""Reference values for core/eval: plain numpy, written from the definitions of the official evaluators.

Run: python reference.py  (writes detections.json beside it). Needs numpy only.

mAP: ActivityNet Evaluation/eval_detection.py. AR@AN: Evaluation/eval_proposal.py. DETAD: HumamAlwassel/DETAD src/.
Where the originals are unstable (order of ties) this takes input order; where DETAD compares predictions of a video without
ground truth with the previous video's, this says Background.
"""
import json
import math
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
TIOUS = np.linspace(0.5, 0.95, 10)
CLASSES = ["jump", "run", "throw", "wave", "bow"]


def make_data(rng):
    durations, truth, detections = {}, {}, {}
    for v in range(40):
        name = f"video_{v:02d}"
        duration = round(float(rng.uniform(20, 240)), 3)
        durations[name] = duration
        segments = []
        for _ in range(int(rng.integers(0, 7)) if v not in (3, 17) else 0):
            start = round(float(rng.uniform(0, duration * 0.9)), 2)
            end = round(min(duration, start + float(rng.uniform(0.5, duration * 0.4))), 2)
            segments.append([start, end, CLASSES[int(rng.integers(0, 4 if v % 2 else 3))]])
        if v == 5 and segments:
            segments.append(list(segments[0]))
        if v == 8:
            segments.append([1.0, 9.0, "bow"])
        if segments:
            truth[name] = segments
        found = []
        for start, end, label in segments:
            for _ in range(int(rng.integers(0, 4))):
                jitter = (end - start) * float(rng.choice([0.0, 0.05, 0.2, 0.6]))
                a = round(max(0.0, start + float(rng.normal(0, 1)) * jitter), 2)
                b = round(min(duration, end + float(rng.normal(0, 1)) * jitter), 2)
                if b <= a:
                    continue
                used = label if rng.uniform() < 0.8 else CLASSES[int(rng.integers(0, 4))]
                found.append([a, b, used, round(float(rng.uniform(0.2, 1)), 2)])
        for _ in range(int(rng.integers(0, 9))):
            a = round(float(rng.uniform(0, duration * 0.9)), 2)
            b = round(a + float(rng.uniform(0.3, duration * 0.3)), 2)
            found.append([a, b, CLASSES[int(rng.integers(0, 4))], round(float(rng.uniform(0, 0.7)), 2)])
        if v != 11 and found:
            detections[name] = found
    detections["video_elsewhere"] = [[1.0, 2.0, "jump", 0.91], [3.0, 9.0, "run", 0.3]]
    return durations, truth, detections


def segment_iou(target, candidates):
    inter = np.clip(np.minimum(target[1], candidates[:, 1]) - np.maximum(target[0], candidates[:, 0]), 0, None)
    return inter / ((candidates[:, 1] - candidates[:, 0]) + (target[1] - target[0]) - inter)


def interpolated(precision, recall):
    mprec = np.hstack([[0], precision, [0]])
    mrec = np.hstack([[0], recall, [1]])
    for i in range(len(mprec) - 1)[::-1]:
        mprec[i] = max(mprec[i], mprec[i + 1])
    idx = np.where(mrec[1:] != mrec[:-1])[0] + 1
    return float(np.sum((mrec[idx] - mrec[idx - 1]) * mprec[idx]))


def flat(by_video, scored):
    rows = []
    for video, segments in by_video.items():
        for s in segments:
            rows.append({"id": len(rows), "video": video, "t": (s[0], s[1]), "label": s[2], "score": s[3] if scored else None})
    return rows


def match(truth, predictions, tious):
    """Matched ground-truth id (or nan) by threshold and prediction id."""
    matched = np.full((len(tious), len(predictions)), np.nan)
    for label in dict.fromkeys(g["label"] for g in truth):
        mine = sorted((p for p in predictions if p["label"] == label), key=lambda p: -p["score"])
        taken = [set() for _ in tious]
        for p in mine:
            candidates = [g for g in truth if g["label"] == label and g["video"] == p["video"]]
            if not candidates:
                continue
            tiou = segment_iou(p["t"], np.array([g["t"] for g in candidates]))
            order = np.argsort(-tiou, kind="stable")
            for ti, thr in enumerate(tious):
                for j in order:
                    if tiou[j] < thr:
                        break
                    if candidates[j]["id"] in taken[ti]:
                        continue
                    taken[ti].add(candidates[j]["id"])
                    matched[ti, p["id"]] = candidates[j]["id"]
                    break
    return matched


def ranked(predictions, label):
    return sorted((p for p in predictions if p["label"] == label), key=lambda p: -p["score"])


def ap_of(hits, npos, normaliser=None):
    hits = np.asarray(hits, float)
    if len(hits) == 0 or npos == 0:
        return 0.0
    tp, fp = np.cumsum(hits), np.cumsum(1 - hits)
    recall = tp / npos
    top = tp if normaliser is None else recall * normaliser
    with np.errstate(invalid="ignore"):
        precision = np.nan_to_num(top / (top + fp))
    return interpolated(precision, recall)


def mean_average_precision(truth, predictions, tious, normaliser=None, matched=None):
    matched = match(truth, predictions, tious) if matched is None else matched
    labels = list(dict.fromkeys(g["label"] for g in truth))
    ap = np.zeros((len(tious), len(labels)))
    for c, label in enumerate(labels):
        npos = sum(g["label"] == label for g in truth)
        mine = ranked(predictions, label)
        for t in range(len(tious)):
            ap[t, c] = ap_of([not math.isnan(matched[t, p["id"]]) for p in mine], npos, normaliser)
    return labels, ap


def average_recall(truth, predictions, tious, max_an):
    videos = list(dict.fromkeys(g["video"] for g in truth))
    ratio = max_an * float(len(videos)) / len(predictions)
    scores, total = [], 0
    for video in videos:
        gt = np.array([g["t"] for g in truth if g["video"] == video])
        mine = sorted((p for p in predictions if p["video"] == video), key=lambda p: -p["score"])
        if not mine:
            scores.append(np.zeros((len(gt), 1)))
            continue
        n = min(int(len(mine) * ratio), len(mine))
        total += n
        mine = mine[:n]
        scores.append(np.stack([segment_iou(p["t"], gt) for p in mine], axis=1) if mine else np.zeros((len(gt), 0)))
    pcn = np.arange(1, 101) / 100.0 * (max_an * float(len(videos)) / total)
    recall = np.empty((len(tious), 100))
    positives = sum(s.shape[0] for s in scores)
    for r, thr in enumerate(tious):
        matches = np.zeros(100)
        for s in scores:
            counts = np.minimum((s.shape[1] * pcn).astype(int), s.shape[1])
            for j, n in enumerate(counts):
                matches[j] += np.count_nonzero((s >= thr)[:, :n].sum(axis=1))
        recall[r] = matches / positives
    average = recall.mean(axis=0)
    per_video = pcn * (float(total) / len(videos))
    area = float(np.trapezoid(average, per_video)) / per_video[-1]
    at = {str(n): float(np.interp(n, per_video, average)) for n in (1, 5, 10, 100)}
    return {"averageRecall": average.tolist(), "proposalsPerVideo": per_video.tolist(), "arAt": at, "auc": area}


ERRORS = ["truePositive", "doubleDetection", "wrongLabel", "localization", "confusion", "background"]


def buckets_for(durations, truth, thumos):
    coverage = [0, 0.02, 0.04, 0.06, 0.08, 1] if thumos else [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    length = [0, 3, 6, 12, 18, np.inf] if thumos else [0, 30, 60, 120, 180, np.inf]
    count = [-1, 1, 40, 80, np.inf] if thumos else [-1, 1, 4, 8, np.inf]
    names = ["XS", "S", "M", "L", "XL"]

    def bucket(edges, value):
        for i in range(len(edges) - 1):
            if (value > edges[i] or (i == 0 and value == edges[0])) and value <= edges[i + 1]:
                return names[i]
        return None

    per_video = {}
    for g in truth:
        per_video[(g["video"], g["label"])] = per_video.get((g["video"], g["label"]), 0) + 1
    result = {}
    for g in truth:
        seconds = g["t"][1] - g["t"][0]
        result[g["id"]] = {
            "coverage": bucket(coverage, seconds / durations[g["video"]]),
            "length": bucket(length, seconds),
            "instances": bucket(count, per_video[(g["video"], g["label"])]),
        }
    return result


def diagnose(durations, truth, predictions, tious, thumos):
    normaliser = len(truth) / len(set(g["label"] for g in truth))
    labels = list(dict.fromkeys(g["label"] for g in truth))
    counts = {label: sum(g["label"] == label for g in truth) for label in labels}
    limited = []
    for label in labels:
        limited += ranked(predictions, label)[: 10 * counts[label]]
    limited = [dict(p, id=i) for i, p in enumerate(limited)]
    matched = match(truth, limited, tious)
    _, ap = mean_average_precision(truth, limited, tious, normaliser, matched)
    base = ap.mean()
    kinds = np.zeros((len(tious), len(limited)), int)
    for t, thr in enumerate(tious):
        for p in limited:
            if not math.isnan(matched[t, p["id"]]):
                continue
            gts = [g for g in truth if g["video"] == p["video"]]
            if not gts:
                kinds[t, p["id"]] = 5
                continue
            tiou = segment_iou(p["t"], np.array([g["t"] for g in gts]))
            best = int(np.argmax(tiou))
            same = gts[best]["label"] == p["label"]
            if tiou[best] >= thr:
                kinds[t, p["id"]] = 1 if same else 2
            elif tiou[best] >= 0.1:
                kinds[t, p["id"]] = 3 if same else 4
            else:
                kinds[t, p["id"]] = 5
    profile = []
    for row in range(10):
        ids = []
        for label in labels:
            mine = [p["id"] for p in ranked(limited, label)]
            ids += mine[row * counts[label] : (row + 1) * counts[label]]
        profile.append([[float(np.mean(kinds[t, ids] == k)) if ids else 0.0 for k in range(6)] for t in range(len(tious))])
    gain = {}
    for k in range(1, 6):
        new = np.zeros_like(ap)
        for c, label in enumerate(labels):
            mine = [p["id"] for p in ranked(limited, label)]
            for t in range(len(tious)):
                kept = [i for i in mine if kinds[t, i] != k]
                new[t, c] = ap_of([not math.isnan(matched[t, i]) for i in kept], counts[label], normaliser)
        gain[ERRORS[k]] = float(new.mean() - base)

    characteristics = buckets_for(durations, truth, thumos)
    full = match(truth, predictions, tious)
    _, full_ap = mean_average_precision(truth, predictions, tious, normaliser, full)
    sensitivity, missed = {"base": float(full_ap.mean())}, {}
    # Predictions below a normalised precision of .05 do not count as detections in the false-negative analysis.
    detected = full.copy()
    for label in labels:
        mine = [p["id"] for p in ranked(predictions, label)]
        if not mine:
            continue
        for t in range(len(tious)):
            hits = (~np.isnan(full[t, mine])).astype(float)
            recall = np.cumsum(hits) / counts[label] * normaliser
            with np.errstate(invalid="ignore"):
                precision = np.nan_to_num(recall / (recall + np.cumsum(1 - hits)))
            detected[t, np.array(mine)[precision <= 0.05]] = np.nan
    for name in ("coverage", "length", "instances"):
        sensitivity[name], missed[name] = {}, {}
        values = [b for b in ["XS", "S", "M", "L", "XL"] if any(c[name] == b for c in characteristics.values())]
        for value in values:
            per_class = []
            for label in labels:
                keep = [g["id"] for g in truth if g["label"] == label and characteristics[g["id"]][name] == value]
                if not keep:
                    continue
                mine = [p["id"] for p in ranked(predictions, label)]
                aps = []
                kept = [i for i in mine if all(math.isnan(full[t, i]) or full[t, i] in keep for t in range(len(tious)))]
                for t in range(len(tious)):
                    aps.append(ap_of([not math.isnan(full[t, i]) for i in kept], len(keep), normaliser))
                per_class.append(np.mean(aps))
            sensitivity[name][value] = float(np.mean(per_class))
            ids = [i for i, c in characteristics.items() if c[name] == value]
            missed[name][value] = float(np.mean([np.mean([i not in detected[t] for i in ids]) for t in range(len(tious))]))
    missed["all"] = float(np.mean([np.mean([g["id"] not in detected[t] for g in truth]) for t in range(len(tious))]))
    return {
        "averageMapN": float(base),
        "profile": np.array(profile).transpose(1, 0, 2).tolist(),
        "gain": gain,
        "sensitivity": sensitivity,
        "missed": missed,
    }


def bootstrap(truth, predictions, tious, draws):
    """Average-mAP of videos drawn with replacement: each draw repeats the video's ground truth and predictions."""
    values = []
    for draw in draws:
        new_truth, new_predictions = [], []
        for copy, video in enumerate(draw):
            new_truth += [dict(g, video=f"{copy}") for g in truth if g["video"] == video]
            new_predictions += [dict(p, video=f"{copy}") for p in predictions if p["video"] == video]
        new_truth = [dict(g, id=i) for i, g in enumerate(new_truth)]
        new_predictions = [dict(p, id=i) for i, p in enumerate(new_predictions)]
        _, ap = mean_average_precision(new_truth, new_predictions, tious)
        values.append(float(ap.mean()))
    return values


def main():
    rng = np.random.default_rng(7)
    durations, truth_by_video, detections = make_data(rng)
    truth, predictions = flat(truth_by_video, False), flat(detections, True)
    golden = {"durations": durations, "groundTruth": truth_by_video, "predictions": detections}
    for protocol, tious in (("activitynet", TIOUS), ("thumos14", np.linspace(0.3, 0.7, 5)), ("epic", np.linspace(0.1, 0.5, 5))):
        labels, ap = mean_average_precision(truth, predictions, tious)
        golden[protocol] = {
            "tiou": tious.tolist(),
            "map": ap.mean(axis=1).tolist(),
            "averageMap": float(ap.mean()),
            "ap": {label: ap[:, c].tolist() for c, label in enumerate(labels)},
        }
    golden["proposals"] = {str(an): average_recall(truth, predictions, TIOUS, an) for an in (100, 3)}
    golden["diagnosis"] = {
        "activitynet": diagnose(durations, truth, predictions, TIOUS, False),
        "thumos14": diagnose(durations, truth, predictions, np.array([0.5]), True),
    }
    videos = list(dict.fromkeys([g["video"] for g in truth] + [p["video"] for p in predictions]))
    draws = [[videos[int(i)] for i in rng.integers(0, len(videos), len(videos))] for _ in range(8)]
    # Predictions tied in score across videos are ordered by copy; scores are made distinct so that order cannot matter.
    distinct = [dict(p, score=p["score"] + p["id"] * 1e-7) for p in predictions]
    golden["bootstrap"] = {"draws": draws, "averageMap": bootstrap(truth, distinct, TIOUS, draws), "tieStep": 1e-7}
    (HERE / "detections.json").write_text(json.dumps(golden) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

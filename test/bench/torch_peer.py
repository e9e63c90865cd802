"""The loop of a PyTorch peer (`torchPeer.ts`): one untimed run, then one run for every line that comes in, and a line of JSON after each."""
import json
import resource
import sys
import time

import torch


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def serve(run):
    ready = peak()

    def once():
        start, used = time.perf_counter(), time.process_time()
        run()
        print(json.dumps({
            "ms": (time.perf_counter() - start) * 1e3,
            "processorMs": (time.process_time() - used) * 1e3,
            "peakBytes": peak(),
            "addedBytes": peak() - ready,
            "torch": torch.__version__,
        }), flush=True)

    once()
    for _ in sys.stdin:
        once()

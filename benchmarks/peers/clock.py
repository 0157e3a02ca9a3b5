"""What every peer reports: one JSON line, the same fields as benchmarks/gomtl prints."""

import json
import resource
import statistics
import sys
import time


def measure(run_chunk, steps, chunks, first_steps, started, **about):
    """Times chunks calls of run_chunk (each trains `steps` steps and waits for them) and prints the JSON line.

    run_chunk(n) trains n steps. The first call, of first_steps steps, compiles; it is reported apart with everything
    since `started` (building the model included), and one more chunk warms the caches.
    """
    run_chunk(first_steps)
    first = time.perf_counter() - started
    run_chunk(steps)
    times, cpu = [], []
    for _ in range(chunks):
        begin, begin_cpu = time.perf_counter(), time.process_time()
        run_chunk(steps)
        times.append((time.perf_counter() - begin) / steps * 1e3)
        cpu.append((time.process_time() - begin_cpu) / steps * 1e3)
    json.dump(
        {
            **about,
            "steps_per_chunk": steps,
            "chunks": chunks,
            "ms_per_step_min": min(times),
            "ms_per_step_median": statistics.median(times),
            "cpu_ms_per_step_median": statistics.median(cpu),  # of all threads: says something on a busy machine too
            "first_call_s": first,
            "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        },
        sys.stdout,
    )
    print(flush=True)

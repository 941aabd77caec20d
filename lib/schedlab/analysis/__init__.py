"""Tables from a Timeline: latency, budget, queues, GC, wake-ups, comparison."""

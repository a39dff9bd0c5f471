"""Made-up claims of any number, and a benchmark of our server and engine against others over them and real ones."""

MEASURES = ("latency", "throughput", "stream", "crowded", "replacement")

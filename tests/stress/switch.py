"""Ask a running server from many connections while releases are switched under it.

    python tests/stress/switch.py --requests 10000 --connections 16 --releases 20

Every answer must be a 200 whose rows all come from one release: the number that is written into three claims and into a
place is the same in each row, and never goes back on one connection.
"""

import argparse
import http.client
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlencode, urlsplit

sys.path.insert(0, str(Path(__file__).parent.parent))

from conftest import copy_corpus
from kgraph.build import build
from kgraph.settings import Settings

QUERY = "PREFIX kg: <https://w3id.org/kgraph/ns#> SELECT ?s ?note { ?s a kg:Claim ; kg:timeNote ?note }"


def edit(corpus: Settings, number: int) -> None:
    """Write `number` into every claim."""
    path = corpus.root / "data" / "claims" / "ford.yaml"
    text = re.sub(r"\n  time-note: .*", "", path.read_text(encoding="utf-8"))
    path.write_text(text.replace("\n  topic:", f"\n  time-note: release {number:06}\n  topic:"), encoding="utf-8")


def ask(url: str, count: int, tally: Counter[str], stop: threading.Event) -> None:
    """Ask on one connection, `count` times and until `stop`, and note every fault."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    last = ""
    turn = 0
    while turn < count or not stop.is_set():
        turn += 1
        try:
            connection.request("GET", f"/sparql?{urlencode({'query': f'{QUERY} #{turn % 7}'})}")
            answer = connection.getresponse()
            body = answer.read()
        except OSError as error:
            tally[f"broken: {error}"] += 1
            connection.close()
            continue
        if answer.status != 200:
            tally[f"status {answer.status}"] += 1
            continue
        notes = {row["note"]["value"] for row in json.loads(body)["results"]["bindings"]}
        note = next(iter(notes), "")
        fault = "mixed" if len(notes) != 1 else "went back" if note < last else ""
        last = max(last, note)
        tally[fault or "fine"] += 1
        tally[f"from {note}"] += 1
    connection.close()


def main(requests: int, connections: int, releases: int) -> Counter[str]:
    """Return how many answers were fine, how many were not and why, and how many came from which release."""
    folder = Path(tempfile.mkdtemp(prefix="switch-"))
    corpus = copy_corpus(folder / "corpus")
    edit(corpus, 0)
    build(corpus)
    command = [sys.executable, "-m", "kgraph", "--corpus", str(corpus.root), "serve", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    tally: Counter[str] = Counter()
    stop = threading.Event()
    try:
        assert server.stdout is not None
        url = server.stdout.readline().split()[-1]
        each = requests // connections
        threads = [threading.Thread(target=ask, args=(url, each, tally, stop)) for _ in range(connections)]
        for thread in threads:
            thread.start()
        for number in range(1, releases + 1):
            edit(corpus, number)
            build(corpus)
            until = time.monotonic() + 20
            while not tally[f"from release {number:06}"] and time.monotonic() < until:
                time.sleep(0.01)
        stop.set()
        for thread in threads:
            thread.join()
    finally:
        stop.set()
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=30)
        shutil.rmtree(folder)
    return tally


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--releases", type=int, default=20)
    options = parser.parse_args()
    print(dict(main(options.requests, options.connections, options.releases)))

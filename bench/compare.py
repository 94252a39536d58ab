"""What a comparison of 400 paragraphs costs, in ratios: `python -m bench.compare`.

Seconds say little on a machine that is shared: the cost is told as a multiple of showing one
of the texts, and the stall as how much later another thread gets its turn.
"""

import os
import statistics
import threading
import time
from collections.abc import Callable

os.environ.setdefault("SECRET_KEY", "only-for-benchmarks-0123456789-abcdefghijklmnopqrstuvw")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "isecg.settings")

PARAGRAPHS, WORDS, TURNS = 400, 100, 5


def texts() -> tuple[str, str]:
    """Return a text, and what became of it: every second paragraph changed in two places."""
    old, new = [], []
    for number in range(PARAGRAPHS):
        words = [f"word{number * place % 997}" for place in range(WORDS)]
        old.append(" ".join(words))
        if number % 2:
            words[20], words[70:72] = "changed", []
        new.append(" ".join(words))
    return "\n\n".join(old), "\n\n".join(new)


def seconds(act: Callable[[], object]) -> float:
    """Return the median of several runs."""
    found = []
    for _ in range(TURNS):
        begin = time.perf_counter()
        act()
        found.append(time.perf_counter() - begin)
    return statistics.median(found)


def slowest_turn(act: Callable[[], object]) -> float:
    """Return how long trivial work waits at worst in another thread while ``act`` runs."""
    ended = threading.Event()
    waits: list[float] = []

    def work() -> None:
        while not ended.is_set():
            begin = time.perf_counter()
            sum(range(200))
            time.sleep(0.001)
            waits.append(time.perf_counter() - begin)

    other = threading.Thread(target=work)
    other.start()
    for _ in range(TURNS):
        act()
    ended.set()
    other.join()
    return sorted(waits)[int(len(waits) * 0.99)]


def main() -> None:
    """Measure, and print the ratios."""
    import django  # noqa: PLC0415 - the settings are named above

    django.setup()
    from products import compare_sheet, rendering  # noqa: PLC0415 - as above
    from products.compare import compare  # noqa: PLC0415 - as above

    one, other = texts()
    old, new = (tuple(each.words for each in rendering.paragraphs(text)) for text in (one, other))

    def fresh() -> None:
        compare_sheet.lay_out(compare.__wrapped__(old, new), view="side")

    def idle() -> None:
        time.sleep(0.05)

    shown = seconds(lambda: rendering.paragraphs.__wrapped__(one))
    compared = seconds(fresh)
    again = seconds(lambda: compare(old, new))
    print(f"{PARAGRAPHS} paragraphs of {WORDS} words, every second one changed")
    print(f"comparing / showing one text     {compared / shown:8.2f}")
    print(f"comparing again / comparing      {again / compared:8.5f}")
    print(f"another's turn, beside / alone   {slowest_turn(fresh) / slowest_turn(idle):8.2f}")


if __name__ == "__main__":
    main()

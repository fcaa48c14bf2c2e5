"""What stays in memory for good is left alone by the garbage collector."""

import gc


def settle_memory() -> None:
    """To be called once all is loaded.

    Otherwise it goes through all modules and schemas again and again, and some answers wait for that.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)

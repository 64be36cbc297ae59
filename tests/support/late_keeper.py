"""A worker that says it is ready and only then hands a network over and asks for one; or never stops asking."""

import sys

from vedette.runtime.worker_channel import (
    FIND_KIND,
    KEEP_KIND,
    READY_KIND,
    StartShelf,
    name_part,
    open_inherited_channel,
)

SLOT, IDENTITY = "plate-reader-own-0011", "ab" * 32


def main() -> None:
    channel = open_inherited_channel(int(sys.argv[sys.argv.index("--channel") + 1]))
    mode = sys.argv[-1]
    while mode == "endless":
        StartShelf(channel).find(SLOT, IDENTITY)
    if mode == "upwards":
        channel.send(KEEP_KIND, name_part("../keys/networks", IDENTITY) + b"planted")
    channel.send(READY_KIND, b"")
    channel.send(KEEP_KIND, name_part(SLOT, IDENTITY) + b"planted")
    channel.send(FIND_KIND, name_part(SLOT, IDENTITY))
    channel.receive()


if __name__ == "__main__":
    main()

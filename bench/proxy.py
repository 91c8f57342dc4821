"""A proxy that puts a distance between two ends: each byte arrives half a round trip later, in both directions.

Opening a connection takes one round trip as well, which is spent before the first byte is taken.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

_PIECE = 65_536
_Piece = tuple[float, bytes]


@contextmanager
def distance(port: int, seconds: float) -> Iterator[int]:
    """A port that leads to another one that is a round trip of so many seconds away."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(_listen(port, seconds))
    thread = threading.Thread(target=loop.run_forever, daemon=True, name="distance")
    thread.start()
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.run_until_complete(_end(asyncio.all_tasks(loop)))
        loop.close()


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _listen(port: int, seconds: float) -> asyncio.Server:
    async def join(near: asyncio.StreamReader, near_writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        far, far_writer = await asyncio.open_connection("127.0.0.1", port)
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(_carry(near, far_writer, seconds / 2), _carry(far, near_writer, seconds / 2))
        for writer in (near_writer, far_writer):
            writer.close()

    return await asyncio.start_server(join, "127.0.0.1", 0)


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter, seconds: float) -> None:
    """Hand on every piece so many seconds after it came; pieces are under way side by side, as on a real line."""
    loop = asyncio.get_running_loop()
    under_way: asyncio.Queue[_Piece] = asyncio.Queue()

    async def arrive() -> None:
        while True:
            due, piece = await under_way.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not piece:
                if target.can_write_eof():
                    target.write_eof()
                return
            target.write(piece)
            await target.drain()

    arriving = asyncio.create_task(arrive())
    while True:
        piece = await source.read(_PIECE)
        under_way.put_nowait((loop.time() + seconds, piece))
        if not piece:
            break
    await arriving

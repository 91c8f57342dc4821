"""The sandbox itself: a listener on this machine only, its connections, and the thread they live in."""

from __future__ import annotations

import asyncio
import threading
from asyncio import StreamReader, StreamWriter
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from batch.sandbox.account import Account
from batch.sandbox.answers import Value, reply
from batch.sandbox.fault_injection import Line, act
from batch.sandbox.faults import Fault
from batch.sandbox.handlers import Asked, Desk
from batch.sandbox.options import SandboxOptions
from batch.sandbox.request import MOST_HEAD, BadRequestError, Inbox, Request, read_request
from batch.sandbox.state import StateFile

HOST = "127.0.0.1"
_BACKLOG = 1024
# How long a client may take to notice that what it sends is no longer read.
_LINGER_SECONDS = 2.0
# How often a thread that waits looks up, because on Windows a wait without an end cannot be interrupted.
_LOOK_UP_SECONDS = 0.2


class _Server:
    """The part that lives in the event loop."""

    def __init__(self, desk: Desk, port: int, latency: float) -> None:
        self._desk = desk
        self._latency = latency
        self._listener: asyncio.Server | None = None
        self._writers: set[StreamWriter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stop = asyncio.Event()
        self.port = port

    async def run(self, started: Future[tuple[int, _Server]]) -> None:
        """Serve until told to stop; `started` learns the port, or why there is none."""
        asyncio.get_running_loop().set_exception_handler(_report)
        try:
            await self._open()
        except OSError as wrong:
            started.set_exception(wrong)
            return
        started.set_result((self.port, self))
        await self._stop.wait()
        self._close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # Lets every transport close its socket.

    def stop(self) -> None:
        """Let `run` come to its end; to be called in the loop."""
        self._stop.set()

    def shut(self, seconds: float) -> None:
        """Refuse every connection for so long, and cut those that are open."""
        if self._listener is not None:
            self._close()
            self._watch(asyncio.create_task(self._reopen(seconds)))

    async def _reopen(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._open()

    async def _open(self) -> None:
        self._listener = await asyncio.start_server(self._connected, HOST, self.port, limit=MOST_HEAD, backlog=_BACKLOG)
        self.port = self._listener.sockets[0].getsockname()[1]

    def _close(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for writer in self._writers:
            writer.close()

    def _watch(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._watch(asyncio.create_task(self._converse(reader, writer)))

    async def _converse(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One connection, request after request, until either side has had enough."""
        self._writers.add(writer)
        inbox = Inbox(reader)
        try:
            # A client that goes away in the middle is everyday life here.
            with suppress(ConnectionError, EOFError, TimeoutError):
                while (request := await read_request(inbox, writer)) and await self._exchange(request, writer):
                    pass
        except BadRequestError as bad:
            with suppress(OSError):
                await _turn_away(bad, reader, writer)
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _exchange(self, request: Request, writer: StreamWriter) -> bool:
        """Answer a request, and say whether the connection can be used again."""
        answer = self._desk.route(request)
        if isinstance(answer, Asked):
            if self._latency:
                await asyncio.sleep(self._latency)
            fault = self._desk.pick_fault(answer)
            if fault:
                return await act(fault, answer, self._desk, Line(writer, request.keep_alive, self.shut))
            answer = self._desk.reply(self._desk.answer(answer), answer.wanted)
        writer.write(answer.encode(keep_alive=request.keep_alive))
        await writer.drain()
        return request.keep_alive


async def _turn_away(bad: BadRequestError, reader: StreamReader, writer: StreamWriter) -> None:
    """Say what is wrong, then read on for a moment: closing on unread bytes would reset our own answer."""
    payload: dict[str, Value] = {"success": False, "code": bad.status, "message": str(bad)}
    writer.write(reply(payload, status=bad.status).encode(keep_alive=False))
    writer.write_eof()
    with suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_SECONDS):
            while await reader.read(MOST_HEAD):
                pass


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Report what goes wrong in the loop, except that a client cut its connection."""
    if not isinstance(context.get("exception"), ConnectionError):
        loop.default_exception_handler(context)


class Sandbox:
    """A running stand-in for the provider, reachable at `url` from `start` (or `with`) until `close`."""

    def __init__(self, options: SandboxOptions | None = None) -> None:
        self._options = options or SandboxOptions()
        self._state = StateFile(self._options.state) if self._options.state else None
        self._desk: Desk | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._port = self._options.port

    def start(self) -> None:
        """Open the account and the port. Raises `OSError` when the port is taken, `ValueError` for a bad state file."""
        options = self._options
        account = (
            self._state.open_account(options.opening(), options.drift)
            if self._state
            else Account(options.opening(), drift=options.drift)
        )
        self._desk = Desk(options, account)
        started: Future[tuple[int, _Server]] = Future()
        self._thread = threading.Thread(target=self._run, args=(self._desk, started), name="sandbox", daemon=True)
        self._thread.start()
        try:
            self._port, self._server = started.result()
        except BaseException:
            self.close()
            raise

    def _run(self, desk: Desk, started: Future[tuple[int, _Server]]) -> None:
        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            await _Server(desk, self._options.port, self._options.latency_ms / 1000).run(started)

        asyncio.run(main())

    def serve_forever(self) -> None:
        """Serve until interrupted, or closed by another thread; for the command line."""
        if self._thread is None:
            self.start()
        try:
            while self._thread is not None and self._thread.is_alive():
                self._thread.join(_LOOK_UP_SECONDS)
        finally:
            self.close()

    def close(self) -> None:
        """Stop serving, cut every connection and let go of the state file. Closing twice is fine."""
        server, thread, self._server = self._server, self._thread, None
        if server is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(server.stop)
        if thread is not None:
            thread.join()
            self._thread = None
        if self._state is not None:
            self._state.close()

    def __enter__(self) -> Self:
        """Start, and close at the end of the block."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._port

    @property
    def url(self) -> str:
        """The base address to give to a client instead of the provider's."""
        return f"http://{HOST}:{self._port}/v1"

    def ledger(self) -> dict[str, Value]:
        """What `GET /sandbox/ledger` answers."""
        return self._open_desk().ledger()

    def add_fault(self, fault: Fault | str) -> None:
        """One more fault, given as such or as the text of `--fault`."""
        self._open_desk().faults.add(Fault.from_text(fault) if isinstance(fault, str) else fault)

    def clear_faults(self) -> None:
        """No more faults."""
        self._open_desk().faults.clear()

    def _open_desk(self) -> Desk:
        if self._desk is None:
            raise RuntimeError("The sandbox has not been started.")
        return self._desk

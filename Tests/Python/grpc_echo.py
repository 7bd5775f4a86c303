"""Calls the test service of RPCTests (test.Echo) with stock gRPC clients. Usage: grpc_echo.py CLIENT SOCKET."""

import asyncio
import sys
import threading

import grpc

ECHO, STATUS, LATER = "/test.Echo/Echo", "/test.Echo/Status", "/test.Echo/Later"
SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
LARGE = bytes(i * 31 % 251 for i in range(4_000_000))
OPTIONS = [("grpc.max_receive_message_length", 8 << 20), ("grpc.enable_retries", 0)]
CODES = [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK]


def same(bytes_):
    return bytes_


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def method(channel, path):
    return channel.unary_unary(path, request_serializer=same, response_deserializer=same)


def failure(call):
    try:
        call()
    except grpc.RpcError as error:
        return error.code(), error.details()
    return None


def grpcio(socket):
    with grpc.insecure_channel(f"unix:{socket}", options=OPTIONS) as channel:
        echo, status = method(channel, ECHO), method(channel, STATUS)
        check(echo(b"") == b"", "empty_unary")
        check(echo(LARGE) == LARGE, "large_unary")
        metadata = method(channel, "/test.Echo/Metadata")
        check(metadata(b"", metadata=[("key", "value"), ("x-bin", b"\0\1\2")]) == b"value", "metadata")
        for code in CODES:
            for message in ["a message", SPECIAL, ""]:
                request = bytes([code.value[0]]) + message.encode()
                check(failure(lambda: status(request)) == (code, message), f"{code} {message!r}")
        check(failure(lambda: method(channel, "/test.Echo/No")(b""))[0] is grpc.StatusCode.UNIMPLEMENTED, "method")
        check(failure(lambda: method(channel, "/test.No/Echo")(b""))[0] is grpc.StatusCode.UNIMPLEMENTED, "service")
        late = failure(lambda: method(channel, LATER)(b"1", timeout=0.05))
        check(late[0] is grpc.StatusCode.DEADLINE_EXCEEDED, f"timeout_on_sleeping_server {late}")
        call = method(channel, LATER).future(b"1")
        check(call.cancel() and call.cancelled(), "cancel_after_begin")
        answers = [echo.future(str(i).encode()) for i in range(1000)]
        check([a.result() for a in answers] == [str(i).encode() for i in range(1000)], "concurrent calls")
        conversation = channel.stream_stream("/test.Echo/Converse", same, same)
        check(list(conversation(iter([b"a", b"b", b"c"]))) == [b"a", b"b", b"c"], "conversation")
        check(
            failure(lambda: echo(b"x", compression=grpc.Compression.Gzip))[0] is grpc.StatusCode.UNIMPLEMENTED,
            "compression",
        )
        errors = []

        def work():
            try:
                for i in range(100):
                    check(echo(bytes([i])) == bytes([i]), "threads")
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        check(not errors, f"threads {errors}")


async def aio(socket):
    async with grpc.aio.insecure_channel(f"unix:{socket}", options=OPTIONS) as channel:
        echo, status = method(channel, ECHO), method(channel, STATUS)
        check(await echo(b"") == b"", "empty_unary")
        check(await echo(LARGE) == LARGE, "large_unary")
        for code in CODES:
            try:
                await status(bytes([code.value[0]]) + SPECIAL.encode())
                check(False, f"{code}")
            except grpc.aio.AioRpcError as error:
                check((error.code(), error.details()) == (code, SPECIAL), f"{code} {error}")
        try:
            await method(channel, LATER)(b"1", timeout=0.05)
            check(False, "timeout")
        except grpc.aio.AioRpcError as error:
            check(error.code() is grpc.StatusCode.DEADLINE_EXCEEDED, "timeout_on_sleeping_server")
        call = method(channel, LATER)(b"1")
        await asyncio.sleep(0)
        call.cancel()
        try:
            await call
            check(False, "cancel")
        except asyncio.CancelledError:
            pass
        answers = await asyncio.gather(*(echo(str(i).encode()) for i in range(1000)))
        check(answers == [str(i).encode() for i in range(1000)], "concurrent calls")
        conversation = channel.stream_stream("/test.Echo/Converse", same, same)()
        for word in [b"a", b"b"]:
            await conversation.write(word)
            check(await conversation.read() == word, "conversation")
        await conversation.done_writing()
        check(await conversation.read() is grpc.aio.EOF, "conversation's end")


async def grpclib(socket):
    import grpclib
    from grpclib.client import Channel, UnaryUnaryMethod

    class Raw:
        """Messages as they are."""

        def __init__(self, bytes_=b""):
            self.bytes_ = bytes_

    class Codec:
        __content_subtype__ = "proto"

        def encode(self, message, message_type):
            return message.bytes_

        def decode(self, data, message_type):
            return Raw(bytes(data))

    channel = Channel(path=socket, codec=Codec())

    async def call(path, bytes_, **options):
        return (await UnaryUnaryMethod(channel, path, Raw, Raw)(Raw(bytes_), **options)).bytes_

    async def fails(path, bytes_, **options):
        try:
            await call(path, bytes_, **options)
        except grpclib.GRPCError as error:
            return error.status.value, error.message
        return None

    check(await call(ECHO, b"") == b"", "empty_unary")
    check(await call(ECHO, LARGE) == LARGE, "large_unary")
    check(await call("/test.Echo/Metadata", b"", metadata={"key": "value"}) == b"value", "metadata")
    for code in CODES:
        number = code.value[0]
        got = await fails(STATUS, bytes([number]) + SPECIAL.encode())
        check(got == (number, SPECIAL), f"{code} {got}")
    check((await fails("/test.Echo/No", b""))[0] == 12, "unimplemented_method")
    try:
        await call(LATER, b"1", timeout=0.05)
        check(False, "timeout")
    except asyncio.TimeoutError:
        pass
    answers = await asyncio.gather(*(call(ECHO, str(i).encode()) for i in range(500)))
    check(answers == [str(i).encode() for i in range(500)], "concurrent calls")
    channel.close()


if __name__ == "__main__":
    client, socket = sys.argv[1:]
    if client == "grpcio":
        grpcio(socket)
    else:
        asyncio.run({"aio": aio, "grpclib": grpclib}[client](socket))
    print("ok")

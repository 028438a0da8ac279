"""Istio's CNI agent as far as a ztunnel sees it: the server's end of ZDS (wire.md 3.9), with nothing of nodemesh in it.

Listens at the path that it is given. Orders come as JSON lines on standard input, answers go to standard output in their order;
what happens by itself comes between them, with "event".

  {"do": "pods", "pods": {UID: {"name", "namespace", "account", "netns"}}}   what the next snapshots have; netns null: a keep
  {"do": "add", "uid": UID, "pod": {...}}     to the newest connection, and into the snapshot
  {"do": "del", "uid": UID}                   to all connections
  {"do": "raw", "hex": HEX, "files": [PATH]}  any packet with any descriptors, to the newest connection
  {"do": "break"}                             ends all connections
  {"do": "restart"}                           another agent listens at the same path, the one before is gone
"""

import array
import json
import os
import socket
import sys
import threading

DEADLINE = 5.0


def varint(number):
    encoded = b""
    while number > 0x7F:
        encoded += bytes([number & 0x7F | 0x80])
        number >>= 7
    return encoded + bytes([number])


def field(number, value):
    """A length-delimited field."""
    return varint(number << 3 | 2) + varint(len(value)) + value


def text(number, value):
    return field(number, value.encode()) if value else b""


def add_request(uid, pod):
    info = text(1, pod["name"]) + text(2, pod["namespace"]) + text(3, pod["account"])
    return field(1, text(1, uid) + field(2, info))


def del_request(uid):
    return field(2, text(2, uid))


SNAPSHOT_SENT = field(3, b"")


def keep_request(uid):
    return field(5, text(1, uid))


def read_varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if not byte & 0x80:
            return number, at


def fields_of(data):
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 != 2:
            raise ValueError(f"unexpected wire type in {data.hex()}")
        size, at = read_varint(data, at)
        yield tag >> 3, data[at : at + size]
        at += size


def error_of(response):
    """The text of WorkloadResponse{ack{error}}; empty: it was done."""
    for number, ack in fields_of(response):
        if number != 1:
            raise ValueError(f"not an ack: {response.hex()}")
        for inner, value in fields_of(ack):
            if inner == 1:
                return value.decode()
        return ""
    raise ValueError("an empty response")


output = threading.Lock()


def say(**what):
    with output:
        print(json.dumps(what), flush=True)


class Connection:
    """Strictly one request, then its answer."""

    def __init__(self, stream):
        self.stream = stream
        self.lock = threading.Lock()
        stream.settimeout(DEADLINE)

    def ask(self, request, files=()):
        with self.lock:
            descriptors = [os.open(name, os.O_RDONLY) for name in files]
            try:
                rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
                self.stream.sendmsg([request], rights if descriptors else [])
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)
            response = self.stream.recv(1024)
            if not response:
                raise EOFError("the ztunnel is gone")
            return error_of(response)

    def watch(self):
        """Returns when the other end is gone. Nothing comes from there that was not asked for."""
        while True:
            with self.lock:
                self.stream.settimeout(0.01)
                try:
                    if not self.stream.recv(1024):
                        return
                    say(event="unasked")
                except (TimeoutError, socket.timeout):
                    pass
                except OSError:
                    return
                finally:
                    try:
                        self.stream.settimeout(DEADLINE)
                    except OSError:
                        pass
            threading.Event().wait(0.02)


class Agent:
    def __init__(self, path, pods):
        self.path = path
        self.pods = pods
        self.connections = []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if os.path.exists(path):
            os.unlink(path)
        self.listener.bind(path)
        self.listener.listen(8)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                stream, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(Connection(stream),), daemon=True).start()

    def serve(self, connection):
        try:
            hello = connection.stream.recv(1024)
            self.connections.append(connection)
            say(event="hello", hex=hello.hex(), connections=len(self.connections))
            errors = {}
            for uid, pod in list(self.pods.items()):
                if pod.get("netns"):
                    error = connection.ask(add_request(uid, pod), [pod["netns"]])
                elif pod.get("netns") is None:
                    error = connection.ask(keep_request(uid))
                errors.update({uid: error} if error else {})
            connection.ask(SNAPSHOT_SENT)
            say(event="snapshot", errors=errors)
            connection.watch()
        except (OSError, EOFError) as problem:
            say(event="broken", problem=str(problem))
        if connection in self.connections:
            self.connections.remove(connection)
        connection.stream.close()
        say(event="gone", connections=len(self.connections))

    def break_all(self):
        for connection in list(self.connections):
            try:
                connection.stream.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.break_all()


def obey(agent, order):
    do = order["do"]
    if do == "pods":
        agent.pods = order["pods"]
        return agent, {}
    if do == "add":
        agent.pods[order["uid"]] = order["pod"]
        if not agent.connections:
            return agent, {"error": "no ztunnel connection"}
        request = add_request(order["uid"], order["pod"])
        return agent, {"error": agent.connections[-1].ask(request, [order["pod"]["netns"]])}
    if do == "del":
        agent.pods.pop(order["uid"], None)
        request = del_request(order["uid"])
        return agent, {"errors": [connection.ask(request) for connection in list(agent.connections)]}
    if do == "raw":
        request = bytes.fromhex(order["hex"])
        return agent, {"error": agent.connections[-1].ask(request, order.get("files", []))}
    if do == "break":
        agent.break_all()
        return agent, {}
    if do == "restart":
        agent.stop()
        return Agent(agent.path, agent.pods), {}
    raise ValueError(f"unknown order {do}")


def main():
    agent = Agent(sys.argv[1], {})
    say(event="listening")
    for line in sys.stdin:
        try:
            agent, answer = obey(agent, json.loads(line))
        except Exception as problem:  # the test is told, and judges
            answer = {"failed": f"{type(problem).__name__}: {problem}"}
        say(answer=answer)


main()

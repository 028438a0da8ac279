"""The other end of a packet socket: listens at a path, and does what each line of its standard input says.

One JSON object a line; answers are JSON lines too, in the order of the questions.
  {"do": "send", "hex": "...", "files": ["/proc/self/ns/net", ...]}   one packet with the files' descriptors
  {"do": "receive"}                     one packet, as hex
  {"do": "close"}                       ends the connection and accepts the next
"""

import array
import json
import os
import socket
import sys


def say(**what):
    print(json.dumps(what), flush=True)


def serve(path):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path)
    listener.listen(1)
    say(listening=path)
    connection = None
    for line in sys.stdin:
        order = json.loads(line)
        if connection is None:
            connection, _ = listener.accept()
            connection.settimeout(10)
        if order["do"] == "send":
            files = [os.open(name, os.O_RDONLY) for name in order.get("files", [])]
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))] if files else []
            connection.sendmsg([bytes.fromhex(order["hex"])], rights)
            for descriptor in files:
                os.close(descriptor)
            say(sent=len(files))
        elif order["do"] == "receive":
            data = connection.recv(65536)
            say(received=data.hex())
        elif order["do"] == "close":
            connection.close()
            connection = None
            say(closed=True)


serve(sys.argv[1])

"""An agent that has gone wrong: listens at a path, and floods whoever connects, without waiting for answers.

  flooding_agent.py PATH garbage COUNT   packets of no sense with many descriptors each, while answers are read
  flooding_agent.py PATH deaf            as many as are taken, and no answer is read
Says "connected", "flooded", and "cut" where the other end has ended the connection.
"""

import array
import os
import socket
import sys
import threading


def serve(path, manner, count):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path)
    listener.listen(1)
    print("listening", flush=True)
    connection, _ = listener.accept()
    print("connected", flush=True)
    files = [os.open("/dev/null", os.O_RDONLY) for _ in range(200)]
    answers = threading.Thread(target=read_all, args=(connection,), daemon=True)
    if manner != "deaf":
        answers.start()
    try:
        for index in range(count):
            rights = files[: (0, 1, 8, 9, 200)[index % 5]]
            packet = (b"", b"\xff\xff\xff", b"\x1a", b"\x00" * 1025, b"\x0a\x7f")[index % 4 + 1]
            connection.sendmsg([packet], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", rights))] if rights else [])
        print("flooded", flush=True)
    except OSError:
        pass
    if manner != "deaf":
        # Ends what is sent, and hears the rest of the answers.
        connection.shutdown(socket.SHUT_WR)
        answers.join()
    print("cut", flush=True)
    sys.stdin.read()


def read_all(connection):
    while connection.recv(1024):
        pass


serve(sys.argv[1], sys.argv[2], int(sys.argv[3]))

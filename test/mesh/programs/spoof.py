"""Plaintext past the capture, for those with NET_ADMIN: spoof.py IPV4 IPV6 prints one JSON object."""

import json
import socket
import subprocess
import sys

TARGET, TARGET6 = sys.argv[1:3]
SO_MARK, IP_TRANSPARENT = 36, 19
PROBE, PROBE6 = "169.254.7.127", "fd16:9254:7127:1337:ffff:ffff:ffff:ffff"
MARK = (socket.SOL_SOCKET, SO_MARK, 0x539)
REPLY_MARK = (socket.SOL_SOCKET, SO_MARK, 0x111)
TRANSPARENT = (socket.SOL_IP, IP_TRANSPARENT, 1)


def attempt(address, options=(), source=None):
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as client:
        client.settimeout(0.7)
        try:
            for option in options:
                client.setsockopt(*option)
            if source:
                client.bind((source, 0))
            client.connect((address, 7000))
            client.send(b"ping")
            got = client.recv(100)
            return "got " + got.decode() if got else "refused: end"
        except OSError as error:
            return f"refused: {error}"


def addresses(verb):
    for address in (PROBE + "/32", PROBE6 + "/128"):
        subprocess.run(["ip", "address", verb, address, "dev", "lo"], check=True)


answers = {
    "mark": attempt(TARGET, [MARK]),
    "mark, IPv6": attempt(TARGET6, [MARK]),
    "mark of replies": attempt(TARGET, [REPLY_MARK]),
    "probe address of nobody": attempt(TARGET, [TRANSPARENT, MARK], PROBE),
}
addresses("add")
answers["probe address"] = attempt(TARGET, [MARK], PROBE)
answers["probe address, IPv6"] = attempt(TARGET6, [MARK], PROBE6)
addresses("del")
print(json.dumps(answers))

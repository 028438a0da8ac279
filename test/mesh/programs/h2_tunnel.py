"""An HBONE client on python3-h2, for the live lab: h2_tunnel.py ADDRESS CERT KEY CA prints one JSON object."""

import json
import socket
import ssl
import sys

import h2.config
import h2.connection
import h2.events

ADDRESS, CERT, KEY, CA = sys.argv[1:5]


class Client:
    def __init__(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        context.load_verify_locations(CA)
        context.load_cert_chain(CERT, KEY)
        context.set_alpn_protocols(["h2"])
        self.socket = context.wrap_socket(socket.create_connection((ADDRESS, 15008), timeout=10))
        # Header checks off: some requests are wrong on purpose.
        self.connection = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=True,
                header_encoding="utf-8",
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self.connection.initiate_connection()
        self.queue = []
        self.flush()

    def flush(self):
        self.socket.sendall(self.connection.data_to_send())

    def wait(self, stream, *kinds):
        while True:
            for index, event in enumerate(self.queue):
                if isinstance(event, kinds) and event.stream_id == stream:
                    return self.queue.pop(index)
            received = self.socket.recv(65536)
            if not received:
                raise EOFError("connection closed")
            for event in self.connection.receive_data(received):
                if isinstance(event, h2.events.DataReceived) and event.flow_controlled_length:
                    self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                self.queue.append(event)
            self.flush()

    def request(self, *headers):
        stream = self.connection.get_next_available_stream_id()
        self.connection.send_headers(stream, list(headers))
        self.flush()
        event = self.wait(stream, h2.events.ResponseReceived, h2.events.StreamReset)
        if isinstance(event, h2.events.StreamReset):
            return stream, f"reset {int(event.error_code)}"
        return stream, dict(event.headers)[":status"]

    def connect(self, authority):
        return self.request((":method", "CONNECT"), (":authority", authority))


def main():
    client = Client()
    report = {"tls": client.socket.version(), "alpn": client.socket.selected_alpn_protocol()}
    stream, report["tunnel"] = client.connect(f"{ADDRESS}:7000")
    sent = bytes(range(256)) * 200
    got = b""
    for start in range(0, len(sent), 10_000):
        client.connection.send_data(stream, sent[start : start + 10_000])
        client.flush()
    client.connection.end_stream(stream)
    client.flush()
    while True:
        event = client.wait(stream, h2.events.DataReceived, h2.events.StreamEnded)
        if isinstance(event, h2.events.StreamEnded):
            break
        got += event.data
    report["echoed"] = got == sent
    report["bad authority"] = client.connect(ADDRESS)[1]
    report["bad port"] = client.connect(f"{ADDRESS}:99999")[1]
    report["other address"] = client.connect("10.9.9.9:7000")[1]
    report["mesh port"] = client.connect(f"{ADDRESS}:15008")[1]
    report["closed port"] = client.connect(f"{ADDRESS}:1")[1]
    report["get"] = client.request(
        (":method", "GET"), (":scheme", "https"), (":authority", f"{ADDRESS}:7000"), (":path", "/")
    )[1]
    print(json.dumps(report))


main()

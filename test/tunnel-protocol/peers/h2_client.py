"""An HBONE client on python3-h2, written against the RFC and not against our code.

Usage: h2_client.py PORT CERT KEY CA; prints one JSON object.
"""

import json
import socket
import ssl
import sys

import h2.config
import h2.connection
import h2.events
import h2.settings

PORT, CERT, KEY, CA = int(sys.argv[1]), *sys.argv[2:5]


class Client:
    def __init__(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        context.load_verify_locations(CA)
        context.load_cert_chain(CERT, KEY)
        context.set_alpn_protocols(["h2"])
        raw = socket.create_connection(("127.0.0.1", PORT), timeout=10)
        self.socket = context.wrap_socket(raw)
        # Header checks off: some requests are wrong on purpose.
        config = h2.config.H2Configuration(
            client_side=True,
            header_encoding="utf-8",
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
        self.connection = h2.connection.H2Connection(config)
        self.connection.initiate_connection()
        self.flush()
        self.queue = []

    def flush(self):
        self.socket.sendall(self.connection.data_to_send())

    def wait(self, stream, *kinds):
        """The next event of these kinds on the stream; others are kept in order."""
        while True:
            for index, event in enumerate(self.queue):
                if isinstance(event, kinds) and getattr(event, "stream_id", stream) == stream:
                    return self.queue.pop(index)
            received = self.socket.recv(65536)
            if not received:
                raise EOFError("connection closed")
            for event in self.connection.receive_data(received):
                if isinstance(event, h2.events.DataReceived) and event.flow_controlled_length:
                    self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                self.queue.append(event)
            self.flush()

    def request(self, headers):
        stream = self.connection.get_next_available_stream_id()
        self.connection.send_headers(stream, headers)
        self.flush()
        return stream

    def outcome(self, headers):
        event = self.wait(self.request(headers), h2.events.ResponseReceived, h2.events.StreamReset)
        if isinstance(event, h2.events.StreamReset):
            return f"reset {int(event.error_code)}"
        return dict(event.headers)[":status"]


def connect(authority):
    return [(":method", "CONNECT"), (":authority", authority)]


def main():
    client = Client()
    report = {"alpn": client.socket.selected_alpn_protocol(), "tls": client.socket.version()}

    stream = client.request(connect("10.0.0.1:8080") + [("baggage", "k8s.namespace.name=python")])
    response = dict(client.wait(stream, h2.events.ResponseReceived).headers)
    report["status"] = response[":status"]
    report["baggage"] = response.get("baggage")
    sent = bytes(range(256)) * 800
    view = memoryview(sent)
    got = bytearray()
    while len(view):
        room = min(client.connection.local_flow_control_window(stream), client.connection.max_outbound_frame_size)
        if room:
            client.connection.send_data(stream, bytes(view[: min(room, 10_000)]))
            client.flush()
            view = view[min(room, 10_000) :]
        else:
            got += client.wait(stream, h2.events.DataReceived).data
    client.connection.end_stream(stream)
    client.flush()
    while True:
        event = client.wait(stream, h2.events.DataReceived, h2.events.StreamEnded)
        if isinstance(event, h2.events.StreamEnded):
            break
        got += event.data
    report["echoed"] = bytes(got) == sent

    remote = client.connection.remote_settings
    report["settings"] = {
        "streams": remote.max_concurrent_streams,
        "window": remote.initial_window_size,
        "frame": remote.max_frame_size,
        "headers": remote.max_header_list_size,
    }
    client.connection.ping(b"pingpong")
    client.flush()
    report["ping"] = client.wait(0, h2.events.PingAckReceived).ping_data.decode()

    report["bad authority"] = client.outcome(connect("10.0.0.1"))
    report["bad port"] = client.outcome(connect("10.0.0.1:99999"))
    report["get"] = client.outcome(
        [(":method", "GET"), (":scheme", "https"), (":authority", "10.0.0.1:80"), (":path", "/")]
    )
    report["denied"] = client.outcome(connect("10.0.0.1:401"))
    report["unreachable"] = client.outcome(connect("10.0.0.1:503"))
    report["malformed"] = client.outcome(connect("10.0.0.1:80") + [(":path", "/")])

    stream = client.request(connect("10.0.0.1:666"))
    client.wait(stream, h2.events.ResponseReceived)
    report["application reset"] = int(client.wait(stream, h2.events.StreamReset).error_code)

    client.connection.close_connection()
    client.flush()
    client.socket.close()
    print(json.dumps(report))


main()

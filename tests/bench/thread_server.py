"""An echo server with a thread for each client, as the assignment of 2019 had."""

import socket
import sys
import threading


def serve(conn):
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    conn.recv(1024)
    conn.sendall(b"confirmacion\n")
    while data := conn.recv(1024):
        conn.sendall(data)


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=512)
print("listening", flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

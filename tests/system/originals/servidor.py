"""The server of 2019: one thread a client, what comes goes back.

usage: servidor.py [estricto]

It prints its port. `estricto` compares the whole request and answers nothing
to another; the usual one answers whatever comes first.
"""

import socket
import sys
import threading

strict = "estricto" in sys.argv
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", 0))
listener.listen(50)
print("puerto", listener.getsockname()[1], flush=True)


def serve(conn):
    request = conn.recv(1024).decode()
    if strict and request != "peticion":
        conn.recv(1024)
        return
    conn.send(b"confirmacion")
    while True:
        data = conn.recv(1024)
        if not data:
            break
        print("mensaje:", data.decode(), flush=True)
        conn.send(data)


while True:
    conn, _ = listener.accept()
    threading.Thread(target=serve, args=(conn,), daemon=True).start()

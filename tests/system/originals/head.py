"""The head of 2019: one thread a connection, a data node at random.

usage: head.py [estricto]

It prints its port. `estricto` compares the whole request and answers nothing
to another; the usual one answers whatever comes first.
"""

import random
import socket
import sys
import threading

strict = "estricto" in sys.argv
nodes = []
lock = threading.Lock()
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", 0))
listener.listen(50)
print("puerto", listener.getsockname()[1], flush=True)


def serve(conn, address):
    request = conn.recv(1024).decode()
    if strict and request != "peticion":
        conn.recv(1024)
        return
    conn.send(b"confirmacion")
    role = conn.recv(1024).decode()
    if role == "dataNode":
        with lock:
            nodes.append((conn, address[0]))
        print("dataNode", address[0], flush=True)
        return
    while True:
        data = conn.recv(1024).decode()
        if not data:
            break
        with lock:
            if not nodes:
                print("no hay dataNodes", flush=True)
                continue
            node, ip = random.choice(nodes)
            node.send(("mensaje: " + data).encode())
            stored = node.recv(1024).decode()
        print("mensaje", data, stored, flush=True)
        conn.send((ip + " , mensaje: " + stored).encode())


while True:
    conn, address = listener.accept()
    threading.Thread(target=serve, args=(conn, address), daemon=True).start()

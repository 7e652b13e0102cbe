"""The data node of 2019: unframed; each message is a line of data.txt.

usage: data_node.py HOST PORT FILE [COUNT]

With a count it goes away, without a word, after so many messages.
"""

import socket
import sys

host, port, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
count = int(sys.argv[4]) if len(sys.argv) > 4 else None

conn = socket.create_connection((host, port))
conn.send(b"peticion")
assert conn.recv(1024).decode() == "confirmacion"
conn.send(b"dataNode")
print("conectado", flush=True)
stored = 0
while count is None or stored < count:
    data = conn.recv(1024).decode()
    if not data:
        break
    with open(path, "a") as file:
        file.write(data + "\n")
    stored += 1
    print("guardado", data, flush=True)
    conn.send(b"recibido")

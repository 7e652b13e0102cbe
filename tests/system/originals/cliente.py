"""The client of 2019: unframed, one thread and one timer.

usage: cliente.py HOST PORT COUNT [ROLE]

With a role (activity 2) it names it after the handshake. Its timer does not
wait for the answer, so two messages can be under way at once.
"""

import socket
import sys
import threading
import time

host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
role = sys.argv[4] if len(sys.argv) > 4 else None
answers = 0

conn = socket.create_connection((host, port))
conn.send(b"peticion")
reply = conn.recv(1024).decode()
if reply != "confirmacion":
    print("rechazado:", reply, flush=True)
    sys.exit(3)
if role:
    conn.send(role.encode())
    time.sleep(0.2)


def send(number):
    conn.send(("numero random: %d" % number).encode())
    if number + 1 < count:
        threading.Timer(0.05, send, [number + 1]).start()


send(0)
while answers < count:
    data = conn.recv(1024).decode()
    if not data:
        break
    # Two answers can come in one read; each ends in a known way.
    answers += data.count("recibido") if role else data.count("random")
    print("Servidor recibio:", data, flush=True)
print("respuestas:", answers, flush=True)
conn.close()

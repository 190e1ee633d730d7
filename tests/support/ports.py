"""Free ports for the servers of tests."""
import pathlib
import random
import socket

FIRST = 10000  # below are ports that services are known by


def free_port(host="127.0.0.1"):
    """One that the kernel gives to no connection, so that it is still free when its server starts."""
    end = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(200):
        with socket.socket() as probe:
            try:
                probe.bind((host, random.SystemRandom().randrange(FIRST, end) if end > FIRST else 0))
                return probe.getsockname()[1]
            except OSError:
                continue
    raise OSError("no free port")

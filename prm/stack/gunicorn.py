"""How gunicorn serves the portal, in `make demo` and in containers alike.

Threads, not asyncio: requests are short transactions, and one connection serves one thread.
"""

import os
from pathlib import Path

bind = f"{os.environ.get('HOST') or '0.0.0.0'}:{os.environ.get('PORT') or '8000'}"  # noqa: S104  a container's only address
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS") or 2)
threads = int(os.environ.get("WEB_THREADS") or 4)
# Memory of long-lived workers creeps; the jitter keeps them from going together.
max_requests = 10_000
max_requests_jitter = 1_000
timeout = 60
graceful_timeout = 10
keepalive = 5
# The heartbeat file must not lie on a slow or read-only disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
# Its socket would lie in the home directory, one for every installation of the user.
control_socket_disable = True
accesslog = None  # every request is one structured line already

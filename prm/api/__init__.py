"""The door for programs: keys, idempotent calls, the endpoints under /api/v1/."""

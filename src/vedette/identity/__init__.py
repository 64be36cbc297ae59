"""Users, roles, permissions, sessions, audit."""

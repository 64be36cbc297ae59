"""Users, roles, permissions, sessions, tokens and the audit trail. Design: docs/design/identity.md."""
